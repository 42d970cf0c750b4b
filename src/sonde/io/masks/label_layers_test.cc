// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/dicom/dicom_testing.h"
#include "sonde/io/dicom/seg.h"
#include "sonde/io/label_map.h"
#include "sonde/io/read.h"
#include "sonde/io/volume/volume_testing.h"

namespace sonde {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

class ReadLabelLayers : public testing::Test {
 protected:
  // A NRRD of uint8; `frames`: "first" before the axes of space, as 3D Slicer has them, or "last", or none.
  std::filesystem::path nrrd(const std::string& name, const std::string& sizes, const std::string& more,
                             const std::string& data, const std::string& frames = "first") const {
    const std::string space = "(1,0,0) (0,1,0) (0,0,1)";
    const std::string directions =
        frames == "first" ? "none " + space : space + (frames == "last" ? " none" : "");
    const bool flat = frames == "no";
    return write_file(folder_.path() / name,
                      "NRRD0004\ntype: uint8\ndimension: " + std::string(flat ? "3" : "4") +
                          "\nspace: left-posterior-superior\nsizes: " + sizes +
                          "\nspace directions: " + directions + "\nencoding: raw\n" + more + "\n" + data);
  }
  static std::string bytes(std::initializer_list<int> values) {
    std::string text;
    for (const int value : values) text += static_cast<char>(value);
    return text;
  }
  // Two layers of three voxels: voxel by voxel the value in either.
  Refused refused(const std::string& fields) const {
    const auto path = nrrd("r.seg.nrrd", "2 3 1 1", fields, bytes({1, 1, 1, 0, 0, 1}));
    const Refused by_reading = refusal([&] { read_labels(path); });
    EXPECT_EQ(refusal([&] { inspect(path); }).message, by_reading.message);
    return by_reading;
  }
  TestFolder folder_;
};

const std::string kKidneyAndTumour =
    "Segment0_LabelValue:=1\nSegment0_Layer:=0\nSegment0_Name:=kidney\n"
    "Segment1_LabelValue:=1\nSegment1_Layer:=1\nSegment1_Name:=tumour\n";

TEST_F(ReadLabelLayers, TakesEverySegmentOfEveryLayer) {
  const auto path = nrrd("v.seg.nrrd", "2 3 1 1", kKidneyAndTumour, bytes({1, 1, 1, 0, 0, 1}));
  const LabelLayers labels = read_labels(path);
  ASSERT_EQ(labels.layers.size(), 2U);
  EXPECT_THAT(labels.layers[0].labels, ElementsAre(1, 1, 0));
  EXPECT_THAT(labels.layers[1].labels, ElementsAre(2, 0, 2));
  EXPECT_THAT(labels.names, ElementsAre(Pair(1, "kidney"), Pair(2, "tumour")));
  EXPECT_EQ(labels.covers, LabelLayers::Covers::part);
  EXPECT_THAT(labels.notes, IsEmpty());
  const auto segments = inspect(path).images.at(0).segments;
  ASSERT_EQ(segments.size(), 2U);
  EXPECT_EQ(segments[1].name, "tumour");
  EXPECT_EQ(segments[1].value, 1);
  EXPECT_EQ(segments[1].layer, 1);
}

TEST_F(ReadLabelLayers, KeepsTheValuesOfSegmentsWhereTheyDiffer) {
  const LabelLayers labels = read_labels(nrrd("v.seg.nrrd", "3 1 1",
                                              "Segment0_LabelValue:=7\nSegment0_Name:=a\\\\n\n"
                                              "Segment1_LabelValue:=3\nSegment1_Name:=\xc3\xa9\n",
                                              bytes({7, 3, 9}), "no"));
  EXPECT_THAT(labels.layers.at(0).labels, ElementsAre(7, 3, 0));
  EXPECT_THAT(labels.names, ElementsAre(Pair(3, "\xc3\xa9"), Pair(7, "a\\n")));
  EXPECT_THAT(labels.notes, ElementsAre("1 voxel belongs to no segment"));
}

TEST_F(ReadLabelLayers, NumbersLayersAsOldSlicersDo) {
  const LabelLayers labels = read_labels(
      nrrd("v.seg.nrrd", "2 3 1 1", "Segment0_ID:=a\nSegment1_ID:=b\n", bytes({1, 1, 1, 0, 0, 1})));
  EXPECT_THAT(labels.names, ElementsAre(Pair(1, "segment 1"), Pair(2, "segment 2")));
  EXPECT_THAT(labels.layers.at(1).labels, ElementsAre(2, 0, 2));
}

TEST_F(ReadLabelLayers, RefusesSegmentsThatCannotBe) {
  EXPECT_THAT(refused("Segment0_Layer:=2\n").message,
              AllOf(HasSubstr("r.seg.nrrd: "), HasSubstr("Segment0_Layer is 2, not 0 to 1")));
  EXPECT_THAT(refused("Segment0_Layer:=-1\n").message, HasSubstr("is -1, not 0 to 1"));
  EXPECT_THAT(refused("Segment3_ID:=x\n").message, HasSubstr("Segment3_Layer is 3"));
  EXPECT_THAT(refused("Segment0_LabelValue:=0\nSegment0_Layer:=0\n").message, HasSubstr("is 0, not 1 to"));
  EXPECT_THAT(refused("Segment0_LabelValue:=99999999999999999999\n").message, HasSubstr("\"9999"));
  EXPECT_THAT(refused("Segment0_LabelValue:=one\n").message, HasSubstr("\"one\""));
  EXPECT_THAT(refused("Segment0_Name:=a\\nb\nSegment0_Layer:=0\n").message,
              HasSubstr("not one short line of text"));
  EXPECT_THAT(refused("Segment0_Layer:=0\nSegment1_Layer:=0\n").message,
              HasSubstr("two of its segments are the value 1 of layer 0"));
  EXPECT_EQ(refused("Segment0_Layer:=2\n").kind, ErrorKind::corrupt_data);
}

TEST_F(ReadLabelLayers, TakesOneHotFramesWithABackground) {
  // Voxel by voxel background, one, two; the third and the fourth voxel are of both.
  const LabelLayers labels = read_labels(nrrd("v.nrrd", "3 4 1 1", "kinds: list domain domain domain\n",
                                              bytes({1, 0, 0, 0, 1, 0, 0, 1, 1, 0, 1, 1})));
  ASSERT_EQ(labels.layers.size(), 2U);
  EXPECT_THAT(labels.layers[0].labels, ElementsAre(0, 1, 1, 1));
  EXPECT_THAT(labels.layers[1].labels, ElementsAre(0, 0, 2, 2));
  EXPECT_THAT(labels.notes, ElementsAre(HasSubstr("3 frames are background and labels 1 to 2")));
}

TEST_F(ReadLabelLayers, TellsLabelsFromTimePointsByTheImage) {
  const std::string data = bytes({1, 0, 0, 0, 1, 0});  // two frames of three voxels, one after the other
  const auto labels = nrrd("v.nrrd", "3 1 1 2", "", data, "last");
  const auto still = nrrd("still.nrrd", "3 1 1", "", bytes({1, 2, 3}), "no");
  const auto moving = nrrd("moving.nrrd", "3 1 1 2", "", bytes({1, 2, 3, 4, 5, 6}), "last");
  for (const auto& image : {still, std::filesystem::path()}) {
    const LabelLayers read = read_labels(labels, {image});
    ASSERT_EQ(read.layers.size(), 1U);  // they do not overlap
    EXPECT_THAT(read.layers[0].labels, ElementsAre(1, 2, 0));
    EXPECT_THAT(read.notes, ElementsAre(HasSubstr("2 frames are labels 1 to 2")));
  }
  const LabelLayers first = read_labels(labels, {moving});
  EXPECT_THAT(first.layers.at(0).labels, ElementsAre(1, 0, 0));
  EXPECT_THAT(first.notes, ElementsAre(HasSubstr("time points")));
  // One is what the other leaves out: no time points whatever the image.
  const auto one_hot = nrrd("o.nrrd", "3 1 1 2", "", bytes({1, 0, 1, 0, 1, 0}), "last");
  EXPECT_THAT(read_labels(one_hot, {moving}).layers.at(0).labels, ElementsAre(0, 1, 0));
}

TEST_F(ReadLabelLayers, RefusesFramesOfSeveralValuesWithTheirNumber) {
  const auto labels = nrrd("v.nrrd", "3 1 1 2", "", bytes({1, 2, 0, 1, 2, 0}), "last");
  const Refused refused = refusal([&] { read_labels(labels); });
  EXPECT_EQ(refused.kind, ErrorKind::unsupported);
  EXPECT_THAT(refused.message, HasSubstr("v.nrrd: holds 2 frames of several values"));
  const auto moving = nrrd("moving.nrrd", "3 1 1 2", "", bytes({1, 2, 3, 4, 5, 6}), "last");
  EXPECT_THAT(read_labels(labels, {moving}).layers.at(0).labels, ElementsAre(1, 2, 0));
}

TEST_F(ReadLabelLayers, TakesTheSegmentsOfADicomSegmentationOnTheGridOfItsImage) {
  const auto series_in = [&](const std::string& name, const std::string& frame_of_reference) {
    for (int i = 0; i < 3; ++i) {
      auto slice = dicom_test::oblique_slice(3 * i, i);
      slice.text(8, 0x0016, "UI", "1.2.840.10008.5.1.4.1.1.4")
          .text(0x20, 0x000d, "UI", "1.2.3.99")
          .text(0x20, 0x0052, "UI", frame_of_reference);
      write(folder_.path() / name / std::to_string(i), slice);
    }
    return folder_.path() / name;
  };
  const auto series = series_in("mr", "1.2.3.77");
  const Extent3 extent{3, 2, 3};
  const auto seg = folder_.path() / "s.dcm";
  write_dicom_seg(seg, series, {},
                  {{"liver", "", {}, {extent, {{0, 2}}}}, {"lesion", "", {}, {extent, {{1, 1}, {17, 1}}}}});
  const LabelLayers labels = read_labels(seg, {series});
  EXPECT_THAT(labels.names, ElementsAre(Pair(1, "liver"), Pair(2, "lesion")));
  ASSERT_EQ(labels.layers.size(), 2U);
  EXPECT_THAT(labels.layers[0].labels, ElementsAre(1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
  EXPECT_THAT(labels.layers[1].labels, ElementsAre(0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2));

  const auto elsewhere = series_in("elsewhere", "1.2.3.78");
  EXPECT_THAT(refusal([&] { read_labels(seg, {elsewhere}); }).message,
              AllOf(HasSubstr("1.2.3.77"), HasSubstr("1.2.3.78")));
  const LabelLayers taken = read_labels(seg, {elsewhere, {}, FrameOfReference::any});
  EXPECT_EQ(taken.layers.at(1).labels, labels.layers[1].labels);
  EXPECT_THAT(taken.notes, ElementsAre(HasSubstr("1.2.3.78")));
}

}  // namespace
}  // namespace sonde
