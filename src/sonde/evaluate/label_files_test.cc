// SPDX-License-Identifier: Apache-2.0
#include <numeric>

#include "sonde/core/data_testing.h"
#include "sonde/evaluate/data_set_testing.h"

// What other tools write as labels, as a study takes it.
namespace sonde {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr Extent3 kExtent{4, 3, 2};

class LabelFiles : public testing::Test {
 protected:
  LabelFiles() {
    write_volume(file("images/v.nrrd"), kExtent, oblique_rows(), std::vector<std::uint8_t>(24, 9));
  }
  std::filesystem::path file(const std::string& name) const { return folder_.path() / "set" / name; }
  DataSetPlan plan() const { return plan_one(folder_.path() / "set"); }
  // As 3D Slicer writes them: kidney and tumour are the value 1 of a layer each.
  void segments(const std::string& sizes, Vec3 origin, const std::string& data) const {
    std::ostringstream text;
    text << "NRRD0004\ntype: uint8\ndimension: 4\nspace: left-posterior-superior\nsizes: 2 " << sizes
         << "\nspace directions: none (0.4330127018922193,0.25,0) (-0.375,0.649519052838329,0) (0,0,-3)\n"
         << std::setprecision(17) << "space origin: (" << origin.x << ',' << origin.y << ',' << origin.z
         << ")\n"
         << "encoding: raw\nSegment0_LabelValue:=1\nSegment0_Layer:=0\nSegment0_Name:=kidney\n"
         << "Segment1_LabelValue:=1\nSegment1_Layer:=1\nSegment1_Name:=tumour\n\n"
         << data;
    write_text(file("labels/v_seg.nrrd"), text.str());
  }
  TestFolder folder_;
};

TEST_F(LabelFiles, GiveEverySegmentOfEveryLayerItsTaskAndName) {
  std::string data(48, '\0');
  data[24] = data[25] = data[26] = '\1';  // the first voxel of k = 1 is of both, the second of the kidney
  segments("4 3 2", oblique_rows().origin, data);
  const DataSetPlan plan = this->plan();
  EXPECT_THAT(plan.failures, IsEmpty());
  ASSERT_THAT(tasks_of(plan), ElementsAre("v.nrrd#axial:0: 1 kidney 2, 2 tumour 1"));
  const LoadedCase both = loaded(plan.cases[0]);
  EXPECT_EQ(area_px(both.truths[0]), 2);
  EXPECT_EQ(area_px(both.truths[1]), 1);
  EXPECT_EQ(area_px(both.any_class), 2);
  ASSERT_EQ(plan.volumes.size(), 2U);
  const auto tumour = CaseLoader({}).load(plan.volumes[1]);
  ASSERT_TRUE(std::holds_alternative<VolumeTruth>(tumour));
  EXPECT_EQ(std::get<VolumeTruth>(tumour).mask.voxels[12], 1);
}

TEST_F(LabelFiles, MayCoverAPartOfTheImage) {
  const Affine3 affine = oblique_rows();
  segments("2 1 1", transform(affine, {3, 2, 1}), std::string("\1\0\1\1", 4));  // the second is outside
  const DataSetPlan plan = this->plan();
  EXPECT_THAT(plan.failures, IsEmpty());
  ASSERT_THAT(tasks_of(plan), ElementsAre("v.nrrd#axial:0: 1 kidney 1"));
  EXPECT_THAT(plan.notes, ElementsAre(HasSubstr("v_seg.nrrd: 2 labelled voxels lie outside")));
  const auto kidney = CaseLoader({}).load(plan.volumes.at(0));
  EXPECT_EQ(std::get<VolumeTruth>(kidney).mask.voxels[23], 1);
  segments("2 1 1", transform(affine, {1.5, 2, 1}), std::string("\1\0\1\1", 4));
  EXPECT_THAT(failures_of(this->plan()), ElementsAre("v.nrrd size_mismatch"));
}

TEST_F(LabelFiles, MayBeOffByWhatRoundingMakes) {
  std::vector<std::uint8_t> voxels(24);
  voxels[12] = 5;
  Affine3 affine = oblique_rows();
  affine.origin.x += 0.02;
  write_volume(file("labels/v.nrrd"), kExtent, affine, voxels);
  const DataSetPlan near = plan();
  ASSERT_THAT(tasks_of(near), ElementsAre("v.nrrd#axial:0: 5 1"));
  EXPECT_THAT(near.notes, ElementsAre(HasSubstr("v.nrrd: its grid is 0.0346 voxels off")));
  EXPECT_EQ(area_px(loaded(near.cases[0]).truths[0]), 1);
  affine.origin.x += 0.05;
  write_volume(file("labels/v.nrrd"), kExtent, affine, voxels);
  const DataSetPlan far = plan();
  ASSERT_EQ(far.failures.size(), 1U);
  EXPECT_EQ(far.failures[0].kind, FailureKind::size_mismatch);
  EXPECT_THAT(far.failures[0].reason, HasSubstr("from (-12.43, "));
}

TEST_F(LabelFiles, AreNamedByLabelsJsonInItsOtherForms) {
  std::vector<std::uint8_t> voxels(24);
  voxels[0] = 1, voxels[1] = 2;
  write_volume(file("labels/v.nrrd"), kExtent, oblique_rows(), voxels);
  for (const std::string text :
       {R"({"0": "background", "1": "liver", "2": "lesion"})",
        R"({"background": 0, "liver": 1, "lesion": 2})", R"({"labels": {"liver": 1, "lesion": 2}})",
        R"(["background", "liver", "lesion"])",
        R"({"labels": [{"value": 1, "name": "liver"}, {"id": 2, "name": "lesion"}]})"}) {
    write_text(file("labels.json"), text);
    EXPECT_THAT(tasks_of(plan()), ElementsAre("v.nrrd#axial:1: 1 liver 1, 2 lesion 1")) << text;
  }
  for (const std::string text :
       {R"({"liver": 1, "lesion": 1})", R"({"liver": [1, 2]})", R"({"liver": 1.5})", R"({"1": 2})",
        R"([{"name": "liver"}])", R"(["background", 1])", R"({"labels": {"liver": "one"}})"}) {
    write_text(file("labels.json"), text);
    EXPECT_EQ(plan_refusal({file("")}).kind, ErrorKind::corrupt_data) << text;
  }
}

// shared/data/faults_2/README.md, by the names of its rows.
TEST(LabelFilesOfOthers, AreTakenForWhatTheyAre) {
  const auto shared = shared_folder();
  if (!shared || !std::filesystem::exists(*shared / "data/faults_2")) GTEST_SKIP() << "no shared data";
  const auto plan = [&](const std::string& name) { return plan_one(*shared / "data/faults_2" / name); };
  const auto labels = [](const DataSetPlan& found) {
    std::map<std::string, std::int64_t> voxels;
    for (const VolumeTask& volume : found.volumes) voxels[volume.task.label_name] = volume.task.area_px;
    return voxels;
  };
  for (const std::string name : {"s02_seg_layers_set", "s04_seg_cropped_set"}) {
    const DataSetPlan found = plan(name);
    EXPECT_THAT(failures_of(found), IsEmpty()) << name;
    EXPECT_THAT(labels(found), ElementsAre(testing::Key("kidney"), testing::Key("tumour"))) << name;
    for (const StudyCase& picture : found.cases) loaded(picture);
  }
  EXPECT_THAT(failures_of(plan("s05_nearly_whole_set")), IsEmpty());
  const DataSetPlan shifted = plan("s07_shift_50um_set");
  EXPECT_THAT(failures_of(shifted), IsEmpty());
  EXPECT_THAT(shifted.notes, ElementsAre(HasSubstr("voxels off")));
  const DataSetPlan soft = plan("s15_soft_edges_set");
  ASSERT_EQ(soft.failures.size(), 1U);
  EXPECT_THAT(soft.failures[0].reason, HasSubstr("has 179 values"));
  for (const std::string name : {"s24_coco_string_ids", "s25_coco_backslash"}) {
    const DataSetPlan found = plan(name);
    EXPECT_THAT(failures_of(found), IsEmpty()) << name;
    ASSERT_EQ(found.cases.size(), 1U) << name;
    EXPECT_EQ(found.cases[0].tasks.at(0).label_name, "cell");
    loaded(found.cases[0]);
  }
}

}  // namespace
}  // namespace sonde
