// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <span>
#include <utility>

#include "sonde/core/error.h"
#include "sonde/core/stopwatch.h"
#include "sonde/predict/everything.h"
#include "sonde/server/api.h"
#include "sonde/server/mask_preview.h"
#include "sonde/server/token.h"

// Requests about one image.
namespace sonde {
namespace {

constexpr std::string_view kBundleType = "application/x-sonde-bundle";
constexpr std::string_view kPictureType = "application/x-sonde-picture";
constexpr std::int64_t kDefaultHistory = 200, kMaxHistory = 10000;

PlaneRef plane_in(const Target& target) {
  PlaneRef plane;
  try {
    plane.axis = parse_axis(query_text(target, "axis"));
  } catch (const Error& error) {
    throw malformed(error.what());
  }
  plane.slice = query_whole(target, "slice");
  return plane;
}

// Whose undo and redo the answer tells; empty: nobody's.
std::string client_in(const Target& target) {
  if (!target.query.contains("client")) return "";
  std::string client = query_text(target, "client");
  if (!is_id(client)) throw malformed("client must be " + std::string(kIdForm));
  return client;
}

std::vector<wire::PlaneFacts> plane_facts(const ImageGeometry& grid) {
  std::vector<wire::PlaneFacts> facts;
  for (const SlicePlane& plane : planes_of(grid)) {
    wire::PlaneFacts& fact = facts.emplace_back();
    fact.axis = plane.axis;
    fact.extent = plane.extent;
    fact.slices = plane.slice_count;
    if (grid.mm_from_voxel)
      fact.spacing = {plane.pixel_width_mm, plane.pixel_height_mm, plane.slice_spacing_mm};
  }
  return facts;
}

// Presets are of Hounsfield units: of no use where values are 8-bit greys or colours.
std::vector<NamedWindow> presets_for(const Volume& volume) {
  if (volume.eight_bit || volume.photometric == Photometric::rgb) return {};
  const auto presets = window_presets();
  return {presets.begin(), presets.end()};
}

std::vector<ObjectId> ids_of(const std::vector<AnnotatedObject>& objects) {
  std::vector<ObjectId> ids;
  ids.reserve(objects.size());
  for (const AnnotatedObject& object : objects) ids.push_back(object.id);
  return ids;
}

// Those with pixels on the slice, and those whose candidates are of it.
std::vector<ObjectId> ids_on(const std::vector<AnnotatedObject>& objects, PlaneRef plane) {
  std::vector<ObjectId> ids;
  for (const AnnotatedObject& object : objects) {
    bool reaches = object.proposal && object.proposal->plane == plane;
    if (object.slices) {
      const auto [first, last] = (*object.slices)[static_cast<std::size_t>(plane.axis)];
      reaches |= first <= plane.slice && plane.slice <= last;
    }
    if (reaches) ids.push_back(object.id);
  }
  return ids;
}

bool may_change_labels(const Action& action) {
  return !std::holds_alternative<PromptAction>(action) && !std::holds_alternative<ChooseAction>(action);
}

void check_settings(const EverythingSettings& settings) {
  validate(EverythingOptions{.points_per_side = settings.points_per_side,
                             .pred_iou_threshold = settings.pred_iou,
                             .stability_threshold = settings.stability,
                             .min_region_area = settings.min_region});
}

}  // namespace

// Reads the image if nobody has yet.
ImageGeometry Api::grid_of_image(ImageId id) {
  const ImageSummary image = project_.image(id);
  return image.grid ? *image.grid : service_.open(id)->geometry();
}

Response Api::get_image(const Call& call) {
  const auto image = service_.open(call.id());
  const Volume& volume = image->volume();
  Changes all = project_.changes_since(call.id(), 0, client_in(call.target));
  const wire::OpenedFacts opened{.image = all.image,
                                 .extent = volume.geometry.extent,
                                 .plain = is_plain(image->geometry()),
                                 .photometric = volume.photometric,
                                 .range = image->range(),
                                 .orientation = orientation_code(image->geometry()),
                                 .notes = volume.notes,
                                 .planes = plane_facts(image->geometry()),
                                 .default_plane = image->default_plane(),
                                 .window = image->default_window(),
                                 .presets = presets_for(volume),
                                 .revision = all.revision,
                                 .undo = all.undo,
                                 .redo = all.redo,
                                 .objects = std::move(all.changed)};
  return json_response(200, opened);
}

Response Api::get_picture(const Call& call) {
  const PlaneRef plane = plane_in(call.target);
  const auto image = service_.open(call.id());
  return binary_response(kPictureType, wire::encode_picture(image->picture(plane), image->picture_type()));
}

Response Api::get_masks(const Call& call) {
  Stopwatch watch;
  const PlaneRef plane = plane_in(call.target);
  checked_plane(grid_of_image(call.id()), plane);
  wire::Bundle bundle{.changes = project_.changes_since(call.id(), 0, client_in(call.target)),
                      .labels = {},
                      .timing = {},
                      .masks = {}};
  bundle.changes.removed.clear();  // nobody has them
  bundle.masks = project_.masks(call.id(), plane, ids_on(bundle.changes.changed, plane));
  std::erase_if(bundle.masks,
                [](const ObjectMask& mask) { return !mask.candidate && mask.pixels.runs.empty(); });
  bundle.timing.total_ms = watch.lap_ms();
  return binary_response(kBundleType, wire::encode_bundle(bundle));
}

Response Api::get_image_changes(const Call& call) {
  Stopwatch watch;
  const PlaneRef plane = plane_in(call.target);
  const Revision since = query_whole(call.target, "since");
  checked_plane(grid_of_image(call.id()), plane);
  wire::Bundle bundle{.changes = project_.changes_since(call.id(), since, client_in(call.target)),
                      .labels = {},
                      .timing = {},
                      .masks = {}};
  bundle.masks = project_.masks(call.id(), plane, ids_of(bundle.changes.changed));
  bundle.labels = labels_since(since);
  bundle.timing.total_ms = watch.lap_ms();
  return binary_response(kBundleType, wire::encode_bundle(bundle));
}

Response Api::post_action(const Call& call) {
  Stopwatch watch;
  const wire::ActionRequest request = wire::parse<wire::ActionRequest>(call.body);
  const auto action = std::visit([](const auto& one) -> Action { return one; }, request.action);
  checked_plane(grid_of_image(call.id()), request.view);
  AskTimes times;
  wire::Bundle bundle{.changes = project_.apply(call.id(), request.request, action, service_.segmenter(times),
                                                request.client),
                      .labels = {},
                      .timing = {},
                      .masks = {}};
  bundle.masks = project_.masks(call.id(), request.view, ids_of(bundle.changes.changed));
  if (may_change_labels(action)) bundle.labels = project_.labels();
  bundle.timing = {times.wait_ms, times.decode_ms, watch.lap_ms()};
  return binary_response(kBundleType, wire::encode_bundle(bundle));
}

Response Api::post_focus(const Call& call) {
  const wire::FocusRequest request = wire::parse<wire::FocusRequest>(call.body);
  return json_response(200, service_.focus({call.id(), request.plane, request.window}));
}

Response Api::get_embedding(const Call& call) {
  const PictureKey key{call.id(), plane_in(call.target), query_text(call.target, "window")};
  return json_response(200, service_.embedding(key));
}

Response Api::post_everything(const Call& call) {
  const ImageId id = call.id();
  const wire::EverythingRequest asked = wire::parse<wire::EverythingRequest>(call.body);
  const EverythingAction& action = asked.action;
  checked_plane(grid_of_image(id), action.plane);
  parse_window(action.window);
  check_settings(action.settings);
  const auto job = jobs_.start("everything", [this, id, asked](const JobReport& report) {
    const std::string request = random_token();  // as good an id as any
    MaskPreview preview;
    const MasksSoFar so_far = [&](std::span<const MaskSoFar> masks) { report.preview(preview.show(masks)); };
    const Changes changes =
        project_.apply(id, request, asked.action, service_.segmenter(report.progress, so_far), asked.client);
    const auto proposals =
        std::count_if(changes.changed.begin(), changes.changed.end(), [](const AnnotatedObject& object) {
          return object.source == ObjectSource::everything && object.proposal;
        });
    return wire::EverythingResult{changes.revision, proposals};
  });
  return json_response(202, job);
}

Response Api::post_progress(const Call& call) {
  const wire::ProgressRequest request = wire::parse<wire::ProgressRequest>(call.body);
  if (request.active_ms) project_.add_active_time(call.id(), std::chrono::milliseconds(*request.active_ms));
  if (request.done) project_.set_done(call.id(), *request.done ? ImageStatus::done : ImageStatus::fresh);
  return json_response(200, wire::ImageProgress{project_.image(call.id())});
}

Response Api::get_history(const Call& call) {
  const std::int64_t limit = maybe_query_whole(call.target, "limit").value_or(kDefaultHistory);
  if (limit > kMaxHistory) throw malformed("limit may be at most 10000");
  project_.image(call.id());  // throws for an unknown one
  return json_response(200, wire::History{project_.history(call.id(), limit)});
}

}  // namespace sonde
