// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sonde/core/fields.h"
#include "sonde/imaging/image_geometry.h"
#include "sonde/imaging/prompt.h"
#include "sonde/imaging/slice.h"

// The values of an annotation project. Coordinates are pixels of the picture as shown.
namespace sonde {

// Each is described (core/fields.h) where it is defined: on the wire and in the history. Numbers that may be
// named and stand as a list do so in both.
inline constexpr NumberRange kPixelRange{-1e6, 1e6}, kShareRange{0, 1};
constexpr auto words(Axis /*axis*/) { return Words{"Axis", "axial", "coronal", "sagittal"}; }
constexpr auto words(PointLabel /*label*/) { return Words{"", 0, 1}; }
template <class V>
void describe(V& v, Point2& point) {
  v.shape("PointPx");
  v.list({"x", "y"}, {.range = kPixelRange}, point.x, point.y);
}
template <class V>
void describe(V& v, Box2& box) {
  v.shape("BoxPx");
  v.list({"x0", "y0", "x1", "y1"}, {.range = kPixelRange}, box.x0, box.y0, box.x1, box.y1);
}
template <class V>
void describe(V& v, Extent3& extent) {
  v.list({"x", "y", "z"}, {}, extent.x, extent.y, extent.z);
}

using ImageId = std::int64_t;
using LabelId = std::int64_t;
using ObjectId = std::int64_t;
using Revision = std::int64_t;  // number of an event of the history; 0: before the first

template <class V>
void describe(V& v, PlaneRef& plane) {
  v.shape("Plane");
  v("axis", plane.axis);
  v("slice", plane.slice);
}

struct Label {
  LabelId id = 0;
  std::string name, colour, shortcut;
  std::int32_t value = 0;  // 1 .. 65535
  std::int64_t objects = 0;
  bool operator==(const Label&) const = default;
};
template <class V>
void describe(V& v, const Label& label) {
  v.shape("Label");
  v("id", label.id);
  v("name", label.name, {.note = "no two labels have one"});
  v("colour", label.colour, {.note = "\"#rrggbb\""});
  v("shortcut", label.shortcut, {.note = "one character, or empty; no two labels have one"});
  v("value", label.value, {.note = "in exported label maps"});
  v("objects", label.objects, {.note = "that carry it"});
}

// What to do where an approved object gains pixels that another approved one has.
enum class Overlap { keep, overwrite, allow };
constexpr auto words(Overlap /*rule*/) { return Words{"Overlap", "keep", "overwrite", "allow"}; }

enum class ObjectState { proposed, approved };
constexpr auto words(ObjectState /*state*/) { return Words{"ObjectState", "proposed", "approved"}; }
enum class Lock { open, locked };
constexpr auto words(Lock /*lock*/) { return Words{"", false, true}; }
enum class ObjectSource { prompt, everything, brush, import, split };
constexpr auto words(ObjectSource /*source*/) {
  return Words{"ObjectSource", "prompt", "everything", "brush", "import", "split"};
}

struct CandidateScore {
  double predicted_iou = 0, stability = 0;
  std::int64_t area_px = 0;
  bool operator==(const CandidateScore&) const = default;
};
template <class V>
void describe(V& v, CandidateScore& score) {
  v.shape("Candidate");
  if constexpr (kIsStored<V>) return v.list({}, {}, score.predicted_iou, score.stability, score.area_px);
  v("predicted_iou", score.predicted_iou);
  v("stability", score.stability);
  v("area", score.area_px);
}

template <class V>
void describe(V& v, PointPrompt& point) {
  v.shape("PromptPoint");
  if constexpr (kIsStored<V>) return v.list({}, {}, point.position.x, point.position.y, point.label);
  v("x", point.position.x, {.range = kPixelRange});
  v("y", point.position.y, {.range = kPixelRange});
  v("label", point.label, {.note = "1 (inside) or 0 (outside)"});
}

// Points, box and class as asked; the window as asked ("auto", "40,80").
struct PromptWithWindow {
  std::vector<PointPrompt> points;
  std::optional<Box2> box;
  std::string window;
  std::optional<std::string> class_name = std::nullopt;
};
template <class V>
void describe(V& v, PromptWithWindow& prompt) {
  v.shape("AskedPrompt");
  v("points", prompt.points);
  v("box", prompt.box);
  v("window", prompt.window);
  v("class", prompt.class_name,
    {.presence = Presence::left_out, .note = "one that the model has learned, by name"});
}

// Of a proposal only.
struct Proposal {
  PlaneRef plane;                          // where it was asked
  std::optional<ObjectId> target;          // the approved object that it changes when accepted
  std::vector<CandidateScore> candidates;  // in AnnotationSegmenter's order
  std::size_t chosen = 0;
  std::optional<PromptWithWindow> prompt;  // absent for one of a grid
  // Of a prompt with a class: below 0 the model says that it is not in the picture.
  std::optional<double> object_score = std::nullopt;
};
template <class V>
void describe(V& v, Proposal& proposal) {
  v("plane", proposal.plane);
  v("target", proposal.target);
  v("candidates", proposal.candidates);
  v("chosen", proposal.chosen);
  v("prompt", proposal.prompt);
  v("object_score", proposal.object_score, {.presence = Presence::left_out});
}

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
// First and last slice along each axis, as the wire has them.
struct ObjectBounds {
  std::array<std::int64_t, 2> axial, coronal, sagittal;
};
template <class V>
void describe(V& v, const ObjectBounds& bounds) {
  v.shape("Bounds");
  v("axial", bounds.axial);
  v("coronal", bounds.coronal);
  v("sagittal", bounds.sagittal);
}
template <class V>
void describe(V& v, AnnotatedObject& object) {
  v.shape("ImageObject");
  v("id", object.id);
  if constexpr (kIsStored<V>) v("image", object.image);
  v("state", object.state);
  v("locked", object.lock);
  v("label", object.label, {.note = "null of a proposal"});
  v("name", object.name);
  v("source", object.source);
  if constexpr (kIsStored<V>) v("proposal", object.proposal);
  v("area", object.area, {.note = "pixels or voxels"});
  if constexpr (kIsStored<V>) {
    v("slices", object.slices);
  } else {
    const auto& slices = object.slices;
    v("revision", object.revision, {.note = "of its last change"});
    v("bounds", slices ? std::optional(ObjectBounds{(*slices)[0], (*slices)[1], (*slices)[2]}) : std::nullopt,
      {.note = "the first and last slice along each axis that it reaches; null: it is empty"});
    const Proposal* proposal = object.proposal ? &*object.proposal : nullptr;
    v("plane", proposal ? std::optional(proposal->plane) : std::nullopt,
      {.note = "this and the rest: of a proposal"});
    v("target", proposal ? proposal->target : std::nullopt,
      {.note = "the approved object that it changes when it is accepted"});
    v("candidates", proposal ? proposal->candidates : std::vector<CandidateScore>{});
    v("chosen", proposal ? std::optional(proposal->chosen) : std::nullopt,
      {.note = "the candidate that is shown"});
    v("prompt", proposal ? proposal->prompt : std::nullopt, {.note = "null of one of a grid"});
    v("object_score", proposal ? proposal->object_score : std::nullopt,
      {.presence = Presence::left_out,
       .note = "of a prompt with a class: below 0 the model says that it is not in the picture"});
  }
}

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
template <class V>
void describe(V& v, const Taken& taken) {
  v.shape("Taken", "from other approved objects, by the rule `overwrite`");
  v("area", taken.voxels, {.note = "pixels or voxels in all"});
  v("objects", taken.objects, {.note = "that lost some"});
  v("removed", taken.removed, {.note = "of these, that are gone"});
}

// What an image was when it was read: of the voxels and where they lie, and of the sizes and times of its
// files, which are cheaper to look at. Empty: not known.
struct ImageContent {
  std::string sha256, stamp;
  // turned: as the picture's orientation says, which versions that kept no content did not follow. Not kept.
  enum class Shown { as_stored, turned } shown = Shown::as_stored;
};

enum class ImageStatus { fresh, started, done };
constexpr auto words(ImageStatus /*status*/) { return Words{"ImageStatus", "new", "started", "done"}; }
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
template <class V>
void describe(V& v, const ImageSummary& image) {
  v.shape("Summary");
  v("id", image.id);
  v("name", image.source.name);
  v("path", image.source.path.string());
  v("status", image.status);
  v("approved", image.approved, {.note = "objects"});
  v("proposed", image.proposed, {.note = "objects"});
  v("active_ms", image.active_ms, {.note = "that people have spent on it"});
  v("revision", image.revision);
  v("extent", image.grid ? std::optional(image.grid->extent) : std::nullopt,
    {.note = "known once the image has been opened"});
  v("fault", image.fault, {.note = "why it could not be"});
  v("notice", image.notice, {.note = "that its file has changed under its objects"});
}

}  // namespace sonde
