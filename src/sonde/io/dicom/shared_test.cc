// SPDX-License-Identifier: Apache-2.0
// Real DICOM files, where the folder with test data is there.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/data_testing.h"
#include "sonde/io/dicom/dicom_testing.h"
#include "sonde/io/dicom/meta.h"
#include "sonde/io/formats.h"

namespace sonde {
namespace {

using dicom_test::error_of;
using dicom_test::expect_near;
using testing::HasSubstr;

class SharedDicom : public testing::Test {
 protected:
  void SetUp() override {
    const auto shared = shared_folder();
    if (!shared) GTEST_SKIP() << "no folder with test data";
    volumes_ = *shared / "data" / "volumes";
  }
  std::filesystem::path file(const std::string& name) const {
    return volumes_ / "dicom_pydicom" / "test_files" / name;
  }
  Volume read(const std::string& name, std::int64_t frame = 0) const {
    return read_dicom(file(name), {.frame = frame, .series = {}});
  }
  static double mean(const Volume& volume) {
    const auto grey = std::accumulate(volume.voxels.begin(), volume.voxels.end(), 0.0);
    const auto rgb = std::accumulate(volume.rgb.begin(), volume.rgb.end(), 0.0);
    return (grey + rgb) / static_cast<double>(volume.voxels.size() + volume.rgb.size());
  }
  std::filesystem::path volumes_;
};

// Files with pictures that are refused; all other refused files hold none.
const std::set<std::string> kRefusedPictures{"MR_truncated.dcm", "JPEG2000-embedded-sequence-delimiter.dcm",
                                             "chrJapMulti.dcm", "chrJapMultiExplicitIR6.dcm",
                                             "chrKoreanMulti.dcm"};

TEST_F(SharedDicom, EveryFileLoadsOrIsRefusedInOneLineBothWays) {
  int loaded = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(volumes_)) {
    const auto& path = entry.path();
    if (!entry.is_regular_file() || !looks_like_dicom(read_head(path, 1024))) continue;
    const auto started = std::chrono::steady_clock::now();
    std::string looked;
    try {
      inspect_dicom(path);
    } catch (const Error& error) {
      looked = error.what();
    }
    EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(2)) << path;
    try {
      const auto volume = read_dicom(path, {});
      EXPECT_GT(volume.voxels.size() + volume.rgb.size(), 0U) << path;
      EXPECT_EQ(looked, "") << path;
      ++loaded;
    } catch (const Error& error) {
      EXPECT_EQ(looked, error.what()) << path;
      EXPECT_TRUE(looked.starts_with(path.string() + ": ")) << looked;
      EXPECT_EQ(looked.find('\n'), std::string::npos) << looked;
      const bool no_picture = looked.find("holds no picture") != std::string::npos;
      const bool cut_plan = path.filename() == "rtplan_truncated.dcm";
      EXPECT_TRUE(no_picture || cut_plan || kRefusedPictures.contains(path.filename().string())) << looked;
    }
  }
  EXPECT_EQ(loaded, 132);
}

TEST_F(SharedDicom, CopiesOfAPictureAreTheSameInEveryEncoding) {
  const std::vector<std::vector<std::string>> families{
      {"MR_small", "MR_small_RLE", "MR_small_bigendian", "MR_small_expb", "MR_small_implicit",
       "MR_small_jp2klossless", "MR_small_jpeg_ls_lossless", "MR_small_padded"},
      {"SC_rgb_rle", "SC_rgb_rle_16bit", "SC_rgb_rle_32bit", "SC_rgb_jpeg_gdcm", "SC_rgb_gdcm_KY",
       "SC_rgb_rle_2frame"},
      {"SC_rgb_small_odd", "SC_rgb_small_odd_big_endian"},
      {"SC_jpeg_no_color_transform", "SC_rgb_jpeg_dcmd", "SC_rgb_jpeg"},
      {"SC_jpeg_no_color_transform_2", "SC_rgb_jpeg_app14_dcmd"},
      {"JPGExtended", "JPEG-lossy"},
      {"rtdose", "rtdose_expb", "rtdose_rle"},
      {"rtdose_1frame", "rtdose_expb_1frame", "rtdose_rle_1frame"},
      {"liver_1frame", "liver_expb_1frame"}};
  for (const auto& family : families) {
    const auto first = read(family.front() + ".dcm");
    for (const auto& name : family) {
      const auto other = read(name + ".dcm");
      EXPECT_EQ(other.geometry.extent, first.geometry.extent) << name;
      EXPECT_EQ(other.geometry.mm_from_voxel, first.geometry.mm_from_voxel) << name;
      EXPECT_EQ(other.voxels, first.voxels) << name;
      EXPECT_EQ(other.rgb, first.rgb) << name;
    }
  }
}

