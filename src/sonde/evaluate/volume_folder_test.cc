// SPDX-License-Identifier: Apache-2.0
#include <numeric>

#include "sonde/core/data_testing.h"
#include "sonde/evaluate/data_set_testing.h"

namespace sonde {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr Extent3 kExtent{4, 3, 2};

class VolumeFolder : public testing::Test {
 protected:
  std::filesystem::path file(const std::string& name) const { return folder_.path() / "set" / name; }
  DataSetPlan plan(const PlanOptions& options = {}) const {
    return plan_one(folder_.path() / "set", options);
  }
  void image(const std::string& name, const Affine3& affine = oblique_rows()) const {
    std::vector<std::uint8_t> voxels(24);
    std::iota(voxels.begin(), voxels.end(), std::uint8_t{10});
    write_volume(file("images/" + name), kExtent, affine, voxels);
  }
  // One voxel a label: `values` at i = 0, 1, ... of the first row of slice k = 1.
  void labels(const std::string& name, const std::vector<std::uint8_t>& values,
              const Affine3& affine = oblique_rows()) const {
    std::vector<std::uint8_t> voxels(24);
    std::ranges::copy(values, voxels.begin() + 12);
    write_volume(file("labels/" + name), kExtent, affine, voxels);
  }
  TestFolder folder_;
};

TEST_F(VolumeFolder, PairsLabelsWithTheLongestNameThatFits) {
  image("t2s.nrrd");
  image("t2s_uncropped.nrrd");
  image("t1.nrrd");
  labels("t2s_cord.nrrd", {1});
  labels("t2s_uncropped_grey_matter.nrrd", {1, 2, 2});
  labels("t1.nrrd", {3});
  labels("t3_cord.nrrd", {3});
  const DataSetPlan plan = this->plan();
  EXPECT_THAT(tasks_of(plan), ElementsAre("t1.nrrd#axial:0: 3 1", "t2s.nrrd#axial:0: 1 cord 1",
                                          "t2s_uncropped.nrrd#axial:0: 1 grey_matter 1, 2 grey_matter 2 2"));
  EXPECT_THAT(failures_of(plan), ElementsAre("t3_cord.nrrd missing_image"));
  EXPECT_EQ(plan.pictures_found, 4);
  ASSERT_EQ(plan.volumes.size(), 4U);
  EXPECT_EQ(plan.volumes[3].image, "t2s_uncropped.nrrd");
  EXPECT_EQ(plan.volumes[3].task.area_px, 2);
}

TEST_F(VolumeFolder, PairsASegmentationNamedAsSlicerNamesIt) {
  image("v.nrrd");
  labels("v.seg.nrrd", {1, 2});
  EXPECT_THAT(tasks_of(plan()), ElementsAre("v.nrrd#axial:0: 1 1, 2 1"));
  EXPECT_THAT(plan().failures, IsEmpty());
}

TEST_F(VolumeFolder, JoinsTheLabelFilesOfOneImageSliceBySlice) {
  image("a.nrrd");
  labels("a_cord.nrrd", {1, 1, 1});
  labels("a_grey.nrrd", {0, 1, 0, 5});
  DataSetPlan plan = this->plan();
  ASSERT_THAT(tasks_of(plan), ElementsAre("a.nrrd#axial:0: 1 cord 3, 1 grey 1, 5 grey 5 1"));
  const LoadedCase loaded_case = loaded(plan.cases[0]);
  EXPECT_EQ(area_px(loaded_case.truths[0]), 3);
  EXPECT_EQ(area_px(loaded_case.any_class), 4);
  write_text(file("labels.json"), R"({"labels": {"1": "tissue", "5": "core"}})");
  plan = this->plan();
  EXPECT_THAT(tasks_of(plan),
              ElementsAre("a.nrrd#axial:0: 1 tissue (cord) 3, 1 tissue (grey) 1, 5 core (grey) 1"));
  EXPECT_EQ(plan.labels_absent, 1);  // 5 of cord
}

TEST_F(VolumeFolder, ReportsVolumesThatCannotBeUsedAndPlansTheRest) {
  write_text(file("labels.json"), R"({"labels": {"1": "cord"}})");
  for (const char* name : {"good", "alone", "moved", "empty", "cut", "broken", "unnamed"})
    image(name + std::string(".nrrd"));
  write_text(file("images/broken.nrrd"), "NRRD0004\n");
  Affine3 moved = oblique_rows();
  moved.origin.x += 1;
  labels("moved.nrrd", {1}, moved);
  labels("empty.nrrd", {});
  labels("broken.nrrd", {1});
  labels("good.nrrd", {1});
  labels("unnamed.nrrd", {1, 9});
  labels("cut.nrrd", {1});
  std::filesystem::resize_file(file("labels/cut.nrrd"),
                               std::filesystem::file_size(file("labels/cut.nrrd")) - 5);
  const DataSetPlan plan = this->plan();
  EXPECT_THAT(failures_of(plan), ElementsAre("alone.nrrd missing_mask", "broken.nrrd unreadable_image",
                                             "cut.nrrd unreadable_mask", "empty.nrrd empty_mask",
                                             "moved.nrrd size_mismatch", "unnamed.nrrd unnamed_label 9"));
  EXPECT_THAT(plan.failures[4].reason, HasSubstr("but moved.nrrd is 4 x 3 x 2 voxels of 0.5 x 0.75 x 3 mm"));
  ASSERT_THAT(tasks_of(plan), ElementsAre("good.nrrd#axial:0: 1 cord 1", "unnamed.nrrd#axial:0: 1 cord 1"));
  EXPECT_EQ(area_px(loaded(plan.cases[1]).any_class), 2);
  EXPECT_EQ(plan.pictures_found, 7);
}

TEST_F(VolumeFolder, RefusesToGuessBetweenTwoFilesOfTheSameLabels) {
  image("a.nrrd");
  labels("a_cord.nrrd", {1});
  std::filesystem::copy(file("labels/a_cord.nrrd"), file("labels/a_cord.nhdr"));
  EXPECT_THAT(failures_of(plan()), ElementsAre("a.nrrd unreadable_mask", "a.nrrd unreadable_mask"));
}

TEST_F(VolumeFolder, CutsAlongTheAxisThatIsAskedForAndLeavesOutSmallLabels) {
  image("a.nrrd");
  labels("a.nrrd", {1, 1, 1, 2});
  EXPECT_THAT(tasks_of(plan({.min_area_px = 1, .axis = Axis::coronal, .limit = {}})),
              ElementsAre("a.nrrd#coronal:2: 1 3, 2 1"));
  const DataSetPlan plan = this->plan({.min_area_px = 2, .axis = Axis::axial, .limit = {}});
  EXPECT_THAT(tasks_of(plan), ElementsAre("a.nrrd#axial:0: 1 3"));
  EXPECT_EQ(plan.volumes.size(), 1U);
  EXPECT_EQ(plan.labels_below_area, 1);
}

TEST_F(VolumeFolder, TakesPlainPicturesAsTheyAre) {
  write_flat(file("images/a.png"), 4, 1);
  write_grey(file("labels/a_cell.png"), 4, {0, 1, 1, 3});
  const DataSetPlan plan = this->plan({.min_area_px = 1, .axis = Axis::sagittal, .limit = {}});
  EXPECT_THAT(tasks_of(plan), ElementsAre("a.png: 1 cell 2, 3 cell 3 1"));
  EXPECT_THAT(plan.volumes, IsEmpty());
  EXPECT_THAT(loaded(plan.cases.at(0)).truths.at(0).pixels, ElementsAre(0, 1, 1, 0));
}

TEST_F(VolumeFolder, KeepsVolumesOnlyWhereTheLimitLeavesAllTheirSlices) {
  image("a.nrrd");
  image("b.nrrd");
  labels("a.nrrd", {1});
  std::vector<std::uint8_t> both(24);
  both[0] = both[12] = 1;
  write_volume(file("labels/b.nrrd"), kExtent, oblique_rows(), both);
  const auto limited = [&](std::int64_t limit) {
    return plan({.min_area_px = 1, .axis = Axis::axial, .limit = limit});
  };
  EXPECT_EQ(limited(3).volumes.size(), 2U);
  const DataSetPlan two = limited(2);  // of 3: the first and the last
  EXPECT_THAT(tasks_of(two), ElementsAre("a.nrrd#axial:0: 1 1", "b.nrrd#axial:1: 1 1"));
  ASSERT_EQ(two.volumes.size(), 1U);
  EXPECT_EQ(two.volumes[0].image, "a.nrrd");
  EXPECT_EQ(two.pictures_found, 3);
  EXPECT_THAT(tasks_of(limited(1)), ElementsAre("b.nrrd#axial:0: 1 1"));
}

TEST(VolumeFolderOfRealData, PairsAndLoadsTheSpinalCords) {
  const auto shared = shared_folder();
  if (!shared) GTEST_SKIP();
  const DataSetPlan plan = plan_one(*shared / "data/volumes/spinal_cord_sct");
  EXPECT_THAT(failures_of(plan), IsEmpty());
  std::map<std::string, std::vector<std::string>> labels;
  for (const VolumeTask& volume : plan.volumes) labels[volume.image].push_back(volume.task.label_name);
  EXPECT_THAT(labels["t2s.nii.gz"], ElementsAre("cord", "greymatter"));
  EXPECT_THAT(labels["t2s_uncropped.nii.gz"], ElementsAre("greymatter"));
  EXPECT_EQ(plan.volumes.size(), 7U);
  const CaseLoader loader({});
  for (const StudyCase& picture : plan.cases) EXPECT_TRUE(loaded(picture, loader).pixel_size.has_value());
  for (const VolumeTask& volume : plan.volumes)
    EXPECT_TRUE(std::holds_alternative<VolumeTruth>(loader.load(volume)));
}

TEST(VolumeFolderOfRealData, CutsTheObliqueHeartAcrossItsThickSlices) {
  const auto shared = shared_folder();
  if (!shared) GTEST_SKIP();
  const DataSetPlan plan = plan_one(*shared / "data/volumes/cine_sunnybrook/nifti");
  EXPECT_THAT(failures_of(plan), IsEmpty());
  ASSERT_FALSE(plan.cases.empty());
  const LoadedCase first = loaded(plan.cases[0]);
  EXPECT_EQ(first.image.extent, (Extent2{256, 256}));
  EXPECT_NEAR(first.pixel_size.value().width_mm, 1.367, 1e-3);
}

}  // namespace
}  // namespace sonde
