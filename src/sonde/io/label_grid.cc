// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/label_grid.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "sonde/io/volume_checks.h"

namespace sonde {
namespace {

using Index3 = std::array<std::int64_t, 3>;

Index3 sizes_of(Extent3 extent) { return {extent.x, extent.y, extent.z}; }
Index3 strides_of(Extent3 extent) { return {1, extent.x, extent.x * extent.y}; }

// Which axis of the stored grid runs along each axis of the wanted one, and which way.
struct Arrangement {
  std::array<std::size_t, 3> axis{0, 1, 2};
  std::array<bool, 3> backward{false, false, false};
};

// The voxel of the stored grid at a voxel of the wanted one.
Index3 stored_voxel(const Arrangement& arrangement, const Index3& wanted, const Index3& sizes) {
  Index3 stored{};
  for (std::size_t a = 0; a < 3; ++a)
    stored[arrangement.axis[a]] = arrangement.backward[a] ? sizes[a] - 1 - wanted[a] : wanted[a];
  return stored;
}

Vec3 position(const Affine3& mm_from_voxel, const Index3& voxel) {
  return transform(mm_from_voxel, {static_cast<double>(voxel[0]), static_cast<double>(voxel[1]),
                                   static_cast<double>(voxel[2])});
}

// Affines come from 32-bit numbers and quaternions: a hundredth of a voxel is the same place.
double tolerance_mm(const Affine3& affine) {
  const Vec3 spacing = spacing_mm(affine);
  return std::max(1e-3, 0.01 * std::min({spacing.x, spacing.y, spacing.z}));
}

// Whether both grids have their voxels at the same places: affine maps agree everywhere if they do at one
// corner and at the ends of its three edges.
bool is_same_place(const Arrangement& arrangement, const LabelMap& stored, const Grid& wanted) {
  const Index3 sizes = sizes_of(wanted.extent);
  const Index3 stored_sizes = sizes_of(stored.extent);
  for (std::size_t a = 0; a < 3; ++a) {
    if (stored_sizes[arrangement.axis[a]] != sizes[a]) return false;
  }
  const double tolerance = tolerance_mm(*wanted.mm_from_voxel);
  for (std::size_t corner = 0; corner < 4; ++corner) {
    Index3 voxel{0, 0, 0};
    if (corner < 3) voxel[corner] = sizes[corner] - 1;
    const Vec3 there = position(*wanted.mm_from_voxel, voxel);
    const Vec3 here = position(*stored.mm_from_voxel, stored_voxel(arrangement, voxel, sizes));
    if (!(length({there.x - here.x, there.y - here.y, there.z - here.z}) <= tolerance)) return false;
  }
  return true;
}

std::optional<Arrangement> arrangement_of(const LabelMap& stored, const Grid& wanted) {
  Arrangement arrangement;  // as it is comes first
  do {
    for (unsigned turned = 0; turned < 8; ++turned) {
      for (std::size_t a = 0; a < 3; ++a) arrangement.backward[a] = ((turned >> a) & 1U) != 0;
      if (is_same_place(arrangement, stored, wanted)) return arrangement;
    }
  } while (std::next_permutation(arrangement.axis.begin(), arrangement.axis.end()));
  return std::nullopt;
}

LabelMap rearranged(const LabelMap& stored, const Arrangement& arrangement, const Grid& wanted) {
  LabelMap map{wanted.extent, {}, wanted.mm_from_voxel};
  map.labels.reserve(stored.labels.size());
  const Index3 sizes = sizes_of(wanted.extent);
  const Index3 strides = strides_of(stored.extent);
  for (std::int64_t k = 0; k < sizes[2]; ++k) {
    for (std::int64_t j = 0; j < sizes[1]; ++j) {
      for (std::int64_t i = 0; i < sizes[0]; ++i) {
        const Index3 from = stored_voxel(arrangement, {i, j, k}, sizes);
        const std::int64_t at = from[0] * strides[0] + from[1] * strides[1] + from[2] * strides[2];
        map.labels.push_back(stored.labels[static_cast<std::size_t>(at)]);
      }
    }
  }
  return map;
}

}  // namespace

std::string describe(const Grid& grid) {
  const auto [x, y, z] = sizes_of(grid.extent);
  std::string text = std::to_string(x) + " x " + std::to_string(y);
  if (is_plain(grid)) return text + " pixels";
  text += " x " + std::to_string(z) + " voxels";
  if (!grid.mm_from_voxel) return text;
  const Affine3& affine = *grid.mm_from_voxel;
  const Vec3 spacing = spacing_mm(affine);
  return text + " of " + short_number(spacing.x) + " x " + short_number(spacing.y) + " x " +
         short_number(spacing.z) + " mm, " + orientation_code(grid) + ", from (" +
         short_number(affine.origin.x) + ", " + short_number(affine.origin.y) + ", " +
         short_number(affine.origin.z) + ") mm";
}

SlicePlane slice_plane(const Grid& grid, std::optional<Axis> axis) {
  return slice_plane(grid, axis && !is_plain(grid) ? *axis : default_axis(grid));
}

std::optional<LabelMap> on_grid(LabelMap map, const Grid& grid) {
  if (!map.mm_from_voxel || !grid.mm_from_voxel) {
    if (map.extent != grid.extent) return std::nullopt;
    return map;
  }
  const auto arrangement = arrangement_of(map, grid);
  if (!arrangement) return std::nullopt;
  const Arrangement as_it_is;
  if (arrangement->axis == as_it_is.axis && arrangement->backward == as_it_is.backward) return map;
  return rearranged(map, *arrangement, grid);
}

std::vector<std::int32_t> slice_labels(const LabelMap& map, const SlicePlane& plane, std::int64_t slice) {
  const Index3 sizes = sizes_of(map.extent);
  const Index3 strides = strides_of(map.extent);
  const auto offset = [&](GridAxis axis, std::int64_t step) {
    const auto a = static_cast<std::size_t>(axis.axis);
    return (axis.sense == GridAxis::Sense::forward ? step : sizes[a] - 1 - step) * strides[a];
  };
  std::vector<std::int32_t> labels;
  labels.reserve(static_cast<std::size_t>(pixel_count(plane.extent)));
  for (std::int64_t y = 0; y < plane.extent.height; ++y) {
    const std::int64_t row = offset(plane.slice, slice) + offset(plane.row, y);
    for (std::int64_t x = 0; x < plane.extent.width; ++x)
      labels.push_back(map.labels[static_cast<std::size_t>(row + offset(plane.column, x))]);
  }
  return labels;
}

LabelAreas areas_of(const std::vector<std::int32_t>& labels) {
  LabelAreas areas;
  for (auto at = labels.begin(); at != labels.end();) {
    const auto end = std::find_if(at, labels.end(), [&](std::int32_t label) { return label != *at; });
    if (*at != 0) areas[*at] += end - at;
    at = end;
  }
  return areas;
}

}  // namespace sonde
