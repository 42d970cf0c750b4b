// SPDX-License-Identifier: Apache-2.0
// Pictures that lie in their files otherwise than they are shown.
#include "sonde/io/formats.h"
#include "sonde/io/label_map.h"
#include "sonde/io/picture/encode_testing.h"

namespace sonde {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::HasSubstr;

// The stored picture is 0 1 2 over 3 4 5. What is shown by each of Exif's eight orientations.
const std::vector<std::vector<float>> kShown{{0, 1, 2, 3, 4, 5}, {2, 1, 0, 5, 4, 3}, {5, 4, 3, 2, 1, 0},
                                             {3, 4, 5, 0, 1, 2}, {0, 3, 1, 4, 2, 5}, {3, 0, 4, 1, 5, 2},
                                             {5, 2, 4, 1, 3, 0}, {2, 5, 1, 4, 0, 3}};

std::string turned_png(std::uint64_t orientation) {
  return png_file({.width = 3,
                   .height = 2,
                   .before_pixels = png_chunk("eXIf", exif_of(orientation)),
                   .rows = std::string("\0\0\1\2\0\3\4\5", 8)});
}
std::string turned_tiff(std::uint64_t orientation) {
  return tiff_file(
      {.tags = {{256, 3}, {257, 2}, {274, orientation}}, .colour_map = {}, .pixels = counting_bytes(6)});
}
std::string turned_jpeg(const std::string& jpeg, std::uint64_t orientation) {
  const std::string exif = std::string("Exif\0\0", 6) + exif_of(orientation);
  std::string turned = jpeg;
  return turned.insert(2, "\xff\xe1" + big(exif.size() + 2, 2) + exif);
}

class TurnedPicture : public testing::Test {
 protected:
  std::filesystem::path file(const std::string& content) const {
    return write_file(folder_.path() / "a", content);
  }
  const TestFolder folder_;
};

TEST_F(TurnedPicture, IsShownAsItsOrientationSays) {
  for (std::uint64_t orientation = 1; orientation <= 8; ++orientation) {
    SCOPED_TRACE(orientation);
    const Extent3 extent = orientation <= 4 ? Extent3{3, 2, 1} : Extent3{2, 3, 1};
    for (const std::string& content : {turned_png(orientation), turned_tiff(orientation)}) {
      const Volume volume = read_picture(file(content), {});
      EXPECT_EQ(volume.geometry.extent, extent);
      EXPECT_EQ(volume.voxels, kShown[orientation - 1]);
      const FileInfo info = inspect_picture(file(content));
      EXPECT_EQ(info.images.at(0).geometry.extent, extent);
      EXPECT_EQ(info.images[0].notes, volume.notes);
      if (orientation == 1)
        EXPECT_TRUE(volume.notes.empty());
      else
        EXPECT_THAT(volume.notes, ElementsAre(HasSubstr("turned as its orientation says")));
      const auto seen = read_shown_picture(file(content), {});
      ASSERT_TRUE(seen.has_value());
      EXPECT_EQ(seen->image.extent, (Extent2{extent.x, extent.y}));
      for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(seen->image.pixels[3 * i + 2], volume.voxels[i]);
    }
  }
}

TEST_F(TurnedPicture, OfColoursKeepsThemTogether) {
  auto picture = filled<std::uint8_t>(32, 16, {10, 10, 200});
  for (std::size_t y = 0; y < 16; ++y)  // the left half is red
    for (std::size_t x = 0; x < 16; ++x) {
      picture.values[3 * (y * 32 + x)] = 200;
      picture.values[3 * (y * 32 + x) + 2] = 10;
    }
  const Volume volume = read_picture(file(turned_jpeg(jpeg_of(picture), 6)), {});
  EXPECT_EQ(volume.geometry.extent, (Extent3{16, 32, 1}));
  const auto red = [&](std::size_t y) { return volume.rgb.at(3 * (16 * y + 8)); };
  EXPECT_NEAR(red(2), 200, 20);  // turned clockwise, the left half is above
  EXPECT_NEAR(red(30), 10, 20);
}

TEST_F(TurnedPicture, HasLabelsThatAreTurnedAsWell) {
  EXPECT_THAT(read_labels(file(turned_png(6))).layers.at(0).labels, ElementsAreArray(kShown[5]));
  EXPECT_THAT(read_labels(file(turned_tiff(8))).layers.at(0).labels, ElementsAreArray(kShown[7]));
}

TEST_F(TurnedPicture, IsShownAsStoredWhereItsOrientationIsNone) {
  for (const std::uint64_t orientation : {0, 9, 65535}) {
    EXPECT_EQ(read_picture(file(turned_png(orientation)), {}).voxels, kShown[0]);
    EXPECT_EQ(read_picture(file(turned_tiff(orientation)), {}).voxels, kShown[0]);
    const Volume jpeg =
        read_picture(file(turned_jpeg(jpeg_of(filled<std::uint8_t>(16, 8, {9})), orientation)), {});
    EXPECT_EQ(jpeg.geometry.extent, (Extent3{16, 8, 1}));
  }
  std::string cut = "Exif";  // a broken block spoils no picture
  const std::string jpeg = jpeg_of(filled<std::uint8_t>(16, 8, {9}));
  EXPECT_EQ(read_picture(file(std::string(jpeg).insert(2, "\xff\xe1" + big(cut.size() + 2, 2) + cut)), {})
                .geometry.extent,
            (Extent3{16, 8, 1}));
}

}  // namespace
}  // namespace sonde
