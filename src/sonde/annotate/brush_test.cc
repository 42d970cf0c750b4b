// SPDX-License-Identifier: Apache-2.0
#include "sonde/annotate/brush.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <functional>
#include <limits>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sonde/core/data_testing.h"
#include "sonde/core/error.h"
#include "sonde/core/random.h"

namespace sonde {
namespace {

std::vector<Point2> points_of(const nlohmann::json& list) {
  std::vector<Point2> points;
  for (const auto& point : list) points.push_back({point.at(0).get<double>(), point.at(1).get<double>()});
  return points;
}

BrushRadii radii_of(const nlohmann::json& example) {
  const auto& radii = example.at("radii");
  return {radii.at(0).get<double>(), radii.at(1).get<double>()};
}

std::vector<std::int64_t> runs_of(const Mask& mask) {
  std::vector<std::int64_t> runs{0};
  std::uint8_t value = 0;
  for (const std::uint8_t pixel : mask.pixels) {
    if (pixel != value) runs.push_back(0);
    value = pixel;
    ++runs.back();
  }
  return runs;
}

TEST(Brush, CoversThePixelsOfTheExamplesThatThePageReadsToo) {
  std::ifstream file(test_data_folder() / "wire" / "strokes.json");
  const auto cases = nlohmann::json::parse(file).at("cases");
  ASSERT_GE(cases.size(), 20U);
  for (const auto& example : cases) {
    SCOPED_TRACE(example.at("name").get<std::string>());
    const Extent2 extent{example.at("width").get<std::int64_t>(), example.at("height").get<std::int64_t>()};
    const Mask mask = example.at("kind") == "stroke"
                          ? stroke_mask(points_of(example.at("points")), radii_of(example), extent)
                          : lasso_mask(points_of(example.at("polygon")), extent);
    EXPECT_EQ(runs_of(mask), example.at("runs").get<std::vector<std::int64_t>>());
  }
}

// The formula of the header, pixel by pixel.
Mask stroke_by_formula(std::vector<Point2> points, BrushRadii radii, Extent2 extent) {
  Mask mask = empty_mask(extent);
  const double s = radii.x / radii.y;
  for (Point2& point : points) point.y *= s;
  for (std::size_t i = 0; i == 0 || i + 1 < points.size(); ++i) {
    const Point2 a = points[i];
    const Point2 b = points[std::min(i + 1, points.size() - 1)];
    const double dx = b.x - a.x;
    const double dy = b.y - a.y;
    const double l = dx * dx + dy * dy;
    for (std::size_t p = 0; p < mask.pixels.size(); ++p) {
      const auto x = static_cast<double>(static_cast<std::int64_t>(p) % extent.width);
      const auto y = static_cast<double>(static_cast<std::int64_t>(p) / extent.width) * s;
      const double t = l > 0 ? std::min(std::max(((x - a.x) * dx + (y - a.y) * dy) / l, 0.0), 1.0) : 0;
      const double ex = x - (a.x + t * dx);
      const double ey = y - (a.y + t * dy);
      if (ex * ex + ey * ey <= radii.x * radii.x) mask.pixels[p] = 1;
    }
  }
  return mask;
}

TEST(Brush, IsTheFormulaWhateverTheStroke) {
  Random random(11);
  for (int round = 0; round < 400; ++round) {
    const Extent2 extent{1 + static_cast<std::int64_t>(random.below(60)),
                         1 + static_cast<std::int64_t>(random.below(60))};
    // Whole and half numbers meet pixel centres exactly; thousands go far outside.
    const double grid = std::array{0.0, 1.0, 2.0}[random.below(3)];
    const double size = random.below(10) == 0 ? 5000 : 80;
    const auto number = [&] {
      const double value = (random.uniform() - 0.2) * size;
      return grid > 0 ? std::round(value * grid) / grid : value;
    };
    std::vector<Point2> points(1 + random.below(6));
    for (Point2& point : points) point = {number(), random.below(4) == 0 ? points[0].y : number()};
    const auto radius = [&] {
      return std::max(0.5, grid > 0 ? std::round(random.uniform() * 12) : random.uniform() * 40);
    };
    BrushRadii radii{radius(), radius()};
    if (random.below(2) == 0) radii.y = radii.x;
    ASSERT_EQ(stroke_mask(points, radii, extent), stroke_by_formula(points, radii, extent)) << round;
  }
}

ErrorKind refusal(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.kind();
  }
  ADD_FAILURE() << "nothing was thrown";
  return ErrorKind::internal;
}

TEST(Brush, RefusesWhatNoHandDraws) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const Extent2 extent{8, 8};
  const auto stroke = [&](std::vector<Point2> points, double radius) {
    return refusal([&] { stroke_mask(points, {radius, radius}, extent); });
  };
  EXPECT_EQ(stroke({}, 1), ErrorKind::usage);
  EXPECT_EQ(stroke({{kNan, 1}}, 1), ErrorKind::usage);
  EXPECT_EQ(stroke({{1, -kInfinity}}, 1), ErrorKind::usage);
  EXPECT_EQ(stroke({{2e6, 0}}, 1), ErrorKind::usage);
  EXPECT_EQ(stroke({{1, 1}}, 0.49), ErrorKind::usage);
  EXPECT_EQ(stroke({{1, 1}}, 513), ErrorKind::usage);
  EXPECT_EQ(stroke({{1, 1}}, kNan), ErrorKind::usage);
  for (const double other : {0.49, 513.0, kNan, kInfinity})
    EXPECT_EQ(refusal([&] {
                stroke_mask(std::vector<Point2>{{1, 1}}, {1, other}, extent);
              }),
              ErrorKind::usage);
  EXPECT_EQ(stroke(std::vector<Point2>(100'001), 1), ErrorKind::usage);
  EXPECT_EQ(refusal([&] { lasso_mask(std::vector<Point2>{{0, 0}, {1, 1}}, extent); }), ErrorKind::usage);
  const std::vector<Point2> dots(100'000, Point2{512, 512});
  EXPECT_EQ(refusal([&] { stroke_mask(dots, {512, 512}, {1024, 1024}); }), ErrorKind::usage);
}

}  // namespace
}  // namespace sonde
