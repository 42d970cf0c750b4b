// SPDX-License-Identifier: Apache-2.0
#include "sonde/annotate/image_changes.h"

#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/annotate/export.h"
#include "sonde/annotate/open_image.h"
#include "sonde/annotate/project_testing.h"
#include "sonde/io/picture/picture_testing.h"
#include "sonde/io/write.h"

namespace sonde {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ImageChanges : public ExportTest {
 protected:
  // 3 x 2 pixels.
  fs::path picture(std::uint8_t value, const std::string& name = "a.png") const {
    write_png(root_ / name, {{3, 2}, std::vector<std::uint8_t>(18, value)});
    return root_ / name;
  }
  // By 180 degrees: its extent is as it was.
  fs::path turned_picture() const {
    const fs::path file = picture(10);
    std::ifstream in(file, std::ios::binary);
    const std::string png{std::istreambuf_iterator<char>(in), {}};
    std::ofstream(file, std::ios::binary) << with_orientation(png, 3);
    return file;
  }
  // A header and its voxels, 2 x 2 x 1, in a file of their own.
  fs::path volume(const std::string& voxels) const {
    std::ofstream(root_ / "v.nhdr") << "NRRD0004\ntype: uint8\ndimension: 3\nsizes: 2 2 1\nencoding: raw\n"
                                       "data file: v.raw\n";
    std::ofstream(root_ / "v.raw", std::ios::binary) << voxels;
    return root_ / "v.nhdr";
  }
  void read(ImageId image) {
    const ImageSource source = project_.image(image).source;
    project_.set_content(image, content_of(source, read_image(source), stamp_of(source)));
  }
  ImageId drawn_on(const fs::path& file) {
    const ImageId image = add(file);
    put(image, {{"liver", {0}}});
    read(image);
    return image;
  }
  std::vector<std::string> found() { return lines_of(look_for_changes(project_)); }
};

TEST_F(ImageChanges, AreSaidOfAnImageUnderItsObjects) {
  const ImageId image = drawn_on(picture(10));
  EXPECT_THAT(found(), IsEmpty());
  picture(20);
  EXPECT_THAT(found(), ElementsAre(HasSubstr("a.png: the image has changed since its objects were drawn")));
  EXPECT_EQ(project_.image(image).notice, kChangedNotice);
  picture(10);
  EXPECT_THAT(found(), IsEmpty()) << "it is again what it was";
  EXPECT_EQ(project_.image(image).notice, std::nullopt);
}

TEST_F(ImageChanges, AreSeenInOtherBytesOfTheSameSizeAndTime) {
  drawn_on(volume("abcd"));
  const auto time = fs::last_write_time(root_ / "v.raw");
  volume("abce");
  fs::last_write_time(root_ / "v.raw", time);
  EXPECT_THAT(found(), ElementsAre(HasSubstr("v.nhdr: the image has changed")));
}

TEST_F(ImageChanges, AreOfVoxelsAndNotOfFiles) {
  const ImageId image = drawn_on(picture(10));
  const std::string before = project_.image(image).content.stamp;
  fs::copy_file(root_ / "a.png", root_ / "copy.png");
  fs::rename(root_ / "copy.png", root_ / "a.png");
  EXPECT_THAT(found(), IsEmpty());
  EXPECT_NE(project_.image(image).content.stamp, before) << "so that it need not be read again";
}

TEST_F(ImageChanges, AreNothingWhereNoObjectIs) {
  const ImageId image = add(picture(10));
  project_.set_opened(image, read_image(project_.image(image).source).geometry);
  read(image);
  picture(20);
  EXPECT_THAT(found(), IsEmpty());
  read(image);
  EXPECT_EQ(project_.image(image).notice, std::nullopt);
  put(image, {{"liver", {0}}});
  EXPECT_THAT(found(), IsEmpty()) << "the objects were drawn on what is there";
}

TEST_F(ImageChanges, AreKeptWithTheProject) {
  const ImageId image = drawn_on(picture(10));
  picture(20);
  std::destroy_at(&project_);
  std::construct_at(&project_, root_ / "project");
  EXPECT_EQ(found().size(), 1U);
  read(image);
  EXPECT_EQ(project_.image(image).notice, kChangedNotice) << "also when it is opened";
}

TEST_F(ImageChanges, AreNotKnownOfProjectsOfEarlierVersionsWhichIsSaidOnce) {
  const ImageId image = add(picture(10));
  put(image, {{"liver", {0}}});
  EXPECT_THAT(found(), ElementsAre(HasSubstr("whether 1 image has changed under objects of an earlier")));
  EXPECT_THAT(found(), IsEmpty());
  picture(20);
  EXPECT_EQ(found().size(), 1U);
}

TEST_F(ImageChanges, AreSaidOfPicturesThatEarlierVersionsDidNotTurn) {
  const ImageId image = add(turned_picture());
  put(image, {{"liver", {0}}});
  for (int time = 0; time < 2; ++time)
    EXPECT_THAT(found(), ElementsAre("a.png: " + std::string(kTurnedNotice)));
  const ExportResult result = export_project(project_, {ExportFormat::png, ExportEach::labels, out_});
  EXPECT_THAT(result.notices, ElementsAre("a.png: " + std::string(kTurnedNotice)));
  EXPECT_EQ(project_.image(image).notice, kTurnedNotice);
}

TEST_F(ImageChanges, AreNotOfPicturesThatWereTurnedWhenTheirObjectsWereDrawn) {
  const ImageId image = add(turned_picture());
  project_.set_opened(image, read_image(project_.image(image).source).geometry);
  read(image);
  put(image, {{"liver", {0}}});
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(ImageChanges, AreNotedInAnExport) {
  drawn_on(picture(10));
  drawn_on(picture(10, "b.png"));
  picture(20);
  const ExportResult result = export_project(project_, {ExportFormat::png, ExportEach::labels, out_});
  EXPECT_THAT(result.failures, IsEmpty());
  EXPECT_EQ(result.files.size(), 3U) << "two masks and labels.json";
  EXPECT_THAT(result.notices, ElementsAre("a.png: " + std::string(kChangedNotice)));
}

TEST_F(ImageChanges, AreFoundWhereAnImageIsGoneOnlyWhenItIsBack) {
  drawn_on(picture(10));
  fs::remove(root_ / "a.png");
  EXPECT_THAT(found(), IsEmpty());
  picture(20);
  EXPECT_EQ(found().size(), 1U);
}

}  // namespace
}  // namespace sonde
