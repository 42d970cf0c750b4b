// SPDX-License-Identifier: Apache-2.0
#include "sonde/predict/preprocess.h"

#include <algorithm>
#include <numeric>

#include <gtest/gtest.h>

#include "sonde/core/error.h"

namespace sonde {
namespace {

RgbImage grey_picture(Extent2 extent, const std::vector<int>& values) {
  RgbImage image{extent, {}};
  for (const int value : values) image.pixels.insert(image.pixels.end(), 3, static_cast<std::uint8_t>(value));
  return image;
}

std::vector<int> grey_values(const RgbImage& image) {
  std::vector<int> values;
  for (std::size_t i = 0; i < image.pixels.size(); i += 3) values.push_back(image.pixels[i]);
  return values;
}

Mask left_half(Extent2 extent) {
  Mask mask = empty_mask(extent);
  for (std::int64_t y = 0; y < extent.height; ++y) {
    std::fill_n(mask.pixels.begin() + y * extent.width, extent.width / 2, std::uint8_t{1});
  }
  return mask;
}

TEST(ResizedExtent, RoundsHalvesUpAsPublished) {
  EXPECT_EQ(resized_extent({512, 512}, 1024), (Extent2{1024, 1024}));
  EXPECT_EQ(resized_extent({181, 217}, 1024), (Extent2{854, 1024}));    // 854.12
  EXPECT_EQ(resized_extent({2048, 1023}, 1024), (Extent2{1024, 512}));  // 511.5
}

TEST(ResizedExtent, KeepsOneRowOfAPictureThatIsVeryThin) {
  EXPECT_EQ(resized_extent({5000, 1}, 1024), (Extent2{1024, 1}));
}

TEST(ResizeBilinear, InterpolatesBetweenTwoPixels) {
  const RgbImage two = grey_picture({2, 1}, {0, 100});
  EXPECT_EQ(grey_values(resize_bilinear(two, {4, 1})), (std::vector<int>{0, 25, 75, 100}));
}

TEST(ResizeBilinear, AntialiasesWhenItShrinks) {
  // Each output pixel weighs six input pixels by a triangle: 1 3 4 4 3 1, cut and renormalised at the
  // borders.
  const RgbImage eight = grey_picture({8, 1}, {0, 0, 0, 0, 255, 255, 255, 255});
  EXPECT_EQ(grey_values(resize_bilinear(eight, {2, 1})), (std::vector<int>{36, 219}));
}

TEST(ResizeBilinear, RoundsEachPassToEightBits) {
  // Rows become 0 1 1 1 (0.25, 0.75 rounded) before the columns are weighed; in one pass pixel (1, 1) would
  // be 0.
  const RgbImage image = grey_picture({2, 2}, {0, 0, 0, 2});
  EXPECT_EQ(grey_values(resize_bilinear(image, {4, 4})),
            (std::vector<int>{0, 0, 0, 0, 0, 0, 1, 1, 0, 1, 2, 2, 0, 1, 2, 2}));
}

TEST(ResizeBilinear, KeepsAPictureOfTheSameExtent) {
  const RgbImage image = grey_picture({3, 2}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(resize_bilinear(image, {3, 2}).pixels, image.pixels);
}

TEST(ResizeBilinear, ResizesOneSideOnly) {
  const RgbImage column = grey_picture({1, 2}, {0, 100});
  EXPECT_EQ(grey_values(resize_bilinear(column, {1, 4})), (std::vector<int>{0, 25, 75, 100}));
}

TEST(ResizeBilinear, KeepsChannelsApart) {
  const RgbImage image{{1, 1}, {10, 20, 30}};
  EXPECT_EQ(resize_bilinear(image, {2, 1}).pixels, (std::vector<std::uint8_t>{10, 20, 30, 10, 20, 30}));
}

TEST(ResizeBilinear, KeepsAConstantPictureConstant) {
  const RgbImage white = grey_picture({7, 5}, std::vector<int>(35, 255));
  EXPECT_EQ(grey_values(resize_bilinear(white, {1024, 731})), std::vector<int>(1024 * 731, 255));
}

TEST(ResizeBilinear, RefusesAPictureWithoutPixels) {
  EXPECT_THROW(resize_bilinear({{0, 5}, {}}, {4, 4}), Error);
  EXPECT_THROW(resize_bilinear(grey_picture({1, 1}, {0}), {0, 4}), Error);
}

TEST(LogitsFromMask, IsTenInsideAndMinusTenOutsideAndInThePadding) {
  const std::vector<float> logits = logits_from_mask(left_half({512, 256}), 1024);
  ASSERT_EQ(logits.size(), 65536U);
  EXPECT_NEAR(logits[0], 10.0F, 1e-4);
  EXPECT_NEAR(logits[127], 10.0F, 1e-4);
  EXPECT_NEAR(logits[128], -10.0F, 1e-4);
  EXPECT_NEAR(logits[127 * 256], 10.0F, 1e-4);
  EXPECT_NEAR(logits[128 * 256], -10.0F, 1e-4);  // the padding starts here
}

TEST(LogitsFromMask, AveragesByArea) {
  // One pixel of 512 fills a quarter of a cell: -10 + 20 / 4.
  Mask mask = empty_mask({512, 512});
  mask.pixels[0] = 1;
  EXPECT_NEAR(logits_from_mask(mask, 1024)[0], -5.0F, 1e-5);
}

TEST(LogitsFromMask, KeepsTheAreaOfAMaskOfAnOddExtent) {
  Mask mask = empty_mask({181, 217});
  for (std::size_t i = 0; i < mask.pixels.size(); i += 3) mask.pixels[i] = 1;
  const std::vector<float> logits = logits_from_mask(mask, 1024);
  double inside = 0;
  for (const float value : logits) inside += (value + 10.0) / 20.0;
  const double cells_per_pixel = (854.0 / 181.0) * (1024.0 / 217.0) / 16.0;
  EXPECT_NEAR(inside, static_cast<double>(area_px(mask)) * cells_per_pixel, 0.1);
}

TEST(LogitsFromMask, EnlargesASmallMask) {
  const std::vector<float> logits = logits_from_mask(left_half({2, 2}), 1024);
  EXPECT_NEAR(logits[127], 10.0F, 1e-5);
  EXPECT_NEAR(logits[128], -10.0F, 1e-5);
}

}  // namespace
}  // namespace sonde
