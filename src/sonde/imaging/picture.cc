// SPDX-License-Identifier: Apache-2.0
#include "sonde/imaging/picture.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "sonde/core/error.h"

namespace sonde {

Mask empty_mask(Extent2 extent) {
  return {extent, std::vector<std::uint8_t>(static_cast<std::size_t>(pixel_count(extent)), 0)};
}

std::int64_t area_px(const Mask& mask) {
  return std::accumulate(mask.pixels.begin(), mask.pixels.end(), std::int64_t{0});
}

std::optional<Box2> bounding_box(const Mask& mask) {
  if (mask.pixels.empty()) return std::nullopt;
  std::int64_t x0 = mask.extent.width;
  std::int64_t x1 = -1;
  std::int64_t y0 = -1;
  std::int64_t y1 = -1;
  for (std::int64_t y = 0; y < mask.extent.height; ++y) {
    const std::uint8_t* row = mask.pixels.data() + y * mask.extent.width;
    const std::uint8_t* end = row + mask.extent.width;
    // std::find looks at one byte at a time, and most rows of most masks are empty.
    const auto* first =
        static_cast<const std::uint8_t*>(std::memchr(row, 1, static_cast<std::size_t>(mask.extent.width)));
    if (first == nullptr) continue;
    const auto last = std::find(std::make_reverse_iterator(end), std::make_reverse_iterator(row), 1);
    x0 = std::min<std::int64_t>(x0, first - row);
    x1 = std::max<std::int64_t>(x1, last.base() - row - 1);
    y0 = y0 < 0 ? y : y0;
    y1 = y;
  }
  if (x1 < 0) return std::nullopt;
  return Box2{static_cast<double>(x0), static_cast<double>(y0), static_cast<double>(x1),
              static_cast<double>(y1)};
}

double iou(const Mask& a, const Mask& b) {
  if (a.extent != b.extent) throw Error(ErrorKind::usage, "the masks compared have different sizes");
  std::int64_t both = 0;
  std::int64_t either = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) {
    both += a.pixels[i] & b.pixels[i];
    either += a.pixels[i] | b.pixels[i];
  }
  return either == 0 ? 1.0 : static_cast<double>(both) / static_cast<double>(either);
}

}  // namespace sonde
