// SPDX-License-Identifier: Apache-2.0
#include "sonde/evaluate/data_set.h"

#include "sonde/evaluate/data_set_testing.h"

namespace sonde {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class PlanDataSets : public testing::Test {
 protected:
  std::filesystem::path folder(const std::string& name) const { return folder_.path() / name; }
  void pictures(const std::string& name, int count = 1) const {
    for (int i = 0; i < count; ++i) {
      const std::string id = std::to_string(i) + ".png";
      write_flat(folder(name) / "images" / id, 4, 1);
      write_flat(folder(name) / "masks" / id, 4, 1, 1);
    }
  }
  static std::vector<std::string> names(const std::vector<std::filesystem::path>& data) {
    std::vector<std::string> names;
    for (const DataSetPlan& plan : plan_data_sets(data, {})) names.push_back(plan.name);
    return names;
  }
  TestFolder folder_;
};

TEST_F(PlanDataSets, ExpandsAFolderOfDataSetsInTheOrderOfNumbersInNames) {
  pictures("all/set10");
  pictures("all/set9");
  pictures("all/.hidden");
  std::filesystem::create_directory(folder("all/notes"));
  EXPECT_THAT(names({folder("all")}), ElementsAre("set9", "set10"));
  EXPECT_THAT(names({folder("all/set10/"), folder("all/set9/.")}), ElementsAre("set9", "set10"));
}

TEST_F(PlanDataSets, TakesEachDataSetOnceHoweverItIsWritten) {
  pictures("all/a");
  EXPECT_THAT(names({folder("all"), folder("all/a"), folder("all/../all/a/")}), ElementsAre("a"));
}

TEST_F(PlanDataSets, NamesSetsOfTheSameNameByTheirParentsAndElseByTheirPaths) {
  pictures("one/a");
  pictures("two/a");
  pictures("b");
  EXPECT_THAT(names({folder("two/a"), folder("b"), folder("one/a")}), ElementsAre("b", "one/a", "two/a"));
  pictures("x/one/a");
  EXPECT_THAT(names({folder("one/a"), folder("x/one/a")}),
              ElementsAre(folder("one/a").string(), folder("x/one/a").string()));
}

TEST_F(PlanDataSets, FindsImagesAndMasksUnderOtherNamesOfTheirFolders) {
  const std::vector<std::pair<std::string, std::string>> parts{{"Images", "Masks"},
                                                               {"image", "label"},
                                                               {"img", "annotations"},
                                                               {"imgs", "GT"},
                                                               {"imagesTr", "labelsTr"}};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string set = "set" + std::to_string(i);
    write_flat(folder(set) / parts[i].first / "1.png", 4, 1);
    write_flat(folder(set) / parts[i].second / "1.png", 4, 1, 1);
    EXPECT_THAT(tasks_of(plan_one(folder(set))), ElementsAre("1.png: 1 4")) << set;
  }
  std::filesystem::create_directory(folder("set0") / "mask");
  EXPECT_THAT(plan_refusal({folder("set0")}).message, HasSubstr("which is meant is not known"));
}

TEST_F(PlanDataSets, TakesNnunetsChannelsNamesAndTestImages) {
  const auto set = folder("Dataset001_Liver");
  for (const char* name : {"imagesTr/l_1_0000.png", "imagesTr/l_1_0001.png", "imagesTs/l_2_0000.png"})
    write_flat(set / name, 4, 1);
  write_grey(set / "labelsTr/l_1.png", 4, {0, 1, 2, 2});
  write_text(set / "dataset.json", R"({"labels": {"background": 0, "liver": 1, "tumour": 2}})");
  const DataSetPlan plan = plan_one(set);
  EXPECT_THAT(tasks_of(plan), ElementsAre("l_1_0000.png: 1 liver 1, 2 tumour 2"));
  EXPECT_THAT(plan.failures, testing::IsEmpty());
  EXPECT_THAT(plan.notes, ElementsAre(HasSubstr("imagesTs/ is passed over"),
                                      HasSubstr("NAME_0000, is taken; left out: 1 others (l_1_0001.png)")));
}

