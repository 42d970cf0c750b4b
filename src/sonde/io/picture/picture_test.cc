// SPDX-License-Identifier: Apache-2.0
#include <map>

#include "sonde/io/formats.h"
#include "sonde/io/picture/encode_testing.h"

namespace sonde {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

class ReadPicture : public testing::Test {
 protected:
  std::filesystem::path file(const std::string& content) {
    return write_file(folder_.path() / std::to_string(++count_), content);
  }
  Volume read(const std::string& content) { return read_picture(file(content), {}); }
  FileInfo info(const std::string& content) { return inspect_picture(file(content)); }
  void expect_unsupported(const std::string& content, const std::string& reason) {
    const auto path = file(content);
    const Refused refused = refusal([&] { read_picture(path, {}); });
    EXPECT_EQ(refused.kind, ErrorKind::unsupported) << refused.message;
    EXPECT_THAT(refused.message, HasSubstr(reason));
    EXPECT_EQ(refusal([&] { inspect_picture(path); }).message, refused.message);
  }
  const TestFolder folder_;

 private:
  int count_ = 0;
};

template <typename T>
void expect_grey(const Volume& volume, const Pixels<T>& picture) {
  EXPECT_EQ(volume.geometry.extent, (Extent3{picture.width, picture.height, 1}));
  EXPECT_EQ(volume.photometric, Photometric::grey);
  EXPECT_EQ(volume.eight_bit, sizeof(T) == 1);
  EXPECT_FALSE(volume.geometry.mm_from_voxel.has_value());
  EXPECT_EQ(volume.voxels, std::vector<float>(picture.values.begin(), picture.values.end()));
}

TEST_F(ReadPicture, KeepsGreyValuesOfEveryFormatAndDepth) {
  const auto bytes = grey_ramp<std::uint8_t>(2);
  const auto shorts = grey_ramp<std::uint16_t>(500, 1);
  for (const char* extension : {".png", ".bmp", ".tif"}) expect_grey(read(encoded(extension, bytes)), bytes);
  for (const char* extension : {".png", ".tif"}) expect_grey(read(encoded(extension, shorts)), shorts);
  expect_grey(read(encoded(".tif", grey_ramp<std::int16_t>(-50, 3000))), grey_ramp<std::int16_t>(-50, 3000));
  expect_grey(read(encoded(".tif", grey_ramp<float>(0.25, -7))), grey_ramp<float>(0.25, -7));
  expect_grey(read(encoded(".tif", grey_ramp<double>(0.25, -7))), grey_ramp<double>(0.25, -7));
}

TEST_F(ReadPicture, KeepsGreyValuesThroughEveryLosslessTiffCompression) {
  TIFFSetWarningHandler(nullptr);  // of the old number of deflate, on stderr
  for (const std::uint16_t compression : {1, 5, 8, 32946, 32773}) {
    const auto bytes = grey_ramp<std::uint8_t>(2);
    const auto shorts = grey_ramp<std::uint16_t>(500, 1);
    expect_grey(read(tiff_of(bytes, {.compression = compression})), bytes);
    expect_grey(read(tiff_of(shorts, {.compression = compression})), shorts);
  }
}

TEST_F(ReadPicture, KeepsColoursInTheOrderRedGreenBlue) {
  for (const char* extension : {".png", ".bmp", ".tif"}) {
    const Volume volume = read(encoded(extension, colour_ramp<std::uint8_t>(1)));
    EXPECT_EQ(volume.photometric, Photometric::rgb);
    EXPECT_EQ(volume.geometry.extent, (Extent3{13, 9, 1}));
    EXPECT_EQ(volume.rgb, colour_ramp_rgb()) << extension;
    EXPECT_TRUE(volume.voxels.empty() && volume.notes.empty());
  }
}

TEST_F(ReadPicture, ScalesColoursOfSixteenBitsToEight) {
  for (const char* extension : {".png", ".tif"}) {
    const Volume volume = read(encoded(extension, colour_ramp<std::uint16_t>(257)));
    EXPECT_EQ(volume.rgb, colour_ramp_rgb()) << extension;
    EXPECT_THAT(volume.notes, ElementsAre("colours of 16 bits are scaled to 8"));
  }
  // 128 is below half a step of 257, 129 above.
  EXPECT_THAT(read(png_of(filled<std::uint16_t>(1, 1, {65535, 129, 128}))).rgb, ElementsAre(255, 1, 0));
}

TEST_F(ReadPicture, DropsTransparencyAndSaysSo) {
  const auto picture = with_alpha<std::uint8_t>(colour_ramp<std::uint8_t>(1), 3);
  for (const char* extension : {".png", ".tif"}) {
    const Volume volume = read(encoded(extension, picture));
    EXPECT_EQ(volume.rgb, colour_ramp_rgb()) << extension;
    EXPECT_THAT(volume.notes, ElementsAre("the alpha channel is ignored"));
  }
  const PngParts grey_and_alpha{.width = 2,
                                .height = 1,
                                .colour_type = 4,
                                .before_pixels = "",
                                .rows = std::string("\0\x10\x20\x30\x40", 5)};
  EXPECT_THAT(read(png_file(grey_and_alpha)).voxels, ElementsAre(16, 48));
  const PngParts keyed{.width = 2,
                       .height = 1,
                       .before_pixels = png_chunk("tRNS", std::string("\0\x10", 2)),
                       .rows = std::string("\0\x10\x20", 3)};
  const Volume volume = read(png_file(keyed));
  EXPECT_THAT(volume.voxels, ElementsAre(16, 32));
  EXPECT_THAT(volume.notes, ElementsAre("transparency is ignored"));
}

TEST_F(ReadPicture, ReadsEveryCodingOfJpeg) {
  const auto picture = filled<std::uint8_t>(40, 24, {200, 60, 30});
  for (const auto& content : {jpeg_of(picture), jpeg_of(picture, {.coding = JpegCoding::progressive}),
                              jpeg_of(picture, {.restart_rows = 1})}) {
    const Volume volume = read(content);
    EXPECT_EQ(volume.geometry.extent, (Extent3{40, 24, 1}));
    EXPECT_TRUE(volume.eight_bit);
    EXPECT_NEAR(volume.rgb.at(0), 200, 2);
    EXPECT_NEAR(volume.rgb.at(1), 60, 2);
    EXPECT_NEAR(volume.rgb.at(2), 30, 2);
    EXPECT_TRUE(volume.notes.empty());
  }
  const Volume grey = read(jpeg_of(filled<std::uint8_t>(8, 16, {77})));
  EXPECT_EQ(grey.voxels, std::vector<float>(128, 77));
}

TEST_F(ReadPicture, ShowsInksOfJpegAsColours) {
  const auto picture = filled<std::uint8_t>(16, 16, {200, 100, 50, 128});  // inverted: 255 is not an ink
  for (const auto inks : {JCS_CMYK, JCS_YCCK}) {
    for (const auto coding : {JpegCoding::baseline, JpegCoding::progressive}) {
      const std::string jpeg = jpeg_of(picture, {.coding = coding, .inks = inks});
      const Volume volume = read(jpeg);
      ASSERT_EQ(volume.rgb.size(), 768U);
      EXPECT_NEAR(volume.rgb[0], 100, 2);
      EXPECT_NEAR(volume.rgb[1], 50, 2);
      EXPECT_NEAR(volume.rgb[2], 25, 2);
      EXPECT_THAT(volume.notes, ElementsAre(HasSubstr("CMYK")));
      EXPECT_EQ(info(jpeg).images.at(0).stored_type, "uint8 cmyk");
    }
  }
}

TEST_F(ReadPicture, ForgivesWhatCostsNoPixel) {
  const auto picture = filled<std::uint8_t>(16, 16, {77});
  std::string jpeg = jpeg_of(picture);
  jpeg.insert(jpeg.size() - 2, "extraneous");
  EXPECT_EQ(read(jpeg).voxels, std::vector<float>(256, 77));
  std::string revision = jpeg_of(picture);
  revision[revision.find("JFIF") + 5] = 9;
  EXPECT_EQ(read(revision).voxels, std::vector<float>(256, 77));
  const TiffParts unit{.tags = {{256, 2}, {257, 1}, {296, 127}}, .colour_map = {}, .pixels = "ab"};
  EXPECT_THAT(read(tiff_file(unit)).voxels, ElementsAre('a', 'b'));  // 127: a unit of resolution that is none
}

template <typename T>
std::string tiff_of_two(const std::vector<T>& values, std::uint64_t format) {
  return tiff_file({.tags = {{256, 2}, {257, 1}, {258, 8 * sizeof(T)}, {339, format}},
                    .colour_map = {},
                    .pixels = raw_bytes(values)});
}

TEST_F(ReadPicture, ReadsEveryWidthOfTiffNumbers) {
  constexpr std::uint64_t kUnsigned = 1, kSigned = 2, kFloat = 3;
  EXPECT_THAT(read(tiff_of_two<std::int8_t>({-128, 127}, kSigned)).voxels, ElementsAre(-128, 127));
  EXPECT_THAT(read(tiff_of_two<std::int16_t>({-3000, 7}, kSigned)).voxels, ElementsAre(-3000, 7));
  EXPECT_THAT(read(tiff_of_two<std::int32_t>({-70000, 2}, kSigned)).voxels, ElementsAre(-70000, 2));
  EXPECT_THAT(read(tiff_of_two<std::uint32_t>({0xffff0000, 1}, kUnsigned)).voxels,
              ElementsAre(4294901760, 1));
  EXPECT_THAT(read(tiff_of_two<std::int64_t>({-70000, 1LL << 40}, kSigned)).voxels,
              ElementsAre(-70000, 1099511627776));
  EXPECT_THAT(read(tiff_of_two<std::uint64_t>({1ULL << 63, 2}, kUnsigned)).voxels,
              ElementsAre(9223372036854775808.0F, 2));
  EXPECT_THAT(read(tiff_of_two<std::uint16_t>({0x3c00, 0xc000}, kFloat)).voxels, ElementsAre(1, -2));
  const std::string bytes = tiff_of_two<std::int8_t>({-128, 127}, kSigned);
  EXPECT_FALSE(read(bytes).eight_bit);
  EXPECT_EQ(info(bytes).images.at(0).stored_type, "int8");
}

TEST_F(ReadPicture, ReadsColoursOfTiffInSeparatePlanes) {
  const auto colours = colour_ramp<std::uint8_t>(1);
  for (const std::uint32_t tile : {0, 16}) {
    for (const std::uint16_t compression : {COMPRESSION_NONE, COMPRESSION_LZW, COMPRESSION_PACKBITS}) {
      const TiffOptions options{
          .compression = compression, .planar = PLANARCONFIG_SEPARATE, .tile = tile, .rows_per_strip = 4};
      EXPECT_EQ(read(tiff_of(colours, options)).rgb, colours.values);
      const Volume volume = read(tiff_of(with_alpha<std::uint8_t>(colours, 9), options));
      EXPECT_EQ(volume.rgb, colours.values);
      EXPECT_THAT(volume.notes, ElementsAre("the alpha channel is ignored"));
    }
  }
  // A cut plane is told as any other piece.
  const TiffParts parts{.tags = {{256, 2}, {257, 2}, {277, 3}, {262, 2}, {284, 2}},
                        .colour_map = {},
                        .pixels = counting_bytes(12)};
  const auto path = file(tiff_file(parts));
  EXPECT_THAT(refusal([&] { read_picture(path, {}); }).message, HasSubstr("needs 3 strips or tiles"));
}

TEST_F(ReadPicture, ReadsJpegWithinTiff) {
  const auto picture = filled<std::uint8_t>(40, 24, {200, 60, 30});
  for (const std::uint16_t planar : {PLANARCONFIG_CONTIG, PLANARCONFIG_SEPARATE}) {
    for (const std::uint32_t tile : {0, 16}) {
      const TiffOptions options{
          .compression = COMPRESSION_JPEG, .planar = planar, .tile = tile, .rows_per_strip = 16};
      const Volume volume = read(tiff_of(picture, options));
      ASSERT_EQ(volume.rgb.size(), picture.values.size());
      for (std::size_t i = 0; i < volume.rgb.size(); ++i)
        ASSERT_NEAR(volume.rgb[i], picture.values[i], 2) << i;
    }
  }
}

TEST_F(ReadPicture, ExpandsFewBitsAndPalettes) {
  const PngParts bits{
      .width = 4, .height = 1, .depth = 1, .before_pixels = "", .rows = std::string("\0\xa0", 2)};
  EXPECT_THAT(read(png_file(bits)).voxels, ElementsAre(255, 0, 255, 0));
  const PngParts palette{.width = 2,
                         .height = 1,
                         .depth = 2,
                         .colour_type = 3,
                         .before_pixels = png_chunk("PLTE", std::string("\1\2\3\4\5\6", 6)),
                         .rows = std::string("\0\x10", 2)};
  EXPECT_THAT(read(png_file(palette)).rgb, ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_EQ(info(png_file(palette)).images.at(0).stored_type, "uint2 palette");
  std::vector<std::uint16_t> map(768, 0);
  map[7] = 0x1111, map[256 + 7] = 0x2222, map[512 + 7] = 0x3333;
  const Volume tiff =
      read(tiff_file({.tags = {{256, 1}, {257, 1}, {262, 3}}, .colour_map = map, .pixels = "\7"}));
  EXPECT_THAT(tiff.rgb, ElementsAre(0x11, 0x22, 0x33));
  for (auto& colour : map) colour >>= 8;  // of writers that took 8 bits for 16
  EXPECT_THAT(
      read(tiff_file({.tags = {{256, 1}, {257, 1}, {262, 3}}, .colour_map = map, .pixels = "\7"})).rgb,
      ElementsAre(0x11, 0x22, 0x33));
  const auto bare =
      file(tiff_file({.tags = {{256, 1}, {257, 1}, {262, 3}}, .colour_map = {}, .pixels = "\7"}));
  EXPECT_EQ(refusal([&] { read_picture(bare, {}); }).kind, ErrorKind::corrupt_data);
}

TEST_F(ReadPicture, ShowsTiffWhoseZeroIsWhite) {
  const Volume bits =
      read(tiff_file({.tags = {{256, 8}, {257, 1}, {258, 1}, {262, 0}}, .colour_map = {}, .pixels = "\xf0"}));
  EXPECT_EQ(bits.photometric, Photometric::grey);
  EXPECT_THAT(bits.voxels, ElementsAre(0, 0, 0, 0, 255, 255, 255, 255));
  const Volume bytes =
      read(tiff_file({.tags = {{256, 2}, {257, 1}, {262, 0}}, .colour_map = {}, .pixels = "\x01\xff"}));
  EXPECT_THAT(bytes.voxels, ElementsAre(254, 0));
  const Volume shorts = read(tiff_file({.tags = {{256, 2}, {257, 1}, {258, 16}, {262, 0}},
                                        .colour_map = {},
                                        .pixels = std::string("\x01\x00\x00\x10", 4)}));
  EXPECT_EQ(shorts.photometric, Photometric::grey_inverted);
  EXPECT_THAT(shorts.voxels, ElementsAre(1, 4096));
}

TEST_F(ReadPicture, ReadsBothByteOrdersAndOffsetWidthsOfTiff) {
  for (const auto order : {ByteOrder::little, ByteOrder::big}) {
    for (const bool is_big_tiff : {false, true}) {
      const TiffParts parts{.order = order,
                            .is_big_tiff = is_big_tiff,
                            .tags = {{256, 2}, {257, 1}, {258, 16}},
                            .colour_map = {},
                            .pixels = number_bytes(300, 2, order) + number_bytes(65535, 2, order)};
      EXPECT_THAT(read(tiff_file(parts)).voxels, ElementsAre(300, 65535));
      EXPECT_EQ(info(tiff_file(parts)).format, is_big_tiff ? "BigTIFF" : "TIFF");
    }
  }
}

TEST_F(ReadPicture, ReadsTiles) {
  const TiffParts tile{
      .tags = {{256, 17}, {257, 2}, {322, 32}, {323, 32}}, .colour_map = {}, .pixels = counting_bytes(1024)};
  const Volume tiled = read(tiff_file(tile));
  ASSERT_EQ(tiled.voxels.size(), 34U);
  EXPECT_EQ(tiled.voxels[16], 16);
  EXPECT_EQ(tiled.voxels[17], 32);
}

TEST_F(ReadPicture, OffersAlikePagesAsFrames) {
  const auto page = [](int i) { return grey_ramp<std::uint16_t>(500, i); };
  const auto path = file(tiff_of_pages({}, page(0), page(1), page(2)));
  for (int i = 0; i < 3; ++i) {
    const Volume volume = read_picture(path, {.frame = i, .series = ""});
    expect_grey(volume, page(i));
    EXPECT_EQ(volume.frame, i);
    EXPECT_EQ(volume.frame_count, 3);
  }
  EXPECT_EQ(inspect_picture(path).images.at(0).frame_count, 3);
  const Refused refused = refusal([&] { read_picture(path, {.frame = 3, .series = ""}); });
  EXPECT_EQ(refused.kind, ErrorKind::usage);
  EXPECT_THAT(refused.message, HasSubstr("0..2"));
}

TEST_F(ReadPicture, ReadsTheFirstOfUnlikePages) {
  const auto path = file(tiff_of_pages({}, grey_ramp<std::uint8_t>(2), colour_ramp<std::uint8_t>(1)));
  const Volume volume = read_picture(path, {});
  expect_grey(volume, grey_ramp<std::uint8_t>(2));
  EXPECT_EQ(volume.frame_count, 1);
  EXPECT_THAT(volume.notes, Contains(HasSubstr("1 more pages")));
}

TEST_F(ReadPicture, HasOneFrameInOtherFormats) {
  const auto path = file(encoded(".png", grey_ramp<std::uint8_t>(1)));
  EXPECT_EQ(read_picture(path, {.frame = 0, .series = ""}).frame_count, 1);
  for (const int frame : {-1, 1}) {
    const Refused refused = refusal([&] { read_picture(path, {.frame = frame, .series = ""}); });
    EXPECT_EQ(refused.kind, ErrorKind::usage);
    EXPECT_THAT(refused.message, HasSubstr("only frame 0 is"));
  }
}

TEST_F(ReadPicture, ReadsEveryPlainKindOfBmp) {
  const std::string colours("\x03\x02\x01\xff\x0d\x0c\x0b\xff", 8);
  const BmpParts top_down{.width = 2, .height = -2, .after_header = "", .pixels = counting_bytes(16)};
  EXPECT_THAT(read(bmp_file(top_down)).rgb, ElementsAre(2, 1, 0, 5, 4, 3, 10, 9, 8, 13, 12, 11));
  BmpParts palette{
      .width = 2, .height = 1, .bits = 1, .after_header = colours, .pixels = std::string("\x40\0\0\0", 4)};
  std::string file = bmp_file(palette);
  file[46] = 2;  // colours used
  EXPECT_THAT(read(file).rgb, ElementsAre(1, 2, 3, 11, 12, 13));
  const BmpParts fives{
      .width = 2, .height = 1, .bits = 16, .after_header = "", .pixels = std::string("\xe0\x7f\x1f\0", 4)};
  EXPECT_THAT(read(bmp_file(fives)).rgb, ElementsAre(255, 255, 0, 0, 0, 255));
  const BmpParts six_greens{.width = 2,
                            .height = 1,
                            .bits = 16,
                            .compression = 3,
                            .after_header = little(0xf800, 4) + little(0x7e0, 4) + little(0x1f, 4),
                            .pixels = std::string("\xe0\x07\0\x80", 4)};
  EXPECT_THAT(read(bmp_file(six_greens)).rgb, ElementsAre(0, 255, 0, 131, 0, 0));
  const BmpParts quads{.width = 1, .height = 1, .bits = 32, .after_header = "", .pixels = "\x03\x02\x01\x99"};
  EXPECT_THAT(read(bmp_file(quads)).rgb, ElementsAre(1, 2, 3));
}

TEST_F(ReadPicture, DescribesWhatItHolds) {
  const FileInfo picture = info(encoded(".png", colour_ramp<std::uint16_t>(257)));
  EXPECT_EQ(picture.format, "PNG");
  ASSERT_EQ(picture.images.size(), 1U);
  EXPECT_EQ(picture.images[0].stored_type, "uint16 rgb");
  EXPECT_EQ(picture.images[0].geometry.extent, (Extent3{13, 9, 1}));
  EXPECT_EQ(picture.images[0].photometric, Photometric::rgb);
  EXPECT_THAT(picture.images[0].notes, ElementsAre("colours of 16 bits are scaled to 8"));
  EXPECT_EQ(info(jpeg_of(grey_ramp<std::uint8_t>(1))).images.at(0).stored_type, "uint8");
}

TEST_F(ReadPicture, NamesLegalKindsThatItDoesNotRead) {
  const std::string jpeg = jpeg_of(colour_ramp<std::uint8_t>(1));
  const auto frame = jpeg.find("\xff\xc0");
  const auto with = [&](std::size_t offset, char value) {
    std::string changed = jpeg;
    changed[frame + offset] = value;
    return changed;
  };
  expect_unsupported(with(1, '\xc3'), "JPEG process 3");
  expect_unsupported(with(1, '\xc9'), "JPEG process 9");
  expect_unsupported(with(4, 12), "12 bits");
  expect_unsupported(with(9, 2), "2 components");
  expect_unsupported(
      tiff_file({.tags = {{256, 2}, {257, 2}, {259, 50000}}, .colour_map = {}, .pixels = "abcd"}),
      "TIFF compression 50000");
  const std::string four = counting_bytes(64);
  expect_unsupported(tiff_file({.tags = {{256, 2}, {257, 2}, {258, 12}}, .colour_map = {}, .pixels = four}),
                     "1 x 12 bits");
  expect_unsupported(
      tiff_file({.tags = {{256, 2}, {257, 2}, {277, 4}, {262, 5}}, .colour_map = {}, .pixels = four}),
      "photometric 5");
  expect_unsupported(
      tiff_file(
          {.tags = {{256, 2}, {257, 2}, {277, 3}, {258, 32}, {262, 2}}, .colour_map = {}, .pixels = four}),
      "3 x 32 bits");
  expect_unsupported(bmp_file({.header_bytes = 12, .after_header = "", .pixels = four}), "OS/2");
  expect_unsupported(bmp_file({.bits = 8, .compression = 1, .after_header = "", .pixels = four}),
                     "compressed BMP");
  expect_unsupported(
      bmp_file({.bits = 32, .compression = 3, .after_header = std::string(12, '\1'), .pixels = four}),
      "masks");
}

}  // namespace
}  // namespace sonde
