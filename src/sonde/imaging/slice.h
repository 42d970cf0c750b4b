// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sonde/imaging/picture.h"
#include "sonde/imaging/volume.h"

namespace sonde {

enum class Axis { axial, coronal, sagittal };
Axis parse_axis(std::string_view text);  // Error{usage} lists the three
std::string_view to_string(Axis axis);

// How the pictures of one anatomical plane lie in the voxel grid. Axes of the grid: 0 = i, 1 = j, 2 = k.
// Axial: rows run anterior to posterior, columns the patient's right to left; coronal: rows superior to
// inferior, columns right to left; sagittal: rows superior to inferior, columns anterior to posterior. Slices
// count from the inferior, posterior, left end. An oblique volume is cut along its own axes, each named by
// the nearest anatomical one; without an affine it is shown as stored.
struct GridAxis {
  int axis = 0;
  enum class Sense { forward, backward } sense = Sense::forward;
};
struct SlicePlane {
  Axis axis = Axis::axial;
  GridAxis column, row, slice;  // where x of the picture, y of the picture and the slice number run
  Extent2 extent;               // of a picture
  std::int64_t slice_count = 0;
  double pixel_width_mm = 1, pixel_height_mm = 1, slice_spacing_mm = 1;
};
SlicePlane slice_plane(const ImageGeometry& geometry, Axis axis);
// Where an axis is wanted of all images alike: absent, and of a plain picture, it is default_axis.
SlicePlane slice_plane(const ImageGeometry& geometry, std::optional<Axis> wanted);

// The plane with the finest pixels (area in mm2; equal: axial, coronal, sagittal), among those whose picture
// is not a line.
Axis default_axis(const ImageGeometry& geometry);
// "RAS": the anatomical direction in which each voxel axis increases, nearest one for oblique volumes; ""
// without an affine.
std::string orientation_code(const ImageGeometry& geometry);

// One slice of an image.
struct PlaneRef {
  Axis axis = Axis::axial;
  std::int64_t slice = 0;
  bool operator==(const PlaneRef&) const = default;
};
// The planes that people look at: one of a plain picture, else those whose pictures are not lines (a volume
// of lines has its default one all the same).
std::vector<SlicePlane> planes_of(const ImageGeometry& geometry);
// One of planes_of(). Throws Error{usage} that says what there is, for an axis or slice that is not.
SlicePlane checked_plane(const ImageGeometry& geometry, PlaneRef wanted);
// Throws Error{usage} that says what there is, for a slice that is not.
void require_slice(const SlicePlane& plane, std::int64_t slice);

// Throw as require_slice().
Picture extract_slice(const Volume& volume, const SlicePlane& plane, std::int64_t slice);
// Writes `mask` (a picture of `plane`) at `slice` into `target`, whose extent is the volume's.
void insert_slice(BinaryVolume& target, const Mask& mask, const SlicePlane& plane, std::int64_t slice);

}  // namespace sonde
