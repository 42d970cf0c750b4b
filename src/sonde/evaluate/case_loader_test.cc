// SPDX-License-Identifier: Apache-2.0
#include "sonde/evaluate/case_loader.h"

#include <array>
#include <numeric>
#include <set>
#include <thread>

#include "sonde/core/data_testing.h"
#include "sonde/evaluate/data_set_testing.h"
#include "sonde/imaging/slice.h"
#include "sonde/io/read.h"

namespace sonde {
namespace {

using testing::Each;
using testing::HasSubstr;

constexpr Extent3 kExtent{5, 4, 3};

// Anisotropic grids: as the axes of the world, turned round, with axes swapped, oblique.
std::vector<Affine3> grids() {
  return {{{Vec3{0.5, 0, 0}, Vec3{0, 0.75, 0}, Vec3{0, 0, 3}}, {}},
          {{Vec3{-0.5, 0, 0}, Vec3{0, -0.75, 0}, Vec3{0, 0, -3}}, {10, 20, 30}},
          {{Vec3{0, 0, 3}, Vec3{-0.5, 0, 0}, Vec3{0, 0.75, 0}}, {1, 2, 3}},
          oblique_rows()};
}

std::vector<std::uint8_t> counting_voxels() {
  std::vector<std::uint8_t> voxels(60);
  std::iota(voxels.begin(), voxels.end(), std::uint8_t{0});
  return voxels;
}

std::vector<std::uint8_t> scattered_labels() {
  std::vector<std::uint8_t> labels(60);
  for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = i * 7 % 5 < 2 ? 1 : i * 3 % 11 == 0 ? 2 : 0;
  return labels;
}

class CaseLoaderTest : public testing::Test {
 protected:
  std::filesystem::path file(const std::string& name) const { return folder_.path() / "set" / name; }
  DataSetPlan plan(const PlanOptions& options = {}) const {
    return plan_one(folder_.path() / "set", options);
  }
  void volume_pair(const Affine3& affine) const {
    write_volume(file("images/a.nrrd"), kExtent, affine, counting_voxels());
    write_volume(file("labels/a.nrrd"), kExtent, affine, scattered_labels());
  }
  TestFolder folder_;
};

TEST_F(CaseLoaderTest, GivesSlicesOfImageAndLabelsAsTheyAreShownWhateverTheOrientation) {
  for (const Affine3& affine : grids()) {
    volume_pair(affine);
    const Volume image = read_volume(file("images/a.nrrd"));
    const Volume labels = read_volume(file("labels/a.nrrd"));
    for (const Axis axis : {Axis::axial, Axis::coronal, Axis::sagittal}) {
      const SlicePlane plane = slice_plane(image.geometry, axis);
      const CaseLoader loader({});
      for (const StudyCase& picture : plan({.min_area_px = 1, .axis = axis, .limit = {}}).cases) {
        const LoadedCase got = loaded(picture, loader);
        const Picture shown = extract_slice(image, plane, picture.slice.value().slice);
        const Picture truth = extract_slice(labels, plane, picture.slice->slice);
        ASSERT_EQ(got.image.extent, plane.extent);
        EXPECT_EQ(got.window, "none");
        EXPECT_NEAR(got.pixel_size.value().width_mm, plane.pixel_width_mm, 1e-9);
        EXPECT_NEAR(got.pixel_size->height_mm, plane.pixel_height_mm, 1e-9);
        for (std::size_t i = 0; i < shown.grey.size(); ++i) {
          EXPECT_EQ(got.image.pixels[3 * i], shown.grey[i]);
          EXPECT_EQ(got.any_class.pixels[i], truth.grey[i] != 0 ? 1 : 0);
          for (std::size_t t = 0; t < picture.tasks.size(); ++t)
            EXPECT_EQ(got.truths[t].pixels[i] != 0,
                      truth.grey[i] == static_cast<float>(picture.tasks[t].label));
        }
      }
    }
  }
}

TEST_F(CaseLoaderTest, GivesTheWholeLabelOfAVolumeOnTheGridOfItsImage) {
  for (const Affine3& affine : grids()) {
    volume_pair(affine);
    const CaseLoader loader({});
    for (const VolumeTask& task : plan().volumes) {
      const auto truth = std::get<VolumeTruth>(loader.load(task));
      const auto labels = scattered_labels();
      EXPECT_EQ(truth.mask.extent, kExtent);
      for (std::size_t i = 0; i < labels.size(); ++i)
        EXPECT_EQ(truth.mask.voxels[i], labels[i] == task.task.label ? 1 : 0);
      EXPECT_EQ(truth.plane.axis, task.axis);
      EXPECT_NEAR(truth.voxel_mm.value()[0], length(affine.columns[0]), 1e-9);
      EXPECT_NEAR(truth.voxel_mm->at(2), length(affine.columns[2]), 1e-9);
    }
  }
}

TEST_F(CaseLoaderTest, MapsLabelsStoredInAnotherOrderOfAxesOntoTheImage) {
  const Affine3 grid = oblique_rows();
  volume_pair(grid);
  const auto expected = tasks_of(plan());
  const auto labels = scattered_labels();
  // The same voxels with axes k, i, j, and i running backwards.
  const Vec3 last = transform(grid, {4, 0, 0});
  const Affine3 other{
      {grid.columns[2], Vec3{-grid.columns[0].x, -grid.columns[0].y, -grid.columns[0].z}, grid.columns[1]},
      last};
  std::vector<std::uint8_t> moved;
  for (std::size_t j = 0; j < 4; ++j) {
    for (std::size_t i = 5; i-- > 0;) {
      for (std::size_t k = 0; k < 3; ++k) moved.push_back(labels[i + 5 * (j + 4 * k)]);
    }
  }
  write_volume(file("labels/a.nrrd"), {3, 5, 4}, other, moved);
  const DataSetPlan plan = this->plan();
  EXPECT_EQ(tasks_of(plan), expected);
  const auto truth = std::get<VolumeTruth>(CaseLoader({}).load(plan.volumes.at(0)));
  for (std::size_t i = 0; i < labels.size(); ++i) EXPECT_EQ(truth.mask.voxels[i] != 0, labels[i] == 1);
}

TEST_F(CaseLoaderTest, WindowsAsAskedAndSaysHow) {
  write_volume(file("images/a.nrrd"), {4, 2, 1}, {}, {0, 50, 100, 200, 0, 0, 0, 0});
  write_grey(file("masks/a.png"), 4, {0, 1, 0, 0, 0, 0, 0, 0});
  const StudyCase picture = plan().cases.at(0);
  EXPECT_EQ(loaded(picture).window, "none");
  const LoadedCase most = loaded(picture, CaseLoader(parse_window("max")));
  EXPECT_EQ(most.image.pixels[9], 255);
  EXPECT_EQ(most.window, "max (100, 200)");
  EXPECT_EQ(loaded(picture, CaseLoader(parse_window("100,200"))).image.pixels[3], 64);
}

TEST_F(CaseLoaderTest, KnowsTheSizeOfPixelsOnlyWhereTheImageSaysIt) {
  write_flat(file("images/a.png"), 4, 1);
  write_grey(file("masks/a.png"), 4, {0, 1, 0, 0});
  EXPECT_EQ(loaded(plan().cases.at(0)).pixel_size, std::nullopt);
}

TEST_F(CaseLoaderTest, ReportsAMaskThatChangedSinceItWasPlanned) {
  write_grey(file("images/a.png"), 4, {0, 50, 100, 200});
  write_grey(file("masks/a.png"), 4, {0, 1, 0, 0});
  const StudyCase picture = plan().cases.at(0);
  write_grey(file("masks/a.png"), 4, {0, 1, 1, 0});
  EXPECT_EQ(failed(picture).kind, FailureKind::unreadable_mask);
  EXPECT_THAT(failed(picture).reason, HasSubstr("masks/a.png: has changed"));
  std::filesystem::remove(file("masks/a.png"));
  EXPECT_EQ(failed(picture).kind, FailureKind::unreadable_mask);
  std::filesystem::remove(file("images/a.png"));
  EXPECT_EQ(failed(picture).kind, FailureKind::unreadable_image);
}

TEST_F(CaseLoaderTest, GivesEveryThreadTheSame) {
  volume_pair(oblique_rows());
  write_volume(file("images/b.nrrd"), kExtent, oblique_rows(), counting_voxels());
  write_volume(file("labels/b.nrrd"), kExtent, oblique_rows(), scattered_labels());
  write_text(file("images/c.nrrd"), "NRRD0004\n");
  const DataSetPlan plan = this->plan();
  StudyCase broken = plan.cases.at(0);
  broken.image_file = file("images/c.nrrd");
  const CaseLoader loader(parse_window("auto"), 1);
  std::vector<std::vector<std::uint8_t>> seen(8);
  std::vector<std::thread> threads;
  threads.reserve(seen.size());
  for (auto& bytes : seen) {
    threads.emplace_back([&] {
      for (const StudyCase& picture : plan.cases) {
        const LoadedCase got = loaded(picture, loader);
        bytes.insert(bytes.end(), got.image.pixels.begin(), got.image.pixels.end());
        for (const Mask& truth : got.truths)
          bytes.insert(bytes.end(), truth.pixels.begin(), truth.pixels.end());
      }
      EXPECT_EQ(failed(broken, loader).kind, FailureKind::unreadable_image);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(seen, Each(seen[0]));
}

TEST_F(CaseLoaderTest, ReadsDebiansBrainThroughLinks) {
  const std::filesystem::path templates = "/usr/share/mricron/templates";
  if (!std::filesystem::exists(templates / "aal.nii.gz")) GTEST_SKIP();
  std::filesystem::create_directories(file("images"));
  std::filesystem::create_directories(file("labels"));
  std::filesystem::create_symlink(templates / "ch2.nii.gz", file("images/ch2.nii.gz"));
  std::filesystem::create_symlink(templates / "aal.nii.gz", file("labels/ch2_aal.nii.gz"));
  const DataSetPlan plan = this->plan({.min_area_px = 100, .axis = {}, .limit = 8});
  EXPECT_EQ(plan.cases.size(), 8U);
  const CaseLoader loader({});
  for (const StudyCase& picture : plan.cases) {
    EXPECT_EQ(loaded(picture, loader).image.extent, (Extent2{181, 217}));
    EXPECT_THAT(picture.tasks.back().label_name, HasSubstr("aal "));
  }
}

}  // namespace
}  // namespace sonde
