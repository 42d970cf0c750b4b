// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
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
#include "sonde/annotate/objects.h"
#include "sonde/annotate/project.h"
#include "sonde/imaging/rle.h"
#include "sonde/imaging/window.h"
#include "sonde/server/strict_json.h"

// Every shape of docs/http.md. Examples of all are in test/data/wire/.
namespace sonde::wire {

// ---- Requests. All throw RefusedRequest (400) for a field that is missing, unknown or of the wrong type.

struct ActionRequest {
  std::string request;  // its id
  std::string client;   // the page or program that it comes from; may be empty
  PlaneRef view;
  Action action;
};
ActionRequest parse_action(std::string_view body);

struct AddLabel {
  LabelEdit label;
};
struct EditLabel {
  LabelId label = 0;
  LabelEdit edit;
};
struct DeleteLabel {
  LabelId label = 0;
};
using LabelAction = std::variant<AddLabel, EditLabel, DeleteLabel>;
LabelAction parse_label_action(std::string_view body);

Overlap parse_settings(std::string_view body);

struct FocusRequest {
  PlaneRef plane;
  std::string window;
};
FocusRequest parse_focus(std::string_view body);
struct EverythingRequest {
  std::string client;
  EverythingAction action;
};
EverythingRequest parse_everything(std::string_view body);
// The id of a request or client: 8 to 64 letters, digits and "-".
std::string checked_id(std::string id, const std::string& name);

struct ProgressRequest {
  std::optional<std::chrono::milliseconds> active;
  std::optional<bool> done;
};
ProgressRequest parse_progress(std::string_view body);

struct ExportRequest {
  std::string format_name;
  ExportFormat format = ExportFormat::png;
  ExportEach each = ExportEach::labels;
};
ExportRequest parse_export(std::string_view body);

// ---- Answers

Json to_json(const PlaneRef& plane);
Json to_json(const Label& label);
Json to_json(const ImageSummary& image);
Json to_json(const AnnotatedObject& object);

struct ModelFacts {
  std::string name, architecture, sha256, precision;
};
struct ProjectFacts {
  std::string name, folder, version;
  Revision revision = 0;
  ModelFacts model;
  Overlap overlap = Overlap::keep;
  std::vector<Label> labels;
  std::vector<ImageSummary> images;
};
Json to_json(const ProjectFacts& project);

struct ProjectChanges {
  Revision revision = 0;
  std::vector<ImageSummary> images;
  std::optional<std::vector<Label>> labels;  // absent: as they were
  Overlap overlap = Overlap::keep;
};
Json to_json(const ProjectChanges& changes);

Json labels_json(Revision revision, std::span<const Label> labels);
Json settings_json(Revision revision, Overlap overlap);
Json progress_json(const ImageSummary& image);
Json history_json(std::span<const HistoryEvent> events);

struct PlaneFacts {
  Axis axis = Axis::axial;
  Extent2 extent;
  std::int64_t slices = 0;
  struct Spacing {
    double x_mm = 1, y_mm = 1, slice_mm = 1;
  };
  std::optional<Spacing> spacing;  // where the file says something of space
};
struct OpenedFacts {
  ImageSummary image;
  Extent3 extent;
  bool plain = false;
  Photometric photometric = Photometric::grey;
  std::array<double, 2> range{};  // of the finite values
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
Json to_json(const OpenedFacts& opened);
// Its name is one that requests take.
Json to_json(const UsedWindow& window);

enum class EmbeddingState { ready, queued, encoding, failed };
struct EmbeddingFacts {
  EmbeddingState state = EmbeddingState::queued;
  std::string message;
};
Json to_json(const EmbeddingFacts& embedding);

enum class JobState { waiting, running, done, failed, cancelled };
struct JobFacts {
  std::int64_t job = 0;
  std::string kind;
  JobState state = JobState::waiting;
  std::int64_t done = 0, total = 0;
  std::string message;
  std::int64_t preview = 0;  // grows with each; 0: there is none
  Json result;               // null until it is done
};
Json to_json(const JobFacts& job);
Json everything_result(Revision revision, std::int64_t proposals);
Json export_result(const std::string& folder, std::size_t files, std::span<const std::string> notes);

// ---- Binary

struct Timing {
  double wait_ms = 0, decode_ms = 0, total_ms = 0;
};
struct Bundle {
  Changes changes;
  std::optional<std::vector<Label>> labels;
  Timing timing;
  std::vector<ObjectMask> masks;
};
std::string encode_bundle(const Bundle& bundle);
// The same masks without a bundle round them, for what is not an object yet; `box` holds all of the mask.
std::string encode_mask(std::int64_t number, const Rle& rle, const Box2& box);
std::string encode_masks(std::span<const std::string_view> encoded);

// The type is the smallest that holds all values of the volume, so that every slice of it comes as the same.
enum class PictureType : std::uint8_t { grey8, rgb, int16, uint16, float32 };
PictureType picture_type(const Volume& volume);
std::string encode_picture(const Picture& picture, PictureType type);

}  // namespace sonde::wire
