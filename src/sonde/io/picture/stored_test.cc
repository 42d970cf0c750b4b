// SPDX-License-Identifier: Apache-2.0
// The numbers of TIFF files, which labels are, and ImageJ's stacks.
#include "sonde/io/formats.h"
#include "sonde/io/label_map.h"
#include "sonde/io/picture/encode_testing.h"

namespace sonde {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class StoredPicture : public testing::Test {
 protected:
  std::filesystem::path file(const std::string& content) const {
    return write_file(folder_.path() / "a.tif", content);
  }
  std::vector<std::int32_t> labels(const TiffParts& parts) const {
    return read_labels(file(tiff_file(parts))).layers.at(0).labels;
  }
  const TestFolder folder_;
};

TEST_F(StoredPicture, GivesLabelsWhateverIsShownForZero) {
  for (const std::uint64_t zero_is : {0, 1}) {  // white, black
    EXPECT_THAT(
        labels({.tags = {{256, 4}, {257, 1}, {258, 1}, {262, zero_is}}, .colour_map = {}, .pixels = "\x50"}),
        ElementsAre(0, 1, 0, 1));
    EXPECT_THAT(
        labels({.tags = {{256, 2}, {257, 1}, {262, zero_is}}, .colour_map = {}, .pixels = "\x01\x07"}),
        ElementsAre(1, 7));
    EXPECT_THAT(labels({.tags = {{256, 2}, {257, 1}, {258, 16}, {262, zero_is}},
                        .colour_map = {},
                        .pixels = little(3, 2) + little(300, 2)}),
                ElementsAre(3, 300));
  }
}

TEST_F(StoredPicture, GivesIndicesOfAPaletteAsLabels) {
  std::vector<std::uint16_t> map(768, 0);
  map[1] = 0xffff, map[256 + 2] = 0xffff;
  const TiffParts parts{
      .tags = {{256, 3}, {257, 1}, {262, 3}}, .colour_map = map, .pixels = std::string("\0\2\1", 3)};
  EXPECT_THAT(labels(parts), ElementsAre(0, 2, 1));
  EXPECT_THAT(read_picture(file(tiff_file(parts)), {}).rgb, ElementsAre(0, 0, 0, 0, 255, 0, 255, 0, 0));
}

TEST_F(StoredPicture, GivesLabelsOfSixtyFourBitsOrNamesTheOneTooLarge) {
  for (const std::uint64_t format : {1, 2}) {
    const auto of = [&](std::uint64_t value) {
      return TiffParts{.tags = {{256, 2}, {257, 1}, {258, 64}, {339, format}},
                       .colour_map = {},
                       .pixels = little(1, 8) + little(value, 8)};
    };
    EXPECT_THAT(labels(of(70000)), ElementsAre(1, 70000));
    EXPECT_THAT(refusal([&] { labels(of(5'000'000'000)); }).message, HasSubstr("5e+09"));
  }
}

std::string imagej_stack(const std::string& description, const std::string& pixels, ByteOrder order) {
  // The description behind the pixels of all images; the tag says where.
  const std::size_t at = 8 + pixels.size();
  std::string file = tiff_file({.order = order,
                                .tags = {{256, 2}, {257, 1}, {258, 16}, {270, at}},
                                .colour_map = {},
                                .pixels = pixels + description});
  const auto number = [&](std::uint64_t value, std::size_t size) { return number_bytes(value, size, order); };
  const auto set = [&](std::uint64_t tag, std::uint64_t type, std::uint64_t count, std::uint64_t value) {
    const auto entry = file.find(number(tag, 2) + number(4, 2) + number(1, 4), at + description.size());
    file.replace(entry + 2, 10, number(type, 2) + number(count, 4) + number(value, 4));
  };
  set(270, 2, description.size(), at);
  set(279, 4, 1, 4);  // bytes of the first image
  return file;
}

TEST_F(StoredPicture, OfImageJHasAllImagesOfItsOneDirectory) {
  for (const auto order : {ByteOrder::little, ByteOrder::big}) {
    std::string pixels;
    for (const int value : {1, 2, 300, 4, 5, 60000})
      pixels += number_bytes(static_cast<std::uint64_t>(value), 2, order);
    const std::string stack = imagej_stack("ImageJ=1.53t\nimages=3\nslices=3\n", pixels, order);
    const auto path = file(stack);
    EXPECT_EQ(count_picture_frames(path), 3);
    EXPECT_EQ(inspect_picture(path).images.at(0).frame_count, 3);
    EXPECT_TRUE(inspect_picture(path).images[0].notes.empty());
    EXPECT_THAT(read_picture(path, {}).voxels, ElementsAre(1, 2));
    EXPECT_THAT(read_picture(path, {.frame = 1}).voxels, ElementsAre(300, 4));
    EXPECT_THAT(read_picture(path, {.frame = 2}).voxels, ElementsAre(5, 60000));
    EXPECT_EQ(refusal([&] { read_picture(path, {.frame = 3}); }).kind, ErrorKind::usage);
  }
}

TEST_F(StoredPicture, OfImageJTellsOfHyperstacksAndOfImagesThatAreNotThere) {
  const std::string pixels(2 * 2 * 4, '\1');
  const auto path = file(imagej_stack("ImageJ=1.53t\nimages=4\nchannels=2\nslices=2\nhyperstack=true\n",
                                      pixels, ByteOrder::little));
  EXPECT_THAT(inspect_picture(path).images.at(0).notes,
              ElementsAre(HasSubstr("2 channels, 2 slices and 1 time points")));
  file(imagej_stack("ImageJ=1.53t\nimages=900\n", pixels, ByteOrder::little));
  const Refused refused = refusal([&] { read_picture(path, {}); });
  EXPECT_EQ(refused.kind, ErrorKind::corrupt_data);
  EXPECT_THAT(refused.message, HasSubstr("announces 900 images, the file holds"));
}

}  // namespace
}  // namespace sonde
