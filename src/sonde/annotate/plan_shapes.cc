// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <vector>

#include "sonde/annotate/plan_steps.h"
#include "sonde/core/error.h"
#include "sonde/core/text.h"
#include "sonde/imaging/image_geometry.h"

namespace sonde {
namespace {

constexpr std::size_t kMaxParts = 1000;

// An object gains pixels, or those of them that it gets.
void gain(Draft& draft, ObjectId id, RunLengthMask gained) {
  if (draft.at(id).object.state == ObjectState::approved) gained = draft.claim(id, std::move(gained));
  draft.set_voxels(id, united(*draft.at(id).voxels, gained));
}

// Background that no path of edge neighbours joins with the border: a ring that is closed across corners
// holds it. `mask` may be as little as the box of the object.
Mask holes_of(const Mask& mask) {
  const std::int64_t width = mask.extent.width, height = mask.extent.height;
  Mask holes{mask.extent, std::vector<std::uint8_t>(mask.pixels.size())};
  std::ranges::transform(mask.pixels, holes.pixels.begin(), [](std::uint8_t p) { return p ^ 1U; });
  std::vector<std::int64_t> open;
  const auto leave = [&](std::int64_t x, std::int64_t y) {
    std::uint8_t& pixel = holes.pixels[static_cast<std::size_t>(y * width + x)];
    if (pixel == 0) return;
    pixel = 0;
    open.push_back(y * width + x);
  };
  for (std::int64_t x = 0; x < width; ++x) {
    leave(x, 0);
    leave(x, height - 1);
  }
  for (std::int64_t y = 0; y < height; ++y) {
    leave(0, y);
    leave(width - 1, y);
  }
  while (!open.empty()) {
    const std::int64_t x = open.back() % width;
    const std::int64_t y = open.back() / width;
    open.pop_back();
    if (x > 0) leave(x - 1, y);
    if (x + 1 < width) leave(x + 1, y);
    if (y > 0) leave(x, y - 1);
    if (y + 1 < height) leave(x, y + 1);
  }
  return holes;
}

RunLengthMask holes_of(const ObjectRecord& record, const ImageGeometry& grid, Axis axis) {
  if (!record.object.slices) return {grid.extent, {}};
  std::vector<VoxelRun> runs;
  const SlicePlane plane = slice_plane(grid, axis);
  const auto [first, last] = (*record.object.slices)[static_cast<std::size_t>(axis)];
  for (std::int64_t slice = first; slice <= last; ++slice) {
    CroppedMask part = cropped(pixels_on_slice(*record.voxels, plane, slice));
    part.mask = holes_of(part.mask);
    const RunLengthMask voxels = voxels_from_slice(part, grid.extent, plane, slice);
    runs.insert(runs.end(), voxels.runs.begin(), voxels.runs.end());
  }
  return set_of_runs(grid.extent, std::move(runs));
}

}  // namespace

std::string plan_step(Draft& draft, const MergeAction& action, const PlanAnswers& /*answers*/) {
  check_objects(action.objects);
  if (action.objects.size() < 2) throw Error(ErrorKind::usage, "a merge needs two objects or more");
  for (const ObjectId id : action.objects) draft.open_approved(id);
  const ObjectId first = action.objects[0];
  std::vector<VoxelRun> runs;
  for (const ObjectId id : action.objects) {
    if (id == first) continue;
    const RunLengthMask& voxels = *draft.at(id).voxels;
    runs.insert(runs.end(), voxels.runs.begin(), voxels.runs.end());
    draft.remove(id);
  }
  const RunLengthMask others = set_of_runs(draft.grid().extent, std::move(runs));
  gain(draft, first, subtracted(others, *draft.at(first).voxels));
  return "merged " + counted(action.objects.size(), "object") + " into " + std::to_string(first);
}

std::string plan_step(Draft& draft, const SplitAction& action, const PlanAnswers& /*answers*/) {
  const ObjectRecord record = draft.open_approved(action.object);
  std::vector<RunLengthMask> parts = connected_parts(*record.voxels);
  if (parts.size() > kMaxParts) {
    throw Error(ErrorKind::conflict, "object " + std::to_string(action.object) + " falls into " +
                                         std::to_string(parts.size()) + " parts, more than " +
                                         std::to_string(kMaxParts) + ": drop its specks first");
  }
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i == 0) {
      draft.set_voxels(action.object, std::move(parts[i]));
      continue;
    }
    AnnotatedObject part;
    part.state = ObjectState::approved;
    part.label = record.object.label;
    part.source = ObjectSource::split;
    draft.create(std::move(part), std::move(parts[i]));
  }
  return "split object " + std::to_string(action.object) + " into " + counted(parts.size(), "part");
}

std::string plan_step(Draft& draft, const FillHolesAction& action, const PlanAnswers& /*answers*/) {
  check_objects(action.objects);
  checked_plane(draft.grid(), {action.axis, 0});
  for (const ObjectId id : action.objects) draft.require_unlocked(id);
  for (const ObjectId id : action.objects) gain(draft, id, holes_of(draft.at(id), draft.grid(), action.axis));
  return "filled the holes of " + counted(action.objects.size(), "object");
}

std::string plan_step(Draft& draft, const DropSpecksAction& action, const PlanAnswers& /*answers*/) {
  check_objects(action.objects);
  if (action.below < 0) throw Error(ErrorKind::usage, "the size below which specks are dropped is negative");
  for (const ObjectId id : action.objects) draft.require_unlocked(id);
  for (const ObjectId id : action.objects) {
    const std::vector<RunLengthMask> parts = connected_parts(*draft.at(id).voxels);  // from the largest
    std::vector<VoxelRun> specks;
    for (std::size_t i = 1; i < parts.size(); ++i) {
      if (voxel_count(parts[i]) >= action.below) continue;
      specks.insert(specks.end(), parts[i].runs.begin(), parts[i].runs.end());
    }
    draft.set_voxels(id,
                     subtracted(*draft.at(id).voxels, set_of_runs(draft.grid().extent, std::move(specks))));
  }
  return "dropped specks of " + counted(action.objects.size(), "object");
}

}  // namespace sonde
