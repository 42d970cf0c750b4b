// SPDX-License-Identifier: Apache-2.0
#include "sonde/imaging/polygon.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/error.h"

namespace sonde {
namespace {

using testing::ElementsAre;

std::vector<Point2> rectangle(double x0, double y0, double x1, double y1) {
  return {{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}};
}

TEST(PolygonMask, HoldsThePixelsWhoseCentresAreInside) {
  EXPECT_THAT(polygon_mask({rectangle(0.5, 0, 2.5, 1)}, {4, 2}).pixels, ElementsAre(1, 1, 0, 0, 0, 0, 0, 0));
  EXPECT_THAT(polygon_mask({rectangle(0.6, 0, 2.6, 1)}, {4, 2}).pixels, ElementsAre(0, 1, 1, 0, 0, 0, 0, 0));
  EXPECT_THAT(polygon_mask({{{0, 0}, {4, 0}, {0, 4}}}, {4, 4}).pixels,
              ElementsAre(1, 1, 1, 0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0));
}

TEST(PolygonMask, GivesEachPixelToOneOfTwoNeighboursThatShareAnEdge) {
  const Mask left = polygon_mask({{{0, 0}, {4, 0}, {0, 4}}}, {4, 4});
  const Mask right = polygon_mask({{{4, 0}, {4, 4}, {0, 4}}}, {4, 4});
  for (std::size_t i = 0; i < 16; ++i) EXPECT_EQ(left.pixels[i] + right.pixels[i], 1) << i;
}

TEST(PolygonMask, IsEvenOddWithinAPolygonAndTheUnionOfSeveral) {
  // A ring: outer and inner rectangle in one line.
  std::vector<Point2> ring = rectangle(0, 0, 3, 3);
  ring.push_back({0, 0});
  for (const Point2 p : rectangle(1, 1, 2, 2)) ring.push_back(p);
  ring.push_back({1, 1});
  EXPECT_EQ(area_px(polygon_mask({ring}, {3, 3})), 8);
  EXPECT_EQ(area_px(polygon_mask({ring, rectangle(0, 0, 3, 3)}, {3, 3})), 9);
}

TEST(PolygonMask, IsCutAtThePicture) {
  EXPECT_EQ(area_px(polygon_mask({rectangle(-1e7, -1e7, 1e7, 1e7)}, {3, 2})), 6);
  EXPECT_EQ(area_px(polygon_mask({rectangle(5, 5, 9, 9)}, {3, 2})), 0);
  EXPECT_EQ(area_px(polygon_mask({{{1, 1}, {1, 1}, {1, 1}}}, {3, 2})), 0);
}

TEST(PolygonMask, RefusesAZigzagThatNobodyDraws) {
  std::vector<Point2> zigzag;
  for (int i = 0; i < 100000; ++i) zigzag.push_back({static_cast<double>(i % 7), i % 2 == 0 ? 0.0 : 1000.0});
  EXPECT_THROW(polygon_mask({zigzag}, {8, 1000}), Error);
}

}  // namespace
}  // namespace sonde
