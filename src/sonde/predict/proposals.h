// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "sonde/imaging/geometry.h"

namespace sonde {

// The geometry of the published automatic mask generator (segment_anything/utils/amg.py).

// Part of a picture: pixels x0 <= x < x1, y0 <= y < y1.
struct Crop {
  std::int64_t x0 = 0, y0 = 0, x1 = 0, y1 = 0;
  std::int64_t layer = 0;
  bool operator==(const Crop&) const = default;
};
constexpr Extent2 extent_of(const Crop& crop) { return {crop.x1 - crop.x0, crop.y1 - crop.y0}; }

// The whole picture, then for layer i = 1, 2, ... 2^i x 2^i overlapping crops, columns of them one after
// another.
std::vector<Crop> crops_of(Extent2 picture, std::int64_t layers, double overlap_ratio);

// points_per_side^2 points of the unit square at the centres of equal cells, row by row.
std::vector<Point2> point_grid(std::int64_t points_per_side);

// Whether a box (in pixels of the picture) reaches within 20 pixels of an edge of the crop that is not an
// edge of the picture: its object is probably cut off.
bool is_near_crop_edge(const Box2& box, const Crop& crop, Extent2 picture);

// Non-maximum suppression: indices of the boxes kept, best score first (equal scores: in the given order). A
// box goes whose IoU with a better one that is kept is above the threshold. Areas are (x1 - x0) (y1 - y0), as
// torchvision's.
std::vector<std::size_t> suppress_overlaps(std::span<const Box2> boxes, std::span<const double> scores,
                                           double threshold);

}  // namespace sonde
