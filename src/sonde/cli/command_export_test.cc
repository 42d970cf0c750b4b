// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sonde/annotate/project.h"
#include "sonde/cli/commands.h"
#include "sonde/cli/exit_status.h"
#include "sonde/core/error.h"
#include "sonde/core/folder_testing.h"
#include "sonde/io/label_map.h"
#include "sonde/io/write.h"

namespace sonde {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// A project of one picture, 4 x 3 pixels, on which the second pixel is approved. It stays open, as in a
// server.
class ExportCommandTest : public testing::Test {
 protected:
  ExportCommandTest() {
    write_mask_png(root_ / "a.png", empty_mask({4, 3}));
    const std::vector<ImageSource> images{{root_ / "a.png", "", 0, "a.png"}};
    const ImageId image = project_.add_images(images).front();
    project_.set_opened(image, {{4, 3, 1}, {}});
    const ImportAction action{"test", {{project_.labels().front().id, "", {{4, 3, 1}, {{1, 1}}}}}};
    project_.apply(image, "request-1", action, {});
  }

  int run(const std::vector<std::string>& more) {
    std::vector<std::string> args{(root_ / "project").string(), "--out", (root_ / "out").string()};
    args.insert(args.end(), more.begin(), more.end());
    std::vector<const char*> pointers;
    for (const std::string& arg : args) pointers.push_back(arg.c_str());
    std::ostringstream out;
    std::ostringstream errors;
    auto* const old_out = std::cout.rdbuf(out.rdbuf());
    auto* const old_errors = std::cerr.rdbuf(errors.rdbuf());
    int status = 0;
    try {
      status = run_export(pointers);
    } catch (const Error& error) {
      status = exit_status(error.kind());
      errors << error.what();
    }
    std::cout.rdbuf(old_out);
    std::cerr.rdbuf(old_errors);
    out_ = out.str();
    errors_ = errors.str();
    return status;
  }

  const TestFolder folder_;
  const fs::path root_ = folder_.path();
  Project project_ = Project::open(root_ / "project");
  std::string out_, errors_;
};

TEST_F(ExportCommandTest, WritesTheMasksOfAProjectThatIsOpen) {
  EXPECT_EQ(run({"--format", "png"}), kDone) << errors_;
  EXPECT_THAT(out_, HasSubstr("out: 2 files"));
  EXPECT_EQ(read_labels(root_ / "out/masks/a.png").layers.at(0).labels.at(1),
            project_.labels().front().value);
}

TEST_F(ExportCommandTest, PrintsOneJsonObject) {
  EXPECT_EQ(run({"--format", "coco", "--json"}), kDone) << errors_;
  const auto json = nlohmann::json::parse(out_);
  EXPECT_EQ(json["files"], (nlohmann::json{(root_ / "out/annotations.json").string()}));
  EXPECT_TRUE(json["failed"].empty());
}

TEST_F(ExportCommandTest, NamesImagesThatCannotBeWrittenAndSaysSoInItsStatus) {
  EXPECT_EQ(run({"--format", "dicom-seg", "--json"}), kNothingDone);
  EXPECT_THAT(errors_, HasSubstr("a.png: "));
  EXPECT_THAT(errors_, HasSubstr("is not DICOM"));
  EXPECT_EQ(nlohmann::json::parse(out_)["failed"][0]["image"], "a.png");
  EXPECT_FALSE(fs::exists(root_ / "out")) << "nothing was written";
  fs::create_directories(root_ / "out" / "masks" / "a.png");  // in the way
  EXPECT_EQ(run({"--format", "png"}), kSomeFailed);
}

TEST_F(ExportCommandTest, SaysInOneLineWhatManyImagesHaveInCommon) {
  EXPECT_EQ(run({"--format", "dicom-seg"}), kNothingDone);
  EXPECT_EQ(errors_, "sonde: a.png: is not DICOM\n");
  for (const char* name : {"b.png", "c.png", "d.png"}) {
    write_mask_png(root_ / name, empty_mask({4, 3}));
    const std::vector<ImageSource> images{{root_ / name, "", 0, name}};
    const ImageId image = project_.add_images(images).front();
    project_.set_opened(image, {{4, 3, 1}, {}});
    const ImportAction action{"test", {{project_.labels().front().id, "", {{4, 3, 1}, {{1, 1}}}}}};
    project_.apply(image, std::string("request-") + name[0], action, {});
  }
  EXPECT_EQ(run({"--format", "dicom-seg"}), kNothingDone);
  EXPECT_EQ(errors_, "sonde: 4 images (a.png, b.png, ...): is not DICOM\n");
  fs::create_directories(root_ / "out");  // a person's own
  EXPECT_EQ(run({"--format", "dicom-seg"}), kNothingDone);
  EXPECT_TRUE(fs::exists(root_ / "out"));
}

TEST_F(ExportCommandTest, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(run({"--format", "gif"}), kBadUsage);
  EXPECT_THAT(errors_, HasSubstr("png, nifti, nrrd, coco or dicom-seg"));
  EXPECT_EQ(run({"--format", "png", "--each", "all"}), kBadUsage);
  EXPECT_EQ(run({}), kBadUsage);
  const std::vector<const char*> absent{"/absent/project", "--format", "png", "--out", "/absent/out"};
  EXPECT_THROW(run_export(absent), Error);
}

}  // namespace
}  // namespace sonde
