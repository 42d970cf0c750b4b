// SPDX-License-Identifier: Apache-2.0
#include "sonde/annotate/plan.h"

#include <cmath>

#include "sonde/annotate/plan_steps.h"
#include "sonde/core/error.h"
#include "sonde/core/text.h"
#include "sonde/imaging/image_geometry.h"
#include "sonde/imaging/rle.h"

namespace sonde {
namespace {

[[noreturn]] void refuse_to_plan() {
  throw Error(ErrorKind::internal, "undo and redo follow from the history");
}
std::string plan_step(Draft& /*draft*/, const UndoAction& /*action*/, const PlanAnswers& /*answers*/) {
  refuse_to_plan();
}
std::string plan_step(Draft& /*draft*/, const RedoAction& /*action*/, const PlanAnswers& /*answers*/) {
  refuse_to_plan();
}

std::string to_string(const Taken& taken) {
  const std::string gone = taken.removed > 0 ? ", " + std::to_string(taken.removed) + " of them whole" : "";
  return ", taking " + counted(taken.voxels, "voxel") + " from " + counted(taken.objects, "object") + gone;
}

// JSON has no number for it.
double finite_or_zero(double value) { return std::isfinite(value) ? value : 0; }

RunLengthMask voxels_of(const Rle& rle, const ImageGeometry& grid, const SlicePlane& plane,
                        std::int64_t slice) {
  const std::optional<Box2> box = bounding_box(rle);
  if (!box) return {grid.extent, {}};
  const CroppedMask part{static_cast<std::int64_t>(box->x0), static_cast<std::int64_t>(box->y0),
                         decode_rle(rle, *box)};
  return voxels_from_slice(part, grid.extent, plane, slice);
}

}  // namespace

Plan plan(const ObjectRecords& records, const PlanContext& context, const Action& action,
          const PlanAnswers& answers) {
  Draft draft(records, context);
  Plan result;
  result.summary = std::visit([&](const auto& one) { return plan_step(draft, one, answers); }, action);
  result.changes = draft.changes();
  result.taken = draft.taken();
  if (result.taken) result.summary += to_string(*result.taken);
  return result;
}

std::vector<RecordedAnswer> answers_on_grid(const std::vector<ScoredMask>& candidates,
                                            const ImageGeometry& grid, PlaneRef plane) {
  if (candidates.empty()) throw Error(ErrorKind::internal, "the network gave no candidate");
  const SlicePlane lies = checked_plane(grid, plane);
  std::vector<RecordedAnswer> answers;
  answers.reserve(candidates.size());
  for (const ScoredMask& candidate : candidates) {
    answers.push_back({voxels_from_slice(candidate.mask, grid.extent, lies, plane.slice),
                       finite_or_zero(candidate.predicted_iou), finite_or_zero(candidate.stability)});
  }
  return answers;
}

std::vector<RecordedAnswer> answers_on_grid(const std::vector<ScoredRle>& regions, const ImageGeometry& grid,
                                            PlaneRef plane) {
  const SlicePlane lies = checked_plane(grid, plane);
  std::vector<RecordedAnswer> answers;
  answers.reserve(regions.size());
  for (const ScoredRle& region : regions) {
    answers.push_back({voxels_of(region.rle, grid, lies, plane.slice), finite_or_zero(region.predicted_iou),
                       finite_or_zero(region.stability)});
  }
  return answers;
}

}  // namespace sonde
