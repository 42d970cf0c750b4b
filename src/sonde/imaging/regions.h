// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "sonde/imaging/picture.h"

namespace sonde {

// Connected regions of a mask, 8-connected, by area from the largest, equal areas by their first pixel in
// row-major order.
struct Region {
  std::int64_t area = 0;
  std::int64_t first_pixel = 0;  // index in row-major order
  Box2 box;
  std::int32_t label = 0;  // value of its pixels in Regions::labels
};
struct Regions {
  std::vector<std::int32_t> labels;  // row-major, 0 outside
  std::vector<Region> regions;
};
Regions find_regions(const Mask& mask);

enum class SmallRegions { holes, islands };
struct CleanedMask {
  Mask mask;
  bool changed = false;
};
// Holes (8-connected background regions) or islands (8-connected foreground regions) smaller than `min_area`
// pixels are removed; if every island is smaller the largest stays. Same as the published
// remove_small_regions.
CleanedMask remove_small_regions(const Mask& mask, std::int64_t min_area, SmallRegions which);

}  // namespace sonde
