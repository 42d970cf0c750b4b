// SPDX-License-Identifier: Apache-2.0
#include "sonde/annotate/objects.h"

#include "sonde/imaging/volume.h"

namespace sonde {

SlicePlane plane_of(const Grid& grid, Axis axis) {
  Volume volume;  // without voxels: planes follow from the geometry alone
  volume.extent = grid.extent;
  volume.mm_from_voxel = grid.mm_from_voxel;
  return slice_plane(volume, axis);
}

}  // namespace sonde
