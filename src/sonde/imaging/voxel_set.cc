// SPDX-License-Identifier: Apache-2.0
#include "sonde/imaging/voxel_set.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "sonde/core/error.h"

namespace sonde {
namespace {

constexpr std::uint64_t kNoBoundary = std::numeric_limits<std::uint64_t>::max();

std::uint64_t end_of(const VoxelRun& run) { return run.first + run.count; }

std::uint64_t unsigned_size(std::int64_t size) { return static_cast<std::uint64_t>(size); }

// Behind the last run; joined with it if they touch.
void append(std::vector<VoxelRun>& runs, VoxelRun run) {
  if (!runs.empty() && end_of(runs.back()) == run.first) {
    runs.back().count += run.count;
  } else {
    runs.push_back(run);
  }
}

// The places where a set begins and ends, in order.
class Boundaries {
 public:
  explicit Boundaries(const std::vector<VoxelRun>& runs) : runs_(runs) {}
  std::uint64_t next() const {
    if (at_ == runs_.size()) return kNoBoundary;
    return inside_ ? end_of(runs_[at_]) : runs_[at_].first;
  }
  bool inside() const { return inside_; }
  void pass() {
    at_ += inside_ ? 1 : 0;
    inside_ = !inside_;
  }

 private:
  const std::vector<VoxelRun>& runs_;
  std::size_t at_ = 0;
  bool inside_ = false;
};

template <typename Keep>
VoxelSet combined(const VoxelSet& a, const VoxelSet& b, Keep keep) {
  if (a.extent != b.extent) throw Error(ErrorKind::internal, "voxel sets of different grids are combined");
  VoxelSet result{a.extent, {}};
  Boundaries in_a(a.runs);
  Boundaries in_b(b.runs);
  std::uint64_t begin = kNoBoundary;  // of the run that is open
  for (;;) {
    const std::uint64_t at = std::min(in_a.next(), in_b.next());
    if (at == kNoBoundary) return result;
    if (in_a.next() == at) in_a.pass();
    if (in_b.next() == at) in_b.pass();
    const bool kept = keep(in_a.inside(), in_b.inside());
    if (kept == (begin != kNoBoundary)) continue;
    if (!kept) result.runs.push_back({begin, at - begin});
    begin = kept ? at : kNoBoundary;
  }
}

std::int64_t extent_along(Extent3 extent, int axis) {
  return axis == 0 ? extent.x : axis == 1 ? extent.y : extent.z;
}

std::array<std::int64_t, 3> strides_of(Extent3 extent) { return {1, extent.x, extent.x * extent.y}; }

// pixel = start + step[0] * i + step[1] * j + step[2] * k for the voxels (i, j, k) of the plane.
struct PixelOfVoxel {
  std::int64_t start = 0;
  std::array<std::int64_t, 3> step{};
};
PixelOfVoxel pixel_of_voxel(Extent3 grid, const SlicePlane& plane) {
  PixelOfVoxel map;
  const auto add = [&](GridAxis axis, std::int64_t stride) {
    const bool forward = axis.sense == GridAxis::Sense::forward;
    map.step[static_cast<std::size_t>(axis.axis)] = forward ? stride : -stride;
    if (!forward) map.start += (extent_along(grid, axis.axis) - 1) * stride;
  };
  add(plane.column, 1);
  add(plane.row, plane.extent.width);
  return map;
}

// Where the slice lies on its grid axis.
std::int64_t slice_position(Extent3 grid, const SlicePlane& plane, std::int64_t slice) {
  if (plane.extent != Extent2{extent_along(grid, plane.column.axis), extent_along(grid, plane.row.axis)} ||
      plane.slice_count != extent_along(grid, plane.slice.axis))
    throw Error(ErrorKind::internal, "the plane is not one of the grid's");
  if (slice < 0 || slice >= plane.slice_count) {
    throw Error(ErrorKind::usage, "slice " + std::to_string(slice) +
                                      " is out of range: " + std::string(name_of(plane.axis)) +
                                      " slices are 0.." + std::to_string(plane.slice_count - 1));
  }
  return plane.slice.sense == GridAxis::Sense::forward ? slice : plane.slice_count - 1 - slice;
}

// Calls work(run) for the parts of the runs from `at` on that lie within [begin, end), and returns the first
// run that reaches beyond it.
template <typename Work>
std::vector<VoxelRun>::const_iterator clip_runs(std::vector<VoxelRun>::const_iterator at,
                                                const std::vector<VoxelRun>& runs, VoxelRun within,
                                                Work work) {
  at = std::lower_bound(at, runs.end(), within.first,
                        [](const VoxelRun& run, std::uint64_t first) { return end_of(run) <= first; });
  for (; at != runs.end() && at->first < end_of(within); ++at) {
    const std::uint64_t first = std::max(at->first, within.first);
    work(VoxelRun{first, std::min(end_of(*at), end_of(within)) - first});
    if (end_of(*at) > end_of(within)) break;
  }
  return at;
}

// The voxels whose coordinate along the grid axis is `position`, as runs in order that may touch.
template <typename Work>
void for_runs_on_slice(const VoxelSet& set, int axis, std::int64_t position, Work work) {
  const std::uint64_t x = unsigned_size(set.extent.x);
  const std::uint64_t plane = x * unsigned_size(set.extent.y);
  const std::uint64_t at = unsigned_size(position);
  if (axis == 2) {
    clip_runs(set.runs.begin(), set.runs, {at * plane, plane}, work);
  } else if (axis == 1) {
    auto run = set.runs.begin();
    for (std::uint64_t k = 0; k < unsigned_size(set.extent.z); ++k)
      run = clip_runs(run, set.runs, {k * plane + at * x, x}, work);
  } else {
    for (const VoxelRun& run : set.runs) {
      for (std::uint64_t voxel = run.first + (at + x - run.first % x) % x; voxel < end_of(run); voxel += x)
        work(VoxelRun{voxel, 1});
    }
  }
}

void fill_strided(Mask& mask, std::int64_t first, std::int64_t step, std::uint64_t count) {
  const auto pixels = mask.pixels.begin() + first;
  if (step == 1) {
    std::fill_n(pixels, count, std::uint8_t{1});
  } else {
    for (std::uint64_t n = 0; n < count; ++n) pixels[static_cast<std::int64_t>(n) * step] = 1;
  }
}

// Appends the pixels of one line of the mask that are set, as voxels from `first` on.
void append_line(std::vector<VoxelRun>& runs, const std::uint8_t* pixels, std::int64_t count,
                 std::uint64_t first) {
  const std::uint8_t* const end = pixels + count;
  const auto find = [end](const std::uint8_t* from, int value) {
    const void* found = std::memchr(from, value, static_cast<std::size_t>(end - from));
    return found != nullptr ? static_cast<const std::uint8_t*>(found) : end;
  };
  for (const std::uint8_t* at = find(pixels, 1); at != end;) {
    const std::uint8_t* const behind = find(at, 0);
    append(runs, {first + unsigned_size(at - pixels), unsigned_size(behind - at)});
    at = find(behind, 1);
  }
}

}  // namespace

std::int64_t voxel_count(const VoxelSet& set) {
  std::uint64_t count = 0;
  for (const VoxelRun& run : set.runs) count += run.count;
  return static_cast<std::int64_t>(count);
}

VoxelSet united(const VoxelSet& a, const VoxelSet& b) {
  return combined(a, b, [](bool in_a, bool in_b) { return in_a || in_b; });
}

VoxelSet subtracted(const VoxelSet& a, const VoxelSet& b) {
  return combined(a, b, [](bool in_a, bool in_b) { return in_a && !in_b; });
}

VoxelSet intersected(const VoxelSet& a, const VoxelSet& b) {
  return combined(a, b, [](bool in_a, bool in_b) { return in_a && in_b; });
}

VoxelSet exclusive(const VoxelSet& a, const VoxelSet& b) {
  return combined(a, b, [](bool in_a, bool in_b) { return in_a != in_b; });
}

std::optional<VoxelBounds> bounds(const VoxelSet& set) {
  if (set.runs.empty()) return std::nullopt;
  const std::uint64_t x = unsigned_size(set.extent.x);
  const std::uint64_t y = unsigned_size(set.extent.y);
  VoxelBounds box{set.extent.x - 1, set.extent.y - 1, 0, 0, 0, 0};
  for (const VoxelRun& run : set.runs) {
    const std::uint64_t first_row = run.first / x;
    const std::uint64_t last_row = (end_of(run) - 1) / x;
    const bool one_row = first_row == last_row;
    const bool one_slice = first_row / y == last_row / y;
    const auto at_least = [](std::int64_t& value, std::uint64_t with) {
      value = std::min(value, static_cast<std::int64_t>(with));
    };
    const auto at_most = [](std::int64_t& value, std::uint64_t with) {
      value = std::max(value, static_cast<std::int64_t>(with));
    };
    at_least(box.i0, one_row ? run.first % x : 0);
    at_most(box.i1, one_row ? (end_of(run) - 1) % x : x - 1);
    at_least(box.j0, one_slice ? first_row % y : 0);
    at_most(box.j1, one_slice ? last_row % y : y - 1);
  }
  box.k0 = static_cast<std::int64_t>(set.runs.front().first / (x * y));
  box.k1 = static_cast<std::int64_t>((end_of(set.runs.back()) - 1) / (x * y));
  return box;
}

VoxelSet voxels_from_slice(const Mask& mask, Extent3 grid, const SlicePlane& plane, std::int64_t slice) {
  if (mask.extent != plane.extent)
    throw Error(ErrorKind::internal, "the mask is not a picture of the plane it is taken from");
  const std::int64_t position = slice_position(grid, plane, slice);
  const PixelOfVoxel map = pixel_of_voxel(grid, plane);
  const std::array<std::int64_t, 3> stride = strides_of(grid);
  // In the order of the voxels: lines along the faster of the two grid axes.
  const int fast = std::min(plane.column.axis, plane.row.axis);
  const int slow = std::max(plane.column.axis, plane.row.axis);
  const auto f = static_cast<std::size_t>(fast);
  const auto s = static_cast<std::size_t>(slow);
  VoxelSet set{grid, {}};
  for (std::int64_t line = 0; line < extent_along(grid, slow); ++line) {
    const std::int64_t pixel = map.start + map.step[s] * line;
    const std::int64_t voxel =
        position * stride[static_cast<std::size_t>(plane.slice.axis)] + stride[s] * line;
    const std::int64_t length = extent_along(grid, fast);
    if (map.step[f] == 1 && stride[f] == 1) {
      append_line(set.runs, mask.pixels.data() + pixel, length, unsigned_size(voxel));
      continue;
    }
    for (std::int64_t at = 0; at < length; ++at) {
      if (mask.pixels[static_cast<std::size_t>(pixel + map.step[f] * at)] != 0)
        append(set.runs, {unsigned_size(voxel + stride[f] * at), 1});
    }
  }
  return set;
}

Mask slice_from_voxels(const VoxelSet& set, const SlicePlane& plane, std::int64_t slice) {
  const std::int64_t position = slice_position(set.extent, plane, slice);
  const PixelOfVoxel map = pixel_of_voxel(set.extent, plane);
  const std::uint64_t x = unsigned_size(set.extent.x);
  const std::uint64_t y = unsigned_size(set.extent.y);
  Mask mask = empty_mask(plane.extent);
  for_runs_on_slice(set, plane.slice.axis, position, [&](VoxelRun run) {
    while (run.count > 0) {  // row by row
      const std::uint64_t i = run.first % x;
      const std::uint64_t row = run.first / x;
      const std::uint64_t count = std::min(run.count, x - i);
      const std::int64_t pixel = map.start + map.step[0] * static_cast<std::int64_t>(i) +
                                 map.step[1] * static_cast<std::int64_t>(row % y) +
                                 map.step[2] * static_cast<std::int64_t>(row / y);
      fill_strided(mask, pixel, map.step[0], count);
      run = {run.first + count, run.count - count};
    }
  });
  return mask;
}

VoxelSet with_slice(const VoxelSet& set, const Mask& mask, const SlicePlane& plane, std::int64_t slice) {
  const VoxelSet now = voxels_from_slice(mask, set.extent, plane, slice);
  VoxelSet before{set.extent, {}};
  for_runs_on_slice(set, plane.slice.axis, slice_position(set.extent, plane, slice),
                    [&](VoxelRun run) { append(before.runs, run); });
  return exclusive(set, exclusive(before, now));
}

VoxelSet voxels_from_mask(const MaskVolume& mask) {
  VoxelSet set{mask.extent, {}};
  append_line(set.runs, mask.voxels.data(), static_cast<std::int64_t>(mask.voxels.size()), 0);
  return set;
}

MaskVolume mask_from_voxels(const VoxelSet& set) {
  MaskVolume mask{set.extent,
                  std::vector<std::uint8_t>(static_cast<std::size_t>(voxel_count(set.extent)), 0)};
  for (const VoxelRun& run : set.runs)
    std::fill_n(mask.voxels.begin() + static_cast<std::int64_t>(run.first), run.count, std::uint8_t{1});
  return mask;
}

}  // namespace sonde
