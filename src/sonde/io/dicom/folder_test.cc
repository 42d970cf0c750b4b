// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/io/dicom/dicom_testing.h"
#include "sonde/io/formats.h"

namespace sonde {
namespace {

using dicom_test::Elements;
using dicom_test::error_of;
using dicom_test::expect_near;
using dicom_test::grey_picture;
using dicom_test::numbered;
using dicom_test::oblique_slice;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ReadDicomFolder : public testing::Test {
 protected:
  void add(const std::string& name, const Elements& data) { dicom_test::write(folder_.path() / name, data); }
  void add(const std::string& name, const std::string& content) {
    dicom_test::write(folder_.path() / name, content);
  }
  Volume read(const ReadOptions& options = {}) const { return read_dicom_folder(folder_.path(), options); }
  FileInfo inspect() const { return inspect_dicom_folder(folder_.path()); }
  // The first pixel of each slice.
  static std::vector<float> first_pixels(const Volume& volume) {
    std::vector<float> firsts;
    for (std::size_t k = 0; k < static_cast<std::size_t>(volume.geometry.extent.z); ++k)
      firsts.push_back(volume.voxels[6 * k]);
    return firsts;
  }
  TestFolder folder_;
};

TEST_F(ReadDicomFolder, SortsSlicesByPositionWhateverTheirNamesAndNumbers) {
  add("b.dcm", oblique_slice(0, 9));
  add("sub/a", oblique_slice(4, 1));
  add("z", oblique_slice(2, 5));
  const auto volume = read();
  EXPECT_EQ(volume.geometry.extent, (Extent3{3, 2, 3}));
  EXPECT_THAT(first_pixels(volume), ElementsAre(90, 50, 10));
  ASSERT_TRUE(volume.geometry.mm_from_voxel);
  expect_near(volume.geometry.mm_from_voxel->columns[0], {0.3, 0.4, 0});
  expect_near(volume.geometry.mm_from_voxel->columns[1], {0, 0, -0.75});
  expect_near(volume.geometry.mm_from_voxel->columns[2], {-1.6, 1.2, 0});
  expect_near(volume.geometry.mm_from_voxel->origin, {10, 20, 30});
  EXPECT_THAT(volume.notes, IsEmpty());
}

TEST_F(ReadDicomFolder, ReportsUnevenSpacingAndMissingSlices) {
  const std::vector<double> steps{0, 2, 4, 8, 10};
  for (std::size_t i = 0; i < steps.size(); ++i)
    add(std::to_string(i), oblique_slice(steps[i], static_cast<int>(i)));
  const auto volume = read();
  EXPECT_THAT(volume.notes, ElementsAre("slices are unevenly spaced (2 to 4 mm), 1 slice may be missing"));
  expect_near(volume.geometry.mm_from_voxel->columns[2], {-2, 1.5, 0});  // the mean: 2.5 mm
  EXPECT_THAT(inspect().images[0].notes, testing::ElementsAreArray(volume.notes));
}

TEST_F(ReadDicomFolder, KeepsATiltedGantryInTheAffine) {
  for (int k = 0; k < 3; ++k) {
    auto slice = oblique_slice(0, k);
    slice.text(
        0x20, 0x0032, "DS",
        std::to_string(10 - 1.6 * k) + "\\" + std::to_string(20 + 1.2 * k) + "\\" + std::to_string(30 + k));
    add(std::to_string(k), slice);
  }
  const auto volume = read();
  expect_near(volume.geometry.mm_from_voxel->columns[2], {-1.6, 1.2, 1});
  ASSERT_EQ(volume.notes.size(), 1U);
  EXPECT_THAT(volume.notes[0], HasSubstr("sheared by 26.565 degrees"));
}

TEST_F(ReadDicomFolder, SaysWhenSlicesAreShifted) {
  for (int k = 0; k < 3; ++k) {
    auto slice = oblique_slice(0, k);
    slice.text(
        0x20, 0x0032, "DS",
        std::to_string(10 - 1.6 * k) + "\\" + std::to_string(20 + 1.2 * k) + (k == 1 ? "\\33" : "\\30"));
    add(std::to_string(k), slice);
  }
  EXPECT_THAT(read().notes, ElementsAre("slices are shifted against each other by up to 3 mm"));
}

TEST_F(ReadDicomFolder, RescalesEachSliceByItsOwnSlope) {
  add("a", oblique_slice(0, 1).text(0x28, 0x1053, "DS", "2").text(0x28, 0x1052, "DS", "0"));
  add("b", oblique_slice(2, 1)
               .text(8, 0x0018, "UI", "9.9")
               .text(0x28, 0x1053, "DS", "3")
               .text(0x28, 0x1052, "DS", "-5"));
  EXPECT_THAT(first_pixels(read()), ElementsAre(20, 25));
}

TEST_F(ReadDicomFolder, NeverStacksALocalizerWithTheSlices) {
  for (int k = 0; k < 3; ++k) add(numbered("s", k), oblique_slice(2.0 * k, k));
  add("a_localizer", oblique_slice(1, 77).text(0x20, 0x0037, "DS", "0\\0\\-1\\0.6\\0.8\\0"));
  const auto volume = read();
  EXPECT_EQ(volume.geometry.extent.z, 3);
  EXPECT_THAT(volume.notes,
              ElementsAre("1 picture of the series in another plane or size left out (localizer)"));
  const auto info = inspect();
  ASSERT_EQ(info.images.size(), 2U);
  EXPECT_EQ(info.images[0].geometry.extent.z, 1);
  EXPECT_EQ(info.images[1].geometry.extent.z, 3);
  EXPECT_EQ(info.images[1].file_count, 3);
  EXPECT_EQ(read({.frame = {}, .series = "1"}).voxels[0], 770);
}

TEST_F(ReadDicomFolder, SplitsSlicesOfAnotherSpacing) {
  for (int k = 0; k < 2; ++k) add(numbered("s", k), oblique_slice(2.0 * k, k));
  for (int k = 2; k < 4; ++k)
    add(numbered("s", k), oblique_slice(2.0 * k, k).text(0x28, 0x0030, "DS", "0.7\\0.5"));
  EXPECT_EQ(inspect().images.size(), 2U);
  EXPECT_THAT(error_of([&] { read(); }).what(), HasSubstr("holds 2 images, one must be chosen"));
}

TEST_F(ReadDicomFolder, AsksForASeriesAndTakesItByNumberOrUid) {
  for (int k = 0; k < 2; ++k) {
    add(numbered("a", k), oblique_slice(2.0 * k, k + 1).text(8, 0x103e, "LO", "T1 axial"));
    add(numbered("b", k), oblique_slice(2.0 * k, k + 5, "1.2.9").text(0x20, 0x0011, "IS", "8"));
  }
  const auto error = error_of([&] { read(); });
  EXPECT_EQ(error.kind(), ErrorKind::usage);
  EXPECT_THAT(error.what(),
              HasSubstr(": holds 2 images, one must be chosen: 1 = series 7, T1 axial (3 x 2 x 2); "
                        "2 = series 8 (3 x 2 x 2)"));
  EXPECT_THAT(first_pixels(read({.frame = {}, .series = "2"})), ElementsAre(50, 60));
  EXPECT_THAT(first_pixels(read({.frame = {}, .series = "1.2.3"})), ElementsAre(10, 20));
  EXPECT_EQ(error_of([&] { read({.frame = {}, .series = "3"}); }).kind(), ErrorKind::usage);
  EXPECT_THAT(error_of([&] { read({.frame = {}, .series = "1.2.4"}); }).what(),
              HasSubstr("series 1.2.4 is not there: 1 = "));
}

TEST_F(ReadDicomFolder, TakesPhasesOfACineAsTimes) {
  for (int instance = 0; instance < 6; ++instance) {
    auto slice = oblique_slice(3.0 * (instance % 3), instance);
    slice.text(0x18, 0x1060, "DS", instance < 3 ? "500" : "100");  // milliseconds after the trigger
    add(std::to_string(instance), slice);
  }
  EXPECT_EQ(read().frame_count, 2);
  EXPECT_THAT(first_pixels(read()), ElementsAre(30, 40, 50));
  EXPECT_THAT(first_pixels(read({.frame = 1, .series = {}})), ElementsAre(0, 10, 20));
  EXPECT_EQ(inspect().images[0].file_count, 6);
}

TEST_F(ReadDicomFolder, CountsACopyOfAFileOnce) {
  for (int k = 0; k < 3; ++k) add(std::to_string(k), oblique_slice(2.0 * k, k));
  add("copy", oblique_slice(2, 1));
  EXPECT_EQ(read().geometry.extent.z, 3);
  EXPECT_EQ(read().frame_count, 1);
}

TEST_F(ReadDicomFolder, KnowsACopyInAnotherEncoding) {
  for (int k = 0; k < 3; ++k) add(std::to_string(k), oblique_slice(2.0 * k, k));
  add("renamed", oblique_slice(2, 1).text(8, 0x103e, "LO", "exported again"));
  EXPECT_EQ(read().geometry.extent.z, 3);
  EXPECT_THAT(read().notes, IsEmpty());
}

TEST_F(ReadDicomFolder, KeepsSlicesThatShareAnInstanceUid) {
  for (int k = 0; k < 3; ++k) add(numbered("s", k), oblique_slice(2.0 * k, k).text(8, 0x0018, "UI", "9.9"));
  add("copy", oblique_slice(2, 1).text(8, 0x0018, "UI", "9.9"));
  const auto volume = read();
  EXPECT_THAT(first_pixels(volume), ElementsAre(0, 10, 20));
  EXPECT_THAT(volume.notes, ElementsAre(HasSubstr("share one SOP instance UID")));
}

TEST_F(ReadDicomFolder, KeepsPicturesThatShareAnInstanceUidButNotTheirPixels) {
  for (int k = 0; k < 3; ++k) {
    auto data = grey_picture(std::vector<std::uint16_t>(6, static_cast<std::uint16_t>(k == 2 ? 0 : k)));
    add(numbered("p", k), data.text(8, 0x0018, "UI", "9.9").text(0x20, 0x0013, "IS", std::to_string(k)));
  }
  EXPECT_EQ(read().frame_count, 2) << "the third is a copy of the first";
  EXPECT_THAT(read().notes, ElementsAre(HasSubstr("share one SOP instance UID")));
}

TEST_F(ReadDicomFolder, LeavesASecondSliceOfAPlaceOutWithANote) {
  for (int k = 0; k < 4; ++k) add(numbered("s", k), oblique_slice(2.0 * k, k));
  add("again", oblique_slice(4, 104));
  const auto volume = read();
  EXPECT_THAT(first_pixels(volume), ElementsAre(0, 10, 20, 30));
  EXPECT_EQ(volume.frame_count, 1);
  EXPECT_THAT(volume.notes, ElementsAre("1 slice lies at the place of another and is left out: number 104"));
  add("third", oblique_slice(2, 105));
  EXPECT_EQ(read().frame_count, 6) << "two of four places: which slices belong together is not known";
}

TEST_F(ReadDicomFolder, TellsPatientsOfOneSeriesApart) {
  const auto of = [](const Elements& slice, const std::string& id, const std::string& name) {
    Elements named = slice;
    return named.text(0x10, 0x0010, "PN", name).text(0x10, 0x0020, "LO", id);
  };
  for (int k = 0; k < 3; ++k)
    add(numbered("a", k), of(oblique_slice(2.0 * k, k), "P1", k == 0 ? "Doe^Jo" : "Doe^Jo^"));
  EXPECT_EQ(read().geometry.extent.z, 3);
  add("b0", of(oblique_slice(1, 50), "P2", "Doe^Jo"));
  EXPECT_THAT(error_of([&] { read(); }).what(), HasSubstr("1 = series 7, patient Doe^Jo (P1) (3 x 2 x 3); "
                                                          "2 = series 7, patient Doe^Jo (P2) (3 x 2 x 1)"));
  EXPECT_EQ(error_of([&] { read({.frame = {}, .series = "1.2.3"}); }).kind(), ErrorKind::usage);
  EXPECT_THAT(first_pixels(read({.frame = {}, .series = "1"})), ElementsAre(0, 10, 20));
  for (int k = 1; k < 3; ++k) add(numbered("b", k), of(oblique_slice(1 + 2.0 * k, 50 + k), "P2", "Doe^Jo"));
  EXPECT_EQ(inspect().images.size(), 2U);
}

TEST_F(ReadDicomFolder, OffersPicturesWithoutPlaceAsFrames) {
  for (int k = 0; k < 3; ++k) {
    auto data = grey_picture(std::vector<std::uint16_t>(6, static_cast<std::uint16_t>(k)));
    add(numbered("p", 3 - k),
        data.text(0x20, 0x000e, "UI", "1.2").text(0x20, 0x0013, "IS", std::to_string(k)));
  }
  EXPECT_EQ(read().geometry.extent.z, 1);
  EXPECT_EQ(read().frame_count, 3);
  EXPECT_EQ(read({.frame = 2, .series = {}}).voxels[0], 2);
}

TEST_F(ReadDicomFolder, ListsUnreadableFilesAndIgnoresForeignOnes) {
  for (int k = 0; k < 2; ++k) add(numbered("s", k), oblique_slice(2.0 * k, k));
  const auto whole = dicom_test::with_preamble(oblique_slice(4, 4));
  add("cut", whole.substr(0, whole.size() - 3));
  add("notes.txt", std::string("hello"));
  add("empty.dcm", std::string());
  add("DICOMDIR",
      std::string(128, '\0') + "DICM" + Elements().text(2, 2, "UI", "1.2.840.10008.1.3.10").encoded());
  const auto info = inspect();
  ASSERT_EQ(info.refused.size(), 2U);
  EXPECT_EQ(std::filesystem::path(info.refused[0].name).filename(), "empty.dcm");
  EXPECT_EQ(info.refused[0].reason, "is not a DICOM file");
  EXPECT_EQ(std::filesystem::path(info.refused[1].name).filename(), "cut");
  EXPECT_THAT(info.refused[1].reason, HasSubstr("the pixel data are cut: 9 of 12 bytes are there"));
  const auto volume = read();
  EXPECT_EQ(volume.geometry.extent.z, 2);
  ASSERT_EQ(volume.notes.size(), 1U);
  EXPECT_THAT(volume.notes[0], HasSubstr("2 files of the folder are not read"));
}

TEST_F(ReadDicomFolder, RefusesAFolderWithoutPictures) {
  EXPECT_EQ(error_of([&] { read(); }).kind(), ErrorKind::unsupported);
  EXPECT_THAT(error_of([&] { inspect(); }).what(), HasSubstr("holds no DICOM file"));
  add("a.dcm",
      Elements().text(8, 0x0016, "UI", "1.2.840.10008.5.1.4.1.1.481.5").text(8, 0x0060, "CS", "RTPLAN"));
  EXPECT_THAT(error_of([&] { read(); }).what(),
              HasSubstr("holds no DICOM picture; a.dcm: holds no picture (RT Plan Storage)"));
}

}  // namespace
}  // namespace sonde