TEST_F(SharedDicom, LossyCopiesOfAColourPictureStayClose) {
  const auto exact = read("SC_rgb_rle.dcm");
  for (const char* name :
       {"SC_rgb_dcmtk_+eb+cr.dcm", "SC_rgb_dcmtk_+eb+cy+n1.dcm", "SC_rgb_dcmtk_+eb+cy+n2.dcm",
        "SC_rgb_dcmtk_+eb+cy+np.dcm", "SC_rgb_dcmtk_+eb+cy+s2.dcm", "SC_rgb_dcmtk_+eb+cy+s4.dcm",
        "SC_rgb_jpeg_dcmtk.dcm", "SC_rgb_jpeg_lossy_gdcm.dcm", "SC_ybr_full_422_uncompressed.dcm"}) {
    const auto lossy = read(name);
    ASSERT_EQ(lossy.rgb.size(), exact.rgb.size()) << name;
    double difference = 0;
    for (std::size_t i = 0; i < exact.rgb.size(); ++i) difference += std::abs(lossy.rgb[i] - exact.rgb[i]);
    EXPECT_LT(difference / static_cast<double>(exact.rgb.size()), 3.0) << name;
  }
}

// Means and pixels as pydicom reads them (its own tests).
TEST_F(SharedDicom, ReadsWhatAnotherReaderReads) {
  EXPECT_NEAR(mean(read("693_J2KI.dcm")) + 1024, -8.322845, 1e-4);
  EXPECT_NEAR(mean(read("CT_small.dcm")) + 1024, 904.926147, 1e-4);
  EXPECT_NEAR(mean(read("JPEG2000.dcm")), 13.458160, 1e-4);
  EXPECT_NEAR(mean(read("image_dfl.dcm")), 127.115967, 1e-4);
  EXPECT_NEAR(mean(read("ExplVR_BigEnd.dcm")), 171.5775, 1e-4);
  EXPECT_NEAR(mean(read("liver_1frame.dcm")), 0.138218, 1e-6);
  const auto mismatched = read("J2K_pixelrep_mismatch.dcm");
  EXPECT_EQ(mismatched.voxels[0], -2000);
  EXPECT_EQ(mismatched.voxels[47 * 512 + 279], 621);
  EXPECT_EQ(mismatched.voxels[56 * 512 + 279], -995);
  const auto text = read("GDCMJ2K_TextGBR.dcm");
  const auto at = static_cast<std::ptrdiff_t>(3 * (45 * 400 + 140));
  EXPECT_EQ(std::vector<std::uint8_t>(text.rgb.begin() + at, text.rgb.begin() + at + 3),
            (std::vector<std::uint8_t>{223, 32, 32}));
}

TEST_F(SharedDicom, ReadsTheFramesOfACineOneByOne) {
  EXPECT_EQ(inspect_dicom(file("examples_ybr_color.dcm")).images[0].frame_count, 30);
  const auto first = read("examples_ybr_color.dcm", 0);
  const auto last = read("examples_ybr_color.dcm", 29);
  EXPECT_EQ(first.geometry.extent, (Extent3{320, 240, 1}));
  EXPECT_NE(first.rgb, last.rgb);
  EXPECT_EQ(read("SC_rgb_rle_16bit_2frame.dcm", 1).rgb, read("SC_rgb_rle_2frame.dcm", 1).rgb);
  EXPECT_EQ(error_of([&] { read("examples_ybr_color.dcm", 30); }).kind(), ErrorKind::usage);
}

TEST_F(SharedDicom, TheLiverScanHasTheGeometryOfItsNrrdTwin) {
  const Affine3 twin{.columns = {Vec3{0.810547, 0, 0}, Vec3{0, 0.810547, 0}, Vec3{0, 0, 1}},
                     .origin = {-235.2, -226.8, -128.69}};
  const auto scan = read_dicom_folder(volumes_ / "liver_dcmqi" / "ct", {});
  const auto segmentation = read_dicom(volumes_ / "liver_dcmqi" / "liver.dcm", {});
  for (const auto* volume : {&scan, &segmentation}) {
    EXPECT_EQ(volume->geometry.extent, (Extent3{512, 512, 3}));
    ASSERT_TRUE(volume->geometry.mm_from_voxel);
    for (std::size_t c = 0; c < 3; ++c)
      expect_near(volume->geometry.mm_from_voxel->columns[c], twin.columns[c]);
    expect_near(volume->geometry.mm_from_voxel->origin, twin.origin);
  }
}

TEST_F(SharedDicom, TheSegmentationHasTheVoxelsOfItsNrrdTwin) {
  const auto twin = read_nrrd(volumes_ / "liver_dcmqi" / "liver_seg.nrrd", {});
  EXPECT_EQ(read_dicom(volumes_ / "liver_dcmqi" / "liver.dcm", {}).voxels, twin.voxels);
}

