// SPDX-License-Identifier: Apache-2.0
#include "sonde/annotate/gather.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/annotate/open_image.h"
#include "sonde/core/data_testing.h"
#include "sonde/core/error.h"
#include "sonde/core/folder_testing.h"
#include "sonde/imaging/picture.h"
#include "sonde/io/dicom/dicom_testing.h"
#include "sonde/io/write.h"

namespace sonde {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

fs::path picture(const fs::path& path, Extent2 extent = {4, 3}) {
  fs::create_directories(path.parent_path());
  write_mask_png(path, empty_mask(extent));
  return path;
}

fs::path volume(const fs::path& path) {
  fs::create_directories(path.parent_path());
  ImageGeometry like;
  like.extent = {3, 4, 2};
  write_mask_volume(path, {like.extent, std::vector<std::uint8_t>(24)}, like);
  return path;
}

fs::path two_frames(const fs::path& path) {  // uint8, [frames, slices, rows, columns]
  std::string header = "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3, 2, 5), }";
  header.append(117 - header.size(), ' ').append("\n");
  return dicom_test::write(path,
                           std::string("\x93NUMPY\x01\x00\x76\x00", 10) + header + std::string(60, 'a'));
}

GatheredImages gathered(const std::vector<fs::path>& paths) {
  std::vector<std::string> texts;
  for (const fs::path& path : paths) texts.push_back(path.string());
  return gather_images(texts);
}

std::vector<std::string> names_of(const GatheredImages& found) {
  std::vector<std::string> names;
  for (const ImageSource& image : found.images) names.push_back(image.name);
  return names;
}

class GatherImages : public testing::Test {
 protected:
  const TestFolder folder_;
  const fs::path root_ = folder_.path();
};

TEST_F(GatherImages, SortsAFolderByNumbersAndPassesOverHiddenAndOtherFiles) {
  for (const char* name : {"10.png", "9.png", ".hidden.png", ".git/1.png", "more/2.nii.gz"})
    fs::path(name).extension() == ".gz" ? volume(root_ / name) : picture(root_ / name);
  dicom_test::write(root_ / "README.txt", std::string("words"));
  const auto found = gathered({root_});
  EXPECT_THAT(names_of(found), ElementsAre("9.png", "10.png", "2.nii.gz"));
  EXPECT_THAT(found.refused, IsEmpty());
  for (const ImageSource& image : found.images) EXPECT_TRUE(image.path.is_absolute());
}

TEST_F(GatherImages, TakesTheImagesOfADataSetAndNotItsMasks) {
  picture(root_ / "set/images/a.png");
  picture(root_ / "set/masks/a.png");
  EXPECT_THAT(names_of(gathered({root_ / "set"})), ElementsAre("a.png"));
  picture(root_ / "upper/Images/a.png");
  picture(root_ / "upper/Label/a.png");
  EXPECT_THAT(names_of(gathered({root_ / "upper"})), ElementsAre("a.png"));
  picture(root_ / "other/images/b.png");
  picture(root_ / "other/c.png");
  EXPECT_THAT(names_of(gathered({root_ / "other"})), ElementsAre("c.png", "b.png"));
}

TEST_F(GatherImages, MakesAnEntryOfEveryFrame) {
  const auto found = gathered({two_frames(root_ / "beat.npy")});
  ASSERT_THAT(names_of(found), ElementsAre("beat.npy#frame:0", "beat.npy#frame:1"));
  EXPECT_EQ(found.images[1].frame, 1);
  EXPECT_EQ(read_image(found.images[1]).frame, 1);
}

TEST_F(GatherImages, TellsFilesOfOneNameApartByTheirFolders) {
  for (const char* name : {"a/x/1.png", "b/x/1.png", "b/y/2.png"}) picture(root_ / name);
  EXPECT_THAT(names_of(gathered({root_})), ElementsAre("a/x/1.png", "b/x/1.png", "2.png"));
}

TEST_F(GatherImages, TakesAPathThatIsGivenTwiceOnce) {
  picture(root_ / "1.png");
  EXPECT_THAT(names_of(gathered({root_ / "1.png", root_, root_ / "." / "1.png"})), ElementsAre("1.png"));
}

TEST_F(GatherImages, ExpandsPatternsThatTheShellHasNot) {
  for (const char* name : {"s2.png", "s10.png", "t1.png"}) picture(root_ / name);
  EXPECT_THAT(names_of(gathered({root_ / "s*.png"})), ElementsAre("s2.png", "s10.png"));
}

TEST_F(GatherImages, PrefersAFileToThePatternThatItsNameIs) {
  for (const char* name : {"[a].png", "a.png"}) picture(root_ / name);
  EXPECT_THAT(names_of(gathered({root_ / "[a].png"})), ElementsAre("[a].png"));
}

TEST_F(GatherImages, MakesAnEntryOfEachSeriesBesidePictures) {
  for (int i = 0; i < 3; ++i) {
    write(root_ / "scan" / ("a" + std::to_string(i)), dicom_test::oblique_slice(3 * i, i, "1.2.3"));
    write(root_ / "scan" / ("b" + std::to_string(i)), dicom_test::oblique_slice(2 * i, i, "1.2.4"));
  }
  write(root_ / "single.dcm", dicom_test::oblique_slice(0, 1, "1.2.5"));
  picture(root_ / "slide.png");
  const auto found = gathered({root_});
  ASSERT_THAT(names_of(found),
              ElementsAre("scan, series 7", "scan, series 7 (2)", "single.dcm", "slide.png"));
  EXPECT_EQ(found.images[0].series, "1.2.3");
  EXPECT_EQ(found.images[0].path, root_ / "scan");
  EXPECT_EQ(read_image(found.images[1]).geometry.extent, (Extent3{3, 2, 3}));
  EXPECT_EQ(read_image(found.images[2]).geometry.extent, (Extent3{3, 2, 1}));
}

TEST_F(GatherImages, FindsEachVolumeOfASeriesAgain) {
  for (int i = 0; i < 3; ++i) {
    write(root_ / "fine" / std::to_string(i), dicom_test::oblique_slice(i, i));
    auto turned = dicom_test::oblique_slice(i, 10 + i);
    turned.text(0x20, 0x0037, "DS", "1\\0\\0\\0\\1\\0")
        .text(0x20, 0x0032, "DS", "0\\0\\" + std::to_string(i));
    write(root_ / "turned" / std::to_string(i), turned);
  }
  const auto found = gathered({root_});
  ASSERT_EQ(found.images.size(), 2U);
  EXPECT_NE(found.images[0].name, found.images[1].name);
  for (const ImageSource& image : found.images) {
    EXPECT_EQ(image.path, root_);
    EXPECT_EQ(read_image(image).geometry.extent, (Extent3{3, 2, 3}));
  }
  EXPECT_NE(read_image(found.images[0]).geometry.mm_from_voxel,
            read_image(found.images[1]).geometry.mm_from_voxel);
}

TEST_F(GatherImages, RefusesWhatCannotBeReadAndGoesOn) {
  picture(root_ / "good.png");
  dicom_test::write(root_ / "cut.png", std::string("\x89PNG\r\n\x1a\n") + "rest");
  dicom_test::write(root_ / "none.dcm", std::string("text"));
  const auto found = gathered({root_, root_ / "absent.png"});
  EXPECT_THAT(names_of(found), ElementsAre("good.png"));
  std::vector<fs::path> refused;
  for (const Refusal& refusal : found.refused) {
    refused.push_back(fs::path(refusal.name).filename());
    EXPECT_THAT(refusal.reason, testing::Not(HasSubstr(root_.string())));
  }
  EXPECT_THAT(refused, UnorderedElementsAre("cut.png", "none.dcm", "absent.png"));
}

TEST_F(GatherImages, FailsWhereNothingIsLeft) {
  EXPECT_EQ(dicom_test::error_of([&] { gathered({root_ / "absent.png"}); }).kind(), ErrorKind::not_found);
  dicom_test::write(root_ / "none.dcm", std::string("text"));
  EXPECT_EQ(dicom_test::error_of([&] { gathered({root_}); }).kind(), ErrorKind::unsupported);
  EXPECT_THAT(gathered({}).images, IsEmpty());
}

TEST_F(GatherImages, SaysThatAnEmptyFolderHoldsNoImage) {
  fs::create_directories(root_ / "empty");
  const Error error = dicom_test::error_of([&] { gathered({root_ / "empty"}); });
  EXPECT_EQ(error.kind(), ErrorKind::unsupported);
  EXPECT_THAT(error.what(), HasSubstr("holds no image"));
}

TEST_F(GatherImages, FindsTheSeriesOfRealFoldersAndLeavesSegmentationsOut) {
  const auto shared = shared_folder();
  if (!shared) GTEST_SKIP() << "no shared folder";
  const auto found = gathered({*shared / "data" / "volumes" / "liver_dcmqi"});
  ASSERT_THAT(names_of(found), ElementsAre("ct", "heart_seg.nrrd", "liver_seg.nrrd", "spine_seg.nrrd"));
  EXPECT_EQ(read_image(found.images[0]).geometry.extent.z, 3);
  EXPECT_EQ(found.refused.size(), 2U);
}

}  // namespace
}  // namespace sonde
