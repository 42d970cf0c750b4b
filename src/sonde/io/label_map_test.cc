// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/label_map.h"

#include <limits>

#include "sonde/io/picture_test_encode.h"
#include "sonde/io/write.h"

namespace sonde {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ReadLabelMap : public testing::Test {
 protected:
  std::filesystem::path file(const std::string& name, const std::string& content) const {
    return write_file(folder_.path() / name, content);
  }
  // A MetaImage of 3 x 1 x 1 floats.
  std::filesystem::path floats(const std::vector<float>& values) const {
    return file("f.mha",
                "ObjectType = Image\nNDims = 3\nBinaryData = True\nDimSize = 3 1 1\n"
                "ElementSpacing = 1 2 3\nElementType = MET_FLOAT\nElementDataFile = LOCAL\n" +
                    raw_bytes(values));
  }
  TestFolder folder_;
};

TEST_F(ReadLabelMap, TakesPaletteIndicesAndNotTheirColours) {
  const std::string palette = png_chunk("PLTE", std::string("\x00\x00\x00\xff\x00\x00\x00\xff\x00", 9));
  const std::string transparent = png_chunk("tRNS", std::string("\x00\x80", 2));
  for (const std::string& chunks : {palette, palette + transparent}) {
    const auto path = file("p.png", png_file({.width = 3,
                                              .colour_type = 3,
                                              .before_pixels = chunks,
                                              .rows = std::string("\0\x00\x02\x01", 4)}));
    const LabelMap map = read_label_map(path);
    EXPECT_EQ(map.extent, (Extent3{3, 1, 1}));
    EXPECT_THAT(map.labels, ElementsAre(0, 2, 1));
    EXPECT_FALSE(map.mm_from_voxel.has_value());
  }
}

TEST_F(ReadLabelMap, TakesSamplesOfFewBitsAsTheyAreStored) {
  const std::string palette = png_chunk("PLTE", std::string(48, '\x7f'));
  for (const int colour_type : {0, 3}) {
    const auto read = [&](int depth, std::uint32_t width, const std::string& row) {
      return read_label_map(file("b.png", png_file({.width = width,
                                                    .depth = depth,
                                                    .colour_type = colour_type,
                                                    .before_pixels = colour_type == 3 ? palette : "",
                                                    .rows = '\0' + row})))
          .labels;
    };
    EXPECT_THAT(read(1, 4, "\x50"), ElementsAre(0, 1, 0, 1));
    EXPECT_THAT(read(2, 4, "\x1b"), ElementsAre(0, 1, 2, 3));
    EXPECT_THAT(read(4, 3, "\x5f\x10"), ElementsAre(5, 15, 1));
  }
}

TEST_F(ReadLabelMap, TakesSixteenBits) {
  const auto path = file(
      "w.png",
      png_file({.width = 2, .depth = 16, .before_pixels = "", .rows = std::string("\0\x01\x02\xff\xff", 5)}));
  EXPECT_THAT(read_label_map(path).labels, ElementsAre(258, 65535));
}

TEST_F(ReadLabelMap, TakesColoursWhoseChannelsAgreeAndRefusesOthers) {
  const auto read = [&](const std::string& row, int depth = 8) {
    return read_label_map(file("c.png", png_file({.width = 1,
                                                  .depth = depth,
                                                  .colour_type = 2,
                                                  .before_pixels = "",
                                                  .rows = '\0' + row})))
        .labels;
  };
  EXPECT_THAT(read("\x07\x07\x07"), ElementsAre(7));
  const Refused colours = refusal([&] { read("\x07\x07\x08"); });
  EXPECT_EQ(colours.kind, ErrorKind::unsupported);
  EXPECT_THAT(colours.message, HasSubstr("c.png: its colours are no labels"));
  EXPECT_THAT(refusal([&] { read("\x07\x07\x07\x07\x07\x07", 16); }).message, HasSubstr("16 bits"));
}

TEST_F(ReadLabelMap, RefusesJpegBecauseItChangesValues) {
  const auto path = file("m.jpg", jpeg_of(grey_ramp<std::uint8_t>(1)));
  EXPECT_EQ(refusal([&] { read_label_map(path); }).kind, ErrorKind::unsupported);
}

TEST_F(ReadLabelMap, RefusesEveryTruncationOfAPng) {
  const std::string whole =
      png_file({.width = 3, .before_pixels = "", .rows = std::string("\0\x00\x02\x01", 4)});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto path = file("t.png", whole.substr(0, size));
    const ErrorKind kind = refusal([&] { read_label_map(path); }).kind;
    EXPECT_TRUE(kind == ErrorKind::corrupt_data || (size < 8 && kind == ErrorKind::unsupported)) << size;
  }
  EXPECT_THAT(refusal([&] { read_label_map(file("0.png", "")); }).message,
              HasSubstr("0.png: the file is empty"));
}

TEST_F(ReadLabelMap, ReadsVolumesOfWholeNumbersWithTheirAffine) {
  const LabelMap map = read_label_map(floats({0, -1, 3000000}));
  EXPECT_EQ(map.extent, (Extent3{3, 1, 1}));
  EXPECT_THAT(map.labels, ElementsAre(0, -1, 3000000));
  expect_near(spacing_mm(map.mm_from_voxel.value()), {1, 2, 3}, 1e-6);
}

TEST_F(ReadLabelMap, RefusesFractionsAndWhatIsNoNumberAndWhatFloatsDoNotHold) {
  for (const float bad :
       {0.5F, std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 3e9F}) {
    const Refused refused = refusal([&] { read_label_map(floats({0, 1, bad})); });
    EXPECT_EQ(refused.kind, ErrorKind::corrupt_data);
    EXPECT_THAT(refused.message, HasSubstr("f.mha: "));
    EXPECT_THAT(refused.message, HasSubstr("whole numbers"));
  }
}

TEST_F(ReadLabelMap, NamesAFileThatIsNotThere) {
  const Refused refused = refusal([&] { read_label_map(folder_.path() / "none.png"); });
  EXPECT_EQ(refused.kind, ErrorKind::not_found);
  EXPECT_THAT(refused.message, HasSubstr("none.png"));
  EXPECT_NE(refusal([&] { read_label_map(folder_.path()); }).message, "");
}

}  // namespace
}  // namespace sonde
