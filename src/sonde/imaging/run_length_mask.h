// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "sonde/imaging/cropped_mask.h"
#include "sonde/imaging/picture.h"
#include "sonde/imaging/slice.h"

namespace sonde {

// `count` voxels one after another from linear index `first` (i fastest, then j, then k).
struct VoxelRun {
  std::uint64_t first = 0, count = 0;
  bool operator==(const VoxelRun&) const = default;
};

// A set of voxels of a grid (a picture is a grid with z == 1): runs in order that neither overlap nor touch,
// so that equal sets are equal runs.
struct RunLengthMask {
  Extent3 extent;
  std::vector<VoxelRun> runs;
  bool operator==(const RunLengthMask&) const = default;
};

std::int64_t voxel_count(const RunLengthMask& set);
// Throw Error{internal} if the extents differ.
RunLengthMask united(const RunLengthMask& a, const RunLengthMask& b);
RunLengthMask subtracted(const RunLengthMask& a, const RunLengthMask& b);  // in a, not in b
RunLengthMask intersected(const RunLengthMask& a, const RunLengthMask& b);
RunLengthMask symmetric_difference(
    const RunLengthMask& a,
    const RunLengthMask& b);  // in one of them: symmetric_difference(a, symmetric_difference(a, b)) == b

struct VoxelBounds {  // maxima included
  std::int64_t i0 = 0, j0 = 0, k0 = 0, i1 = 0, j1 = 0, k1 = 0;
  bool operator==(const VoxelBounds&) const = default;
};
std::optional<VoxelBounds> bounds(const RunLengthMask& set);  // absent for an empty set
// First and last slice that it reaches.
std::array<std::int64_t, 2> slices_of(const VoxelBounds& box, const SlicePlane& plane);

// Of runs in any order, which may overlap: of many sets at once.
RunLengthMask set_of_runs(Extent3 extent, std::vector<VoxelRun> runs);

// A picture of `plane` (slice_plane of the grid) and the voxels of it. Throw Error{usage} if the slice is not
// there, Error{internal} if the mask's extent is not the plane's, or leaves it.
RunLengthMask voxels_from_slice(const Mask& mask, Extent3 grid, const SlicePlane& plane, std::int64_t slice);
RunLengthMask voxels_from_slice(const CroppedMask& cropped, Extent3 grid, const SlicePlane& plane,
                                std::int64_t slice);
Mask slice_from_voxels(const RunLengthMask& set, const SlicePlane& plane, std::int64_t slice);
// The same picture as a set: its memory is that of the runs, however large the picture is.
RunLengthMask pixels_on_slice(const RunLengthMask& set, const SlicePlane& plane, std::int64_t slice);
// The voxels of `set` on that slice.
RunLengthMask voxels_on_slice(const RunLengthMask& set, const SlicePlane& plane, std::int64_t slice);
// The box of a picture's pixels; empty for an empty set. Throws Error{internal} for more than one slice.
CroppedMask cropped(const RunLengthMask& picture);
// `set` with its voxels of one slice replaced by those of `mask`.
RunLengthMask with_slice(const RunLengthMask& set, const Mask& mask, const SlicePlane& plane,
                         std::int64_t slice);

RunLengthMask voxels_from_mask(const BinaryVolume& mask);
BinaryVolume mask_from_voxels(const RunLengthMask& set);

// Connected parts by size from the largest, equal sizes by their first voxel: 8-connected in a picture,
// 26-connected in a volume.
std::vector<RunLengthMask> connected_parts(const RunLengthMask& set);

// LEB128 numbers: the gap before each run and its length. Throws Error{corrupt_data} for bytes that are not
// set of this grid.
std::vector<std::byte> encode_voxels(const RunLengthMask& set);
RunLengthMask decode_voxels(std::span<const std::byte> bytes, Extent3 extent);

}  // namespace sonde
