// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sonde/imaging/image_geometry.h"
#include "sonde/imaging/prompt.h"
#include "sonde/imaging/slice.h"

// The values of an annotation project. Coordinates are pixels of the picture as shown.
namespace sonde {

using ImageId = std::int64_t;
using LabelId = std::int64_t;
using ObjectId = std::int64_t;
using Revision = std::int64_t;  // number of an event of the history; 0: before the first

struct Label {
  LabelId id = 0;
  std::string name, colour;  // "#rrggbb"
  std::string shortcut;      // one character, or empty
  std::int32_t value = 0;    // in exported label maps, 1 .. 65535
  std::int64_t objects = 0;  // that carry it
};

// What to do where an approved object gains pixels that another approved one has.
enum class Overlap { keep, overwrite, allow };
std::string_view to_string(Overlap overlap);  // "keep", "overwrite", "allow"

enum class ObjectState { proposed, approved };
enum class Lock { open, locked };
enum class ObjectSource { prompt, everything, brush, import, split };

struct CandidateScore {
  double predicted_iou = 0, stability = 0;
  std::int64_t area_px = 0;
  bool operator==(const CandidateScore&) const = default;
};

// Points and box as asked; the window as asked ("auto", "40,80").
struct PromptWithWindow {
  std::vector<PointPrompt> points;
  std::optional<Box2> box;
  std::string window;
};

// Of a proposal only.
struct Proposal {
  PlaneRef plane;                          // where it was asked
  std::optional<ObjectId> target;          // the approved object that it changes when accepted
  std::vector<CandidateScore> candidates;  // in AnnotationSegmenter's order
  std::size_t chosen = 0;
  std::optional<PromptWithWindow> prompt;  // absent for one of a grid
};

struct AnnotatedObject {
  ObjectId id = 0;
  ImageId image = 0;
  ObjectState state = ObjectState::proposed;
  Lock lock = Lock::open;
  std::optional<LabelId> label;  // of an approved one always
  std::string name;              // by a person; may be empty
  ObjectSource source = ObjectSource::prompt;
  std::optional<Proposal> proposal;
  std::int64_t area = 0;  // pixels or voxels
  // First and last slice that it reaches on the axial, coronal and sagittal planes; absent for an empty one.
  std::optional<std::array<std::array<std::int64_t, 2>, 3>> slices;
  Revision revision = 0;  // of its last change
};

// Where an image comes from.
struct ImageSource {
  std::filesystem::path path;  // a file, or a folder of DICOM
  std::string series;          // DICOM series UID, or empty
  std::int64_t frame = 0;
  std::string name;  // unique in the project: file name, with what tells it apart
};

// What an action took from other approved objects by the rule `overwrite`.
struct Taken {
  std::int64_t voxels = 0;   // pixels or voxels
  std::int64_t objects = 0;  // that lost some
  std::int64_t removed = 0;  // of these, that lost all and are gone
};

// What an image was when it was read: of the voxels and where they lie, and of the sizes and times of its
// files, which are cheaper to look at. Empty: not known.
struct ImageContent {
  std::string sha256, stamp;
  // turned: as the picture's orientation says, which versions that kept no content did not follow. Not kept.
  enum class Shown { as_stored, turned } shown = Shown::as_stored;
};

enum class ImageStatus { fresh, started, done };
struct ImageSummary {
  ImageId id = 0;
  ImageSource source;
  ImageStatus status = ImageStatus::fresh;
  std::int64_t approved = 0, proposed = 0;  // objects
  std::int64_t active_ms = 0;               // that people have spent on it
  Revision revision = 0;
  std::optional<ImageGeometry> grid;  // known once it has been opened
  std::optional<std::string> fault;   // why it could not be
  ImageContent content;               // as its objects were drawn on it
  std::optional<std::string> notice;  // that it is another by now
};

}  // namespace sonde
