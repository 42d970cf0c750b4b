// SPDX-License-Identifier: Apache-2.0
#include <map>

#include <nlohmann/json.hpp>

#include "sonde/core/data_testing.h"
#include "sonde/evaluate/data_set_testing.h"

namespace sonde {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class PictureFolder : public testing::Test {
 protected:
  std::filesystem::path file(const std::string& name) const { return folder_.path() / "set" / name; }
  DataSetPlan plan(const PlanOptions& options = {}) const {
    return plan_one(folder_.path() / "set", options);
  }
  void pair(const std::string& id, const std::vector<std::uint8_t>& mask) const {
    write_flat(file("images/" + id + ".png"), 4, static_cast<std::int64_t>(mask.size()) / 4);
    write_grey(file("masks/" + id + ".png"), 4, mask);
  }
  TestFolder folder_;
};

TEST_F(PictureFolder, MakesATaskOfEachLabelInTheOrderOfNumbersInNames) {
  pair("s10", {0, 1, 1, 2, 2, 2, 0, 0});
  pair("s9", {255, 0, 0, 0, 0, 0, 0, 0});
  write_text(file("images/README.txt"), "no image");
  write_text(file("images/.hidden.png"), "no image");
  std::filesystem::create_directory(file("images/folder.png"));
  const DataSetPlan plan = this->plan();
  EXPECT_EQ(plan.name, "set");
  EXPECT_THAT(tasks_of(plan), ElementsAre("s9.png: 255 1", "s10.png: 1 2, 2 3"));
  EXPECT_THAT(plan.failures, IsEmpty());
  EXPECT_EQ(plan.pictures_found, 2);
  EXPECT_EQ(plan.labels_absent, 3);  // 1 and 2 of s9, 255 of s10
}

TEST_F(PictureFolder, TakesNamesFromLabelsJsonAndCountsSmallAndAbsentLabels) {
  write_text(file("labels.json"),
             R"json({"mask_kind": "semantic (partial)",
                     "labels": {"0": "background", "1": "liver", "2": "spleen", "9": "aorta"}})json");
  pair("a", {0, 1, 1, 2, 1, 1, 1, 0});
  const DataSetPlan plan = this->plan({.min_area_px = 2, .axis = {}, .limit = {}});
  EXPECT_THAT(tasks_of(plan), ElementsAre("a.png: 1 liver 5"));
  EXPECT_EQ(plan.labels_below_area, 1);
  EXPECT_EQ(plan.labels_absent, 1);
}

TEST_F(PictureFolder, MakesATaskOfEachInstance) {
  write_text(file("labels.json"), R"({"mask_kind": "instance", "labels": "ids 1..N", "object": "nucleus"})");
  pair("a", {0, 10, 10, 2, 2, 2, 0, 7});
  EXPECT_THAT(tasks_of(plan()), ElementsAre("a.png: 1 nucleus/2 3, 1 nucleus/7 1, 1 nucleus/10 2"));
  EXPECT_EQ(plan().labels_absent, 0);
  write_text(file("labels.json"), R"({"mask_kind": "instance"})");
  EXPECT_THAT(tasks_of(plan()), ElementsAre("a.png: 1 object/2 3, 1 object/7 1, 1 object/10 2"));
}

TEST_F(PictureFolder, ReportsEveryFileThatCannotBeUsedAndPlansTheRest) {
  write_text(file("labels.json"), R"({"mask_kind": "semantic", "labels": {"1": "liver"}})");
  pair("good", {0, 1, 1, 0});
  pair("unnamed", {7, 1, 7, 7});
  pair("unnamed_alone", {0, 8, 0, 0});
  pair("empty", {0, 0, 0, 0});
  pair("smaller", {0, 1, 1, 0});
  write_flat(file("images/smaller.png"), 5, 5);
  write_flat(file("images/alone.png"), 4, 1);
  write_flat(file("masks/lonely.png"), 4, 1, 1);
  pair("zero", {0, 1, 1, 0});
  write_text(file("masks/zero.png"), "");
  pair("cut", {0, 1, 1, 0});
  std::filesystem::resize_file(file("masks/cut.png"), std::filesystem::file_size(file("masks/cut.png")) - 20);
  pair("cut_image", {0, 1, 1, 0});
  std::filesystem::resize_file(file("images/cut_image.png"), 60);
  pair("zero_image", {0, 1, 1, 0});
  write_text(file("images/zero_image.png"), "");

  const DataSetPlan plan = this->plan();
  EXPECT_THAT(failures_of(plan),
              ElementsAre("alone.png missing_mask", "cut.png unreadable_mask", "empty.png empty_mask",
                          "lonely.png missing_image", "unnamed.png unnamed_label 7",
                          "unnamed_alone.png unnamed_label 8", "zero.png unreadable_mask"));
  EXPECT_EQ(plan.pictures_found, 11);
  ASSERT_THAT(tasks_of(plan),
              ElementsAre("cut_image.png: 1 liver 2", "good.png: 1 liver 2", "smaller.png: 1 liver 2",
                          "unnamed.png: 1 liver 1", "zero_image.png: 1 liver 2"));
  EXPECT_EQ(failed(plan.cases[0]).kind, FailureKind::unreadable_image);
  EXPECT_THAT(failed(plan.cases[0]).reason, HasSubstr("cut_image.png"));
  EXPECT_THAT(loaded(plan.cases[1]).truths.at(0).pixels, ElementsAre(0, 1, 1, 0));
  EXPECT_EQ(failed(plan.cases[2]).kind, FailureKind::size_mismatch);
  EXPECT_THAT(failed(plan.cases[2]).reason, HasSubstr("4 x 1 pixels, but smaller.png is 5 x 5 pixels"));
  EXPECT_THAT(loaded(plan.cases[3]).truths.at(0).pixels, ElementsAre(0, 1, 0, 0));
  EXPECT_THAT(loaded(plan.cases[3]).any_class.pixels, ElementsAre(1, 1, 1, 1));
  EXPECT_EQ(failed(plan.cases[4]).kind, FailureKind::unreadable_image);
}

