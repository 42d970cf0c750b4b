// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sonde/imaging/slice.h"
#include "sonde/io/label_map.h"

namespace sonde {

// "512 x 512 x 30 voxels of 0.5 x 0.5 x 3 mm, LAS": for messages.
std::string describe(const ImageGeometry& grid);

// The labels on the voxels of `grid`: as they are where both grids are the same voxels in space, moved where
// one is the other with axes swapped or turned round, or a part of it if they cover a part. The same is what
// differs by no more than 1/10 voxel along any axis at any corner, beyond 1/100 with a note; so are labels
// outside `grid`, which are lost. Without an affine on either side extents alone must agree. Absent where the
// grids differ.
std::optional<LabelLayers> on_grid(LabelLayers labels, const ImageGeometry& grid);
// "20 x 24 x 10 voxels of ... mm, RAS, from (...) mm, but IMAGE is ... (origins 0.21 mm apart)": of grids
// that on_grid tells apart.
std::string mismatch(const ImageGeometry& labels, const std::string& image, const ImageGeometry& grid);

// The labels of one picture of the plane, row-major.
std::vector<std::int32_t> slice_labels(const LabelMap& map, const SlicePlane& plane, std::int64_t slice);
// Pixels or voxels of each value; 0 is not among them.
using LabelAreas = std::map<std::int64_t, std::int64_t>;
LabelAreas areas_of(const std::vector<std::int32_t>& labels);
LabelAreas areas_of(const LabelLayers& labels);

}  // namespace sonde
