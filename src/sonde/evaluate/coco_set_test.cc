// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "sonde/evaluate/coco_file.h"
#include "sonde/evaluate/data_set_testing.h"
#include "sonde/imaging/rle.h"

namespace sonde {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class CocoSet : public testing::Test {
 protected:
  std::filesystem::path file(const std::string& name) const { return folder_.path() / "coco" / name; }
  std::filesystem::path json_path() const { return file("instances.json"); }
  DataSetPlan plan(const json& coco, const PlanOptions& options = {}) const {
    write_text(json_path(), coco.dump());
    return plan_one(json_path(), options);
  }
  static json image(int id, const std::string& name, int width = 6, int height = 4) {
    return {{"id", id}, {"file_name", name}, {"width", width}, {"height", height}};
  }
  static json annotation(int id, int image_id, const json& segmentation, int category = 3) {
    return {{"id", id}, {"image_id", image_id}, {"category_id", category}, {"segmentation", segmentation}};
  }
  static json coco(const json& images, const json& annotations) {
    return {{"images", images},
            {"annotations", annotations},
            {"categories", {{{"id", 3}, {"name", "cell"}}, {{"id", 0}, {"name", "debris"}}}}};
  }
  // Covers the pixels x 1..2, y 1..3.
  static json square() { return {{1, 1, 3, 1, 3, 4, 1, 4}}; }
  TestFolder folder_;
};

TEST_F(CocoSet, MakesATaskOfEachAnnotationInEveryForm) {
  write_flat(file("a.png"), 6, 4);
  write_flat(file("images/b.png"), 6, 4);
  Mask mask = empty_mask({6, 4});
  mask.pixels[8] = mask.pixels[14] = 1;
  json crowd = annotation(12, 1, {{"size", {4, 6}}, {"counts", coco_string(encode_rle(mask))}}, 0);
  crowd["iscrowd"] = 1;
  const json counts{{"size", {4, 6}}, {"counts", {0, 3, 21}}};
  const DataSetPlan plan = this->plan(
      coco({image(2, "b.png"), image(1, "a.png")},
           {annotation(10, 1, square()), annotation(9, 1, counts), crowd, annotation(1, 2, square())}));
  EXPECT_EQ(plan.name, "instances");
  EXPECT_THAT(plan.failures, IsEmpty());
  ASSERT_THAT(tasks_of(plan),
              ElementsAre("a.png: 0 debris/12 2, 3 cell/9 3, 3 cell/10 6", "b.png: 3 cell/1 6"));
  const LoadedCase a = loaded(plan.cases[0]);
  EXPECT_EQ(a.truths[0], mask);
  EXPECT_THAT(a.truths[1].pixels,
              ElementsAre(1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
  EXPECT_THAT(a.truths[2].pixels,
              ElementsAre(0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0));
  EXPECT_EQ(area_px(a.any_class), 9);
}

TEST_F(CocoSet, ReportsAnnotationsThatCannotBeUnderstoodAndGoesOn) {
  write_flat(file("a.png"), 6, 4);
  const std::vector<json> bad{json(nullptr),
                              json::array(),
                              json(7),
                              json("x"),
                              {{1, 2, 3, 4}},
                              {{1, 2, 3, 4, 5}},
                              {{1, 2, 3, 4, 5, "6"}},
                              {{1, 2, 3, 4, 5, 1e300}},
                              {{"size", {4, 6}}, {"counts", {1, 2}}},
                              {{"size", {6, 4}}, {"counts", {24}}},
                              {{"size", {4, 6}}, {"counts", {-1, 25}}},
                              {{"size", {4, 6}}, {"counts", "~~~"}},
                              {{"size", {4, 6}}},
                              {{"size", {4, 6}}, {"counts", {1e9}}},
                              {{"counts", {24}}}};
  json annotations = json::array({annotation(1, 1, square())});
  for (const json& segmentation : bad)
    annotations.push_back(annotation(100 + static_cast<int>(annotations.size()), 1, segmentation));
  annotations.push_back(annotation(1, 1, square()));   // the id again
  annotations.push_back(annotation(2, 99, square()));  // of no image
  annotations.push_back({{"image_id", 1}});            // no id
  annotations.push_back("annotation");
  const DataSetPlan plan = this->plan(coco(json::array({image(1, "a.png")}), annotations));
  EXPECT_THAT(tasks_of(plan), ElementsAre("a.png: 3 cell/1 6"));
  ASSERT_EQ(plan.failures.size(), bad.size() + 4);
  for (const StudyFailure& failure : plan.failures) {
    EXPECT_EQ(failure.kind, FailureKind::unreadable_mask);
    EXPECT_THAT(failure.reason, HasSubstr("instances.json: annotation "));
  }
  EXPECT_EQ(area_px(loaded(plan.cases.at(0)).any_class), 6);
}

TEST_F(CocoSet, ReportsImagesThatCannotBeUsedAndGoesOn) {
  write_flat(file("a.png"), 6, 4);
  write_flat(file("alone.png"), 6, 4);
  write_flat(file("other.png"), 7, 4);
  json without_width = image(5, "w.png");
  without_width.erase("width");
  const json images{image(1, "a.png"),
                    image(2, "alone.png"),
                    image(3, "gone.png"),
                    image(4, "other.png"),
                    without_width,
                    image(6, "zero.png", 0, 4),
                    image(7, "huge.png", 2000000000, 2000000000),
                    image(8, "a.png"),
                    image(1, "same.png"),
                    image(9, "empty.png")};
  json annotations = json::array();
  for (const int id : {1, 3, 4, 5, 6, 7, 8}) annotations.push_back(annotation(id, id, square()));
  annotations.push_back(annotation(9, 9, {{10, 10, 11, 10, 11, 11}}));  // outside the picture
  write_flat(file("empty.png"), 6, 4);
  const DataSetPlan plan = this->plan(coco(images, annotations));
  EXPECT_THAT(failures_of(plan),
              ElementsAre("a.png unreadable_image", "alone.png missing_mask", "empty.png empty_mask",
                          "gone.png missing_image", "huge.png unreadable_image", "same.png unreadable_image",
                          "w.png unreadable_image", "zero.png unreadable_image"));
  EXPECT_EQ(plan.labels_below_area, 1);
  EXPECT_EQ(plan.pictures_found, 10);
  ASSERT_THAT(tasks_of(plan), ElementsAre("a.png: 3 cell/1 6", "other.png: 3 cell/4 6"));
  EXPECT_EQ(failed(plan.cases[1]).kind, FailureKind::size_mismatch);
  EXPECT_THAT(failed(plan.cases[1]).reason, HasSubstr("6 x 4 pixels, but"));
}

TEST_F(CocoSet, TakesIdsThatAreTexts) {
  write_flat(file("a.png"), 6, 4);
  write_flat(file("b.png"), 6, 4);
  json images{image(1, "a.png"), image(2, "b.png")};
  images[0]["id"] = "1";  // another than the number
  images[1]["id"] = 1;
  json annotations{annotation(1, 1, square()), annotation(2, 1, square())};
  annotations[0]["id"] = "5f3a";
  annotations[0]["image_id"] = "1";
  annotations[0]["category_id"] = "mito";
  annotations[1]["id"] = 7.0;
  annotations[1]["category_id"] = 12;
  json document = coco(images, annotations);
  document["categories"] = {{{"id", 12}, {"name", "cell"}}, {{"id", "mito"}, {"name", "mitochondrion"}}};
  const DataSetPlan plan = this->plan(document);
  EXPECT_THAT(plan.failures, IsEmpty());
  EXPECT_THAT(tasks_of(plan), ElementsAre("a.png: 2 mitochondrion/5f3a 6", "b.png: 1 cell/7 6"));
  EXPECT_EQ(area_px(loaded(plan.cases.at(0)).truths.at(0)), 6);
  for (const json& bad :
       {json(nullptr), json(true), json(json::array()), json(1.5), json(""), json("a\nb")}) {
    json broken = document;
    broken["annotations"][0]["id"] = bad;
    EXPECT_THAT(failures_of(this->plan(broken)), ElementsAre("a.png unreadable_mask")) << bad;
  }
  document["annotations"][0]["category_id"] = "none";
  EXPECT_THAT(this->plan(document).failures.at(0).reason,
              HasSubstr("annotation \"5f3a\": its category_id \"none\" is not in"));
}

TEST_F(CocoSet, SaysThatABoxIsNoMask) {
  write_flat(file("a.png"), 6, 4);
  json box = annotation(1, 1, json::array());
  box["bbox"] = {1, 1, 2, 3};
  EXPECT_THAT(plan(coco(json::array({image(1, "a.png")}), json::array({box}))).failures.at(0).reason,
              HasSubstr("annotation 1: has a \"bbox\" alone"));
}

TEST_F(CocoSet, TakesBackslashesForTheSlashesOfWindows) {
  write_flat(file("images/sub/a.png"), 6, 4);
  write_flat(file("odd\\name.png"), 6, 4);  // a name of its own
  const json images{image(1, "sub\\a.png"), image(2, "odd\\name.png"), image(3, "..\\secret.png"),
                    image(4, "\\secret.png")};
  json annotations = json::array();
  for (const int id : {1, 2, 3, 4}) annotations.push_back(annotation(id, id, square()));
  write_flat(folder_.path() / "secret.png", 6, 4);
  const DataSetPlan plan = this->plan(coco(images, annotations));
  EXPECT_THAT(tasks_of(plan),
              testing::UnorderedElementsAre("odd\\name.png: 3 cell/2 6", "sub\\a.png: 3 cell/1 6"));
  for (const StudyCase& picture : plan.cases) EXPECT_EQ(area_px(loaded(picture).truths.at(0)), 6);
  EXPECT_THAT(failures_of(plan), testing::UnorderedElementsAre("..\\secret.png unreadable_image",
                                                               "\\secret.png unreadable_image"));
}

TEST_F(CocoSet, FollowsNoNameOutOfItsFolder) {
  write_flat(folder_.path() / "secret.png", 6, 4);
  std::filesystem::create_directories(file("images"));
  std::filesystem::create_symlink(folder_.path() / "secret.png", file("images/link.png"));
  std::filesystem::create_directory_symlink(folder_.path(), file("up"));
  const json images{image(1, "../secret.png"), image(2, (folder_.path() / "secret.png").string()),
                    image(3, "link.png"), image(4, "up/secret.png"), image(5, "images/../../secret.png")};
  json annotations = json::array();
  for (const int id : {1, 2, 3, 4, 5}) annotations.push_back(annotation(id, id, square()));
  const DataSetPlan plan = this->plan(coco(images, annotations));
  EXPECT_THAT(plan.cases, IsEmpty());
  ASSERT_EQ(plan.failures.size(), 5U);
  for (const StudyFailure& failure : plan.failures) EXPECT_EQ(failure.kind, FailureKind::unreadable_image);
}

TEST_F(CocoSet, ReportsACategoryWithoutAName) {
  write_flat(file("a.png"), 6, 4);
  const DataSetPlan plan =
      this->plan(coco(json::array({image(1, "a.png")}),
                      {annotation(1, 1, square()), annotation(2, 1, {{0, 0, 1, 0, 1, 1, 0, 1}}, 8)}));
  EXPECT_THAT(failures_of(plan), ElementsAre("a.png unnamed_label 8"));
  EXPECT_THAT(tasks_of(plan), ElementsAre("a.png: 3 cell/1 6"));
  EXPECT_EQ(area_px(loaded(plan.cases.at(0)).any_class), 7);
}

TEST_F(CocoSet, RefusesJsonThatIsNoCocoFile) {
  for (const std::string& text :
       {std::string(""), std::string("{}"), std::string("[]"), std::string("{\"images\": 3}"),
        std::string("{\"images\": []}"), std::string("{\"images\": [], \"annotations\": [1e999]}"),
        std::string("{\"images\": [], \"annotations\": [], \"categories\": [3]}"), std::string(5000000, '['),
        std::string("{\"images\": [], \"annotations\": [\"\xff\"]}")}) {
    write_text(json_path(), text);
    const PlanRefusal refused = plan_refusal({json_path()});
    EXPECT_EQ(refused.kind, ErrorKind::corrupt_data);
    EXPECT_THAT(refused.message, HasSubstr("instances.json: "));
    EXPECT_EQ(refused.message.find('\n'), std::string::npos);
  }
}

}  // namespace
}  // namespace sonde
