// SPDX-License-Identifier: Apache-2.0
#include "sonde/imaging/slice.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "sonde/core/error.h"

namespace sonde {
namespace {

constexpr std::array<Axis, 3> kAxes{Axis::axial, Axis::coronal, Axis::sagittal};

double component(Vec3 v, int world) { return world == 0 ? v.x : world == 1 ? v.y : v.z; }

// grid axis that runs along each world axis (0 = left, 1 = posterior, 2 = superior): the assignment with the
// largest sum of absolute cosines, so that each grid axis serves once even where the volume is oblique by 45
// degrees; the first of equals.
std::array<int, 3> grid_axis_of_world(const Affine3& affine) {
  std::array<int, 3> order{0, 1, 2};
  std::array<int, 3> best = order;
  double best_sum = -1;
  do {
    double sum = 0;
    for (int world = 0; world < 3; ++world) {
      const Vec3 column = affine.columns[static_cast<std::size_t>(order[static_cast<std::size_t>(world)])];
      const double norm = length(column);
      sum += norm > 0 ? std::abs(component(column, world)) / norm : 0;
    }
    if (sum > best_sum + 1e-9) {
      best_sum = sum;
      best = order;
    }
  } while (std::next_permutation(order.begin(), order.end()));
  return best;
}

std::int64_t extent_along(Extent3 extent, int axis) {
  return axis == 0 ? extent.x : axis == 1 ? extent.y : extent.z;
}

// The grid axis along a world axis, so that walking forward in the picture walks towards `towards` (+1: left,
// posterior, superior).
GridAxis grid_axis(const Affine3& affine, const std::array<int, 3>& grid_of_world, int world, int towards) {
  const int axis = grid_of_world[static_cast<std::size_t>(world)];
  const double step = component(affine.columns[static_cast<std::size_t>(axis)], world);
  return {axis, step * towards >= 0 ? GridAxis::Sense::forward : GridAxis::Sense::backward};
}

// Walks a picture's pixels through the voxel array: index = start + column * x + row * y.
struct Strides {
  std::int64_t start = 0, column = 0, row = 0;
};

std::int64_t voxel_stride(Extent3 extent, int axis) {
  return axis == 0 ? 1 : axis == 1 ? extent.x : extent.x * extent.y;
}

std::int64_t offset_of(Extent3 extent, GridAxis axis, std::int64_t step) {
  const std::int64_t at =
      axis.sense == GridAxis::Sense::forward ? step : extent_along(extent, axis.axis) - 1 - step;
  return at * voxel_stride(extent, axis.axis);
}

Strides strides_of(Extent3 extent, const SlicePlane& plane, std::int64_t slice) {
  require_slice(plane, slice);
  const auto signed_stride = [&](GridAxis axis) {
    return voxel_stride(extent, axis.axis) * (axis.sense == GridAxis::Sense::forward ? 1 : -1);
  };
  return {offset_of(extent, plane.slice, slice) + offset_of(extent, plane.column, 0) +
              offset_of(extent, plane.row, 0),
          signed_stride(plane.column), signed_stride(plane.row)};
}

}  // namespace

Axis parse_axis(std::string_view text) {
  for (const Axis axis : kAxes) {
    if (text == to_string(axis)) return axis;
  }
  throw Error(ErrorKind::usage,
              "axis \"" + std::string(text) + "\" is not known: axial, coronal or sagittal");
}

std::string_view to_string(Axis axis) {
  switch (axis) {
    case Axis::axial:
      return "axial";
    case Axis::coronal:
      return "coronal";
    case Axis::sagittal:
      return "sagittal";
  }
  return "";
}

SlicePlane slice_plane(const ImageGeometry& geometry, Axis axis) {
  constexpr int kLeft = 0;
  constexpr int kPosterior = 1;
  constexpr int kSuperior = 2;
  const Affine3 affine = geometry.mm_from_voxel.value_or(Affine3{});
  const auto of_world = grid_axis_of_world(affine);
  const auto along = [&](int world, int towards) { return grid_axis(affine, of_world, world, towards); };
  SlicePlane plane;
  plane.axis = axis;
  switch (axis) {
    case Axis::axial:
      plane.column = along(kLeft, 1);
      plane.row = along(kPosterior, 1);
      plane.slice = along(kSuperior, 1);
      break;
    case Axis::coronal:
      plane.column = along(kLeft, 1);
      plane.row = along(kSuperior, -1);
      plane.slice = along(kPosterior, -1);
      break;
    case Axis::sagittal:
      plane.column = along(kPosterior, 1);
      plane.row = along(kSuperior, -1);
      plane.slice = along(kLeft, -1);
      break;
  }
  const auto spacing = [&](GridAxis a) { return length(affine.columns[static_cast<std::size_t>(a.axis)]); };
  plane.extent = {extent_along(geometry.extent, plane.column.axis),
                  extent_along(geometry.extent, plane.row.axis)};
  plane.slice_count = extent_along(geometry.extent, plane.slice.axis);
  plane.pixel_width_mm = spacing(plane.column);
  plane.pixel_height_mm = spacing(plane.row);
  plane.slice_spacing_mm = spacing(plane.slice);
  return plane;
}

SlicePlane slice_plane(const ImageGeometry& geometry, std::optional<Axis> wanted) {
  return slice_plane(geometry, wanted && !is_plain(geometry) ? *wanted : default_axis(geometry));
}

Axis default_axis(const ImageGeometry& geometry) {
  Axis best = Axis::axial;
  double best_area = -1;
  for (const bool thin_too : {false, true}) {
    for (const Axis axis : kAxes) {
      const SlicePlane plane = slice_plane(geometry, axis);
      if (!thin_too && std::min(plane.extent.width, plane.extent.height) < 2) continue;
      const double area = plane.pixel_width_mm * plane.pixel_height_mm;
      // Spacings come from 32-bit files: equal means equal to their precision.
      if (best_area < 0 || area < best_area * (1 - 1e-5)) {
        best = axis;
        best_area = area;
      }
    }
    if (best_area >= 0) break;
  }
  return best;
}

std::string orientation_code(const ImageGeometry& geometry) {
  if (!geometry.mm_from_voxel) return "";
  const auto of_world = grid_axis_of_world(*geometry.mm_from_voxel);
  constexpr std::array<std::string_view, 3> kForward{"L", "P", "S"};
  constexpr std::array<std::string_view, 3> kBackward{"R", "A", "I"};
  std::array<std::string_view, 3> letters;
  for (std::size_t world = 0; world < 3; ++world) {
    const auto axis = static_cast<std::size_t>(of_world[world]);
    const bool forward = component(geometry.mm_from_voxel->columns[axis], static_cast<int>(world)) >= 0;
    letters[axis] = forward ? kForward[world] : kBackward[world];
  }
  return std::string(letters[0]) + std::string(letters[1]) + std::string(letters[2]);
}

std::vector<SlicePlane> planes_of(const ImageGeometry& geometry) {
  const Axis first = default_axis(geometry);
  std::vector<SlicePlane> planes;
  for (const Axis axis : kAxes) {
    const SlicePlane plane = slice_plane(geometry, axis);
    const bool is_line = plane.extent.width == 1 || plane.extent.height == 1;
    if (axis == first || (!is_plain(geometry) && !is_line)) planes.push_back(plane);
  }
  return planes;
}

SlicePlane checked_plane(const ImageGeometry& geometry, PlaneRef wanted) {
  std::string known;
  for (const SlicePlane& plane : planes_of(geometry)) {
    known += (known.empty() ? "" : ", ") + std::string(to_string(plane.axis));
    if (plane.axis != wanted.axis) continue;
    require_slice(plane, wanted.slice);
    return plane;
  }
  throw Error(ErrorKind::usage,
              "axis " + std::string(to_string(wanted.axis)) + ": the image has the planes " + known);
}

void require_slice(const SlicePlane& plane, std::int64_t slice) {
  if (slice >= 0 && slice < plane.slice_count) return;
  throw Error(ErrorKind::usage, "slice " + std::to_string(slice) +
                                    " is out of range: " + std::string(to_string(plane.axis)) +
                                    " slices are 0.." + std::to_string(plane.slice_count - 1));
}

Picture extract_slice(const Volume& volume, const SlicePlane& plane, std::int64_t slice) {
  const Strides strides = strides_of(volume.geometry.extent, plane, slice);
  Picture picture{plane.extent, volume.photometric, {}, {}};
  const bool colour = volume.photometric == Photometric::rgb;
  const auto count = static_cast<std::size_t>(pixel_count(plane.extent));
  colour ? picture.rgb.reserve(count * 3) : picture.grey.reserve(count);
  for (std::int64_t y = 0; y < plane.extent.height; ++y) {
    for (std::int64_t x = 0; x < plane.extent.width; ++x) {
      const std::int64_t at = strides.start + strides.column * x + strides.row * y;
      if (colour) {
        const auto voxel = volume.rgb.begin() + at * 3;
        picture.rgb.insert(picture.rgb.end(), voxel, voxel + 3);
      } else {
        picture.grey.push_back(volume.voxels[static_cast<std::size_t>(at)]);
      }
    }
  }
  return picture;
}

void insert_slice(BinaryVolume& target, const Mask& mask, const SlicePlane& plane, std::int64_t slice) {
  if (mask.extent != plane.extent)
    throw Error(ErrorKind::internal, "the mask is not a picture of the plane it is inserted at");
  const Strides strides = strides_of(target.extent, plane, slice);
  for (std::int64_t y = 0; y < plane.extent.height; ++y) {
    for (std::int64_t x = 0; x < plane.extent.width; ++x) {
      target.voxels[static_cast<std::size_t>(strides.start + strides.column * x + strides.row * y)] =
          mask.pixels[static_cast<std::size_t>(y * plane.extent.width + x)];
    }
  }
}

}  // namespace sonde
