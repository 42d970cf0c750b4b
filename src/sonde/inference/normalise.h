// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>

#include "sonde/inference/network.h"

namespace sonde {

constexpr std::size_t kColours = 3;

// Bytes to the numbers that image encoders take: x = (x - pixel_mean) / pixel_std, then padded with zeros
// below and at the right to a square (Sam.preprocess). A colour has 256 values: the quotients are in a table.
class PixelNormaliser {
 public:
  PixelNormaliser();
  // out: [width][kColours], the pixels of row y from `left` on; 0 where the picture has none.
  void run(const FramePixels& pixels, std::ptrdiff_t y, std::ptrdiff_t left, std::size_t width,
           float* out) const;

 private:
  std::array<std::array<float, 256>, kColours> normalised_{};  // of each colour's bytes
};

}  // namespace sonde
