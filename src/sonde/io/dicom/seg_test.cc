// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/dicom/seg.h"

#include <algorithm>
#include <cstdint>

#include <gdcmReader.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/data_testing.h"
#include "sonde/io/dicom/dicom_testing.h"
#include "sonde/io/dicom/gdcm.h"
#include "sonde/io/label_map.h"
#include "sonde/io/masks/label_grid.h"
#include "sonde/io/read.h"

namespace sonde {
namespace {

namespace fs = std::filesystem;
using dicom_test::error_of;
using testing::ElementsAre;
using testing::HasSubstr;

RunLengthMask voxels(Extent3 extent, const std::vector<std::int64_t>& indices) {
  BinaryVolume mask{extent, std::vector<std::uint8_t>(static_cast<std::size_t>(voxel_count(extent)))};
  for (const std::int64_t index : indices) mask.voxels.at(static_cast<std::size_t>(index)) = 1;
  return voxels_from_mask(mask);
}

// Four oblique, anisotropic slices of 3 x 2 pixels, 3 mm apart; names against the order in space.
class DicomSegFiles : public testing::Test {
 protected:
  DicomSegFiles() {
    for (int i = 0; i < 4; ++i) {
      auto slice = dicom_test::oblique_slice(3 * i, i);
      slice.text(8, 0x0016, "UI", "1.2.840.10008.5.1.4.1.1.4")
          .text(0x10, 0x0010, "PN", "Gr\xfcn^Anna")
          .text(8, 5, "CS", "ISO_IR 100")
          .text(0x20, 0x000d, "UI", "1.2.3.99")
          .text(0x20, 0x0052, "UI", "1.2.3.77")
          .text(0x18, 0x0050, "DS", "2.5");
      write(series_ / (std::to_string(9 - i) + ".dcm"), slice);
    }
  }

  DicomSeg written(const std::vector<DicomSegSegment>& segments) const {
    write_dicom_seg(path_, series_, {}, segments);
    return read_dicom_seg(path_);
  }

