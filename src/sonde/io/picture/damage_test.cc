// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <map>
#include <random>

#include "sonde/io/formats.h"
#include "sonde/io/picture/encode_testing.h"

// Pictures that are cut, damaged or lie about themselves.
namespace sonde {
namespace {

using testing::HasSubstr;

// One file of each kind that matters, small enough to be damaged everywhere.
std::map<std::string, std::string> samples() {
  const auto grey = grey_ramp<std::uint8_t>(2);
  const auto wide = grey_ramp<std::uint16_t>(500);
  const auto colour = colour_ramp<std::uint8_t>(1);
  return {{"grey.png", png_of(grey)},
          {"wide.png", png_of(wide)},
          {"colour.jpg", jpeg_of(colour)},
          {"progressive.jpg", jpeg_of(colour, {.coding = JpegCoding::progressive})},
          {"cmyk.jpg", jpeg_of(with_alpha<std::uint8_t>(colour, 200))},
          {"colour.bmp", bmp_of(colour)},
          {"grey.bmp", bmp_of(grey)},
          {"lzw.tif", tiff_of(grey)},
          {"wide_lzw.tif", tiff_of(wide)},
          {"deflate.tif", tiff_of(colour, {.compression = COMPRESSION_ADOBE_DEFLATE})},
          {"packbits.tif", tiff_of(wide, {.compression = COMPRESSION_PACKBITS})},
          {"jpeg.tif", tiff_of(colour, {.compression = COMPRESSION_JPEG})},
          {"planes.tif", tiff_of(colour, {.planar = PLANARCONFIG_SEPARATE, .tile = 16})},
          {"plain.tif",
           tiff_file({.tags = {{256, 9}, {257, 5}}, .colour_map = {}, .pixels = counting_bytes(45)})}};
}

class DamagedPicture : public testing::Test {
 protected:
  std::filesystem::path file(const std::string& content) {
    const auto path = folder_.path() / "a";
    std::filesystem::remove(path);
    return write_file(path, content);
  }
  Refused refused(const std::string& content) {
    const auto path = file(content);
    return refusal([&] { read_picture(path, {}); });
  }
  void expect_corrupt(const std::string& content, const std::string& reason) {
    const Refused refusal = refused(content);
    EXPECT_EQ(refusal.kind, ErrorKind::corrupt_data) << refusal.message;
    EXPECT_THAT(refusal.message, HasSubstr(reason));
    EXPECT_EQ(refusal.message.find('\n'), std::string::npos);
  }
  // Reads if it can: the text of the refusal, or nothing.
  std::string outcome(const std::string& content) {
    try {
      const Volume volume = read_picture(file(content), {});
      const auto count = static_cast<std::size_t>(voxel_count(volume.geometry.extent));
      EXPECT_EQ(volume.photometric == Photometric::rgb ? volume.rgb.size() / 3 : volume.voxels.size(), count);
      return "";
    } catch (const Error& error) {
      return error.what();
    }
  }
  const TestFolder folder_;
};

TEST_F(DamagedPicture, IsRefusedWhereverItIsCut) {
  for (const auto& [name, content] : samples()) {
    const std::size_t step = 1 + content.size() / 70;
    for (std::size_t size = 1; size < content.size(); size += step) {
      SCOPED_TRACE(name + " cut to " + std::to_string(size) + " of " + std::to_string(content.size()));
      EXPECT_EQ(refused(content.substr(0, size)).kind, ErrorKind::corrupt_data);
    }
    EXPECT_NE(outcome(content.substr(0, content.size() - 1)), "") << name;
    EXPECT_EQ(outcome(content), "") << name;
  }
}

TEST_F(DamagedPicture, OfPngIsRefusedWhereverABitIsWrong) {
  const std::string png = png_of(grey_ramp<std::uint8_t>(2));
  for (std::size_t at = 8; at < png.size(); ++at) {
    std::string changed = png;
    changed[at] = static_cast<char>(changed[at] ^ (1 << (at % 8)));
    EXPECT_NE(outcome(changed), "") << at;
  }
}

TEST_F(DamagedPicture, SaysWhatIsWrong) {
  std::string png = png_of(grey_ramp<std::uint8_t>(2));
  const auto pixels = png.find("IDAT");
  png[pixels + 6] ^= 1;
  expect_corrupt(png, "the checksum of its chunk \"IDAT\" is wrong");
  png[pixels + 6] ^= 1;
  expect_corrupt(png.substr(0, png.size() - 12), "IEND");
  const PngParts few_rows{.width = 4, .height = 4, .before_pixels = "", .rows = std::string(5, '\0')};
  expect_corrupt(png_file(few_rows), "cannot be decoded");
  expect_corrupt(png_file({.depth = 3, .before_pixels = "", .rows = "\0\0"}), "colour type 0 with 3 bits");
  const std::string jpeg = jpeg_of(colour_ramp<std::uint8_t>(1));
  expect_corrupt(jpeg.substr(0, jpeg.size() - 2), "no end (EOI)");
  const auto scan = jpeg.find("\xff\xda");
  expect_corrupt(jpeg.substr(0, scan + 30) + "\xff\xd9", "Corrupt JPEG data");
  expect_corrupt(jpeg.substr(0, scan) + "\xff\xd9", "no pixels");
  const TiffParts short_strip{.tags = {{256, 8}, {257, 8}}, .colour_map = {}, .pixels = counting_bytes(63)};
  expect_corrupt(tiff_file(short_strip), "63 of 64 bytes");
  expect_corrupt(tiff_file({.tags = {{257, 8}}, .colour_map = {}, .pixels = "a"}), "0 x 8 pixels");
  expect_corrupt(bmp_file({.width = 5, .height = 5, .after_header = "", .pixels = "a"}),
                 "announces 80 bytes");
}

TEST_F(DamagedPicture, OfTiffIsRefusedWhereItsCompressedPixelsEndEarly) {
  for (const std::uint16_t compression :
       {COMPRESSION_LZW, COMPRESSION_ADOBE_DEFLATE, COMPRESSION_PACKBITS, COMPRESSION_JPEG}) {
    const std::string tiff = tiff_of(filled<std::uint8_t>(64, 64, {7}), {.compression = compression});
    std::string taller = tiff;  // as if the strip held twice the rows
    for (std::size_t at = 4; at + 12 < taller.size(); ++at) {
      const std::string_view entry(&taller[at], 2);
      const bool is_rows =
          entry == std::string_view("\x01\x01", 2) || entry == std::string_view("\x16\x01", 2);
      if (is_rows && taller[at + 8] == 64) taller[at + 8] = 127;
    }
    ASSERT_NE(taller, tiff);
    EXPECT_EQ(refused(taller).kind, ErrorKind::corrupt_data) << compression;
  }
}

TEST_F(DamagedPicture, ThatAnnouncesTooMuchIsRefusedAtOnce) {
  const std::string row(3, '\0');
  const auto begin = std::chrono::steady_clock::now();
  expect_corrupt(png_file({.width = 0x7fffffff, .height = 0x7fffffff, .before_pixels = "", .rows = row}),
                 "2^28");
  expect_corrupt(png_file({.width = 16384, .height = 16384, .before_pixels = "", .rows = row}), "can hold");
  expect_corrupt(png_file({.width = 0, .height = 1, .before_pixels = "", .rows = row}), "0 x 1 pixels");
  std::string jpeg = jpeg_of(colour_ramp<std::uint8_t>(1));
  const auto frame = jpeg.find("\xff\xc0");
  expect_corrupt(jpeg.replace(frame + 5, 4, "\xff\xff\xff\xff"), "2^28");
  expect_corrupt(jpeg.replace(frame + 5, 4, std::string("\x40\x00\x40\x00", 4)), "can hold");
  for (const std::uint64_t compression : {1, 5, 8, 32773}) {
    expect_corrupt(
        tiff_file(
            {.tags = {{256, 16384}, {257, 16384}, {259, compression}}, .colour_map = {}, .pixels = "abc"}),
        "cut");
  }
  expect_corrupt(tiff_file({.tags = {{256, 4000000000}, {257, 4000000000}}, .colour_map = {}, .pixels = "a"}),
                 "2^28");
  expect_corrupt(bmp_file({.width = 16384, .height = -16384, .after_header = "", .pixels = "a"}), "cut");
  expect_corrupt(bmp_file({.width = INT32_MIN, .height = INT32_MIN, .after_header = "", .pixels = "a"}),
                 "0 x ");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1));
}

