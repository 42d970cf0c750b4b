// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include <gtest/gtest.h>

#include "sonde/core/error.h"
#include "sonde/imaging/picture.h"
#include "sonde/imaging/prompt.h"
#include "sonde/imaging/regions.h"
#include "sonde/imaging/rle.h"

namespace sonde {
namespace {

// '#' is inside.
Mask mask_of(const std::vector<std::string>& rows) {
  Mask mask = empty_mask({static_cast<std::int64_t>(rows[0].size()), static_cast<std::int64_t>(rows.size())});
  std::size_t at = 0;
  for (const std::string& row : rows) {
    for (const char c : row) mask.pixels[at++] = c == '#' ? 1 : 0;
  }
  return mask;
}

TEST(BoundingBox, IncludesItsMaxima) {
  EXPECT_EQ(bounding_box(mask_of({"....", ".#..", "..#."})), (Box2{1, 1, 2, 2}));
  EXPECT_EQ(bounding_box(mask_of({"...", "..."})), std::nullopt);
  EXPECT_EQ(bounding_box(mask_of({"##", "##"})), (Box2{0, 0, 1, 1}));
}

TEST(Iou, IsOneForTwoEmptyMasksAndRefusesDifferentExtents) {
  EXPECT_EQ(iou(mask_of({"..", ".."}), mask_of({"..", ".."})), 1);
  EXPECT_DOUBLE_EQ(iou(mask_of({"##."}), mask_of({".##"})), 1.0 / 3);
  EXPECT_THROW(iou(mask_of({"##"}), mask_of({"###"})), Error);
}

TEST(FindRegions, SortsByAreaThenByTheFirstPixel) {
  const Regions found = find_regions(mask_of({"#..##", "....#", "#...."}));
  ASSERT_EQ(found.regions.size(), 3u);
  EXPECT_EQ(found.regions[0].area, 3);
  EXPECT_EQ(found.regions[0].box, (Box2{3, 0, 4, 1}));
  EXPECT_EQ(found.regions[1].first_pixel, 0);
  EXPECT_EQ(found.regions[2].first_pixel, 10);
}

TEST(FindRegions, JoinsDiagonalNeighbours) {
  EXPECT_EQ(find_regions(mask_of({"#..", ".#.", "..#"})).regions.size(), 1u);
  EXPECT_EQ(find_regions(mask_of({"..#", ".#.", "#.."})).regions.size(), 1u);
  EXPECT_TRUE(find_regions(mask_of({"...", "..."})).regions.empty());
}

TEST(FindRegions, BoxesReachLeftOfTheFirstPixel) {
  EXPECT_EQ(find_regions(mask_of({"..#", ".#.", "#.."})).regions[0].box, (Box2{0, 0, 2, 2}));
}

TEST(RemoveSmallRegions, FillsHolesBelowTheAreaAndKeepsLargerOnes) {
  const Mask ring = mask_of({"#####", "#.###", "###.#", "###.#", "#####"});
  const CleanedMask cleaned = remove_small_regions(ring, 2, SmallRegions::holes);
  EXPECT_TRUE(cleaned.changed);
  EXPECT_EQ(cleaned.mask, mask_of({"#####", "#####", "###.#", "###.#", "#####"}));
}

TEST(RemoveSmallRegions, KeepsTheLargestIslandWhenAllAreSmall) {
  const CleanedMask cleaned = remove_small_regions(mask_of({"#..##", "....."}), 10, SmallRegions::islands);
  EXPECT_EQ(cleaned.mask, mask_of({"...##", "....."}));
  EXPECT_FALSE(remove_small_regions(mask_of({"##"}), 1, SmallRegions::islands).changed);
  EXPECT_FALSE(remove_small_regions(mask_of({".."}), 9, SmallRegions::islands).changed);
}

TEST(Rle, RunsDownTheColumnsAndStartsWithZeros) {
  EXPECT_EQ(encode_rle(mask_of({"#.", "#.", ".#"})).counts, (std::vector<std::uint32_t>{0, 2, 3, 1}));
  EXPECT_EQ(encode_rle(mask_of({"..", ".."})).counts, (std::vector<std::uint32_t>{4}));
}

TEST(Rle, ComesBackAsItWas) {
  for (const Mask& mask : {mask_of({"#.#", ".#.", "###"}), mask_of({"...", "..."}), mask_of({"##", "##"})}) {
    const Rle rle = encode_rle(mask);
    EXPECT_EQ(decode_rle(rle), mask);
    EXPECT_EQ(area_px(rle), area_px(mask));
    EXPECT_EQ(rle_from_coco_string(coco_string(rle), rle.extent), rle);
  }
}

TEST(Rle, IsTheSameOfAMaskThatIsCropped) {
  for (unsigned bits = 1; bits < 1U << 9; bits += 2) {
    for (const auto& [x0, y0] : {std::pair{0, 0}, {1, 2}, {2, 1}, {2, 2}}) {  // 3 x 3 pixels within 5 x 5
      CroppedMask part{x0, y0, empty_mask({3, 3})};
      Mask mask = empty_mask({5, 5});
      for (int i = 0; i < 9; ++i) {
        const auto pixel = static_cast<std::uint8_t>((bits >> i) & 1U);
        part.mask.pixels[static_cast<std::size_t>(i)] = pixel;
        mask.pixels[static_cast<std::size_t>((y0 + i / 3) * 5 + x0 + i % 3)] = pixel;
      }
      EXPECT_EQ(encode_rle(part, mask.extent), encode_rle(mask)) << bits;
      EXPECT_EQ(decode_rle(encode_rle(part, mask.extent)), mask) << bits;
      EXPECT_EQ(bounding_box(encode_rle(mask)), bounding_box(mask)) << bits;
    }
  }
  EXPECT_EQ(bounding_box(encode_rle(empty_mask({5, 5}))), std::nullopt);
}

TEST(Rle, GivesThePixelsOfABoxAlone) {
  const Rle rle = encode_rle(mask_of({"##..#", "#...#", "..#.#", "#.#.#"}));
  EXPECT_EQ(decode_rle(rle, {1, 1, 3, 2}), mask_of({"...", ".#."}));
  EXPECT_EQ(decode_rle(rle, {3, 0, 4, 3}), mask_of({".#", ".#", ".#", ".#"}));
  EXPECT_EQ(decode_rle(rle, {0, 0, 4, 3}), decode_rle(rle));
  EXPECT_THROW(decode_rle({{2, 2}, {3}}, {0, 0, 1, 1}), Error);
}

TEST(Rle, WritesCocosCompressedText) {
  // Worked by hand: differences to the count two before from the fourth on, five bits a letter, least first,
  // 48 added.
  EXPECT_EQ(coco_string({{4, 3}, {5, 2, 40, 1, 30, 100}}), "52X1OFS3");
  EXPECT_EQ(rle_from_coco_string("52X1OFS3", {100, 100}).counts,
            (std::vector<std::uint32_t>{5, 2, 40, 1, 30, 100}));
}

TEST(Rle, RefusesCountsThatDoNotFillTheMaskAndTextThatIsNone) {
  EXPECT_THROW(decode_rle({{2, 2}, {3}}), Error);
  EXPECT_THROW(decode_rle({{2, 2}, {3, 4}}), Error);
  EXPECT_THROW(rle_from_coco_string("~", {2, 2}), Error);
  EXPECT_THROW(rle_from_coco_string("oooooooooo", {2, 2}), Error);
  EXPECT_THROW(rle_from_coco_string("X", {2, 2}), Error);
}

TEST(ValidatePrompt, NamesThePointOutsideAndWhatIsAllowed) {
  Prompt prompt;
  prompt.points = {{{10, 3}, PointLabel::foreground}};
  try {
    validate(prompt, {10, 5});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_STREQ(error.what(), "point 10,3 lies outside the picture: x is 0..9, y is 0..4");
  }
  prompt.points[0].position = {9, 4};
  EXPECT_NO_THROW(validate(prompt, {10, 5}));
}

TEST(ValidatePrompt, RefusesAnEmptyPromptABoxTurnedRoundAndNotANumber) {
  EXPECT_THROW(validate({}, {10, 5}), Error);
  EXPECT_THROW(validate({{}, Box2{5, 1, 3, 4}, {}}, {10, 5}), Error);
  EXPECT_THROW(validate({{}, Box2{3, 4, 5, 1}, {}}, {10, 5}), Error);
  EXPECT_THROW(validate({{}, Box2{0, 0, 10, 4}, {}}, {10, 5}), Error);
  EXPECT_THROW(validate({{{{std::nan(""), 1}, PointLabel::foreground}}, {}, {}}, {10, 5}), Error);
  EXPECT_THROW(validate({{}, {}, LowResLogits(4)}, {10, 5}), Error);
  EXPECT_NO_THROW(validate({{}, Box2{0, 0, 9, 4}, {}}, {10, 5}));
  EXPECT_NO_THROW(validate({{}, Box2{3, 1, 3, 1}, {}}, {10, 5}));  // maxima are included: one pixel
}

}  // namespace
}  // namespace sonde