  const TestFolder folder_;
  const fs::path series_ = folder_.path() / "series", path_ = folder_.path() / "seg.dcm";
  const Extent3 extent_{3, 2, 4};
  const RunLengthMask liver_ = voxels(extent_, {0, 7, 8, 13}), tumour_ = voxels(extent_, {7, 18, 23});
};

TEST_F(DicomSegFiles, ComeBackVoxelByVoxelWithNamesEvenWhereSegmentsOverlap) {
  const DicomSeg seg =
      written({{"liver", "by hand", {200, 30, 0}, liver_}, {"Tumor \xc3\xa4", "", {}, tumour_}});
  const ImageGeometry grid = read_volume(series_).geometry;
  ASSERT_EQ(seg.segments.size(), 2U);
  EXPECT_EQ(seg.series_uid, "1.2.3");
  EXPECT_EQ(seg.segments[0].label, "liver");
  EXPECT_EQ(seg.segments[0].description, "by hand");
  EXPECT_EQ(seg.segments[1].label, "Tumor \xc3\xa4");
  EXPECT_EQ(seg.frames.size(), 5U);  // slices 0, 1, 2 and 1, 3
  EXPECT_EQ(voxels_of_segment(seg, 1, grid), liver_);
  EXPECT_EQ(voxels_of_segment(seg, 2, grid), tumour_);
}

TEST_F(DicomSegFiles, AreReadByAnotherReaderOnTheSeriesOwnGrid) {
  const RunLengthMask all = voxels(extent_, {0, 7, 8, 13, 20});  // something on every slice
  written({{"liver", "", {}, all}});
  const Volume series = read_volume(series_);
  const Volume seg = read_volume(path_);  // GDCM's
  ASSERT_EQ(seg.geometry.extent, extent_);
  for (std::size_t axis = 0; axis < 3; ++axis)
    dicom_test::expect_near(seg.geometry.mm_from_voxel->columns[axis],
                            series.geometry.mm_from_voxel->columns[axis]);
  dicom_test::expect_near(seg.geometry.mm_from_voxel->origin, series.geometry.mm_from_voxel->origin);
  const BinaryVolume mask = mask_from_voxels(all);
  EXPECT_EQ(std::vector<std::uint8_t>(seg.voxels.begin(), seg.voxels.end()), mask.voxels);
}

TEST_F(DicomSegFiles, NameTheirSourceFrameOfReferenceColourAndCodes) {
  using dicom::Tag;
  written({{"liver", "", {255, 0, 0}, liver_}});
  gdcm::Reader reader;
  reader.SetFileName(path_.c_str());
  ASSERT_TRUE(reader.Read());
  const auto& data = reader.GetFile().GetDataSet();
  EXPECT_EQ(dicom::text(data, Tag(8, 0x16)), "1.2.840.10008.5.1.4.1.1.66.4");
  EXPECT_EQ(dicom::text(data, Tag(8, 0x60)), "SEG");
  EXPECT_EQ(dicom::text(data, Tag(8, 5)), "ISO_IR 192");
  EXPECT_EQ(dicom::text(data, Tag(0x10, 0x10)), "Gr\xc3\xbcn^Anna");
  EXPECT_EQ(dicom::text(data, Tag(0x20, 0x0d)), "1.2.3.99");
  EXPECT_NE(dicom::text(data, Tag(0x20, 0x0e)), "1.2.3");
  EXPECT_EQ(dicom::text(data, Tag(0x20, 0x52)), "1.2.3.77");
  EXPECT_EQ(dicom::text(data, Tag(0x62, 1)), "BINARY");
  const auto& segment = dicom::sequence(data, Tag(0x62, 2))->GetItem(1).GetNestedDataSet();
  const auto colour = dicom::shorts(segment, Tag(0x62, 0x0d));  // CIELab of sRGB's red: 53.24, 80.09, 67.20
  ASSERT_EQ(colour.size(), 3U);
  EXPECT_NEAR(colour[0] * 100.0 / 65535, 53.24, 0.02);
  EXPECT_NEAR(colour[1] * 255.0 / 65535 - 128, 80.09, 0.05);
  EXPECT_NEAR(colour[2] * 255.0 / 65535 - 128, 67.20, 0.05);
  const auto& category = dicom::sequence(segment, Tag(0x62, 3))->GetItem(1).GetNestedDataSet();
  EXPECT_EQ(dicom::text(category, Tag(8, 0x100)), "85756007");
  EXPECT_EQ(dicom::text(category, Tag(8, 0x102)), "SCT");
  const auto& type = dicom::sequence(segment, Tag(0x62, 0x0f))->GetItem(1).GetNestedDataSet();
  EXPECT_EQ(dicom::text(type, Tag(8, 0x104)), "liver");
  const auto& series = dicom::sequence(data, Tag(8, 0x1115))->GetItem(1).GetNestedDataSet();
  EXPECT_EQ(dicom::text(series, Tag(0x20, 0x0e)), "1.2.3");
  std::vector<std::string> instances;
  const auto references = dicom::sequence(series, Tag(8, 0x114a));
  for (std::size_t i = 1; i <= references->GetNumberOfItems(); ++i)
    instances.push_back(dicom::text(references->GetItem(i).GetNestedDataSet(), Tag(8, 0x1155)));
  EXPECT_THAT(instances, testing::UnorderedElementsAre("1.2.3.0", "1.2.3.1", "1.2.3.2"));
}

TEST_F(DicomSegFiles, LieOnGridsWhoseAxesAreSwappedAndTurned) {
  const DicomSeg seg = written({{"liver", "", {}, liver_}});
  const Affine3 a = *read_volume(series_).geometry.mm_from_voxel;
  const auto negated = [](Vec3 v) { return Vec3{-v.x, -v.y, -v.z}; };
  // i, j, k of the new grid run along k, -i, j of the series.
  const ImageGeometry turned{
      {4, 3, 2}, Affine3{{a.columns[2], negated(a.columns[0]), a.columns[1]}, transform(a, {2, 0, 0})}};
  const BinaryVolume mask = mask_from_voxels(liver_);
  const LabelMap map{{extent_, a}, {mask.voxels.begin(), mask.voxels.end()}};
  const auto expected = on_grid({{map}}, turned);
  ASSERT_TRUE(expected);
  const BinaryVolume found = mask_from_voxels(voxels_of_segment(seg, 1, turned));
  EXPECT_EQ(std::vector<std::int32_t>(found.voxels.begin(), found.voxels.end()), expected->layers[0].labels);
}

TEST_F(DicomSegFiles, AreRefusedOnAGridThatTheirFramesDoNotLieOn) {
  const DicomSeg seg = written({{"liver", "", {}, liver_}});
  ImageGeometry grid = read_volume(series_).geometry;
  grid.mm_from_voxel->origin.x += 0.1;
  EXPECT_THAT(error_of([&] { voxels_of_segment(seg, 1, grid); }).what(),
              HasSubstr("not slices of the image"));
  ImageGeometry smaller = read_volume(series_).geometry;
  smaller.extent.z = 2;
  EXPECT_THAT(error_of([&] { voxels_of_segment(seg, 1, smaller); }).what(), HasSubstr("out of the image"));
  EXPECT_EQ(error_of([&] {
              voxels_of_segment(seg, 1, ImageGeometry{extent_, {}});
            }).kind(),
            ErrorKind::unsupported);
}

TEST_F(DicomSegFiles, AreWrittenOfOneFileAndOfOneSlice) {
  const fs::path file = series_ / "8.dcm";
  const RunLengthMask one = voxels({3, 2, 1}, {1, 5});
  write_dicom_seg(path_, file, {}, {{"dot", "", {}, one}});
  EXPECT_EQ(voxels_of_segment(read_dicom_seg(path_), 1, read_volume(file).geometry), one);
}

TEST_F(DicomSegFiles, AreNotWrittenOfImagesThatHaveNoPlaceInThePatient) {
  const fs::path plain = write(folder_.path() / "plain.dcm", dicom_test::grey_picture());
  const std::vector<DicomSegSegment> segments{{"dot", "", {}, voxels({3, 2, 1}, {1})}};
  const Error placeless = error_of([&] { write_dicom_seg(path_, plain, {}, segments); });
  EXPECT_EQ(placeless.kind(), ErrorKind::unsupported);
  EXPECT_THAT(placeless.what(), HasSubstr("where they lie"));
  const fs::path text = dicom_test::write(folder_.path() / "a.txt", std::string("text"));
  EXPECT_EQ(error_of([&] { write_dicom_seg(path_, text, {}, segments); }).kind(), ErrorKind::unsupported);
  EXPECT_EQ(error_of([&] { write_dicom_seg(path_, series_, {}, segments); }).kind(), ErrorKind::usage);
  EXPECT_EQ(error_of([&] { write_dicom_seg(path_, series_, {}, {}); }).kind(), ErrorKind::usage);
  EXPECT_FALSE(fs::exists(path_));
}

TEST_F(DicomSegFiles, AreToldFromOtherFiles) {
  written({{"liver", "", {}, liver_}});
  EXPECT_TRUE(is_dicom_seg(path_));
  EXPECT_FALSE(is_dicom_seg(series_ / "8.dcm"));
  EXPECT_THAT(error_of([&] { read_dicom_seg(series_ / "8.dcm"); }).what(), HasSubstr("8.dcm"));
}

TEST_F(DicomSegFiles, AreRefusedWhereTheyAreCutOrDamaged) {
  written({{"liver", "", {}, liver_}});
  std::ifstream file(path_, std::ios::binary);
  const std::string whole{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const fs::path damaged = folder_.path() / "damaged.dcm";
  for (std::size_t size = 200; size < whole.size() - 10; size += 211) {
    dicom_test::write(damaged, whole.substr(0, size));
    EXPECT_THAT(error_of([&] { read_dicom_seg(damaged); }).what(), HasSubstr("damaged.dcm")) << size;
  }
  for (std::size_t at = 140; at < whole.size(); at += 97) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 0x55);
    dicom_test::write(damaged, changed);
    try {
      read_dicom_seg(damaged);
    } catch (const Error&) {  // any other end is a fault
    }
  }
}

TEST(LiverDicomSegs, HoldWhatTheirNrrdTwinsHold) {
  const auto shared = shared_folder();
  if (!shared) GTEST_SKIP() << "no shared data";
  const fs::path folder = *shared / "data" / "volumes" / "liver_dcmqi";
  const ImageGeometry grid = read_volume(folder / "ct").geometry;
  const auto twin = [&](const char* name) {
    const LabelMap map = read_labels(folder / name).layers.at(0);
    BinaryVolume mask{map.geometry.extent, {}};
    for (const std::int32_t label : map.labels) mask.voxels.push_back(label != 0 ? 1 : 0);
    return voxels_from_mask(mask);
  };
  EXPECT_EQ(voxels_of_segment(read_dicom_seg(folder / "liver.dcm"), 1, grid), twin("liver_seg.nrrd"));
}

TEST(LiverDicomSegs, AreReadWhereSegmentsOverlapAndCoverDifferentSlices) {
  const auto shared = shared_folder();
  if (!shared) GTEST_SKIP() << "no shared data";
  const fs::path folder = *shared / "data" / "volumes" / "liver_dcmqi";
  const ImageGeometry grid = read_volume(folder / "ct").geometry;
  const DicomSeg seg = read_dicom_seg(folder / "partial_overlaps.dcm");
  std::vector<std::string> labels;
  std::vector<RunLengthMask> found;
  for (const DicomSegInfo& segment : seg.segments) {
    labels.push_back(segment.label);
    found.push_back(voxels_of_segment(seg, segment.number, grid));
    EXPECT_GT(voxel_count(found.back()), 0);
  }
  EXPECT_THAT(labels, ElementsAre("GREEN", "ORANGE", "PURPLE", "LIGHT_BLUE", "DARK_BLUE"));
  EXPECT_GT(voxel_count(intersected(found[1], found[2])), 0);
}

TEST(LiverDicomSegs, ComeBackFromTheCtSeries) {
  const auto shared = shared_folder();
  if (!shared) GTEST_SKIP() << "no shared data";
  const fs::path ct = *shared / "data" / "volumes" / "liver_dcmqi" / "ct";
  const ImageGeometry grid = read_volume(ct).geometry;
  const DicomSeg original = read_dicom_seg(ct.parent_path() / "liver.dcm");
  const RunLengthMask liver = voxels_of_segment(original, 1, grid);
  const TestFolder folder;
  write_dicom_seg(folder.path() / "seg.dcm", ct, {}, {{"liver", "", {}, liver}});
  EXPECT_EQ(voxels_of_segment(read_dicom_seg(folder.path() / "seg.dcm"), 1, grid), liver);
}

}  // namespace
}  // namespace sonde