TEST_F(DamagedPicture, OfTiffWhosePagesFormACircleIsRefused) {
  std::string tiff = tiff_file({.tags = {{256, 1}, {257, 1}}, .colour_map = {}, .pixels = "a"});
  tiff.replace(tiff.size() - 4, 4, tiff.substr(4, 4));
  expect_corrupt(tiff, "circle");
}

TEST_F(DamagedPicture, WithBytesBehindItsEndLoadsWithANote) {
  for (const char* extension : {".png", ".jpg"}) {
    const Volume volume = read_picture(file(encoded(extension, grey_ramp<std::uint8_t>(2)) + "more"), {});
    EXPECT_THAT(volume.notes, testing::ElementsAre(HasSubstr("4 bytes after the end")));
  }
}

std::string mutated(std::string content, std::mt19937& random) {
  const auto below = [&](std::size_t bound) { return static_cast<std::size_t>(random() % bound); };
  const std::size_t changes = 1 + below(4);
  for (std::size_t change = 0; change < changes && !content.empty(); ++change) {
    const std::size_t at = below(content.size());
    if (random() % 3 == 0) {
      content[at] = static_cast<char>(content[at] ^ (1 << below(8)));
    } else if (random() % 8 == 0) {
      content.resize(at);
    } else {
      content[at] = std::string("\x00\x01\x7f\x80\xff\x10", 6)[below(6)];
    }
  }
  return content;
}

