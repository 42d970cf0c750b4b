// SPDX-License-Identifier: Apache-2.0
// Segmentations of other programs.
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sonde/core/data_testing.h"
#include "sonde/core/json_text.h"
#include "sonde/io/dicom/seg.h"
#include "sonde/io/dicom/seg_testing.h"
#include "sonde/io/json_file.h"
#include "sonde/io/read.h"

namespace sonde {
namespace {

namespace fs = std::filesystem;
using dicom_test::error_of;
using dicom_test::Seg;
using dicom_test::SegFrame;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

// Voxels by label, counted along the rows, the columns and the slices.
using Found = std::map<std::string, std::vector<std::int64_t>>;

std::vector<std::int64_t> indices_of(const RunLengthMask& voxels) {
  std::vector<std::int64_t> indices;
  for (const VoxelRun& run : voxels.runs)
    for (std::uint64_t i = 0; i < run.count; ++i) indices.push_back(static_cast<std::int64_t>(run.first + i));
  return indices;
}

class ReadDicomSeg : public testing::Test {
 protected:
  ReadDicomSeg() {
    for (int i = 0; i < 4; ++i) {
      auto slice = dicom_test::oblique_slice(3 * i, i).text(0x20, 0x0052, "UI", "1.2.3.77");
      write(series_ / std::to_string(i), slice);
    }
  }
  DicomSeg read(const std::string& file) const {
    return read_dicom_seg(dicom_test::write(folder_.path() / "seg.dcm", file));
  }
  Found found_in(const DicomSeg& seg) const {
    const ImageGeometry grid = read_volume(series_).geometry;
    Found found;
    for (const DicomSegInfo& segment : seg.segments)
      found[segment.label] = indices_of(voxels_of_segment(seg, segment.number, grid));
    return found;
  }
  Found found_in(const Seg& seg) const { return found_in(read(seg_file(seg))); }
  std::string refusal(const Seg& seg) const {
    return error_of([&] { read(seg_file(seg)); }).what();
  }

