// SPDX-License-Identifier: Apache-2.0
#include "sonde/predict/proposals.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>

namespace sonde {
namespace {

std::int64_t crop_length(std::int64_t side, std::int64_t crops, std::int64_t overlap) {
  return (overlap * (crops - 1) + side + crops - 1) / crops;  // rounded up
}

double area(const Box2& box) { return (box.x1 - box.x0) * (box.y1 - box.y0); }

double box_iou(const Box2& a, const Box2& b) {
  const double width = std::max(std::min(a.x1, b.x1) - std::max(a.x0, b.x0), 0.0);
  const double height = std::max(std::min(a.y1, b.y1) - std::max(a.y0, b.y0), 0.0);
  const double both = width * height;
  return both / (area(a) + area(b) - both);  // not a number for two boxes without area: above no threshold
}

}  // namespace

std::vector<Crop> crops_of(Extent2 picture, std::int64_t layers, double overlap_ratio) {
  std::vector<Crop> crops{{0, 0, picture.width, picture.height, 0}};
  const auto short_side = static_cast<double>(std::min(picture.width, picture.height));
  for (std::int64_t layer = 1; layer <= layers; ++layer) {
    const std::int64_t per_side = std::int64_t{1} << layer;
    const auto overlap =
        static_cast<std::int64_t>(overlap_ratio * short_side * (2.0 / static_cast<double>(per_side)));
    const std::int64_t width = crop_length(picture.width, per_side, overlap);
    const std::int64_t height = crop_length(picture.height, per_side, overlap);
    for (std::int64_t i = 0; i < per_side; ++i) {
      for (std::int64_t k = 0; k < per_side; ++k) {
        const std::int64_t x0 = i * (width - overlap);
        const std::int64_t y0 = k * (height - overlap);
        // In a picture of a few pixels the last crops start beyond it.
        if (x0 >= picture.width || y0 >= picture.height) continue;
        crops.push_back(
            {x0, y0, std::min(x0 + width, picture.width), std::min(y0 + height, picture.height), layer});
      }
    }
  }
  return crops;
}

std::vector<Point2> point_grid(std::int64_t points_per_side) {
  const auto position = [points_per_side](std::int64_t i) {
    return static_cast<double>(2 * i + 1) / static_cast<double>(2 * points_per_side);
  };
  std::vector<Point2> points;
  for (std::int64_t row = 0; row < points_per_side; ++row) {
    for (std::int64_t column = 0; column < points_per_side; ++column) {
      points.push_back({position(column), position(row)});
    }
  }
  return points;
}

bool is_near_crop_edge(const Box2& box, const Crop& crop, Extent2 picture) {
  constexpr double kTolerance = 20;  // pixels
  const auto near = [](double a, std::int64_t b) {
    return std::abs(a - static_cast<double>(b)) <= kTolerance;
  };
  const auto cut_off = [near](double side, std::int64_t crop_edge, std::int64_t picture_edge) {
    return near(side, crop_edge) && !near(side, picture_edge);
  };
  return cut_off(box.x0, crop.x0, 0) || cut_off(box.y0, crop.y0, 0) ||
         cut_off(box.x1, crop.x1, picture.width) || cut_off(box.y1, crop.y1, picture.height);
}

std::vector<std::size_t> suppress_overlaps(std::span<const Box2> boxes, std::span<const double> scores,
                                           double threshold) {
  assert(boxes.size() == scores.size());
  std::vector<std::size_t> order(boxes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
  std::vector<std::size_t> kept;
  for (const std::size_t candidate : order) {
    const bool covered = std::any_of(kept.begin(), kept.end(), [&](std::size_t better) {
      return box_iou(boxes[better], boxes[candidate]) > threshold;
    });
    if (!covered) kept.push_back(candidate);
  }
  return kept;
}

}  // namespace sonde
