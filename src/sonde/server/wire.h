// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sonde/annotate/action.h"
#include "sonde/annotate/export.h"
#include "sonde/annotate/limits.h"
#include "sonde/annotate/objects.h"
#include "sonde/annotate/project.h"
#include "sonde/annotate/text_rules.h"
#include "sonde/core/error.h"
#include "sonde/core/json_fields.h"
#include "sonde/imaging/rle.h"
#include "sonde/imaging/window.h"
#include "sonde/server/strict_json.h"
#include "sonde/server/wire_training.h"
#include "sonde/weights/model_card.h"

// What the server speaks (docs/http.md): described (core/fields.h), so that reading, writing, the page's
// types and the tables of docs/http.md follow. Examples of all are in test/data/wire/.
namespace sonde {

constexpr auto words(Photometric /*photometric*/) {
  return Words{"Photometric", "grey", "grey_inverted", "rgb"};
}
template <class V>
void describe(V& v, const NamedWindow& preset) {
  v.shape("WindowPreset");
  v("name", std::string(preset.name));
  v("centre", preset.window.centre);
  v("width", preset.window.width);
}
// The name of a window that requests take: "auto", "40,80.5".
std::string request_name(const UsedWindow& window);
template <class V>
void describe(V& v, const UsedWindow& used) {
  v.shape("ResolvedWindow");
  v("name", request_name(used), {.note = "one that requests take"});
  v("centre", used.window ? std::optional(used.window->centre) : std::nullopt,
    {.note = "null: values as they are"});
  v("width", used.window ? std::optional(used.window->width) : std::nullopt);
}
template <class V>
void describe(V& v, const HistoryEvent& event) {
  v.shape("HistoryEvent");
  v("id", event.id);
  v("time", event.time, {.note = "UTC, ISO 8601"});
  v("kind", event.kind);
  v("summary", event.summary);
  v("undone", event.undone);
}

namespace wire {

template <class T>
Json to_json(const T& value) {
  return sonde::to_json<Layout::wire>(value);
}
// Throws RefusedRequest (400) for what is not as T is described.
template <class T>
T parse(std::string_view body) {
  const Json json = parse_strictly(body);
  try {
    return from_json<T, Layout::wire>(json);
  } catch (const Error& error) {
    throw malformed(error.what());
  }
}

// ---- Requests

inline constexpr FieldRule kRequestId{.note = kIdForm, .form = is_id};
inline constexpr FieldRule kClientId{.presence = Presence::defaulted, .note = kIdForm, .form = is_id};

struct ActionRequest {
  std::string request;  // its id, new for each action
  std::string client;   // the page or program that it comes from; may be empty
  PlaneRef view;
  RequestedAction action;
};
template <class V>
void describe(V& v, ActionRequest& request) {
  v.shape("ActionRequest");
  v("request", request.request, kRequestId);
  v("client", request.client, kClientId);
  v("view", request.view);
  v("action", request.action);
}

struct AddLabel {
  static constexpr std::string_view kKind = "add_label";
  LabelEdit label;
};
template <class V>
void describe(V& v, AddLabel& add) {
  v("name", add.label.name, {.presence = Presence::required});
  v("colour", add.label.colour);
  v("shortcut", add.label.shortcut);
}
struct EditLabel {
  static constexpr std::string_view kKind = "edit_label";
  LabelId label = 0;
  LabelEdit edit;
};
template <class V>
void describe(V& v, EditLabel& edit) {
  v.shape("", "changes those that are given");
  v("label", edit.label);
  describe(v, edit.edit);
}
struct DeleteLabel {
  static constexpr std::string_view kKind = "delete_label";
  LabelId label = 0;
};
template <class V>
void describe(V& v, DeleteLabel& gone) {
  v.shape("", "409 while objects carry it");
  v("label", gone.label);
}
using LabelAction = std::variant<AddLabel, EditLabel, DeleteLabel>;

struct SettingsRequest {
  Overlap overlap = Overlap::keep;
};
template <class V>
void describe(V& v, SettingsRequest& settings) {
  v.shape("SettingsRequest");
  v("overlap", settings.overlap);
}

struct FocusRequest {
  PlaneRef plane;
  std::string window;
};
template <class V>
void describe(V& v, FocusRequest& request) {
  v.shape("FocusRequest");
  v("plane", request.plane);
  v("window", request.window);
}

struct EverythingRequest {
  std::string client;
  EverythingAction action;
};
template <class V>
void describe(V& v, EverythingRequest& request) {
  v.shape("EverythingRequest");
  v("client", request.client, kClientId);
  describe(v, request.action);
}

struct ProgressRequest {
  std::optional<std::int64_t> active_ms;
  std::optional<bool> done;
};
template <class V>
void describe(V& v, ProgressRequest& request) {
  v.shape("ProgressRequest", "one of the two, or both");
  v("active_ms", request.active_ms, {.range = NumberRange{0, 60000}, .note = "at most 60,000 at once"});
  v("done", request.done);
  v.require(request.active_ms || request.done, "give active_ms or done");
}

struct ExportRequest {
  ExportFormat format = ExportFormat::png;
  ExportEach each = ExportEach::labels;
};
template <class V>
void describe(V& v, ExportRequest& request) {
  v.shape("ExportRequest");
  v("format", request.format);
  v("each", request.each, {.note = "one label map an image, or one file an object"});
}

// ---- Answers

// A class that the model has learned.
struct ModelClass {
  CardClass card;
};
template <class V>
void describe(V& v, const ModelClass& known) {
  const CardClass& card = known.card;
  v.shape("ModelClass",
          "what a model has learned to find by name, and what was measured of it on other pictures");
  v("name", card.name);
  v("n", card.n, {.note = "pictures with it"});
  v("n_absent", card.n_absent, {.note = "pictures without it"});
  v("iou", card.iou, {.note = "mean, where it is present"});
  v("iou_low", card.iou_low, {.note = "of the 95 % interval"});
  v("iou_high", card.iou_high);
  v("found", card.found, {.note = "share of the pictures with it where the model says that it is there"});
  v("found_absent", card.found_absent, {.note = "the same of those without it"});
}
struct ModelFacts {
  std::string name, architecture, sha256, precision;
  std::vector<ModelClass> classes;
  std::optional<std::int64_t> training;
};
template <class V>
void describe(V& v, const ModelFacts& model) {
  v.shape("Model");
  v("name", model.name);
  v("architecture", model.architecture);
  v("sha256", model.sha256);
  v("precision", model.precision);
  v("classes", model.classes, {.note = "that prompts may name; none of most models"});
  v("training", model.training, {.note = "of this project that it comes from; null: none"});
}
struct ProjectFacts {
  std::string name, folder, version;
  Revision revision = 0;
  ModelFacts model;
  Overlap overlap = Overlap::keep;
  std::vector<Label> labels;
  std::vector<ImageSummary> images;
  Limits limits = kLimits;
};
template <class V>
void describe(V& v, const ProjectFacts& project) {
  v.shape("Project");
  v("name", project.name);
  v("folder", project.folder);
  v("revision", project.revision);
  v("version", project.version);
  v("model", project.model);
  v("overlap", project.overlap);
  v("labels", project.labels);
  v("images", project.images);
  v("limits", project.limits);
}

struct ProjectChanges {
  Revision revision = 0;
  std::vector<ImageSummary> images;
  std::optional<std::vector<Label>> labels;
  Overlap overlap = Overlap::keep;
  ModelFacts model;
};
template <class V>
void describe(V& v, const ProjectChanges& changes) {
  v.shape("ProjectChanges");
  v("revision", changes.revision);
  v("images", changes.images, {.note = "that have changed"});
  v("labels", changes.labels, {.note = "null: as they were"});
  v("overlap", changes.overlap);
  v("model", changes.model);
}

struct LabelsChanged {
  Revision revision = 0;
  std::vector<Label> labels;
};
template <class V>
void describe(V& v, const LabelsChanged& changed) {
  v.shape("LabelsChanged");
  v("revision", changed.revision);
  v("labels", changed.labels);
}
struct Settings {
  Revision revision = 0;
  Overlap overlap = Overlap::keep;
};
template <class V>
void describe(V& v, const Settings& settings) {
  v.shape("Settings");
  v("revision", settings.revision);
  v("overlap", settings.overlap);
}
struct ImageProgress {
  ImageSummary image;
};
template <class V>
void describe(V& v, const ImageProgress& progress) {
  v.shape("ImageProgress");
  v("image", progress.image);
}
struct History {
  std::vector<HistoryEvent> events;
};
template <class V>
void describe(V& v, const History& history) {
  v.shape("History");
  v("events", history.events, {.note = "newest first"});
}

struct PlaneFacts {
  Axis axis = Axis::axial;
  Extent2 extent;
  std::int64_t slices = 0;
  struct Spacing {
    double x_mm = 1, y_mm = 1, slice_mm = 1;
  };
  std::optional<Spacing> spacing;  // where the file says something of space
};
template <class V>
void describe(V& v, const PlaneFacts& plane) {
  const auto& mm = plane.spacing;
  v.shape("ImagePlane");
  v("axis", plane.axis);
  v("width", plane.extent.width);
  v("height", plane.extent.height);
  v("slices", plane.slices);
  v("pixel_mm", mm ? std::optional(std::array{mm->x_mm, mm->y_mm}) : std::nullopt,
    {.note = "of x and y; null where the file says nothing of space"});
  v("slice_mm", mm ? std::optional(mm->slice_mm) : std::nullopt);
}
struct OpenedFacts {
  ImageSummary image;
  Extent3 extent;
  bool plain = false;
  Photometric photometric = Photometric::grey;
  std::array<double, 2> range{};
  std::string orientation;
  std::vector<std::string> notes;
  std::vector<PlaneFacts> planes;
  PlaneRef default_plane;
  UsedWindow window;
  std::vector<NamedWindow> presets;
  Revision revision = 0;
  std::optional<std::string> undo, redo;
  std::vector<AnnotatedObject> objects;
};
template <class V>
void describe(V& v, const OpenedFacts& opened) {
  v.shape("Opened");
  v("image", opened.image);
  v("extent", opened.extent);
  v("plain", opened.plain, {.note = "a picture, not a volume"});
  v("photometric", opened.photometric, {.note = "`grey_inverted`: small values are bright"});
  v("range", opened.range, {.note = "of the finite values"});
  v("orientation", opened.orientation, {.note = "where the voxel axes point: \"RAS\""});
  v("notes", opened.notes);
  v("planes", opened.planes);
  v("default_plane", opened.default_plane);
  v("window", opened.window, {.note = "the default one, resolved"});
  v("presets", opened.presets);
  v("revision", opened.revision);
  v("undo", opened.undo, {.note = "the kind of the action that the client would undo next"});
  v("redo", opened.redo);
  v("objects", opened.objects);
}

enum class EmbeddingState { ready, queued, encoding, failed };
constexpr auto words(EmbeddingState /*state*/) {
  return Words{"EmbeddingState", "ready", "queued", "encoding", "failed"};
}
struct EmbeddingFacts {
  EmbeddingState state = EmbeddingState::queued;
  std::string message;
};
template <class V>
void describe(V& v, const EmbeddingFacts& embedding) {
  v.shape("Focus");
  v("embedding", embedding.state);
  v("message", embedding.message);
}

struct EverythingResult {
  Revision revision = 0;
  std::int64_t proposals = 0;
};
template <class V>
void describe(V& v, const EverythingResult& result) {
  v.shape("EverythingResult");
  v("revision", result.revision);
  v("proposals", result.proposals);
}
struct ExportedResult {
  std::string folder;
  std::size_t files = 0;
  std::vector<std::string> notes;
};
template <class V>
void describe(V& v, const ExportedResult& result) {
  v.shape("ExportedResult");
  v("folder", result.folder);
  v("files", result.files);
  v("notes", result.notes);
}
using JobResult = std::optional<std::variant<EverythingResult, ExportedResult, TrainedResult>>;

enum class JobState { waiting, running, done, failed, cancelled };
constexpr auto words(JobState /*state*/) {
  return Words{"JobState", "waiting", "running", "done", "failed", "cancelled"};
}
struct JobFacts {
  std::int64_t job = 0;
  std::string kind;
  JobState state = JobState::waiting;
  std::int64_t done = 0, total = 0;
  std::string message;
  std::int64_t preview = 0;
  JobResult result;
};
template <class V>
void describe(V& v, const JobFacts& job) {
  v.shape("Job");
  v("job", job.job);
  v("kind", job.kind);
  v("state", job.state);
  v("done", job.done);
  v("total", job.total);
  v("message", job.message);
  v("preview", job.preview, {.note = "grows with each preview; 0: there is none"});
  v("result", job.result, {.note = "null until it is done"});
}
struct JobList {
  std::vector<JobFacts> jobs;
};
template <class V>
void describe(V& v, const JobList& list) {
  v.shape("JobList");
  v("jobs", list.jobs, {.note = "oldest first; an hour after their end they are forgotten"});
}

// ---- Binary

struct Timing {
  double wait_ms = 0, decode_ms = 0, total_ms = 0;
};
template <class V>
void describe(V& v, const Timing& timing) {
  const auto rounded = [](double ms) { return std::round(ms * 10) / 10; };
  v.shape("Timing", "of the answer, in ms");
  v("wait", rounded(timing.wait_ms));
  v("decode", rounded(timing.decode_ms));
  v("total", rounded(timing.total_ms));
}
struct Bundle {
  Changes changes;
  std::optional<std::vector<Label>> labels;
  Timing timing;
  std::vector<ObjectMask> masks;
};
// Its JSON.
template <class V>
void describe(V& v, const Bundle& bundle) {
  const Changes& changes = bundle.changes;
  v.shape("BundleHead");
  v("revision", changes.revision);
  v("undo", changes.undo);
  v("redo", changes.redo);
  v("changed", changes.changed);
  v("removed", changes.removed);
  v("image", changes.image);
  v("labels", bundle.labels, {.note = "null: as they were"});
  v("timing_ms", bundle.timing);
  v("taken", changes.taken, {.presence = Presence::left_out});
}
std::string encode_bundle(const Bundle& bundle);
// The same masks without a bundle around them, for what is not an object yet; `box` holds all of the mask.
std::string encode_mask(std::int64_t number, const Rle& rle, const Box2& box);
std::string encode_masks(std::span<const std::string_view> encoded);

// The type is the smallest that holds all values of the volume, so that every slice of it comes as the same.
enum class PictureType : std::uint8_t { grey8, rgb, int16, uint16, float32 };
PictureType picture_type(const Volume& volume);
std::string encode_picture(const Picture& picture, PictureType type);

}  // namespace wire
}  // namespace sonde
