// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "sonde/core/json_text.h"
#include "sonde/server/wire.h"

namespace sonde::wire {
namespace {

template <typename T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

using wire::to_json;  // else those below would hide it
Json to_json(const CandidateScore& candidate);
Json to_json(const PlaneFacts& plane);
Json to_json(const NamedWindow& preset);
Json to_json(const HistoryEvent& event);

template <typename Values>
Json list_of(const Values& values) {
  Json list = Json::array();
  for (const auto& value : values) list.push_back(to_json(value));
  return list;
}

Json to_json(Extent3 extent) { return {extent.x, extent.y, extent.z}; }

std::string_view to_string(ImageStatus status) {
  switch (status) {
    case ImageStatus::fresh:
      return "new";
    case ImageStatus::started:
      return "started";
    case ImageStatus::done:
      return "done";
  }
  return "";
}
std::string_view to_string(ObjectState state) {
  return state == ObjectState::proposed ? "proposed" : "approved";
}
std::string_view to_string(ObjectSource source) {
  switch (source) {
    case ObjectSource::prompt:
      return "prompt";
    case ObjectSource::everything:
      return "everything";
    case ObjectSource::brush:
      return "brush";
    case ObjectSource::import:
      return "import";
    case ObjectSource::split:
      return "split";
  }
  return "";
}
std::string_view to_string(Photometric photometric) {
  switch (photometric) {
    case Photometric::grey:
      return "grey";
    case Photometric::grey_inverted:
      return "grey_inverted";
    case Photometric::rgb:
      return "rgb";
  }
  return "";
}
std::string_view to_string(EmbeddingState state) {
  switch (state) {
    case EmbeddingState::ready:
      return "ready";
    case EmbeddingState::queued:
      return "queued";
    case EmbeddingState::encoding:
      return "encoding";
    case EmbeddingState::failed:
      return "failed";
  }
  return "";
}
std::string_view to_string(JobState state) {
  switch (state) {
    case JobState::waiting:
      return "waiting";
    case JobState::running:
      return "running";
    case JobState::done:
      return "done";
    case JobState::failed:
      return "failed";
    case JobState::cancelled:
      return "cancelled";
  }
  return "";
}

Json to_json(const CandidateScore& candidate) {
  return {{"predicted_iou", candidate.predicted_iou},
          {"stability", candidate.stability},
          {"area", candidate.area_px}};
}

Json to_json(const PromptWithWindow& prompt) {
  Json points = Json::array();
  for (const PointPrompt& point : prompt.points) {
    points.push_back({{"x", point.position.x},
                      {"y", point.position.y},
                      {"label", point.label == PointLabel::foreground ? 1 : 0}});
  }
  Json box = nullptr;
  if (prompt.box) box = {prompt.box->x0, prompt.box->y0, prompt.box->x1, prompt.box->y1};
  return {{"points", points}, {"box", box}, {"window", prompt.window}};
}

Json bounds_json(const AnnotatedObject& object) {
  if (!object.slices) return nullptr;
  Json bounds = Json::object();
  for (const Axis axis : {Axis::axial, Axis::coronal, Axis::sagittal})
    bounds[std::string(sonde::to_string(axis))] = (*object.slices)[static_cast<std::size_t>(axis)];
  return bounds;
}

Json to_json(const PlaneFacts& plane) {
  Json json{{"axis", sonde::to_string(plane.axis)},
            {"width", plane.extent.width},
            {"height", plane.extent.height},
            {"slices", plane.slices},
            {"pixel_mm", nullptr},
            {"slice_mm", nullptr}};
  if (plane.spacing) {
    json["pixel_mm"] = {plane.spacing->x_mm, plane.spacing->y_mm};
    json["slice_mm"] = plane.spacing->slice_mm;
  }
  return json;
}

Json to_json(const NamedWindow& preset) {
  return {{"name", preset.name}, {"centre", preset.window.centre}, {"width", preset.window.width}};
}

Json to_json(const HistoryEvent& event) {
  return {{"id", event.id},
          {"time", event.time},
          {"kind", event.kind},
          {"summary", event.summary},
          {"undone", event.undone}};
}

}  // namespace

Json to_json(const PlaneRef& plane) {
  return {{"axis", sonde::to_string(plane.axis)}, {"slice", plane.slice}};
}

Json to_json(const Label& label) {
  return {{"id", label.id},         {"name", label.name},
          {"colour", label.colour}, {"shortcut", label.shortcut},
          {"value", label.value},   {"objects", label.objects}};
}

Json to_json(const ImageSummary& image) {
  return {{"id", image.id},
          {"name", image.source.name},
          {"path", image.source.path.string()},
          {"status", to_string(image.status)},
          {"approved", image.approved},
          {"proposed", image.proposed},
          {"active_ms", image.active_ms},
          {"revision", image.revision},
          {"extent", image.grid ? to_json(image.grid->extent) : Json(nullptr)},
          {"fault", or_null(image.fault)},
          {"notice", or_null(image.notice)}};
}

Json to_json(const AnnotatedObject& object) {
  Json json{{"id", object.id},
            {"state", to_string(object.state)},
            {"locked", object.lock == Lock::locked},
            {"label", or_null(object.label)},
            {"name", object.name},
            {"source", to_string(object.source)},
            {"area", object.area},
            {"revision", object.revision},
            {"bounds", bounds_json(object)},
            {"plane", nullptr},
            {"target", nullptr},
            {"candidates", Json::array()},
            {"chosen", nullptr},
            {"prompt", nullptr}};
  if (const auto& proposal = object.proposal) {
    json["plane"] = to_json(proposal->plane);
    json["target"] = or_null(proposal->target);
    json["candidates"] = list_of(proposal->candidates);
    json["chosen"] = proposal->chosen;
    if (proposal->prompt) json["prompt"] = to_json(*proposal->prompt);
  }
  return json;
}

Json to_json(const ProjectFacts& project) {
  const ModelFacts& model = project.model;
  return {{"name", project.name},
          {"folder", project.folder},
          {"revision", project.revision},
          {"version", project.version},
          {"model",
           {{"name", model.name},
            {"architecture", model.architecture},
            {"sha256", model.sha256},
            {"precision", model.precision}}},
          {"overlap", to_string(project.overlap)},
          {"labels", list_of(project.labels)},
          {"images", list_of(project.images)}};
}

Json to_json(const ProjectChanges& changes) {
  return {{"revision", changes.revision},
          {"images", list_of(changes.images)},
          {"labels", changes.labels ? list_of(*changes.labels) : Json(nullptr)},
          {"overlap", to_string(changes.overlap)}};
}

Json labels_json(Revision revision, std::span<const Label> labels) {
  return {{"revision", revision}, {"labels", list_of(labels)}};
}
Json settings_json(Revision revision, Overlap overlap) {
  return {{"revision", revision}, {"overlap", to_string(overlap)}};
}
Json progress_json(const ImageSummary& image) { return {{"image", to_json(image)}}; }
Json history_json(std::span<const HistoryEvent> events) { return {{"events", list_of(events)}}; }

Json to_json(const OpenedFacts& opened) {
  return {{"image", to_json(opened.image)},
          {"extent", to_json(opened.extent)},
          {"plain", opened.plain},
          {"photometric", to_string(opened.photometric)},
          {"range", opened.range},
          {"orientation", opened.orientation},
          {"notes", opened.notes},
          {"planes", list_of(opened.planes)},
          {"default_plane", to_json(opened.default_plane)},
          {"window", to_json(opened.window)},
          {"presets", list_of(opened.presets)},
          {"revision", opened.revision},
          {"undo", or_null(opened.undo)},
          {"redo", or_null(opened.redo)},
          {"objects", list_of(opened.objects)}};
}

Json to_json(const UsedWindow& used) {
  if (!used.window) return {{"name", "none"}, {"centre", nullptr}, {"width", nullptr}};
  const Window& window = *used.window;
  const std::string name =
      used.name == "dicom" ? json_text(Json(window.centre)) + "," + json_text(Json(window.width)) : used.name;
  return {{"name", name}, {"centre", window.centre}, {"width", window.width}};
}

Json to_json(const EmbeddingFacts& embedding) {
  return {{"embedding", to_string(embedding.state)}, {"message", embedding.message}};
}

Json to_json(const JobFacts& job) {
  return {{"job", job.job},         {"kind", job.kind},    {"state", to_string(job.state)},
          {"done", job.done},       {"total", job.total},  {"message", job.message},
          {"preview", job.preview}, {"result", job.result}};
}
Json everything_result(Revision revision, std::int64_t proposals) {
  return {{"revision", revision}, {"proposals", proposals}};
}
Json export_result(const std::string& folder, std::size_t files, std::span<const std::string> notes) {
  return {
      {"folder", folder}, {"files", files}, {"notes", std::vector<std::string>(notes.begin(), notes.end())}};
}

}  // namespace sonde::wire
