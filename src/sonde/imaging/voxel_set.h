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
struct VoxelSet {
  Extent3 extent;
  std::vector<VoxelRun> runs;
  bool operator==(const VoxelSet&) const = default;
};

std::int64_t voxel_count(const VoxelSet& set);
// Throw Error{internal} if the extents differ.
VoxelSet united(const VoxelSet& a, const VoxelSet& b);
VoxelSet subtracted(const VoxelSet& a, const VoxelSet& b);  // in a, not in b
VoxelSet intersected(const VoxelSet& a, const VoxelSet& b);
VoxelSet exclusive(const VoxelSet& a,
                   const VoxelSet& b);  // in one of them: exclusive(a, exclusive(a, b)) == b

struct VoxelBounds {  // maxima included
  std::int64_t i0 = 0, j0 = 0, k0 = 0, i1 = 0, j1 = 0, k1 = 0;
  bool operator==(const VoxelBounds&) const = default;
};
std::optional<VoxelBounds> bounds(const VoxelSet& set);  // absent for an empty set
// First and last slice that it reaches.
std::array<std::int64_t, 2> slices_of(const VoxelBounds& box, const SlicePlane& plane);

// Of runs in any order, which may overlap: of many sets at once.
VoxelSet set_of_runs(Extent3 extent, std::vector<VoxelRun> runs);

// A picture of `plane` (slice_plane of the grid) and the voxels of it. Throw Error{usage} if the slice is not
// there, Error{internal} if the mask's extent is not the plane's, or leaves it.
VoxelSet voxels_from_slice(const Mask& mask, Extent3 grid, const SlicePlane& plane, std::int64_t slice);
VoxelSet voxels_from_slice(const CroppedMask& cropped, Extent3 grid, const SlicePlane& plane,
                           std::int64_t slice);
Mask slice_from_voxels(const VoxelSet& set, const SlicePlane& plane, std::int64_t slice);
// The same picture as a set: its memory is that of the runs, however large the picture is.
VoxelSet pixels_on_slice(const VoxelSet& set, const SlicePlane& plane, std::int64_t slice);
// The voxels of `set` on that slice.
VoxelSet voxels_on_slice(const VoxelSet& set, const SlicePlane& plane, std::int64_t slice);
// The box of a picture's pixels; empty for an empty set. Throws Error{internal} for more than one slice.
CroppedMask cropped(const VoxelSet& picture);
// `set` with its voxels of one slice replaced by those of `mask`.
VoxelSet with_slice(const VoxelSet& set, const Mask& mask, const SlicePlane& plane, std::int64_t slice);

VoxelSet voxels_from_mask(const BinaryVolume& mask);
BinaryVolume mask_from_voxels(const VoxelSet& set);

// Connected parts by size from the largest, equal sizes by their first voxel: 8-connected in a picture,
// 26-connected in a volume.
std::vector<VoxelSet> connected_parts(const VoxelSet& set);

// LEB128 numbers: the gap before each run and its length. Throws Error{corrupt_data} for bytes that are not
// set of this grid.
std::vector<std::byte> encode_voxels(const VoxelSet& set);
VoxelSet decode_voxels(std::span<const std::byte> bytes, Extent3 extent);

}  // namespace sonde
