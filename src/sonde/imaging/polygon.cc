// SPDX-License-Identifier: Apache-2.0
#include "sonde/imaging/polygon.h"

#include <algorithm>
#include <cmath>

#include "sonde/core/error.h"

namespace sonde {
namespace {

struct Crossing {
  std::int64_t row;
  double x;
};
constexpr std::size_t kMaxCrossings = std::size_t{1} << 24;

// The first pixel whose centre is at or behind `at`, within 0..size.
std::int64_t first_pixel_from(double at, std::int64_t size) {
  return static_cast<std::int64_t>(std::clamp(std::ceil(at - 0.5), 0.0, static_cast<double>(size)));
}

// Where the edge a-b crosses the lines through the centres of the rows.
void add_crossings(std::vector<Crossing>& crossings, Point2 a, Point2 b, std::int64_t height) {
  if (a.y > b.y) std::swap(a, b);
  const std::int64_t end = first_pixel_from(b.y, height);
  for (std::int64_t row = first_pixel_from(a.y, height); row < end; ++row) {
    if (crossings.size() == kMaxCrossings)
      throw Error(ErrorKind::corrupt_data, "its polygon crosses more rows than a drawing does");
    const double y = static_cast<double>(row) + 0.5;
    crossings.push_back({row, a.x + (b.x - a.x) * (y - a.y) / (b.y - a.y)});
  }
}

void fill(Mask& mask, const std::vector<Point2>& polygon) {
  std::vector<Crossing> crossings;
  for (std::size_t i = 0; i < polygon.size(); ++i)
    add_crossings(crossings, polygon[i], polygon[(i + 1) % polygon.size()], mask.extent.height);
  std::ranges::sort(crossings, [](const Crossing& a, const Crossing& b) {
    return a.row != b.row ? a.row < b.row : a.x < b.x;
  });
  for (std::size_t i = 0; i + 1 < crossings.size(); i += 2) {  // a closed line crosses a row evenly often
    const auto begin = first_pixel_from(crossings[i].x, mask.extent.width);
    const auto end = first_pixel_from(crossings[i + 1].x, mask.extent.width);
    const auto row = mask.pixels.begin() + crossings[i].row * mask.extent.width;
    std::fill(row + begin, row + end, std::uint8_t{1});
  }
}

}  // namespace

Mask polygon_mask(const std::vector<std::vector<Point2>>& polygons, Extent2 extent) {
  Mask mask = empty_mask(extent);
  for (const auto& polygon : polygons) fill(mask, polygon);
  return mask;
}

}  // namespace sonde
