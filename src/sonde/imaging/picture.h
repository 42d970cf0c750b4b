// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sonde/imaging/volume.h"

namespace sonde {

// A 2D picture with its intensities, row-major.
struct Picture {
  Extent2 extent;
  Photometric photometric = Photometric::grey;
  std::vector<float> grey;        // grey: one value a pixel
  std::vector<std::uint8_t> rgb;  // rgb: three bytes a pixel
};

// What the model and people see: 8-bit RGB, row-major, three bytes a pixel.
struct RgbImage {
  Extent2 extent;
  std::vector<std::uint8_t> pixels;
};

// Row-major, 0 or 1.
struct Mask {
  Extent2 extent;
  std::vector<std::uint8_t> pixels;
  bool operator==(const Mask&) const = default;
};
Mask empty_mask(Extent2 extent);
std::int64_t area_px(const Mask& mask);
std::optional<Box2> bounding_box(const Mask& mask);  // absent for an empty mask
// |a and b| / |a or b|; 1 if both are empty. Throws Error{usage} if the extents differ.
double iou(const Mask& a, const Mask& b);

}  // namespace sonde