TEST_F(SharedDicom, TheCineFolderHasTwoPhasesThatEqualItsNiftiTwins) {
  const auto folder = volumes_ / "cine_sunnybrook";
  const std::array<const char*, 2> twins{"SCD0000101_phase08.nii.gz", "SCD0000101_phase19.nii.gz"};
  for (std::int64_t phase = 0; phase < 2; ++phase) {
    const auto volume = read_dicom_folder(folder / "dicom", {.frame = phase, .series = {}});
    EXPECT_EQ(volume.frame_count, 2);
    EXPECT_EQ(volume.geometry.extent, (Extent3{256, 256, 12}));
    const auto twin = read_nifti(folder / "nifti" / "images" / twins[static_cast<std::size_t>(phase)], {});
    ASSERT_EQ(twin.geometry.extent, volume.geometry.extent);
    // The twin may count its axes the other way: each of our voxels is looked up at its place in space.
    double worst = 0;
    const auto& ours = *volume.geometry.mm_from_voxel;
    const auto& theirs = *twin.geometry.mm_from_voxel;
    const auto solve = [&](Vec3 mm) {
      const Vec3 way{mm.x - theirs.origin.x, mm.y - theirs.origin.y, mm.z - theirs.origin.z};
      const auto& c = theirs.columns;
      const double volume_of = dot(c[0], cross(c[1], c[2]));
      return Vec3{dot(way, cross(c[1], c[2])) / volume_of, dot(way, cross(c[2], c[0])) / volume_of,
                  dot(way, cross(c[0], c[1])) / volume_of};
    };
    for (std::int64_t k = 0; k < 12; ++k)
      for (std::int64_t j = 0; j < 256; j += 5)
        for (std::int64_t i = 0; i < 256; i += 3) {
          const Vec3 at = solve(transform(ours, {double(i), double(j), double(k)}));
          const auto index = (std::llround(at.z) * 256 + std::llround(at.y)) * 256 + std::llround(at.x);
          ASSERT_GE(index, 0);
          ASSERT_LT(index, voxel_count(twin.geometry.extent));
          const auto own = static_cast<std::size_t>((k * 256 + j) * 256 + i);
          worst = std::max<double>(
              worst, std::abs(twin.voxels[static_cast<std::size_t>(index)] - volume.voxels[own]));
        }
    EXPECT_EQ(worst, 0);
  }
}

TEST_F(SharedDicom, AFolderOfManyStudiesIsListedAndItsLocalizersStayApart) {
  const auto folder = file("dicomdirtests");
  const auto info = inspect_dicom_folder(folder);
  EXPECT_EQ(info.images.size(), 24U);
  EXPECT_EQ(info.refused.size(), 50U);  // TINY_ALPHA's files hold no pixels
  EXPECT_EQ(error_of([&] { read_dicom_folder(folder, {}); }).kind(), ErrorKind::usage);
  const auto scan = read_dicom_folder(folder / "98892001" / "CT5N", {});
  EXPECT_EQ(scan.geometry.extent, (Extent3{16, 16, 5}));
  EXPECT_NEAR(scan.geometry.mm_from_voxel->columns[2].z, 2.5, 1e-6);
  const auto gaps = read_dicom_folder(folder / "77654033" / "CT2", {});
  ASSERT_FALSE(gaps.notes.empty());
  EXPECT_THAT(gaps.notes[0], HasSubstr("slices are unevenly spaced (1.25 to 202.5 mm)"));
}

TEST_F(SharedDicom, FaultsOfPublicReportsGiveWhatIsExpected) {
  const auto faults = volumes_.parent_path() / "faults_2";
  if (!std::filesystem::exists(faults)) GTEST_SKIP() << "no faults_2";
  for (const char* name : {"d08_modality_lut/image.dcm", "d21_duplicate_slice/dicom",
                           "d23_same_sop_uid/dicom", "d33_latin1/image.dcm"}) {
    const auto path = faults / name;
    const auto volume =
        std::filesystem::is_directory(path) ? read_dicom_folder(path, {}) : read_dicom(path, {});
    EXPECT_EQ(volume.voxels, read_npy(path.parent_path() / "expected.npy", {}).voxels) << name;
    EXPECT_EQ(volume.notes.size(), std::filesystem::is_directory(path) ? 1U : 0U) << name;
  }
  EXPECT_THAT(inspect_dicom(faults / "d33_latin1/image.dcm").images[0].title, HasSubstr("Schädel"));
  EXPECT_THAT(error_of([&] { read_dicom(faults / "d15_float_pixels/image.dcm", {}); }).what(),
              HasSubstr("floating-point pixels"));
}

}  // namespace
}  // namespace sonde
