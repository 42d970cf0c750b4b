// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "sonde/imaging/slice.h"

namespace sonde {

// How the voxels of an image lie: all that is needed to cut masks along its planes.
struct ImageGeometry {
  Extent3 extent;
  std::optional<Affine3> mm_from_voxel;  // LPS+
  bool operator==(const ImageGeometry&) const = default;
};
ImageGeometry geometry_of(const Volume& volume);
// A plain picture: neither slices nor an orientation.
bool is_plain(const ImageGeometry& grid);
// As the functions of slice.h for a volume on this grid.
SlicePlane slice_plane(const ImageGeometry& grid, Axis axis);
Axis default_axis(const ImageGeometry& grid);
std::string orientation_code(const ImageGeometry& grid);

}  // namespace sonde