// Makes the checksums of PNG chunks right again, so that what they protect is reached.
std::string with_checksums(std::string png) {
  for (std::size_t at = 8; at + 12 <= png.size();) {
    std::uint64_t length = 0;
    for (std::size_t i = 0; i < 4; ++i) length = length << 8 | static_cast<unsigned char>(png[at + i]);
    if (length > png.size() - at - 12) break;
    png.replace(at, length + 12, png_chunk(png.substr(at + 4, 4), png.substr(at + 8, length)));
    at += length + 12;
  }
  return png;
}

// As reading, but in this process: without a fork each, and with all that sanitizers see.
std::string outcome_here(const std::filesystem::path& path, const std::string& content) {
  try {
    const ByteView file = std::as_bytes(std::span(content));
    const PictureHeader header = parse_picture(path.string(), file, {});
    std::size_t bytes = 0;
    header.coding.decode(path.string(), file, header.coding, [&](ByteView row) { bytes += row.size(); });
    EXPECT_EQ(bytes, row_bytes(header.coding) * static_cast<std::size_t>(header.coding.extent.height));
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST_F(DamagedPicture, LoadsOrIsRefusedInOneLineWhateverWasChanged) {
  std::mt19937 random(20230417);
  constexpr int kRounds = 300;
  for (const auto& [name, content] : samples()) {
    int loaded = 0;
    for (int round = 0; round < kRounds; ++round) {
      std::string changed = mutated(content, random);
      if (name.ends_with(".png")) changed = with_checksums(changed);
      if (changed.empty()) continue;
      const std::string here = outcome_here(folder_.path() / "a", changed);
      ASSERT_EQ(here.find('\n'), std::string::npos) << here;
      loaded += here.empty() ? 1 : 0;
      if (round % 8 != 0) continue;
      ASSERT_EQ(outcome(changed), here) << name << round;
      std::string by_inspecting;
      try {
        inspect_picture(file(changed));
      } catch (const Error& error) {
        by_inspecting = error.what();
      }
      ASSERT_EQ(by_inspecting, here) << name << round;
    }
    EXPECT_LT(loaded, kRounds) << name;
  }
}

}  // namespace
}  // namespace sonde
