// SPDX-License-Identifier: Apache-2.0
#include "sonde/imaging/run_length_mask.h"

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

// A run that begins no earlier than the last one; joined with it if they touch or overlap.
void append(std::vector<VoxelRun>& runs, VoxelRun run) {
  if (!runs.empty() && end_of(runs.back()) >= run.first) {
    runs.back().count = std::max(end_of(runs.back()), end_of(run)) - runs.back().first;
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
RunLengthMask combined(const RunLengthMask& a, const RunLengthMask& b, Keep keep) {
  if (a.extent != b.extent) throw Error(ErrorKind::internal, "voxel sets of different grids are combined");
  RunLengthMask result{a.extent, {}};
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

// pixel = start + step[0] * i + step[1] * j + step[2] * k for the voxels (i, j, k) of the plane, where the
// pictures' rows are `width` pixels apart.
struct PixelOfVoxel {
  std::int64_t start = 0;
  std::array<std::int64_t, 3> step{};
};
PixelOfVoxel pixel_of_voxel(Extent3 grid, const SlicePlane& plane, std::int64_t width) {
  PixelOfVoxel map;
  const auto add = [&](GridAxis axis, std::int64_t stride) {
    const bool forward = axis.sense == GridAxis::Sense::forward;
    map.step[static_cast<std::size_t>(axis.axis)] = forward ? stride : -stride;
    if (!forward) map.start += (extent_along(grid, axis.axis) - 1) * stride;
  };
  add(plane.column, 1);
  add(plane.row, width);
  return map;
}

// Where `count` pixels from `first` on lie along a grid axis of `length`.
std::int64_t first_along(GridAxis axis, std::int64_t length, std::int64_t first, std::int64_t count) {
  return axis.sense == GridAxis::Sense::forward ? first : length - first - count;
}

// Where the slice lies on its grid axis.
std::int64_t slice_position(Extent3 grid, const SlicePlane& plane, std::int64_t slice) {
  if (plane.extent != Extent2{extent_along(grid, plane.column.axis), extent_along(grid, plane.row.axis)} ||
      plane.slice_count != extent_along(grid, plane.slice.axis))
    throw Error(ErrorKind::internal, "the plane is not one of the grid's");
  require_slice(plane, slice);
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
void for_runs_on_slice(const RunLengthMask& set, int axis, std::int64_t position, Work work) {
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

// Calls work(row, i, count) for the part of a run in each row of x voxels.
template <typename Work>
void for_rows(VoxelRun run, std::uint64_t x, Work work) {
  while (run.count > 0) {
    const std::uint64_t i = run.first % x;
    const std::uint64_t count = std::min(run.count, x - i);
    work(static_cast<std::int64_t>(run.first / x), static_cast<std::int64_t>(i),
         static_cast<std::int64_t>(count));
    run = {run.first + count, run.count - count};
  }
}

// `count` pixels of a picture that are `step` apart.
struct PixelLine {
  std::int64_t first = 0, step = 1, count = 0;
};

// Calls work(PixelLine) for what the set has on the slice.
template <typename Work>
void for_pixels_on_slice(const RunLengthMask& set, const SlicePlane& plane, std::int64_t slice, Work work) {
  const std::int64_t position = slice_position(set.extent, plane, slice);
  const PixelOfVoxel map = pixel_of_voxel(set.extent, plane, plane.extent.width);
  const std::int64_t y = set.extent.y;
  for_runs_on_slice(set, plane.slice.axis, position, [&](VoxelRun run) {
    for_rows(run, unsigned_size(set.extent.x), [&](std::int64_t row, std::int64_t i, std::int64_t count) {
      work(PixelLine{map.start + map.step[0] * i + map.step[1] * (row % y) + map.step[2] * (row / y),
                     map.step[0], count});
    });
  });
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

std::int64_t voxel_count(const RunLengthMask& set) {
  std::uint64_t count = 0;
  for (const VoxelRun& run : set.runs) count += run.count;
  return static_cast<std::int64_t>(count);
}

RunLengthMask united(const RunLengthMask& a, const RunLengthMask& b) {
  return combined(a, b, [](bool in_a, bool in_b) { return in_a || in_b; });
}

RunLengthMask subtracted(const RunLengthMask& a, const RunLengthMask& b) {
  return combined(a, b, [](bool in_a, bool in_b) { return in_a && !in_b; });
}

RunLengthMask intersected(const RunLengthMask& a, const RunLengthMask& b) {
  return combined(a, b, [](bool in_a, bool in_b) { return in_a && in_b; });
}

RunLengthMask symmetric_difference(const RunLengthMask& a, const RunLengthMask& b) {
  return combined(a, b, [](bool in_a, bool in_b) { return in_a != in_b; });
}

std::optional<VoxelBounds> bounds(const RunLengthMask& set) {
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

std::array<std::int64_t, 2> slices_of(const VoxelBounds& box, const SlicePlane& plane) {
  const std::array<std::array<std::int64_t, 2>, 3> along{
      {{box.i0, box.i1}, {box.j0, box.j1}, {box.k0, box.k1}}};
  const auto [first, last] = along[static_cast<std::size_t>(plane.slice.axis)];
  if (plane.slice.sense == GridAxis::Sense::forward) return {first, last};
  return {plane.slice_count - 1 - last, plane.slice_count - 1 - first};
}

namespace {

RunLengthMask voxels_from(const Mask& mask, std::int64_t x0, std::int64_t y0, Extent3 grid,
                          const SlicePlane& plane, std::int64_t slice) {
  const std::int64_t position = slice_position(grid, plane, slice);
  const auto [width, height] = mask.extent;
  const PixelOfVoxel map = pixel_of_voxel(grid, plane, width);
  const std::array<std::int64_t, 3> stride = strides_of(grid);
  std::array<std::int64_t, 3> first{}, count{};  // of the mask on the grid
  const auto place = [&](GridAxis axis, std::int64_t from, std::int64_t pixels) {
    const auto a = static_cast<std::size_t>(axis.axis);
    first[a] = first_along(axis, extent_along(grid, axis.axis), from, pixels);
    count[a] = pixels;
  };
  place(plane.column, x0, width);
  place(plane.row, y0, height);
  // In the order of the voxels: lines along the faster of the two grid axes.
  const auto f = static_cast<std::size_t>(std::min(plane.column.axis, plane.row.axis));
  const auto s = static_cast<std::size_t>(std::max(plane.column.axis, plane.row.axis));
  RunLengthMask set{grid, {}};
  for (std::int64_t line = first[s]; line < first[s] + count[s]; ++line) {
    const std::int64_t pixel = map.start - y0 * width - x0 + map.step[s] * line + map.step[f] * first[f];
    const std::int64_t voxel = position * stride[static_cast<std::size_t>(plane.slice.axis)] +
                               stride[s] * line + stride[f] * first[f];
    if (map.step[f] == 1 && stride[f] == 1) {
      append_line(set.runs, mask.pixels.data() + pixel, count[f], unsigned_size(voxel));
      continue;
    }
    for (std::int64_t at = 0; at < count[f]; ++at) {
      if (mask.pixels[static_cast<std::size_t>(pixel + map.step[f] * at)] != 0)
        append(set.runs, {unsigned_size(voxel + stride[f] * at), 1});
    }
  }
  return set;
}

}  // namespace

RunLengthMask set_of_runs(Extent3 extent, std::vector<VoxelRun> runs) {
  std::ranges::sort(runs, {}, &VoxelRun::first);
  RunLengthMask set{extent, {}};
  for (const VoxelRun& run : runs) append(set.runs, run);
  return set;
}

RunLengthMask voxels_from_slice(const Mask& mask, Extent3 grid, const SlicePlane& plane, std::int64_t slice) {
  if (mask.extent != plane.extent)
    throw Error(ErrorKind::internal, "the mask is not a picture of the plane it is taken from");
  return voxels_from(mask, 0, 0, grid, plane, slice);
}

RunLengthMask voxels_from_slice(const CroppedMask& cropped, Extent3 grid, const SlicePlane& plane,
                                std::int64_t slice) {
  const auto& [x0, y0, mask] = cropped;
  if (x0 < 0 || y0 < 0 || mask.extent.width > plane.extent.width - x0 ||
      mask.extent.height > plane.extent.height - y0)
    throw Error(ErrorKind::internal, "the mask leaves the plane it is taken from");
  return voxels_from(mask, x0, y0, grid, plane, slice);
}

Mask slice_from_voxels(const RunLengthMask& set, const SlicePlane& plane, std::int64_t slice) {
  Mask mask = empty_mask(plane.extent);
  for_pixels_on_slice(set, plane, slice, [&](const PixelLine& line) {
    const auto pixels = mask.pixels.begin() + line.first;
    if (line.step == 1) {
      std::fill_n(pixels, line.count, std::uint8_t{1});
    } else {
      for (std::int64_t n = 0; n < line.count; ++n) pixels[n * line.step] = 1;
    }
  });
  return mask;
}

RunLengthMask pixels_on_slice(const RunLengthMask& set, const SlicePlane& plane, std::int64_t slice) {
  std::vector<VoxelRun> runs;
  for_pixels_on_slice(set, plane, slice, [&](const PixelLine& line) {
    if (line.step == 1) {
      runs.push_back({unsigned_size(line.first), unsigned_size(line.count)});
    } else if (line.step == -1) {
      runs.push_back({unsigned_size(line.first - line.count + 1), unsigned_size(line.count)});
    } else {
      for (std::int64_t n = 0; n < line.count; ++n)
        runs.push_back({unsigned_size(line.first + n * line.step), 1});
    }
  });
  return set_of_runs({plane.extent.width, plane.extent.height, 1}, std::move(runs));
}

RunLengthMask voxels_on_slice(const RunLengthMask& set, const SlicePlane& plane, std::int64_t slice) {
  RunLengthMask there{set.extent, {}};
  for_runs_on_slice(set, plane.slice.axis, slice_position(set.extent, plane, slice),
                    [&](VoxelRun run) { append(there.runs, run); });
  return there;
}

CroppedMask cropped(const RunLengthMask& picture) {
  if (picture.extent.z != 1) throw Error(ErrorKind::internal, "a volume is cropped as a picture");
  const std::optional<VoxelBounds> box = bounds(picture);
  if (!box) return {};
  CroppedMask part{box->i0, box->j0, empty_mask({box->i1 - box->i0 + 1, box->j1 - box->j0 + 1})};
  for (const VoxelRun& run : picture.runs) {
    for_rows(run, unsigned_size(picture.extent.x), [&](std::int64_t row, std::int64_t i, std::int64_t count) {
      const std::int64_t pixel = (row - box->j0) * part.mask.extent.width + i - box->i0;
      std::fill_n(part.mask.pixels.begin() + pixel, count, std::uint8_t{1});
    });
  }
  return part;
}

RunLengthMask with_slice(const RunLengthMask& set, const Mask& mask, const SlicePlane& plane,
                         std::int64_t slice) {
  const RunLengthMask now = voxels_from_slice(mask, set.extent, plane, slice);
  const RunLengthMask before = voxels_on_slice(set, plane, slice);
  return symmetric_difference(set, symmetric_difference(before, now));
}

RunLengthMask voxels_from_mask(const BinaryVolume& mask) {
  RunLengthMask set{mask.extent, {}};
  append_line(set.runs, mask.voxels.data(), static_cast<std::int64_t>(mask.voxels.size()), 0);
  return set;
}

BinaryVolume mask_from_voxels(const RunLengthMask& set) {
  BinaryVolume mask{set.extent,
                    std::vector<std::uint8_t>(static_cast<std::size_t>(voxel_count(set.extent)), 0)};
  for (const VoxelRun& run : set.runs)
    std::fill_n(mask.voxels.begin() + static_cast<std::int64_t>(run.first), run.count, std::uint8_t{1});
  return mask;
}

}  // namespace sonde
