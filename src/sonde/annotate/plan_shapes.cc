// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <vector>

#include "sonde/annotate/plan_steps.h"
#include "sonde/core/error.h"
#include "sonde/imaging/grid.h"

namespace sonde {
namespace {

constexpr std::size_t kMostParts = 1000;

// An object gains pixels, or those of them that it gets.
void gain(Draft& draft, ObjectId id, VoxelSet gained) {
  if (draft.at(id).object.state == ObjectState::approved) gained = draft.claim(id, std::move(gained));
  draft.set_voxels(id, united(*draft.at(id).voxels, gained));
}

// Background that no path of edge neighbours joins with the border of the picture: a ring that is closed
// across corners holds it.
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

// A set whose runs came in any order (none overlap).
VoxelSet in_order(VoxelSet set) {
  std::ranges::sort(set.runs, {}, &VoxelRun::first);
  std::vector<VoxelRun> joined;
  for (const VoxelRun& run : set.runs) {
    if (!joined.empty() && joined.back().first + joined.back().count == run.first) {
      joined.back().count += run.count;
    } else {
      joined.push_back(run);
    }
  }
  return {set.extent, std::move(joined)};
}

VoxelSet holes_of(const ObjectRecord& record, const Grid& grid, Axis axis) {
  VoxelSet holes{grid.extent, {}};
  if (!record.object.slices) return holes;
  const SlicePlane plane = slice_plane(grid, axis);
  const auto [first, last] = (*record.object.slices)[static_cast<std::size_t>(axis)];
  for (std::int64_t slice = first; slice <= last; ++slice) {
    const Mask mask = holes_of(slice_from_voxels(*record.voxels, plane, slice));
    const VoxelSet voxels = voxels_from_slice(mask, grid.extent, plane, slice);
    holes.runs.insert(holes.runs.end(), voxels.runs.begin(), voxels.runs.end());
  }
  return in_order(std::move(holes));
}

}  // namespace

std::string plan_merge(Draft& draft, const MergeAction& action) {
  check_objects(action.objects);
  if (action.objects.size() < 2) throw Error(ErrorKind::usage, "a merge needs two objects or more");
  for (const ObjectId id : action.objects) draft.open_approved(id);
  const ObjectId first = action.objects[0];
  VoxelSet gained = *draft.at(first).voxels;
  for (const ObjectId id : action.objects) {
    if (id == first) continue;
    gained = united(gained, *draft.at(id).voxels);
    draft.remove(id);
  }
  gain(draft, first, subtracted(gained, *draft.at(first).voxels));
  return "merged " + counted(action.objects.size(), "object") + " into " + std::to_string(first);
}

std::string plan_split(Draft& draft, const SplitAction& action) {
  const ObjectRecord record = draft.open_approved(action.object);
  std::vector<VoxelSet> parts = connected_parts(*record.voxels);
  if (parts.size() > kMostParts) {
    throw Error(ErrorKind::conflict, "object " + std::to_string(action.object) + " falls into " +
                                         std::to_string(parts.size()) + " parts, more than " +
                                         std::to_string(kMostParts) + ": drop its specks first");
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

std::string plan_fill_holes(Draft& draft, const FillHolesAction& action) {
  check_objects(action.objects);
  checked_plane(draft.grid(), {action.axis, 0});
  for (const ObjectId id : action.objects) draft.open(id);
  for (const ObjectId id : action.objects) gain(draft, id, holes_of(draft.at(id), draft.grid(), action.axis));
  return "filled the holes of " + counted(action.objects.size(), "object");
}

std::string plan_drop_specks(Draft& draft, const DropSpecksAction& action) {
  check_objects(action.objects);
  if (action.below < 0) throw Error(ErrorKind::usage, "the size below which specks are dropped is negative");
  for (const ObjectId id : action.objects) draft.open(id);
  for (const ObjectId id : action.objects) {
    const std::vector<VoxelSet> parts = connected_parts(*draft.at(id).voxels);  // from the largest
    VoxelSet specks{draft.grid().extent, {}};
    for (std::size_t i = 1; i < parts.size(); ++i) {
      if (voxel_count(parts[i]) >= action.below) continue;
      specks.runs.insert(specks.runs.end(), parts[i].runs.begin(), parts[i].runs.end());
    }
    draft.set_voxels(id, subtracted(*draft.at(id).voxels, in_order(std::move(specks))));
  }
  return "dropped specks of " + counted(action.objects.size(), "object");
}

}  // namespace sonde