  const TestFolder folder_;
  const fs::path series_ = folder_.path() / "series";
  const std::vector<int> none_{0, 0, 0, 0, 0, 0}, first_{1, 0, 0, 0, 0, 0}, last_{0, 0, 0, 0, 0, 1};
  // A liver on slices 1 and 2, a lesion on slice 2.
  const Seg usual_{.segments = {{1, "liver"}, {2, "lesion"}},
                   .frames = {{1, 3, first_}, {1, 6, last_}, {2, 6, first_}}};
  const Found expected_{{"lesion", {12}}, {"liver", {6, 17}}};
};

TEST_F(ReadDicomSeg, GivesNamesByNumberWhateverTheOrderAndTheGaps) {
  EXPECT_EQ(found_in(usual_), expected_);
  Seg swapped = usual_;
  swapped.segments = {{2, "lesion"}, {1, "liver"}};
  EXPECT_EQ(found_in(swapped), expected_);
  Seg gaps = usual_;
  gaps.segments = {{2, "liver"}, {5, "lesion"}};
  gaps.frames = {{2, 3, first_}, {2, 6, last_}, {5, 6, first_}};
  EXPECT_EQ(found_in(gaps), expected_);
  std::swap(gaps.segments[0], gaps.segments[1]);
  EXPECT_EQ(found_in(gaps), expected_);
}

TEST_F(ReadDicomSeg, RefusesNumbersThatNameNoSegmentOrTwo) {
  Seg twice = usual_;
  twice.segments = {{1, "liver"}, {1, "lesion"}};
  EXPECT_THAT(refusal(twice), HasSubstr("seg.dcm: two of its segments have the number 1"));
  Seg undefined = usual_;
  undefined.frames[2].segment = 7;
  EXPECT_THAT(refusal(undefined), HasSubstr("frame 3 shows segment 7, which is not defined"));
  Seg unnumbered = usual_;
  unnumbered.segments[1].first = 0;
  EXPECT_THAT(refusal(unnumbered), HasSubstr("its segment \"lesion\" has no number"));
  Seg labels{
      .type = "LABELMAP", .bits = 8, .segments = {{1, "liver"}}, .frames = {{0, 3, {0, 1, 3, 0, 0, 0}}}};
  EXPECT_THAT(refusal(labels), HasSubstr("frame 1 shows segment 3, which is not defined"));
}

TEST_F(ReadDicomSeg, TakesFramesInAnyOrderWithAndWithoutEmptyOnes) {
  Seg all = usual_;
  all.frames = {{1, 0, none_}, {1, 3, first_}, {1, 6, last_},  {1, 9, none_},
                {2, 0, none_}, {2, 3, none_},  {2, 6, first_}, {2, 9, none_}};
  EXPECT_EQ(found_in(all), expected_);
  std::ranges::reverse(all.frames);
  EXPECT_EQ(found_in(all), expected_);
}

TEST_F(ReadDicomSeg, KeepsOverlappingAndEmptySegments) {
  Seg seg = usual_;
  seg.segments.emplace_back(3, "vessel");
  seg.frames.push_back({2, 3, {1, 1, 0, 0, 0, 0}});
  EXPECT_EQ(found_in(seg), (Found{{"lesion", {6, 7, 12}}, {"liver", {6, 17}}, {"vessel", {}}}));
}

TEST_F(ReadDicomSeg, TakesTheSegmentThatAllFramesShareAndASingleFrame) {
  Seg shared{.segments = {{4, "liver"}}, .frames = {{0, 3, first_}, {0, 6, last_}}, .shared_segment = 4};
  EXPECT_EQ(found_in(shared), (Found{{"liver", {6, 17}}}));
  shared.frames.pop_back();
  EXPECT_EQ(found_in(shared), (Found{{"liver", {6}}}));
}

TEST_F(ReadDicomSeg, TakesLabelMapsOfEightAndSixteenBits) {
  Seg seg{.type = "LABELMAP",
          .bits = 8,
          .segments = {{0, "background"}, {2, "liver"}, {1, "lesion"}},
          .frames = {{0, 3, {2, 0, 0, 0, 0, 0}}, {0, 6, {1, 0, 0, 0, 0, 2}}}};
  EXPECT_EQ(found_in(seg), expected_);
  seg.bits = 16;
  seg.segments[1].first = 700;
  seg.frames[0].pixels[0] = 700;
  seg.frames[1].pixels[5] = 700;
  EXPECT_EQ(found_in(seg), expected_);
}

TEST_F(ReadDicomSeg, TakesFractionsFromHalfOfTheLargestOn) {
  const Seg seg{.type = "FRACTIONAL",
                .bits = 8,
                .segments = {{1, "liver"}},
                .frames = {{1, 3, {150, 60, 99, 100, 0, 200}}},
                .largest = 200};
  const DicomSeg read_back = read(seg_file(seg));
  EXPECT_EQ(found_in(read_back), (Found{{"liver", {6, 9, 11}}}));
  EXPECT_THAT(read_back.notes, ElementsAre(HasSubstr("half of the largest value")));
}

TEST_F(ReadDicomSeg, TakesRunLengthsAndNamesOtherCompression) {
  const Seg seg{.type = "FRACTIONAL", .bits = 8, .segments = {{1, "liver"}}, .frames = {{1, 3, first_}}};
  std::string coded = std::string("\1\0\0\0\x40\0\0\0", 8) + std::string(56, '\0');
  coded += std::string("\x05\xff\0\0\0\0\xff", 7);  // six pixels as they are
  auto data = seg_elements(seg);
  data.fragments({coded});
  EXPECT_EQ(found_in(read(seg_file(seg, data, "1.2.840.10008.1.2.5"))), (Found{{"liver", {6, 11}}}));
  const auto jpeg_2000 = seg_file(seg, data, "1.2.840.10008.1.2.4.90");
  EXPECT_THAT(error_of([&] { read(jpeg_2000); }).what(),
              HasSubstr("compressed as JPEG 2000 (Lossless only) is not read"));
}

TEST_F(ReadDicomSeg, DecodesLabelsByTheirCharacterSet) {
  Seg seg = usual_;
  seg.character_set = "ISO_IR 100";
  seg.segments[0].second =
      "Sch\xe4"
      "del";
  EXPECT_TRUE(
      found_in(seg).contains("Sch\xc3\xa4"
                             "del"));
}

TEST_F(ReadDicomSeg, RefusesAnotherFrameOfReferenceUnlessItIsWanted) {
  Seg seg = usual_;
  seg.frame_of_reference = "1.2.3.78";
  const fs::path path = dicom_test::write(folder_.path() / "seg.dcm", seg_file(seg));
  const Error error = error_of([&] { read_dicom_seg(path, {series_, {}, FrameOfReference::same}); });
  EXPECT_EQ(error.kind(), ErrorKind::unsupported);
  EXPECT_THAT(error.what(), HasSubstr("seg.dcm: lies in the frame of reference 1.2.3.78, and the image in "
                                      "1.2.3.77 (--any-frame-of-reference"));
  const DicomSeg taken = read_dicom_seg(path, {series_, {}, FrameOfReference::any});
  EXPECT_EQ(found_in(taken), expected_);
  EXPECT_THAT(taken.notes, ElementsAre(HasSubstr("1.2.3.78")));
  dicom_test::write(path, seg_file(usual_));
  EXPECT_THAT(read_dicom_seg(path, {series_ / "1", {}, FrameOfReference::same}).notes, IsEmpty());
  const fs::path plain = dicom_test::write(folder_.path() / "plain", dicom_test::oblique_slice(3, 1));
  EXPECT_EQ(found_in(read_dicom_seg(path, {plain, {}, FrameOfReference::same})), expected_);
}

// Every segmentation of the folder with the truth beside it.
TEST(DicomWorkflow, SegmentationsHoldTheirTruth) {
  const auto shared = shared_folder();
  if (!shared || !fs::exists(*shared / "data" / "dicom_workflow")) GTEST_SKIP() << "no shared data";
  const fs::path folder = *shared / "data" / "dicom_workflow";
  const nlohmann::json truth = read_json_file(folder / "TRUTH.json", std::size_t{1} << 20);
  const fs::path series = folder / "series";
  const ImageGeometry grid = read_volume(series).geometry;
  int files = 0;
  for (const auto& [name, expected] : truth.items()) {
    if (!name.starts_with("seg_")) continue;
    ++files;
    const bool is_elsewhere = name == "seg_wrong_frame_of_reference.dcm";
    if (is_elsewhere) {
      EXPECT_THROW(read_dicom_seg(folder / name, {series, {}, FrameOfReference::same}), Error);
    }
    const DicomSeg seg = read_dicom_seg(
        folder / name, {series, {}, is_elsewhere ? FrameOfReference::any : FrameOfReference::same});
    EXPECT_EQ(seg.segments.size(), expected["segments"].size()) << name;
    for (const DicomSegInfo& segment : seg.segments) {
      const auto& its = expected["segments"][segment.label];
      EXPECT_EQ(segment.number, its["number"].get<int>()) << name;
      std::map<std::int64_t, std::int64_t> slices;
      std::int64_t count = 0;
      for (const std::int64_t index : indices_of(voxels_of_segment(seg, segment.number, grid))) {
        ++slices[index / (grid.extent.x * grid.extent.y)];
        ++count;
      }
      EXPECT_EQ(count, its["voxels"].get<std::int64_t>()) << name << ' ' << segment.label;
      std::vector<std::int64_t> found;
      for (const auto& [slice, area] : slices) found.push_back(slice);
      EXPECT_EQ(found, its["slices"].get<std::vector<std::int64_t>>()) << name << ' ' << segment.label;
    }
  }
  EXPECT_EQ(files, 12);
}

}  // namespace
}  // namespace sonde
