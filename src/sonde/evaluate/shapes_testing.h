// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "sonde/imaging/picture.h"

namespace sonde {

// For tests: a mask drawn with '#'; every line is a row.
inline Mask drawn(const std::vector<std::string>& rows) {
  Mask mask =
      empty_mask({static_cast<std::int64_t>(rows.front().size()), static_cast<std::int64_t>(rows.size())});
  std::size_t at = 0;
  for (const std::string& row : rows) {
    for (const char c : row) mask.pixels[at++] = c == '#' ? 1 : 0;
  }
  return mask;
}

// Maxima included.
inline Mask filled_box(Extent2 extent, Box2 box) {
  Mask mask = empty_mask(extent);
  for (auto y = static_cast<std::int64_t>(box.y0); y <= static_cast<std::int64_t>(box.y1); ++y) {
    for (auto x = static_cast<std::int64_t>(box.x0); x <= static_cast<std::int64_t>(box.x1); ++x) {
      mask.pixels[static_cast<std::size_t>(y * extent.width + x)] = 1;
    }
  }
  return mask;
}

}  // namespace sonde
