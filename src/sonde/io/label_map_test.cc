// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/label_map.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "sonde/io/picture/encode_testing.h"
#include "sonde/io/write.h"

namespace sonde {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

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
    const LabelMap map = read_labels(path).layers.at(0);
    EXPECT_EQ(map.geometry.extent, (Extent3{3, 1, 1}));
    EXPECT_THAT(map.labels, ElementsAre(0, 2, 1));
    EXPECT_FALSE(map.geometry.mm_from_voxel.has_value());
  }
}

TEST_F(ReadLabelMap, TakesSamplesOfFewBitsAsTheyAreStored) {
  const std::string palette = png_chunk("PLTE", std::string(48, '\x7f'));
  for (const int colour_type : {0, 3}) {
    const auto read = [&](int depth, std::uint32_t width, const std::string& row) {
      return read_labels(file("b.png", png_file({.width = width,
                                                 .depth = depth,
                                                 .colour_type = colour_type,
                                                 .before_pixels = colour_type == 3 ? palette : "",
                                                 .rows = '\0' + row})))
          .layers.at(0)
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
  EXPECT_THAT(read_labels(path).layers.at(0).labels, ElementsAre(258, 65535));
}

TEST_F(ReadLabelMap, TakesColoursWhoseChannelsAgreeAndRefusesOthers) {
  const auto read = [&](const std::string& row, int depth = 8) {
    return read_labels(file("c.png", png_file({.width = 1,
                                               .depth = depth,
                                               .colour_type = 2,
                                               .before_pixels = "",
                                               .rows = '\0' + row})))
        .layers.at(0)
        .labels;
  };
  EXPECT_THAT(read("\x07\x07\x07"), ElementsAre(7));
  const Refused colours = refusal([&] { read("\x07\x07\x08"); });
  EXPECT_EQ(colours.kind, ErrorKind::unsupported);
  EXPECT_THAT(colours.message, HasSubstr("c.png: its colours are not labels"));
  EXPECT_THAT(refusal([&] { read("\x07\x07\x07\x07\x07\x07", 16); }).message, HasSubstr("16 bits"));
}

TEST_F(ReadLabelMap, RefusesJpegBecauseItChangesValues) {
  const auto path = file("m.jpg", jpeg_of(grey_ramp<std::uint8_t>(1)));
  EXPECT_EQ(refusal([&] { read_labels(path); }).kind, ErrorKind::unsupported);
}

TEST_F(ReadLabelMap, RefusesEveryTruncationOfAPng) {
  const std::string whole =
      png_file({.width = 3, .before_pixels = "", .rows = std::string("\0\x00\x02\x01", 4)});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto path = file("t.png", whole.substr(0, size));
    const ErrorKind kind = refusal([&] { read_labels(path); }).kind;
    EXPECT_TRUE(kind == ErrorKind::corrupt_data || (size < 8 && kind == ErrorKind::unsupported)) << size;
  }
  EXPECT_THAT(refusal([&] { read_labels(file("0.png", "")); }).message,
              HasSubstr("0.png: the file is empty"));
}

TEST_F(ReadLabelMap, ReadsVolumesOfWholeNumbersWithTheirAffine) {
  const LabelLayers labels = read_labels(floats({0, 1, 16777215}));
  EXPECT_EQ(labels.layers.at(0).geometry.extent, (Extent3{3, 1, 1}));
  EXPECT_THAT(labels.layers[0].labels, ElementsAre(0, 1, 16777215));
  expect_near(spacing_mm(labels.layers[0].geometry.mm_from_voxel.value()), {1, 2, 3}, 1e-6);
  EXPECT_THAT(labels.notes, IsEmpty());
}

TEST_F(ReadLabelMap, TakesValuesThatAreNearlyWholeWithANote) {
  const LabelLayers labels = read_labels(floats({0.99999F, 3.0000458F, -0.0009F}));
  EXPECT_THAT(labels.layers.at(0).labels, ElementsAre(1, 3, 0));
  EXPECT_THAT(labels.notes, ElementsAre("3 voxels not quite a whole number: rounded"));
  EXPECT_THAT(refusal([&] {
                read_labels(floats({0, 1, 2.9989F}));
              }).message,
              HasSubstr("f.mha: 2.9989 is not a label"));
}

TEST_F(ReadLabelMap, TakesMinusOneAsNotLabelledWithANote) {
  const LabelLayers labels = read_labels(floats({-1, 2, -1}));
  EXPECT_THAT(labels.layers.at(0).labels, ElementsAre(0, 2, 0));
  EXPECT_THAT(labels.notes, ElementsAre("2 voxels of value -1, not labelled: taken as background"));
  EXPECT_THAT(refusal([&] {
                read_labels(floats({0, 1, -2}));
              }).message,
              HasSubstr("f.mha: -2 is not a label"));
}

TEST_F(ReadLabelMap, RefusesFractionsAndWhatIsNoNumberAndWhatFloatsDoNotHold) {
  for (const float bad :
       {0.5F, std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 3e9F,
        16777216.F}) {  // the last may stand for 16777217
    const Refused refused = refusal([&] { read_labels(floats({0, 2, bad})); });
    EXPECT_EQ(refused.kind, ErrorKind::corrupt_data);
    EXPECT_THAT(refused.message, HasSubstr("f.mha: "));
    EXPECT_THAT(refused.message, HasSubstr("whole numbers"));
  }
  EXPECT_THAT(refusal([&] { read_labels(floats({0, 1, 0.25F})); }).message, HasSubstr("0.5"));
}

// A disc with an edge of `soft` pixels on 64 x 64, and noise as JPEG leaves it.
std::string disc(double soft, int noise) {
  std::string rows;
  unsigned state = 1;
  for (int y = 0; y < 64; ++y) {
    rows += '\0';
    for (int x = 0; x < 64; ++x) {
      const double inside = (20 - std::hypot(x - 31.3, y - 30.8)) / soft + 0.5;
      state = state * 1103515245U + 12345U;
      const int value = static_cast<int>(std::lround(255 * std::clamp(inside, 0.0, 1.0))) +
                        (noise > 0 ? static_cast<int>(state >> 16U) % (2 * noise + 1) - noise : 0);
      rows += static_cast<char>(std::clamp(value, 0, 255));
    }
  }
  return rows;
}

TEST_F(ReadLabelMap, ProposesAThresholdForMasksWithSoftEdges) {
  const auto png = [&](const std::string& rows) {
    return file("s.png", png_file({.width = 64, .height = 64, .before_pixels = "", .rows = rows}));
  };
  for (const std::string& rows : {disc(2, 0), disc(6, 0), disc(2, 4)}) {
    const Refused refused = refusal([&] { read_labels(png(rows)); });
    EXPECT_EQ(refused.kind, ErrorKind::unsupported);
    EXPECT_THAT(refused.message, HasSubstr("values besides 0"));
    EXPECT_THAT(refused.message, HasSubstr("threshold it, as at 128"));
  }
  EXPECT_EQ(read_labels(png(disc(1e-3, 0))).layers.size(), 1U);  // hard
}

TEST_F(ReadLabelMap, TakesManyInstancesForWhatTheyAre) {
  // Squares of 3 x 3 pixels numbered 1 to 255, and dots of one pixel; either with another share of 255.
  for (const int side : {3, 1}) {
    for (const int last : {255, 250}) {
      std::string rows;
      for (int y = 0; y < 64; ++y) {
        rows += '\0';
        for (int x = 0; x < 64; ++x) {
          const bool inside = x % 4 < side && y % 4 < side;
          rows += static_cast<char>(inside ? (x / 4 + 16 * (y / 4)) % last + 1 : 0);
        }
      }
      const auto path =
          file("i.png", png_file({.width = 64, .height = 64, .before_pixels = "", .rows = rows}));
      EXPECT_EQ(read_labels(path).layers.at(0).labels.size(), 4096U);
    }
  }
  // 21 classes and a border of 255, which has more pixels than most of them.
  std::string rows;
  for (int y = 0; y < 64; ++y) {
    rows += '\0';
    for (int x = 0; x < 64; ++x)
      rows += static_cast<char>(x % 8 < 3 || y % 8 < 3 ? 255 : (x / 8 + 8 * (y / 8)) % 21);
  }
  const auto path = file("c.png", png_file({.width = 64, .height = 64, .before_pixels = "", .rows = rows}));
  EXPECT_EQ(read_labels(path).layers.at(0).labels.size(), 4096U);
}

TEST_F(ReadLabelMap, NamesAFileThatIsNotThere) {
  const Refused refused = refusal([&] { read_labels(folder_.path() / "none.png"); });
  EXPECT_EQ(refused.kind, ErrorKind::not_found);
  EXPECT_THAT(refused.message, HasSubstr("none.png"));
  EXPECT_NE(refusal([&] { read_labels(folder_.path()); }).message, "");
}

}  // namespace
}  // namespace sonde
