// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cmath>

#include "sonde/io/formats.h"
#include "sonde/io/picture/encode_testing.h"
#include "sonde/io/write.h"

namespace sonde {
namespace {

using testing::HasSubstr;
using Rgb = std::array<int, 3>;

RgbImage plain(Extent2 extent, std::uint8_t grey) {
  return {extent, std::vector<std::uint8_t>(static_cast<std::size_t>(3 * pixel_count(extent)), grey)};
}

Mask rectangle(Extent2 extent, const Box2& box) {
  Mask mask = empty_mask(extent);
  for (auto y = static_cast<std::int64_t>(box.y0); y <= static_cast<std::int64_t>(box.y1); ++y)
    for (auto x = static_cast<std::int64_t>(box.x0); x <= static_cast<std::int64_t>(box.x1); ++x)
      mask.pixels[static_cast<std::size_t>(y * extent.width + x)] = 1;
  return mask;
}

Rgb at(const RgbImage& image, std::int64_t x, std::int64_t y) {
  const auto i = static_cast<std::size_t>(3 * (y * image.extent.width + x));
  return {image.pixels[i], image.pixels[i + 1], image.pixels[i + 2]};
}

TEST(DrawOverlay, EnlargesSmallPicturesByAWholeFactor) {
  EXPECT_EQ(draw_overlay(plain({300, 200}, 50), {}, {}).extent, (Extent2{900, 600}));
  EXPECT_EQ(draw_overlay(plain({512, 512}, 50), {}, {}).extent, (Extent2{1024, 1024}));
  EXPECT_EQ(draw_overlay(plain({600, 20}, 50), {}, {}).extent, (Extent2{600, 20}));
  EXPECT_EQ(draw_overlay(plain({1, 1}, 50), {}, {}).extent, (Extent2{1024, 1024}));
  EXPECT_EQ(draw_overlay(plain({1500, 3}, 50), {}, {}).extent, (Extent2{1500, 3}));
}

TEST(DrawOverlay, LeavesAPictureWithoutMasksAndPromptsAsItIs) {
  const RgbImage image = plain({600, 500}, 50);
  EXPECT_EQ(draw_overlay(image, {}, {}).pixels, image.pixels);
  EXPECT_EQ(draw_overlay(image, {empty_mask(image.extent)}, {}).pixels, image.pixels);
}

TEST(DrawOverlay, TintsTheInsideAndOutlinesTheEdge) {
  const Extent2 extent{800, 600};
  const RgbImage drawn = draw_overlay(plain(extent, 100), {rectangle(extent, {100, 100, 299, 299})}, {});
  EXPECT_EQ(at(drawn, 200, 200), (Rgb{94, 132, 153}));  // 0.6 * 100 + 0.4 * (86, 180, 233)
  EXPECT_EQ(at(drawn, 100, 200), (Rgb{86, 180, 233}));
  EXPECT_EQ(at(drawn, 299, 200), (Rgb{86, 180, 233}));
  EXPECT_EQ(at(drawn, 95, 200), (Rgb{100, 100, 100}));
}

TEST(DrawOverlay, OutlinesADiscAsARingWithoutGapsOrStairs) {
  const Extent2 extent{800, 600};
  const auto from_circle = [](std::int64_t x, std::int64_t y) {
    return std::hypot(static_cast<double>(x - 400), static_cast<double>(y - 300)) - 100;
  };
  Mask disc = empty_mask(extent);
  for (std::int64_t y = 0; y < extent.height; ++y)
    for (std::int64_t x = 0; x < extent.width; ++x)
      disc.pixels[static_cast<std::size_t>(y * extent.width + x)] = from_circle(x, y) < 0 ? 1 : 0;
  const RgbImage drawn = draw_overlay(plain(extent, 100), {disc}, {});
  for (std::int64_t y = 0; y < extent.height; ++y) {
    for (std::int64_t x = 0; x < extent.width; ++x) {
      const double away = from_circle(x, y);
      if (std::abs(away) < 0.7) {
        ASSERT_EQ(at(drawn, x, y), (Rgb{86, 180, 233})) << x << ',' << y;
      }
      if (away < -2.5) {
        ASSERT_EQ(at(drawn, x, y), (Rgb{94, 132, 153})) << x << ',' << y;
      }
      if (away > 2.5) {
        ASSERT_EQ(at(drawn, x, y), (Rgb{100, 100, 100})) << x << ',' << y;
      }
    }
  }
}

TEST(DrawOverlay, ShowsSpecksAndLinesOfOnePixel) {
  const Extent2 extent{800, 600};
  const RgbImage drawn = draw_overlay(
      plain(extent, 100), {rectangle(extent, {9, 9, 9, 9}), rectangle(extent, {50, 80, 300, 80})}, {});
  EXPECT_EQ(at(drawn, 9, 9), (Rgb{86, 180, 233}));
  for (const std::int64_t x : {50, 51, 173, 299, 300}) EXPECT_EQ(at(drawn, x, 80), (Rgb{230, 159, 0})) << x;
}

TEST(DrawOverlay, GivesEachMaskItsColourAndKeepsSmallOnesInSight) {
  const Extent2 extent{800, 600};
  const Mask small = rectangle(extent, {150, 150, 199, 199});
  const Mask large = rectangle(extent, {100, 100, 299, 299});
  const RgbImage drawn = draw_overlay(plain(extent, 100), {small, large}, {});
  EXPECT_EQ(at(drawn, 175, 175), (Rgb{94, 132, 153}));
  EXPECT_EQ(at(drawn, 250, 250), (Rgb{152, 124, 60}));  // tints do not add up
  EXPECT_EQ(at(drawn, 100, 250), (Rgb{230, 159, 0}));
}

TEST(DrawOverlay, EnlargesMasksByPixelsThatReachTheEdgesOfThePicture) {
  const Extent2 extent{64, 64};
  Mask frame = rectangle(extent, {0, 0, 63, 63});
  for (std::int64_t y = 1; y < 63; ++y)
    for (std::int64_t x = 1; x < 63; ++x) frame.pixels[static_cast<std::size_t>(y * 64 + x)] = 0;
  const RgbImage drawn = draw_overlay(plain(extent, 100), {frame}, {});
  for (const std::int64_t across :
       {8, 1015}) {  // the middles of the first and the last pixel, 16 times as large
    EXPECT_EQ(at(drawn, across, 500), (Rgb{94, 132, 153}));
    EXPECT_EQ(at(drawn, 500, across), (Rgb{94, 132, 153}));
  }
  for (const std::int64_t along : {15, 1008}) {  // their inner edges
    EXPECT_EQ(at(drawn, along, 500), (Rgb{86, 180, 233}));
    EXPECT_EQ(at(drawn, 500, along), (Rgb{86, 180, 233}));
  }
  for (const std::int64_t beyond : {20, 1003}) {
    EXPECT_EQ(at(drawn, beyond, 500), (Rgb{100, 100, 100}));
    EXPECT_EQ(at(drawn, 500, beyond), (Rgb{100, 100, 100}));
  }
}

TEST(DrawOverlay, MarksPromptsWhereTheyAreOnAnEnlargedPicture) {
  const OverlayPrompt prompt{.foreground = {{10, 20}}, .background = {{40, 40}}, .boxes = {{5, 15, 50, 50}}};
  const RgbImage drawn = draw_overlay(plain({64, 64}, 100), {}, prompt);
  ASSERT_EQ(drawn.extent, (Extent2{1024, 1024}));
  EXPECT_EQ(at(drawn, 168, 328), (Rgb{0, 200, 83}));  // the centre of pixel (10, 20), 16 times as large
  EXPECT_EQ(at(drawn, 648, 651), (Rgb{229, 28, 35}));
  EXPECT_EQ(at(drawn, 648, 648), (Rgb{255, 255, 255}));
  const auto on_box = [](const Rgb& colour) { return colour != Rgb{100, 100, 100}; };
  EXPECT_TRUE(on_box(at(drawn, 80, 500)));   // the left edge of pixel 5
  EXPECT_TRUE(on_box(at(drawn, 815, 500)));  // the right edge of pixel 50
  EXPECT_FALSE(on_box(at(drawn, 76, 500)));
  EXPECT_FALSE(on_box(at(drawn, 820, 500)));
  EXPECT_FALSE(on_box(at(drawn, 500, 500)));
}

TEST(DrawOverlay, DrawsMarksBeyondTheEdgeWithoutHarm) {
  const OverlayPrompt prompt{.foreground = {{-0.5, -0.5}, {1e12, 3}},
                             .background = {{99.5, 99.5}, {std::nan(""), 0}},
                             .boxes = {{-5, -5, 200, 200}, {-1e12, -1e12, 1e12, 50}}};
  EXPECT_EQ(draw_overlay(plain({100, 100}, 0), {}, prompt).extent, (Extent2{1000, 1000}));
}

TEST(DrawOverlay, RefusesMasksOfAnotherSize) {
  EXPECT_EQ(refusal([] { draw_overlay(plain({5, 5}, 0), {empty_mask({5, 4})}, {}); }).kind, ErrorKind::usage);
  EXPECT_EQ(refusal([] { draw_overlay({}, {}, {}); }).kind, ErrorKind::usage);
}

TEST(WritePicture, KeepsMasksAndColoursAndRepeatsItsBytes) {
  const TestFolder folder;
  const Mask mask = rectangle({7, 5}, {2, 1, 4, 3});
  write_mask_png(folder.path() / "mask.png", mask);
  const Volume read = read_picture(folder.path() / "mask.png", {});
  EXPECT_EQ(read.geometry.extent, (Extent3{7, 5, 1}));
  EXPECT_EQ(read.photometric, Photometric::grey);
  for (std::size_t i = 0; i < mask.pixels.size(); ++i) EXPECT_EQ(read.voxels[i], mask.pixels[i] * 255.0F);
  RgbImage image = plain({2, 1}, 0);
  image.pixels = {1, 2, 3, 4, 5, 6};
  write_png(folder.path() / "a.png", image);
  write_png(folder.path() / "b.png", image);
  EXPECT_EQ(read_picture(folder.path() / "a.png", {}).rgb, image.pixels);
  EXPECT_EQ(content_of(folder.path() / "a.png"), content_of(folder.path() / "b.png"));
}

TEST(WritePicture, NamesAPathThatCannotBeWritten) {
  const TestFolder folder;
  const auto path = folder.path() / "missing" / "a.png";
  const Refused refused = refusal([&] { write_mask_png(path, empty_mask({2, 2})); });
  EXPECT_EQ(refused.kind, ErrorKind::unavailable);
  EXPECT_THAT(refused.message, HasSubstr(path.string()));
}

// The decoder's child must not wait for threads that drawing left in its parent.
TEST(DrawOverlay, LeavesNothingThatDecodersWaitFor) {
  const TestFolder folder;
  for (int i = 0; i < 5; ++i) {
    const RgbImage image = draw_overlay(plain({700, 900}, 10), {rectangle({700, 900}, {5, 5, 600, 600})}, {});
    write_png(folder.path() / "a.png", image);
    EXPECT_EQ(read_picture(folder.path() / "a.png", {}).rgb, image.pixels);
    const std::string tiff = tiff_of(filled<std::uint16_t>(700, 900, {771, 514, 257}));
    const auto path = write_file(folder.path() / std::to_string(i), tiff);
    EXPECT_EQ(read_picture(path, {}).rgb.at(0), 3);
  }
}

TEST(DrawOverlay, WritesNamesAboveTheirMasksAndNoneOverAnother) {
  const Extent2 extent{300, 200};
  const std::vector<Mask> masks{rectangle(extent, {50, 60, 150, 150}), rectangle(extent, {55, 62, 140, 140}),
                                empty_mask(extent)};
  const RgbImage without = draw_overlay(plain(extent, 50), masks, {});
  const RgbImage with =
      draw_overlay(plain(extent, 50), masks,
                   {.foreground = {}, .background = {}, .boxes = {}, .names = {"liver", "spleen", "kidney"}});
  // Dark boxes behind the words: one above the larger mask, one below it, and none for the empty one.
  std::int64_t changed_rows = 0, first = -1;
  for (std::int64_t y = 0; y < with.extent.height; ++y) {
    bool changed = false;
    for (std::int64_t x = 0; x < with.extent.width && !changed; ++x)
      changed = at(with, x, y) != at(without, x, y);
    if (!changed) continue;
    ++changed_rows;
    if (first < 0) first = y;
  }
  EXPECT_LE(first, 60 * 3);
  EXPECT_GT(changed_rows, 40);
  EXPECT_LT(changed_rows, 100);
}

}  // namespace
}  // namespace sonde
