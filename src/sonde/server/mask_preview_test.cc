// SPDX-License-Identifier: Apache-2.0
#include "sonde/server/mask_preview.h"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/server/bundle_testing.h"

namespace sonde {
namespace {

// A square of the given side, its top-left pixel at (2, 1), in a picture of 20 x 10.
MaskSoFar square(std::int64_t number, std::int64_t side) {
  Mask mask = empty_mask({20, 10});
  for (std::int64_t i = 0; i < side * side; ++i)
    mask.pixels[static_cast<std::size_t>((1 + i / side) * 20 + 2 + i % side)] = 1;
  MaskSoFar found;
  found.number = number;
  found.mask.rle = encode_rle(mask);
  found.mask.box = *bounding_box(mask);
  return found;
}

std::vector<std::pair<std::int64_t, std::int64_t>> numbers_and_areas(const std::string& preview) {
  std::vector<std::pair<std::int64_t, std::int64_t>> found;
  for (const ReadMask& mask : read_masks(preview)) found.emplace_back(mask.object, mask.area());
  return found;
}

TEST(MaskPreview, ShowsWhatThereIsInTheOrderGiven) {
  using Shown = std::vector<std::pair<std::int64_t, std::int64_t>>;
  MaskPreview preview;
  EXPECT_EQ(numbers_and_areas(preview.show({})), Shown{});
  const std::vector<MaskSoFar> first{square(1, 3), square(2, 4)};
  EXPECT_EQ(numbers_and_areas(preview.show(first)), (Shown{{1, 9}, {2, 16}}));
  const std::vector<MaskSoFar> second{square(5, 2), square(2, 4)};
  EXPECT_EQ(numbers_and_areas(preview.show(second)), (Shown{{5, 4}, {2, 16}}));
}

TEST(MaskPreview, PutsMasksWhereTheyAre) {
  const std::vector<MaskSoFar> masks{square(3, 4)};
  const auto read = read_masks(MaskPreview().show(masks));
  ASSERT_EQ(read.size(), 1u);
  EXPECT_EQ(read[0].x0, 2);
  EXPECT_EQ(read[0].y0, 1);
  EXPECT_EQ(read[0].width, 4);
  EXPECT_EQ(read[0].height, 4);
  EXPECT_EQ(read[0].candidate, std::nullopt);
}

}  // namespace
}  // namespace sonde