TEST_F(PictureFolder, PrefersTheMaskOfTheSameNameAndRefusesToGuess) {
  pair("a", {0, 1, 1, 0});
  write_volume(file("masks/a.nrrd"), {4, 1, 1}, {}, {0, 0, 1, 0});
  EXPECT_THAT(tasks_of(plan()), ElementsAre("a.png: 1 2"));
  EXPECT_THAT(plan().notes, ElementsAre(HasSubstr("a.nrrd: left out")));
  std::filesystem::rename(file("images/a.png"), file("images/a.tif"));
  EXPECT_THAT(failures_of(plan()), ElementsAre("a.tif unreadable_mask"));
}

TEST_F(PictureFolder, TakesMasksThatAreNamedAsMasksAre) {
  const std::vector<std::pair<std::string, std::string>> pairs{{"benign (1)", "benign (1)_mask"},
                                                               {"ISIC_7", "ISIC_7_Segmentation"},
                                                               {"a", "a-gt"},
                                                               {"sch\u00e4del", "scha\u0308del"}};
  for (const auto& [image, mask] : pairs) {
    write_flat(file("images/" + image + ".png"), 4, 1);
    write_grey(file("masks/" + mask + ".png"), 4, {0, 255, 255, 0});
  }
  EXPECT_THAT(tasks_of(plan()), ElementsAre("ISIC_7.png: 255 2", "a.png: 255 2", "benign (1).png: 255 2",
                                            "sch\u00e4del.png: 255 2"));
  EXPECT_THAT(plan().failures, IsEmpty());
}

TEST_F(PictureFolder, JoinsSeveralMasksOfAPicture) {
  write_flat(file("images/b (1).png"), 4, 1);
  write_grey(file("masks/b (1)_mask.png"), 4, {0, 255, 0, 0});
  write_grey(file("masks/b (1)_mask_1.png"), 4, {0, 0, 255, 255});
  write_flat(file("images/c.png"), 4, 1);
  write_grey(file("masks/c_liver.png"), 4, {1, 0, 0, 0});
  const DataSetPlan plan = this->plan();
  EXPECT_THAT(tasks_of(plan), ElementsAre("b (1).png: 255 1, 255 mask_1 255 2", "c.png: 1 liver 1"));
  EXPECT_THAT(plan.failures, IsEmpty());
  const LoadedCase both = loaded(plan.cases[0]);
  EXPECT_THAT(both.truths[1].pixels, ElementsAre(0, 0, 1, 1));
  EXPECT_THAT(both.any_class.pixels, ElementsAre(0, 1, 1, 1));
  write_grey(file("masks/c.png"), 4, {1, 0, 0, 0});
  write_grey(file("masks/c_seg.png"), 4, {1, 0, 0, 0});
  EXPECT_THAT(failures_of(this->plan()), ElementsAre("c.png unreadable_mask"));
}

TEST_F(PictureFolder, PairsWithinSubfoldersOfOneName) {
  for (const std::string patient : {"p1", "p2"}) {
    write_flat(file("images/" + patient + "/1.png"), 4, 1);
    write_grey(file("masks/" + patient + "/1.png"), 4, {0, 1, patient == "p1", 0});
  }
  write_flat(file("images/p3/1.png"), 4, 1);
  write_flat(file("masks/p4/1.png"), 4, 1, 1);
  write_flat(file("images/.thumbs/1.png"), 4, 1);
  std::filesystem::create_directory_symlink(file("images"), file("images/p1/back"));
  const DataSetPlan plan = this->plan();
  EXPECT_THAT(tasks_of(plan), ElementsAre("p1/1.png: 1 2", "p2/1.png: 1 1"));
  EXPECT_THAT(failures_of(plan), ElementsAre("p3/1.png missing_mask", "p4/1.png missing_image"));
}

