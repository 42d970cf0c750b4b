// SPDX-License-Identifier: Apache-2.0
#include "sonde/imaging/resize.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/random.h"

namespace sonde {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

RgbImage grey(Extent2 extent, const std::vector<int>& values) {
  RgbImage image{extent, {}};
  for (const int value : values) image.pixels.insert(image.pixels.end(), 3, static_cast<std::uint8_t>(value));
  return image;
}

std::vector<int> first_channel(const RgbImage& image) {
  std::vector<int> values;
  for (std::size_t i = 0; i < image.pixels.size(); i += 3) values.push_back(image.pixels[i]);
  return values;
}

TEST(AreaAverage, WeighsPixelsByWhatIsCoveredOfThem) {
  const RgbImage row = grey({3, 1}, {0, 90, 180});
  EXPECT_THAT(first_channel(area_average(row, {2, 1})), ElementsAre(30, 150));
  EXPECT_THAT(first_channel(area_average(row, {1, 1})), ElementsAre(90));
  EXPECT_THAT(first_channel(area_average(grey({2, 4}, {0, 10, 20, 30, 100, 101, 102, 104}), {1, 2})),
              ElementsAre(15, 102));
  EXPECT_EQ(area_average(row, row.extent).pixels, row.pixels);
}

TEST(AreaAverage, KeepsChannelsApart) {
  const RgbImage image{{2, 1}, {0, 100, 200, 50, 120, 255}};
  EXPECT_THAT(area_average(image, {1, 1}).pixels, ElementsAre(25, 110, 228));
}

TEST(Enlarged, PassesThroughThePixelsAndIsSmoothBetween) {
  const RgbImage large = enlarged(grey({4, 1}, {0, 0, 90, 90}), 3);
  EXPECT_EQ(large.extent, (Extent2{12, 3}));
  const auto values = first_channel(large);
  const std::vector<int> row(values.begin(), values.begin() + 12);
  EXPECT_EQ(std::vector<int>(values.begin() + 12, values.begin() + 24), row);
  // A third of the way up the spline has 8/27 of the step, and 2/27 too much a third after it.
  EXPECT_THAT(row, ElementsAre(0, 0, 0, 0, 0, 27, 63, 90, 97, 93, 90, 90));
}

TEST(Enlarged, KeepsAFlatPictureFlatGreyGreyAndAllInRange) {
  EXPECT_THAT(enlarged(grey({3, 2}, std::vector<int>(6, 51)), 31).pixels, Each(51));
  Random random(7);
  std::vector<int> noise(100);
  for (int& value : noise) value = random.below(2) == 0 ? 0 : 255;  // overshoots both ways
  const RgbImage large = enlarged(grey({10, 10}, noise), 4);
  for (std::size_t i = 0; i < large.pixels.size(); i += 3) {
    ASSERT_EQ(large.pixels[i], large.pixels[i + 1]);
    ASSERT_EQ(large.pixels[i], large.pixels[i + 2]);
  }
  const RgbImage step = enlarged(grey({4, 1}, {0, 0, 255, 255}), 8);
  const auto values = first_channel(step);
  EXPECT_TRUE(std::is_sorted(values.begin(), values.begin() + 32));  // cut off at 0 and 255
}

TEST(Enlarged, OnceIsTheSame) {
  const RgbImage image = grey({2, 2}, {1, 2, 3, 4});
  EXPECT_EQ(enlarged(image, 1).pixels, image.pixels);
}

}  // namespace
}  // namespace sonde
