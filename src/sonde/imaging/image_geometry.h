// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "sonde/imaging/geometry.h"

namespace sonde {

// How the voxels of an image lie: all that is needed to cut slices and masks along its planes.
struct ImageGeometry {
  Extent3 extent;
  std::optional<Affine3> mm_from_voxel;  // LPS+; absent where the file says nothing of space or orientation
  bool operator==(const ImageGeometry&) const = default;
};
// A picture file: neither slices nor an orientation.
inline bool is_plain(const ImageGeometry& geometry) {
  return geometry.extent.z == 1 && !geometry.mm_from_voxel;
}

}  // namespace sonde
