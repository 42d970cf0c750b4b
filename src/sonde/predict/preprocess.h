// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "sonde/imaging/picture.h"

namespace sonde {

// Side of the logits of a network whose padded frame has `frame_side` pixels: 256 of 1024.
constexpr std::int64_t low_res_side(std::int64_t frame_side) { return frame_side / 4; }

// Extent after scaling the long side to `long_side`: int(side * scale + 0.5), as published
// (ResizeLongestSide).
Extent2 resized_extent(Extent2 picture, std::int64_t long_side);

// Pillow's antialiased bilinear resize on 8-bit pixels: equal to Image.resize(BILINEAR) in every pixel.
// Source: Pillow, src/libImaging/Resample.c (two passes, 22-bit fixed-point coefficients).
RgbImage resize_bilinear(const RgbImage& image, Extent2 target);

// The share of the mask in each pixel of the low-resolution frame, [side/4][side/4], 0 in the padding.
// side: of the padded frame.
std::vector<float> mask_shares(const Mask& mask, std::int64_t side);
// A mask file as a prompt: +10 inside, -10 outside, averaged like mask_shares().
std::vector<float> logits_from_mask(const Mask& mask, std::int64_t side);

}  // namespace sonde
