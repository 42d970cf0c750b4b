// SPDX-License-Identifier: Apache-2.0
#include "sonde/predict/proposals.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace sonde {
namespace {

TEST(CropsOf, IsTheWholePictureWithoutLayers) {
  EXPECT_EQ(crops_of({640, 480}, 0, 0.34), (std::vector<Crop>{{0, 0, 640, 480, 0}}));
}

TEST(CropsOf, OverlapsFourCropsInTheFirstLayer) {
  // Overlap int(512 / 1500 * 512) = 174; side ceil((174 + 512) / 2) = 343.
  const std::vector<Crop> expected{{0, 0, 512, 512, 0},
                                   {0, 0, 343, 343, 1},
                                   {0, 169, 343, 512, 1},
                                   {169, 0, 512, 343, 1},
                                   {169, 169, 512, 512, 1}};
  EXPECT_EQ(crops_of({512, 512}, 1, 512.0 / 1500.0), expected);
}

TEST(CropsOf, CoversEveryPixelInEveryLayer) {
  const Extent2 picture{101, 67};
  std::vector<int> seen(4 * 101 * 67, 0);
  for (const Crop& crop : crops_of(picture, 3, 0.2)) {
    for (std::int64_t y = crop.y0; y < crop.y1; ++y) {
      for (std::int64_t x = crop.x0; x < crop.x1; ++x) {
        seen[static_cast<std::size_t>((crop.layer * 67 + y) * 101 + x)] = 1;
      }
    }
  }
  EXPECT_EQ(std::count(seen.begin(), seen.end(), 0), 0);
}

TEST(CropsOf, HasNoEmptyCropInAPictureOfOnePixel) {
  for (const Crop& crop : crops_of({1, 1}, 4, 0.34)) EXPECT_EQ(extent_of(crop), (Extent2{1, 1}));
}

TEST(PointGrid, LiesAtTheCentresOfCellsRowByRow) {
  EXPECT_EQ(point_grid(1), (std::vector<Point2>{{0.5, 0.5}}));
  EXPECT_EQ(point_grid(2), (std::vector<Point2>{{0.25, 0.25}, {0.75, 0.25}, {0.25, 0.75}, {0.75, 0.75}}));
}

TEST(IsNearCropEdge, TellsTheCropsEdgeFromThePictures) {
  const Crop crop{100, 0, 300, 200, 1};
  const Extent2 picture{512, 512};
  EXPECT_FALSE(is_near_crop_edge({150, 50, 200, 100}, crop, picture));
  EXPECT_TRUE(is_near_crop_edge({120, 50, 200, 100}, crop, picture));
  EXPECT_FALSE(is_near_crop_edge({121, 50, 200, 100}, crop, picture));
  EXPECT_TRUE(is_near_crop_edge({150, 50, 200, 190}, crop, picture));
  EXPECT_FALSE(is_near_crop_edge({150, 0, 200, 100}, crop, picture));  // the picture ends there as well
}

TEST(IsNearCropEdge, NeverHoldsForTheWholePicture) {
  EXPECT_FALSE(is_near_crop_edge({0, 0, 63, 63}, {0, 0, 64, 64, 0}, {64, 64}));
}

TEST(SuppressOverlaps, KeepsTheBestOfTwoThatOverlap) {
  const std::vector<Box2> boxes{{0, 0, 10, 10}, {1, 0, 11, 10}, {50, 50, 60, 60}};
  const std::vector<double> scores{0.5, 0.9, 0.1};
  EXPECT_EQ(suppress_overlaps(boxes, scores, 0.7), (std::vector<std::size_t>{1, 2}));
}

TEST(SuppressOverlaps, KeepsABoxAtTheThreshold) {
  const std::vector<Box2> boxes{{0, 0, 10, 10}, {0, 0, 10, 5}};  // IoU 0.5
  const std::vector<double> scores{0.9, 0.5};
  EXPECT_EQ(suppress_overlaps(boxes, scores, 0.5).size(), 2U);
  EXPECT_EQ(suppress_overlaps(boxes, scores, 0.49).size(), 1U);
}

TEST(SuppressOverlaps, DoesNotLetASuppressedBoxSuppressOthers) {
  const std::vector<Box2> boxes{
      {0, 0, 10, 10}, {3, 0, 13, 10}, {6, 0, 16, 10}};  // neighbours 0.54, ends 0.25
  const std::vector<double> scores{0.9, 0.8, 0.7};
  EXPECT_EQ(suppress_overlaps(boxes, scores, 0.5), (std::vector<std::size_t>{0, 2}));
}

TEST(SuppressOverlaps, KeepsTheFirstOfEquals) {
  const std::vector<Box2> boxes{{0, 0, 9, 9}, {0, 0, 9, 9}};
  const std::vector<double> scores{0.5, 0.5};
  EXPECT_EQ(suppress_overlaps(boxes, scores, 0.7), (std::vector<std::size_t>{0}));
}

TEST(SuppressOverlaps, KeepsBoxesWithoutArea) {
  const std::vector<Box2> boxes{{4, 4, 4, 4}, {4, 4, 4, 4}};  // single pixels: their IoU is not a number
  const std::vector<double> scores{0.5, 0.6};
  EXPECT_EQ(suppress_overlaps(boxes, scores, 0.7).size(), 2U);
}

}  // namespace
}  // namespace sonde