TEST_F(PlanDataSets, TakesAFolderAPatientAndRefusesToGuess) {
  write_flat(folder("all/p1/image.png"), 4, 1);
  write_flat(folder("all/p1/mask.png"), 4, 1, 1);
  write_flat(folder("all/p2/p2.png"), 4, 1);
  write_flat(folder("all/p2/p2_seg.png"), 4, 1, 1);
  write_flat(folder("all/p3/scan.png"), 4, 1);
  write_flat(folder("all/p3/p3_liver_seg.png"), 4, 1, 1);
  for (const char* name : {"b_t1.png", "b_flair.png"}) write_flat(folder("all/b") / name, 4, 1);
  write_flat(folder("all/b/b_seg.png"), 4, 1, 1);
  const DataSetPlan plan = plan_one(folder("all"));
  EXPECT_THAT(tasks_of(plan),
              ElementsAre("p1/image.png: 1 4", "p2/p2.png: 1 seg 4", "p3/scan.png: 1 liver_seg 4"));
  EXPECT_THAT(failures_of(plan), ElementsAre("b/b_flair.png missing_mask", "b/b_seg.png missing_image",
                                             "b/b_t1.png missing_mask"));
  EXPECT_THAT(plan.failures[1].reason, HasSubstr("which of the folder's 2 images it belongs to"));
}

TEST_F(PlanDataSets, SpreadsTheLimitEvenlyOverPicturesWithTasks) {
  pictures("a", 10);
  write_flat(folder("a") / "masks" / "0.png", 4, 1, 0);
  std::vector<std::string> images;
  for (const StudyCase& picture : plan_one(folder("a"), {.min_area_px = 1, .axis = {}, .limit = 3}).cases)
    images.push_back(picture.image);
  EXPECT_THAT(images, ElementsAre("2.png", "5.png", "8.png"));  // of 1..9
  EXPECT_EQ(plan_one(folder("a"), {.min_area_px = 1, .axis = {}, .limit = 100}).cases.size(), 9U);
}

TEST_F(PlanDataSets, SaysHowFarItIs) {
  pictures("a", 3);
  std::vector<std::int64_t> done;
  plan_data_sets(std::vector{folder("a")}, {}, [&](const ProgressUpdate& update) {
    EXPECT_EQ(update.what, "a");
    EXPECT_EQ(update.total, 3);
    done.push_back(update.done);
  });
  EXPECT_THAT(done, ElementsAre(1, 2, 3));
}

TEST_F(PlanDataSets, SaysWhatADataSetLooksLikeWhereThereIsNone) {
  std::filesystem::create_directories(folder("empty"));
  std::filesystem::create_directories(folder("half/images"));
  std::filesystem::create_directories(folder("nested/half/images"));
  pictures("both");
  std::filesystem::create_directory(folder("both/labels"));
  write_flat(folder("picture.png"), 4, 1);
  for (const char* name : {"empty", "half", "nested", "both", "picture.png"}) {
    const PlanRefusal refused = plan_refusal({folder(name)});
    EXPECT_EQ(refused.kind, ErrorKind::usage) << name;
    EXPECT_THAT(refused.message, HasSubstr(name));
    EXPECT_THAT(refused.message, HasSubstr("images/ and masks/"));
  }
  EXPECT_EQ(plan_refusal({folder("none")}).kind, ErrorKind::not_found);
  EXPECT_EQ(plan_refusal({}).kind, ErrorKind::usage);
  pictures("a");
  EXPECT_EQ(plan_refusal({folder("a")}, {.min_area_px = 0, .axis = {}, .limit = {}}).kind, ErrorKind::usage);
  EXPECT_EQ(plan_refusal({folder("a")}, {.min_area_px = 1, .axis = {}, .limit = 0}).kind, ErrorKind::usage);
}

TEST(NameOfFailureKind, IsWhatFailuresCsvHolds) {
  EXPECT_EQ(to_string(FailureKind::missing_image), "missing_image");
  EXPECT_EQ(to_string(FailureKind::not_segmented), "not_segmented");
}

}  // namespace
}  // namespace sonde
