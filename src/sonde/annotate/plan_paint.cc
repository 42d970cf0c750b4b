// SPDX-License-Identifier: Apache-2.0
#include "sonde/annotate/brush.h"
#include "sonde/annotate/plan_steps.h"
#include "sonde/core/error.h"

namespace sonde {
namespace {

struct Painted {
  std::optional<ObjectId> object;
  LabelId label = 0;
  Paint paint = Paint::add;
};

ObjectId paint_new(Draft& draft, const Painted& painted, RunLengthMask pixels) {
  if (painted.paint == Paint::remove)
    throw Error(ErrorKind::usage, "to remove pixels an object must be named");
  draft.require_label(painted.label);
  if (pixels.runs.empty()) throw Error(ErrorKind::usage, "it covers no pixel of the picture");
  RunLengthMask voxels = draft.claim(0, std::move(pixels));
  if (voxels.runs.empty())
    throw Error(ErrorKind::conflict, "all pixels under it belong to other objects, which keep them");
  AnnotatedObject object;
  object.state = ObjectState::approved;
  object.label = painted.label;
  object.source = ObjectSource::brush;
  return draft.create(std::move(object), std::move(voxels));
}

ObjectId paint(Draft& draft, const Painted& painted, RunLengthMask pixels) {
  if (!painted.object) return paint_new(draft, painted, std::move(pixels));
  const ObjectId id = *painted.object;
  const ObjectRecord record = draft.require_unlocked(id);
  if (painted.paint == Paint::remove) {
    draft.set_voxels(id, subtracted(*record.voxels, pixels));
    return id;
  }
  RunLengthMask gained = subtracted(pixels, *record.voxels);
  if (record.object.state == ObjectState::approved) gained = draft.claim(id, std::move(gained));
  draft.set_voxels(id, united(*record.voxels, gained));
  return id;
}

std::string summary_of(const char* tool, Paint way, ObjectId id) {
  return std::string(tool) + (way == Paint::add ? " added to" : " removed from") + " object " +
         std::to_string(id);
}

}  // namespace

std::string plan_step(Draft& draft, const StrokeAction& action, const PlanAnswers& /*answers*/) {
  const SlicePlane plane = checked_plane(draft.grid(), action.plane);
  const Mask mask = stroke_mask(action.points, action.radii, plane.extent);
  const ObjectId id = paint(draft, {action.object, action.label, action.paint},
                            voxels_from_slice(mask, draft.grid().extent, plane, action.plane.slice));
  return summary_of("stroke", action.paint, id);
}

std::string plan_step(Draft& draft, const LassoAction& action, const PlanAnswers& /*answers*/) {
  const SlicePlane plane = checked_plane(draft.grid(), action.plane);
  const Mask mask = lasso_mask(action.polygon, plane.extent);
  const ObjectId id = paint(draft, {action.object, action.label, action.paint},
                            voxels_from_slice(mask, draft.grid().extent, plane, action.plane.slice));
  return summary_of("lasso", action.paint, id);
}

}  // namespace sonde
