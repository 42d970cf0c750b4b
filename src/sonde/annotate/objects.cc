// SPDX-License-Identifier: Apache-2.0
#include "sonde/annotate/objects.h"

namespace sonde {

SlicePlane plane_of(const Grid& grid, Axis axis) { return slice_plane(grid, axis); }

}  // namespace sonde
