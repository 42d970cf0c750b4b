// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "sonde/io/dicom/dicom_testing.h"
#include "sonde/io/dicom/meta.h"
#include "sonde/io/formats.h"

namespace sonde {
namespace {

using dicom_test::Elements;
using dicom_test::error_of;
using dicom_test::expect_near;
using dicom_test::grey_picture;
using dicom_test::oblique_slice;
using testing::ElementsAre;
using testing::HasSubstr;

class ReadDicom : public testing::Test {
 protected:
  Volume read(const Elements& data, const ReadOptions& options = {}) {
    return read_dicom(dicom_test::write(folder_.path() / "a.dcm", data), options);
  }
  Volume read_raw(const std::string& content) {
    return read_dicom(dicom_test::write(folder_.path() / "a.dcm", content), {});
  }
  Error refusal(const Elements& data) { return refusal_raw(dicom_test::with_preamble(data)); }
  // Reading and looking refuse alike.
  Error refusal_raw(const std::string& content) {
    const auto path = dicom_test::write(folder_.path() / "a.dcm", content);
    const auto error = error_of([&] { read_dicom(path, {}); });
    EXPECT_STREQ(error_of([&] { inspect_dicom(path); }).what(), error.what());
    EXPECT_THAT(error.what(), HasSubstr((folder_.path() / "a.dcm: ").string()));
    return error;
  }
  TestFolder folder_;
};

TEST_F(ReadDicom, GivesAPictureWithoutPlaceItsPixelsAndNoAffine) {
  const auto volume = read(grey_picture());
  EXPECT_EQ(volume.geometry.extent, (Extent3{3, 2, 1}));
  EXPECT_THAT(volume.voxels, ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_FALSE(volume.geometry.mm_from_voxel);
  EXPECT_FALSE(volume.file_window);
  EXPECT_FALSE(volume.eight_bit);
  EXPECT_EQ(volume.photometric, Photometric::grey);
}

TEST_F(ReadDicom, AppliesSlopeAndInterceptToSignedValues) {
  auto data = grey_picture({0xffff, 0x8000, 0x7fff, 0, 1, 2});
  data.us(0x28, 0x0103, {1}).text(0x28, 0x1052, "DS", "-10").text(0x28, 0x1053, "DS", "0.5");
  EXPECT_THAT(read(data).voxels, ElementsAre(-10.5F, -16394, 16373.5F, -10, -9.5F, -9));
}

TEST_F(ReadDicom, CutsOffUnusedBitsAndKeepsTheSign) {
  auto data = grey_picture({0xf001, 0x0fff, 0x0800, 0x07ff, 0, 0x1002});
  data.us(0x28, 0x0101, {12}).us(0x28, 0x0102, {11});
  EXPECT_THAT(read(data).voxels, ElementsAre(1, 4095, 2048, 2047, 0, 2));
  data.us(0x28, 0x0103, {1});
  EXPECT_THAT(read(data).voxels, ElementsAre(1, -1, -2048, 2047, 0, 2));
}

TEST_F(ReadDicom, TakesTheFirstWindowInUnitsAfterRescale) {
  auto data = grey_picture();
  data.text(0x28, 0x1050, "DS", "40\\300").text(0x28, 0x1051, "DS", "+80\\1500");
  EXPECT_EQ(read(data).file_window, (Window{40, 80}));
  data.text(0x28, 0x1051, "DS", "0");
  EXPECT_FALSE(read(data).file_window);
}

TEST_F(ReadDicom, CallsMonochrome1Inverted) {
  EXPECT_EQ(read(grey_picture().text(0x28, 0x0004, "CS", "MONOCHROME1")).photometric,
            Photometric::grey_inverted);
}

TEST_F(ReadDicom, KnowsPlainEightBitPictures) {
  auto data = grey_picture().us(0x28, 0x0100, {8}).us(0x28, 0x0101, {8}).us(0x28, 0x0102, {7});
  data.bytes(0x7fe0, 0x0010, std::string("\0\1\2\3\4\xff", 6));
  EXPECT_THAT(read(data).voxels, ElementsAre(0, 1, 2, 3, 4, 255));
  EXPECT_TRUE(read(data).eight_bit);
  EXPECT_FALSE(read(data.text(0x28, 0x1052, "DS", "-1")).eight_bit);
}

Elements colour_picture(const std::string& photometric, std::string pixels) {
  auto data = grey_picture().us(0x28, 0x0100, {8}).us(0x28, 0x0101, {8}).us(0x28, 0x0102, {7});
  data.us(0x28, 0x0002, {3}).text(0x28, 0x0004, "CS", photometric).us(0x28, 0x0006, {0});
  data.us(0x28, 0x0010, {1}).us(0x28, 0x0011, {2}).bytes(0x7fe0, 0x0010, std::move(pixels));
  return data;
}

TEST_F(ReadDicom, ReadsColoursByPixelAndByPlane) {
  auto data = colour_picture("RGB", "abcdef");
  EXPECT_THAT(read(data).rgb, ElementsAre('a', 'b', 'c', 'd', 'e', 'f'));
  EXPECT_EQ(read(data).photometric, Photometric::rgb);
  EXPECT_THAT(read(data.us(0x28, 0x0006, {1})).rgb, ElementsAre('a', 'c', 'e', 'b', 'd', 'f'));
}

TEST_F(ReadDicom, TurnsLuminanceAndChrominanceIntoColours) {
  // Pure red and mid grey.
  EXPECT_THAT(read(colour_picture("YBR_FULL", "\x4c\x55\xff\x80\x80\x80")).rgb,
              ElementsAre(254, 0, 0, 128, 128, 128));
  EXPECT_THAT(read(colour_picture("YBR_FULL_422", "\x4c\x80\x55\xff")).rgb,
              ElementsAre(254, 0, 0, 255, 52, 52));
}

TEST_F(ReadDicom, ScalesWideColoursToEightBits) {
  auto data = colour_picture("RGB", "").us(0x28, 0x0100, {16}).us(0x28, 0x0101, {16}).us(0x28, 0x0102, {15});
  const auto volume = read(data.words(0x7fe0, 0x0010, {0, 255, 256, 0x7fff, 0x8000, 0xffff}));
  EXPECT_THAT(volume.rgb, ElementsAre(0, 0, 1, 127, 128, 255));
  EXPECT_THAT(volume.notes, ElementsAre("colours are scaled from 16 to 8 bits"));
  EXPECT_FALSE(volume.eight_bit);
}

TEST_F(ReadDicom, LooksPaletteColoursUp) {
  auto data = grey_picture({5, 6, 7, 8, 0, 65535}).text(0x28, 0x0004, "CS", "PALETTE COLOR");
  for (const std::uint16_t colour : {0, 1, 2}) {
    data.us(0x28, static_cast<std::uint16_t>(0x1101 + colour), {3, 6, 16});
    const auto base = static_cast<std::uint16_t>(colour * 0x1000);
    data.words(0x28, static_cast<std::uint16_t>(0x1201 + colour),
               {static_cast<std::uint16_t>(base + 0x100), static_cast<std::uint16_t>(base + 0x200),
                static_cast<std::uint16_t>(base + 0x300)});
  }
  const auto volume = read(data);
  EXPECT_EQ(volume.photometric, Photometric::rgb);
  EXPECT_THAT(volume.rgb, ElementsAre(1, 17, 33, 1, 17, 33, 2, 18, 34, 3, 19, 35, 1, 17, 33, 3, 19, 35));
  EXPECT_THAT(refusal(data.erase(0x28, 0x1202)).what(), HasSubstr("its palette is missing"));
}

TEST_F(ReadDicom, UnpacksSingleBits) {
  auto data = grey_picture().us(0x28, 0x0100, {1}).us(0x28, 0x0101, {1}).us(0x28, 0x0102, {0});
  data.bytes(0x7fe0, 0x0010, std::string("\x2d\0", 2));
  EXPECT_THAT(read(data).voxels, ElementsAre(1, 0, 1, 1, 0, 1));
}

TEST_F(ReadDicom, PutsASliceWhereItsPlaneSays) {
  const auto volume = read(oblique_slice(0, 1).text(0x18, 0x0050, "DS", "2.5"));
  ASSERT_TRUE(volume.geometry.mm_from_voxel);
  expect_near(volume.geometry.mm_from_voxel->columns[0], {0.3, 0.4, 0});
  expect_near(volume.geometry.mm_from_voxel->columns[1], {0, 0, -0.75});
  expect_near(volume.geometry.mm_from_voxel->columns[2], {-2, 1.5, 0});
  expect_near(volume.geometry.mm_from_voxel->origin, {10, 20, 30});
}

TEST_F(ReadDicom, SaysWhenThePlaneIsNotUsable) {
  const auto skewed = read(oblique_slice(0, 1).text(0x20, 0x0037, "DS", "1\\0\\0\\1\\0\\0"));
  EXPECT_FALSE(skewed.geometry.mm_from_voxel);
  EXPECT_THAT(skewed.notes, ElementsAre("its orientation or position is not usable"));
  EXPECT_FALSE(read(oblique_slice(0, 1).text(0x20, 0x0032, "DS", "1\\nan\\3")).geometry.mm_from_voxel);
  const auto unspaced = read(oblique_slice(0, 1).text(0x28, 0x0030, "DS", "0\\1"));
  EXPECT_FALSE(unspaced.geometry.mm_from_voxel);
  EXPECT_THAT(unspaced.notes, ElementsAre("it says no usable pixel spacing"));
}

TEST_F(ReadDicom, ChoosesAFrameOfACine) {
  auto data = grey_picture({0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15}).text(0x28, 0x0008, "IS", "2");
  EXPECT_EQ(read(data).frame_count, 2);
  EXPECT_THAT(read(data).voxels, ElementsAre(0, 1, 2, 3, 4, 5));
  const auto second = read(data, {.frame = 1, .series = {}});
  EXPECT_EQ(second.frame, 1);
  EXPECT_THAT(second.voxels, ElementsAre(10, 11, 12, 13, 14, 15));
  const auto error = error_of([&] { read(data, {.frame = 2, .series = {}}); });
  EXPECT_EQ(error.kind(), ErrorKind::usage);
  EXPECT_THAT(error.what(), HasSubstr("frame 2 is not there (0 to 1 are)"));
}

// An enhanced file: its frames lie `steps` mm along the normal, each with its own slope.
Elements enhanced(const std::vector<double>& steps) {
  auto data = oblique_slice(0, 1).erase(0x20, 0x0032).erase(0x20, 0x0037).erase(0x28, 0x0030);
  Elements shared;
  shared.sequence(0x20, 0x9116, {Elements().text(0x20, 0x0037, "DS", "0.6\\0.8\\0\\0\\0\\-1")});
  shared.sequence(0x28, 0x9110, {Elements().text(0x28, 0x0030, "DS", "0.75\\0.5")});
  std::vector<Elements> frames;
  std::vector<std::uint16_t> pixels;
  for (std::size_t f = 0; f < steps.size(); ++f) {
    const auto position =
        std::to_string(10 - 0.8 * steps[f]) + "\\" + std::to_string(20 + 0.6 * steps[f]) + "\\30";
    Elements frame;
    frame.sequence(0x20, 0x9113, {Elements().text(0x20, 0x0032, "DS", position)});
    frame.sequence(
        0x28, 0x9145,
        {Elements().text(0x28, 0x1052, "DS", "100").text(0x28, 0x1053, "DS", std::to_string(f + 1))});
    frames.push_back(frame);
    pixels.insert(pixels.end(), 6, static_cast<std::uint16_t>(f + 1));
  }
  data.sequence(0x5200, 0x9229, {shared}).sequence(0x5200, 0x9230, frames);
  data.text(0x28, 0x0008, "IS", std::to_string(steps.size())).words(0x7fe0, 0x0010, pixels);
  return data;
}

TEST_F(ReadDicom, StacksTheFramesOfAnEnhancedFileByTheirPositions) {
  const auto volume = read(enhanced({4, 0, 2}));
  EXPECT_EQ(volume.geometry.extent, (Extent3{3, 2, 3}));
  EXPECT_EQ(volume.frame_count, 1);
  EXPECT_EQ(volume.voxels[0], 104);  // frame 1: 2 * 2 + 100
  EXPECT_EQ(volume.voxels[6], 109);
  EXPECT_EQ(volume.voxels[12], 101);
  ASSERT_TRUE(volume.geometry.mm_from_voxel);
  expect_near(volume.geometry.mm_from_voxel->columns[2], {-1.6, 1.2, 0});
  expect_near(volume.geometry.mm_from_voxel->origin, {10, 20, 30});
}

TEST_F(ReadDicom, TakesEqualRepeatsOfAPositionAsTimes) {
  const auto volume = read(enhanced({4, 0, 4, 0}), {.frame = 1, .series = {}});
  EXPECT_EQ(volume.geometry.extent.z, 2);
  EXPECT_EQ(volume.frame_count, 2);
  EXPECT_EQ(volume.voxels[0], 116);
  EXPECT_EQ(volume.voxels[6], 109);
}

TEST_F(ReadDicom, OffersFramesSinglyWherePositionsRepeatUnequally) {
  const auto volume = read(enhanced({4, 0, 4}));
  EXPECT_EQ(volume.geometry.extent.z, 1);
  EXPECT_EQ(volume.frame_count, 3);
  EXPECT_THAT(volume.notes,
              ElementsAre("its 2 positions repeat 1 to 2 times: the slices are single pictures"));
}

TEST_F(ReadDicom, SpreadsADoseGridAlongItsNormalInGray) {
  auto data = oblique_slice(0, 1).text(0x28, 0x0008, "IS", "3").text(0x3004, 0x000c, "DS", "0\\3\\6");
  data.text(0x3004, 0x000e, "DS", "0.5").words(0x7fe0, 0x0010, std::vector<std::uint16_t>(18, 8));
  const auto volume = read(data);
  EXPECT_EQ(volume.geometry.extent.z, 3);
  EXPECT_EQ(volume.voxels[17], 4);
  expect_near(volume.geometry.mm_from_voxel->columns[2], {-2.4, 1.8, 0});
}

// PackBits of one 16-bit picture: high bytes 0, low bytes 0..5.
std::string run_lengths() {
  std::string frame(64, '\0');
  frame[0] = 2;
  frame[4] = 64;
  frame[8] = 66;
  return frame + std::string("\xfb\x00", 2) + std::string("\x05\x00\x01\x02\x03\x04\x05", 7);
}

TEST_F(ReadDicom, DecodesFragmentsAndTellsWhenTheyAreWrong) {
  const auto rle = [](const std::vector<std::string>& pieces, const char* frames) {
    const auto data = grey_picture().fragments(pieces).text(0x28, 0x0008, "IS", frames);
    return dicom_test::with_preamble(data, "1.2.840.10008.1.2.5");
  };
  EXPECT_THAT(read_raw(rle({run_lengths()}, "1")).voxels, ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_THAT(read_raw(rle({run_lengths().substr(0, 40), run_lengths().substr(40)}, "1")).voxels,
              ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_EQ(read_raw(rle({run_lengths(), run_lengths()}, "2")).frame_count, 2);
  EXPECT_THAT(refusal_raw(rle({run_lengths().substr(0, 68)}, "1")).what(),
              HasSubstr("the RLE picture cannot be decoded"));
  EXPECT_THAT(refusal_raw(rle({run_lengths(), "x", "y"}, "2")).what(),
              HasSubstr("3 fragments of pixel data cannot be told apart into 2 frames"));
  const auto whole = rle({run_lengths()}, "1");
  EXPECT_THAT(refusal_raw(whole.substr(0, whole.size() - 20)).what(), HasSubstr("cut in a fragment"));
}

TEST_F(ReadDicom, RefusesACompressedPictureOfAnotherSize) {
  const std::string jpeg("\xff\xd8\xff\xc0\x00\x0b\x08\x00\x09\x00\x03\x01\x01\x11\x00\xff\xd9", 17);
  const auto data = grey_picture().fragments({jpeg});
  EXPECT_THAT(refusal_raw(dicom_test::with_preamble(data, "1.2.840.10008.1.2.4.50")).what(),
              HasSubstr("the JPEG picture is 3 x 9 x 1, the header says 3 x 2 x 1"));
  EXPECT_THAT(
      refusal_raw(dicom_test::with_preamble(grey_picture().fragments({"nothing"}), "1.2.840.10008.1.2.4.90"))
          .what(),
      HasSubstr("the pixel data are not a JPEG 2000 picture"));
}

TEST_F(ReadDicom, RefusesCutPixelsAndSaysHowMuchIsThere) {
  const auto whole = dicom_test::with_preamble(grey_picture());
  const auto error = refusal_raw(whole.substr(0, whole.size() - 4));
  EXPECT_EQ(error.kind(), ErrorKind::corrupt_data);
  EXPECT_THAT(error.what(), HasSubstr("the pixel data are cut: 8 of 12 bytes are there"));
  EXPECT_THAT(refusal(grey_picture({1, 2, 3})).what(), HasSubstr("6 of 12 bytes"));
}

TEST_F(ReadDicom, RefusesHeadersThatLie) {
  const auto frames = [](const char* count) { return grey_picture().text(0x28, 0x0008, "IS", count); };
  EXPECT_THAT(refusal(frames("1000000")).what(), HasSubstr("more frames than its pixel data have bits"));
  EXPECT_THAT(refusal(frames("1000000000")).what(), HasSubstr("number of frames"));
  EXPECT_THAT(refusal(frames("-1")).what(), HasSubstr("number of frames"));
  EXPECT_THAT(refusal(grey_picture().us(0x28, 0x0010, {0})).what(), HasSubstr("rows or columns are 0"));
  EXPECT_THAT(refusal(grey_picture().us(0x28, 0x0010, {65535}).us(0x28, 0x0011, {65535})).what(),
              HasSubstr("2^28"));
  EXPECT_THAT(refusal(grey_picture().us(0x28, 0x0101, {17})).what(), HasSubstr("bits stored"));
  EXPECT_THAT(refusal(grey_picture().us(0x28, 0x0102, {3})).what(), HasSubstr("bits stored"));
  EXPECT_THAT(refusal(grey_picture().text(0x28, 0x0004, "CS", "RGB")).what(),
              HasSubstr("does not fit 1 samples"));
}

TEST_F(ReadDicom, NamesWhatItDoesNotRead) {
  const auto check = [&](const Elements& data, const char* reason) {
    const auto error = refusal(data);
    EXPECT_EQ(error.kind(), ErrorKind::unsupported);
    EXPECT_THAT(error.what(), HasSubstr(reason));
  };
  check(grey_picture().us(0x28, 0x0100, {64}), "64 bits a sample are not read");
  check(grey_picture().us(0x28, 0x0002, {4}), "4 samples a pixel");
  check(grey_picture().text(0x28, 0x0004, "CS", "HSV"), "the photometric interpretation HSV is not read");
  Elements plan;
  plan.text(8, 0x0016, "UI", "1.2.840.10008.5.1.4.1.1.481.5").text(8, 0x0060, "CS", "RTPLAN");
  check(plan, "holds no picture (RT Plan Storage)");
  EXPECT_THAT(refusal_raw(dicom_test::with_preamble(grey_picture(), "1.2.840.10008.1.2.4.100")).what(),
              HasSubstr("the transfer syntax 1.2.840.10008.1.2.4.100, MPEG-2 video, is not read"));
  for (const auto& [uid, name] : {std::pair{"1.2.840.10008.1.2.4.201", "High-Throughput JPEG 2000"},
                                  {"1.2.840.10008.1.2.4.203", "High-Throughput JPEG 2000"},
                                  {"1.2.840.10008.1.2.4.110", "JPEG XL"},
                                  {"1.2.840.10008.1.2.8.1", "Deflated Image Frame Compression"},
                                  {"1.2.3.4", "1.2.3.4 is not read"}})
    EXPECT_THAT(refusal_raw(dicom_test::with_preamble(grey_picture(), uid)).what(), HasSubstr(name));
  check(grey_picture().us(0x28, 0x0100, {32}).erase(0x7fe0, 0x0010).bytes(0x7fe0, 0x0008, "123456789012"),
        "floating-point pixels (Float Pixel Data) are not read");
  check(grey_picture().us(0x28, 0x0100, {64}).erase(0x7fe0, 0x0010).bytes(0x7fe0, 0x0009, "12345678"),
        "floating-point pixels (Double Float Pixel Data) are not read");
}

TEST_F(ReadDicom, ReadsFilesWithoutPreambleOrMetaHeader) {
  const auto bare = grey_picture().encoded();
  EXPECT_TRUE(looks_like_dicom(std::as_bytes(std::span(bare))));
  EXPECT_THAT(read_raw(bare).voxels, ElementsAre(0, 1, 2, 3, 4, 5));
  const auto whole = dicom_test::with_preamble(grey_picture());
  EXPECT_TRUE(looks_like_dicom(std::as_bytes(std::span(whole))));
  EXPECT_THAT(read_raw(whole.substr(132)).voxels, ElementsAre(0, 1, 2, 3, 4, 5));
  for (const std::string& other :
       {std::string(600, '\0'), std::string("\x5c\1\0\0", 4) + std::string(400, '\0'),
        std::string("\x89PNG\r\n\x1a\n") + std::string(100, 'x'), std::string("NRRD0004\n"), std::string(),
        std::string(12, 'D')})
    EXPECT_FALSE(looks_like_dicom(std::as_bytes(std::span(other))));
}

TEST_F(ReadDicom, InflatesDeflatedDataSets) {
  const auto data = grey_picture().encoded();
  std::string packed(data.size() + 100, '\0');
  z_stream stream{};
  ASSERT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  ASSERT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  const auto head = dicom_test::with_preamble(Elements(), "1.2.840.10008.1.2.1.99");
  EXPECT_THAT(read_raw(head + packed).voxels, ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_THAT(refusal_raw(head + packed.substr(0, packed.size() / 2)).what(),
              HasSubstr("deflated data set is cut"));
}

TEST_F(ReadDicom, InspectsWithoutPixels) {
  const auto path = dicom_test::write(folder_.path() / "a.dcm", oblique_slice(0, 3));
  const auto info = inspect_dicom(path);
  EXPECT_EQ(info.format, "DICOM");
  ASSERT_EQ(info.images.size(), 1U);
  EXPECT_EQ(info.images[0].title, "series 7");
  EXPECT_EQ(info.images[0].series_uid, "1.2.3");
  EXPECT_EQ(info.images[0].modality, "MR");
  EXPECT_EQ(info.images[0].stored_type, "uint16");
  EXPECT_EQ(info.images[0].geometry.extent, (Extent3{3, 2, 1}));
  EXPECT_TRUE(info.images[0].geometry.mm_from_voxel);
}

// Bytes changed, cut out and cut off at fixed places: every file loads or is refused.
TEST_F(ReadDicom, SurvivesDamagedFiles) {
  const std::vector<std::string> seeds{
      dicom_test::with_preamble(enhanced({4, 0, 2})),
      dicom_test::with_preamble(grey_picture().fragments({run_lengths()}), "1.2.840.10008.1.2.5"),
      dicom_test::with_preamble(oblique_slice(1, 2))};
  std::uint32_t state = 12345;
  const auto next = [&state] { return state = state * 1664525 + 1013904223; };
  int loaded = 0;
  int refused = 0;
  for (int round = 0; round < 300; ++round) {
    auto content = seeds[static_cast<std::size_t>(round) % seeds.size()];
    for (std::uint32_t change = 0; change <= next() >> 30; ++change)
      content[132 + (next() >> 8) % (content.size() - 132)] = static_cast<char>(next() >> 24);
    if (round % 7 == 0) content.resize(132 + (next() >> 8) % (content.size() - 132));
    try {
      const auto volume = read_raw(content);
      EXPECT_EQ(volume.voxels.size() + volume.rgb.size() / 3,
                static_cast<std::size_t>(voxel_count(volume.geometry.extent)));
      ++loaded;
    } catch (const Error& error) {
      EXPECT_NE(error.kind(), ErrorKind::internal) << error.what();
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
      ++refused;
    }
  }
  EXPECT_GT(loaded, 50);
  EXPECT_GT(refused, 50);
}

}  // namespace
}  // namespace sonde