TEST_F(PictureFolder, TellsWhereVolumesBelong) {
  pair("a", {0, 1, 1, 0});
  write_volume(file("masks/v.nrrd"), {2, 2, 2}, {}, {0, 0, 1, 0, 1, 1, 1, 1});
  write_volume(file("images/v.nrrd"), {2, 2, 2}, {}, {0, 0, 1, 0, 1, 1, 1, 1});
  const DataSetPlan plan = this->plan();
  EXPECT_THAT(failures_of(plan), ElementsAre("v.nrrd unreadable_mask"));
  EXPECT_THAT(plan.failures[0].reason, HasSubstr("labels/"));
}

TEST_F(PictureFolder, FollowsLinksThatTheUserPutIntoIt) {
  pair("a", {0, 1, 1, 0});
  std::filesystem::rename(file("images/a.png"), folder_.path() / "elsewhere.png");
  std::filesystem::create_symlink(folder_.path() / "elsewhere.png", file("images/a.png"));
  EXPECT_EQ(loaded(plan().cases.at(0)).image.extent, (Extent2{4, 1}));
  std::filesystem::remove(folder_.path() / "elsewhere.png");
  EXPECT_EQ(failed(plan().cases.at(0)).kind, FailureKind::unreadable_image);
}

TEST_F(PictureFolder, RefusesALabelsJsonThatCannotBeUnderstood) {
  pair("a", {0, 1, 1, 0});
  for (const std::string text :
       {"", "{", "[]", R"({"mask_kind": "fuzzy"})", R"({"mask_kind": 3})", R"({"labels": {"one": "liver"}})",
        R"({"labels": {"1": 2}})", R"({"labels": [1]})", "\xff\xfe", "{\"labels\": {\"1\": \"a\\nb\"}}"}) {
    write_text(file("labels.json"), text);
    const PlanRefusal refused = plan_refusal({file("")});
    EXPECT_EQ(refused.kind, ErrorKind::corrupt_data) << text;
    EXPECT_THAT(refused.message, HasSubstr("labels.json: "));
    EXPECT_EQ(refused.message.find('\n'), std::string::npos);
  }
  write_text(file("labels.json"), std::string(1000000, '['));
  EXPECT_THAT(plan_refusal({file("")}).message, HasSubstr("nests deeper"));
}

// Tasks and areas of the published script's answers (minimum area 25).
TEST(PictureFolderOfRealData, HasExactlyTheTasksOfThePublishedProtocol) {
  const auto shared = shared_folder();
  if (!shared) GTEST_SKIP();
  for (const std::string set : {"ct_sammed2d_demo", "mri_spinalcord_gm_sct", "us_nerve_usgra"}) {
    std::ifstream golden(*shared / "golden" / ("protocol_" + set + ".json"));
    std::map<std::pair<std::string, std::int64_t>, std::int64_t> expected, found;
    for (const auto& row : nlohmann::json::parse(golden))
      expected[{row["id"], row["label"].get<std::int64_t>()}] = row["area"].get<std::int64_t>();
    const DataSetPlan plan =
        plan_one(*shared / "data/images2d" / set, {.min_area_px = 25, .axis = {}, .limit = {}});
    for (const StudyCase& picture : plan.cases) {
      for (const StudyTask& task : picture.tasks) found[{picture.image, task.label}] = task.area_px;
    }
    EXPECT_EQ(found, expected) << set;
    EXPECT_THAT(plan.failures, IsEmpty()) << set;
  }
}

TEST(PictureFolderOfRealData, LoadsEveryPictureOfEverySet) {
  const auto shared = shared_folder();
  if (!shared) GTEST_SKIP();
  const CaseLoader loader({});
  const auto plans = plan_data_sets(std::vector{*shared / "data/images2d"}, {});
  EXPECT_EQ(plans.size(), 8U);
  for (const DataSetPlan& plan : plans) {
    EXPECT_THAT(plan.failures, IsEmpty()) << plan.name;
    EXPECT_EQ(plan.pictures_found, static_cast<std::int64_t>(plan.cases.size())) << plan.name;
    const LoadedCase first = loaded(plan.cases.at(0), loader);
    EXPECT_EQ(first.truths.size(), plan.cases[0].tasks.size());
    EXPECT_FALSE(first.pixel_size.has_value());
  }
}

}  // namespace
}  // namespace sonde
