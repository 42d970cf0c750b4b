// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <sys/resource.h>

#include <gtest/gtest.h>

#include "sonde/annotate/nearby_objects.h"
#include "sonde/annotate/project.h"
#include "sonde/core/folder_testing.h"
#include "sonde/core/random.h"

namespace sonde {
namespace {

constexpr Extent3 kLarge{2100, 2100, 1};
constexpr std::int64_t kCells = 300;
constexpr PlaneRef kPlane{Axis::axial, 0};

// Rings of 17 x 17 pixels round a hole of 3 x 3, in rows of 70.
RunLengthMask cell(std::int64_t number) {
  const std::int64_t x0 = number % 70 * 30 + 5, y0 = number / 70 * 30 + 5;
  RunLengthMask set{kLarge, {}};
  for (std::int64_t row = 0; row < 17; ++row) {
    const auto first = static_cast<std::uint64_t>((y0 + row) * kLarge.x + x0);
    if (row >= 7 && row < 10) {
      set.runs.push_back({first, 7});
      set.runs.push_back({first + 10, 7});
    } else {
      set.runs.push_back({first, 17});
    }
  }
  return set;
}

std::int64_t peak_bytes() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return std::int64_t{used.ru_maxrss} * 1024;
}

class ManyObjects : public testing::Test {
 protected:
  ManyObjects() {
    image_ =
        project_.add_images(std::vector<ImageSource>{{folder_.path() / "cells.png", "", 0, "cells"}}).at(0);
    project_.set_opened(image_, {kLarge, std::nullopt});
    ImportAction action{"cells.png", {}};
    for (std::int64_t i = 0; i < kCells; ++i) action.objects.push_back({1, "", cell(i)});
    for (const AnnotatedObject& object : act(action).changed) ids_.push_back(object.id);
  }
  Changes act(const Action& action) {
    return project_.apply(image_, "request-" + std::to_string(++requests_), action, {});
  }
  std::int64_t area() {
    std::int64_t pixels = 0;
    for (const ObjectMask& mask : project_.masks(image_, kPlane, ids_)) pixels += voxel_count(mask.pixels);
    return pixels;
  }

  const TestFolder folder_;
  Project project_ = Project::open(folder_.path() / "project");
  ImageId image_ = 0;
  std::vector<ObjectId> ids_;
  int requests_ = 0;
};

TEST_F(ManyObjects, TakeNoPictureEach) {
  constexpr std::int64_t kAllowed = std::int64_t{256} * 1024 * 1024;  // a picture for each takes 1.3 GB
  const std::int64_t before = peak_bytes();
  EXPECT_EQ(area(), kCells * (17 * 17 - 9));
  act(FillHolesAction{ids_, Axis::axial});
  EXPECT_EQ(area(), kCells * 17 * 17);
  act(MergeAction{ids_});
  EXPECT_EQ(project_.objects(image_).size(), 1U);
  EXPECT_EQ(area(), kCells * 17 * 17);
  act(SplitAction{ids_.front()});
  EXPECT_EQ(project_.objects(image_).size(), std::size_t{kCells});
  for (int i = 0; i < 3; ++i) act(UndoAction{});
  EXPECT_EQ(area(), kCells * (17 * 17 - 9));
  EXPECT_LT(peak_bytes() - before, kAllowed);
}

// Each gets what those before it have left, though few of them are looked at.
TEST_F(ManyObjects, KeepTheirPixelsFromThoseThatComeLater) {
  ImportAction shifted{"shifted.png", {}};
  for (std::int64_t i = 0; i < kCells; i += 10) {
    RunLengthMask set = cell(i);
    for (VoxelRun& run : set.runs) run.first += 10 + 2 * 2100;  // 10 to the right, 2 down
    shifted.objects.push_back({1, "", std::move(set)});
  }
  const Changes changes = act(shifted);
  ASSERT_EQ(changes.changed.size(), std::size_t{kCells / 10});
  for (std::size_t i = 0; i < changes.changed.size(); ++i) {
    RunLengthMask expected = shifted.objects[i].voxels;
    for (const ObjectId id : ids_) expected = subtracted(expected, project_.voxels(id));
    EXPECT_EQ(project_.voxels(changes.changed[i].id), expected);
  }
}

TEST(NearbyObjects, MissNone) {
  Random random(11);
  for (const Extent3 extent : {Extent3{3, 2, 1}, Extent3{40, 30, 1}, Extent3{9, 8, 20}}) {
    const auto all = static_cast<std::uint64_t>(voxel_count(extent));
    const auto some = [&] {
      std::vector<VoxelRun> runs(random.below(4));
      for (VoxelRun& run : runs) {
        run.first = random.below(all);
        run.count = 1 + random.below(std::min<std::uint64_t>(all - run.first, 60));
      }
      return set_of_runs(extent, runs);
    };
    NearbyObjects nearby(extent);
    std::vector<RunLengthMask> sets;
    for (ObjectId id = 0; id < 50; ++id) nearby.add(id, sets.emplace_back(some()));
    for (int round = 0; round < 50; ++round) {
      const RunLengthMask set = some();
      const std::vector<ObjectId> near = nearby.near(set);
      EXPECT_TRUE(std::ranges::is_sorted(near));
      for (ObjectId id = 0; id < 50; ++id) {
        const bool meet = !intersected(set, sets[static_cast<std::size_t>(id)]).runs.empty();
        EXPECT_TRUE(!meet || std::ranges::count(near, id) == 1) << id;
      }
    }
  }
}

}  // namespace
}  // namespace sonde
