// SPDX-License-Identifier: Apache-2.0
#include "sonde/imaging/image_geometry.h"

namespace sonde {
namespace {

Volume without_voxels(const ImageGeometry& grid) {  // planes follow from the geometry alone
  Volume volume;
  volume.extent = grid.extent;
  volume.mm_from_voxel = grid.mm_from_voxel;
  return volume;
}

}  // namespace

ImageGeometry geometry_of(const Volume& volume) { return {volume.extent, volume.mm_from_voxel}; }

bool is_plain(const ImageGeometry& grid) { return grid.extent.z == 1 && !grid.mm_from_voxel; }

SlicePlane slice_plane(const ImageGeometry& grid, Axis axis) {
  return slice_plane(without_voxels(grid), axis);
}

Axis default_axis(const ImageGeometry& grid) { return default_axis(without_voxels(grid)); }

std::string orientation_code(const ImageGeometry& grid) { return orientation_code(without_voxels(grid)); }

}  // namespace sonde
