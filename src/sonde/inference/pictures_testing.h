// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace sonde {

// For tests: noise, [height][width][3].
inline std::vector<std::uint8_t> random_pixels(std::int64_t width, std::int64_t height, std::uint32_t seed) {
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(3 * width * height));
  for (auto& pixel : pixels) {
    seed = seed * 1664525U + 1013904223U;
    pixel = static_cast<std::uint8_t>(seed >> 24U);
  }
  return pixels;
}

}  // namespace sonde
