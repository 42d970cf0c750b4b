// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

namespace sonde {

// What makes each next version of the first one.
inline constexpr std::array kProjectUpgrades{
    "ALTER TABLE events ADD COLUMN client TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE images ADD COLUMN content TEXT; ALTER TABLE images ADD COLUMN stamp TEXT"};
inline constexpr int kProjectSchema = 1 + static_cast<int>(kProjectUpgrades.size());  // PRAGMA user_version
inline constexpr int kProjectApplication = 0x534E4441;  // PRAGMA application_id: "SNDA"

// events, changes and answers only grow, and say everything: the other tables could be made from them,
// but for what is known of the images' files.
// Times are UTC, ISO 8601. JSON as in object_record.h and action_json.h, sets of voxels as encode_voxels.
inline constexpr const char* kProjectTables = R"(
CREATE TABLE settings(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO settings VALUES('overlap', 'keep');

CREATE TABLE images(
  id INTEGER PRIMARY KEY,
  path TEXT NOT NULL, series TEXT NOT NULL, frame INTEGER NOT NULL,
  name TEXT NOT NULL UNIQUE,
  done INTEGER NOT NULL DEFAULT 0,
  active_ms INTEGER NOT NULL DEFAULT 0,
  revision INTEGER NOT NULL DEFAULT 0,
  grid TEXT,    -- {"extent": [x, y, z], "mm_from_voxel": 12 numbers or null}, once it has been opened
  fault TEXT,   -- why it could not be
  content TEXT, stamp TEXT,  -- of what was read (ImageContent), once it has been
  UNIQUE(path, series, frame));

-- A label that was deleted is kept for undo, which may bring back objects that carry it.
CREATE TABLE labels(
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL, colour TEXT NOT NULL, shortcut TEXT NOT NULL, value INTEGER NOT NULL,
  deleted INTEGER NOT NULL DEFAULT 0);
CREATE UNIQUE INDEX label_names ON labels(name) WHERE NOT deleted;
CREATE UNIQUE INDEX label_values ON labels(value) WHERE NOT deleted;

-- role: 'action', 'undo' or 'redo' of an image's objects; 'note' for all else.
-- kind 'model', a note: input is the ChosenModel that answers from here on.
-- target: the event that was undone or redone. client: the page or program that did it, empty for none.
CREATE TABLE events(
  id INTEGER PRIMARY KEY,
  image INTEGER REFERENCES images(id),
  time TEXT NOT NULL,
  kind TEXT NOT NULL,
  role TEXT NOT NULL CHECK(role IN ('action', 'undo', 'redo', 'note')),
  request TEXT UNIQUE,
  input TEXT NOT NULL,
  model TEXT NOT NULL, precision TEXT NOT NULL, window TEXT NOT NULL,
  summary TEXT NOT NULL,
  target INTEGER REFERENCES events(id),
  client TEXT NOT NULL DEFAULT '');
CREATE INDEX events_of_image ON events(image, id);

-- before and after: the object, null where there was or is none; delta: the voxels that changed.
CREATE TABLE changes(
  event INTEGER NOT NULL REFERENCES events(id),
  object INTEGER NOT NULL,
  image INTEGER NOT NULL REFERENCES images(id),
  before TEXT, after TEXT,
  delta BLOB NOT NULL);
CREATE UNIQUE INDEX changes_of_event ON changes(event, object);
CREATE INDEX changes_of_object ON changes(object, event);
CREATE INDEX removals ON changes(image, object, event) WHERE after IS NULL;

-- What the network answered, or a file held that was imported.
CREATE TABLE answers(
  event INTEGER NOT NULL REFERENCES events(id),
  position INTEGER NOT NULL,
  predicted_iou REAL NOT NULL, stability REAL NOT NULL,
  voxels BLOB NOT NULL);
CREATE UNIQUE INDEX answers_of_event ON answers(event, position);

-- Objects as they are now. The mask is the file masks/ID-MASK_REVISION.voxels.
CREATE TABLE objects(
  id INTEGER PRIMARY KEY,
  image INTEGER NOT NULL REFERENCES images(id),
  label INTEGER REFERENCES labels(id),
  state TEXT NOT NULL,
  revision INTEGER NOT NULL REFERENCES events(id),
  mask_revision INTEGER NOT NULL,
  mask_sha256 TEXT NOT NULL,
  record TEXT NOT NULL);
CREATE INDEX objects_of_image ON objects(image, state);
CREATE INDEX objects_of_label ON objects(label);

CREATE TRIGGER events_stay BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'the history only grows'); END;
CREATE TRIGGER events_last BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'the history only grows'); END;
CREATE TRIGGER changes_stay BEFORE UPDATE ON changes BEGIN SELECT RAISE(ABORT, 'the history only grows'); END;
CREATE TRIGGER changes_last BEFORE DELETE ON changes BEGIN SELECT RAISE(ABORT, 'the history only grows'); END;
)";

}  // namespace sonde
