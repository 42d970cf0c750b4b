// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sonde/annotate/object_record.h"
#include "sonde/annotate/undo_path.h"

namespace sonde {

enum class EventRole { action, undo, redo, note };
constexpr auto words(EventRole /*role*/) { return Words{"", "action", "undo", "redo", "note"}; }

// Of an event without an image: another model answers from here on.
inline constexpr std::string_view kModelEvent = "model";

struct StoredEvent {
  Revision id = 0;
  std::optional<ImageId> image;
  std::string time, kind;
  EventRole role = EventRole::note;
  std::string request;  // empty: none
  std::string client;   // whose undo takes it back; empty: everybody's
  std::string input;    // JSON
  std::string model_sha256, precision, window, summary;
  std::optional<Revision> target;  // of undo and redo
};

// The tables events, changes and answers. Errors are SQLite's, nlohmann's and Error{corrupt_data}:
// ProjectDatabase::guarded makes them lines for people.
class HistoryStore {
 public:
  explicit HistoryStore(SQLite::Database& database) : database_(database) {}

  Revision last_event() const;
  ObjectId last_object() const;  // the greatest id that any event has given; 0: none

  void insert(const StoredEvent& event) const;
  void insert(Revision event, ImageId image, std::span<const ObjectChange> changes) const;
  void insert(Revision event, std::span<const RecordedAnswer> answers) const;

  // The records of the changes hold no voxels and no revisions.
  std::vector<ObjectChange> changes_of(Revision event, Extent3 extent) const;
  std::vector<ObjectId> objects_of(Revision event) const;
  std::vector<RecordedAnswer> answers_of(Revision event, Extent3 extent) const;
  // The voxels of an object after all that has happened to it.
  RunLengthMask folded(ObjectId object, Extent3 extent) const;

  struct Request {
    Revision event = 0;
    std::optional<ImageId> image;
  };
  std::optional<Request> find_request(const std::string& request) const;

  UndoPath undo_path(ImageId image) const;
  std::map<ObjectId, Revision> removals(ImageId image) const;  // the last of each object
  // Of the image, and of the models that answered.
  std::vector<StoredEvent> newest(ImageId image, std::int64_t limit) const;
  std::vector<StoredEvent> of_kind(std::string_view kind) const;  // of no image, in their order
  std::optional<StoredEvent> next(ImageId image, Revision behind) const;

 private:
  SQLite::Database& database_;
};

std::string utc_now();  // "2026-03-01T12:30:00.250Z"

}  // namespace sonde
