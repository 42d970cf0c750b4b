// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "sonde/imaging/picture.h"

namespace sonde {

// Extent after scaling the long side to `long_side`: int(side * scale + 0.5), as published
// (ResizeLongestSide).
Extent2 resized_extent(Extent2 picture, std::int64_t long_side);

// Pillow's antialiased bilinear resize on 8-bit pixels: equal to Image.resize(BILINEAR) in every pixel.
// Source: Pillow, src/libImaging/Resample.c (two passes, 22-bit fixed-point coefficients).
RgbImage resize_bilinear(const RgbImage& image, Extent2 target);

// A mask file as a prompt: +10 inside, -10 outside, area-averaged to 256 x 256 in the padded frame.
std::vector<float> logits_from_mask(const Mask& mask, std::int64_t side);

}  // namespace sonde
