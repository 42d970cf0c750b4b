// SPDX-License-Identifier: Apache-2.0
#include "sonde/imaging/run_length_mask.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/error.h"
#include "sonde/core/random.h"
#include "sonde/imaging/volume.h"

namespace sonde {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Runs of random length, so that many meet the ends of rows and slices.
BinaryVolume random_mask(Random& random, Extent3 extent) {
  BinaryVolume mask{extent, std::vector<std::uint8_t>(static_cast<std::size_t>(voxel_count(extent)), 0)};
  const std::uint64_t longest = 1 + random.below(2 * static_cast<std::uint64_t>(extent.x) + 2);
  std::uint8_t value = 0;
  for (std::size_t at = 0; at < mask.voxels.size(); value ^= 1) {
    const std::size_t count = std::min(mask.voxels.size() - at, 1 + random.below(longest));
    std::fill_n(mask.voxels.begin() + static_cast<std::int64_t>(at), count, value);
    at += count;
  }
  return mask;
}

Extent3 random_extent(Random& random) {
  const auto side = [&] { return 1 + static_cast<std::int64_t>(random.below(9)); };
  return {side(), side(), random.below(3) == 0 ? 1 : side()};
}

// 6 orders of the axes, 8 flips, anisotropic and a little oblique.
std::vector<Affine3> all_48_affines() {
  std::vector<Affine3> affines;
  std::array<std::size_t, 3> order{0, 1, 2};
  do {
    for (int flips = 0; flips < 8; ++flips) {
      Affine3 affine;
      for (std::size_t g = 0; g < 3; ++g) {
        std::array<double, 3> step{0.05, -0.04, 0.03};
        step[order[g]] = std::array{0.5, 0.7, 3.0}[order[g]] * ((flips >> g & 1) != 0 ? -1 : 1);
        affine.columns[g] = {step[0], step[1], step[2]};
      }
      affines.push_back(affine);
    }
  } while (std::next_permutation(order.begin(), order.end()));
  return affines;
}

constexpr std::array kAxes{Axis::axial, Axis::coronal, Axis::sagittal};

Mask dense_slice(const BinaryVolume& mask, const SlicePlane& plane, std::int64_t slice) {
  Volume volume;
  volume.geometry.extent = mask.extent;
  volume.voxels.assign(mask.voxels.begin(), mask.voxels.end());
  const Picture picture = extract_slice(volume, plane, slice);
  return {picture.extent, {picture.grey.begin(), picture.grey.end()}};
}

ErrorKind refusal(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.kind();
  }
  ADD_FAILURE() << "nothing was thrown";
  return ErrorKind::internal;
}

TEST(RunLengthMask, CombinesAsItsDenseTwin) {
  Random random(1);
  for (int round = 0; round < 500; ++round) {
    const Extent3 extent = random_extent(random);
    const BinaryVolume a = random_mask(random, extent);
    const BinaryVolume b = random_mask(random, extent);
    const RunLengthMask set_a = voxels_from_mask(a);
    const RunLengthMask set_b = voxels_from_mask(b);
    EXPECT_EQ(mask_from_voxels(set_a).voxels, a.voxels);
    EXPECT_EQ(voxel_count(set_a), std::count(a.voxels.begin(), a.voxels.end(), 1));
    const auto dense = [&](auto keep) {
      BinaryVolume result = a;
      std::transform(a.voxels.begin(), a.voxels.end(), b.voxels.begin(), result.voxels.begin(),
                     [&](int in_a, int in_b) { return static_cast<std::uint8_t>(keep(in_a, in_b)); });
      return voxels_from_mask(result);  // equal sets are equal runs
    };
    EXPECT_EQ(united(set_a, set_b), dense([](int p, int q) { return p | q; }));
    EXPECT_EQ(intersected(set_a, set_b), dense([](int p, int q) { return p & q; }));
    EXPECT_EQ(subtracted(set_a, set_b), dense([](int p, int q) { return p & ~q; }));
    EXPECT_EQ(symmetric_difference(set_a, set_b), dense([](int p, int q) { return p ^ q; }));
    EXPECT_EQ(symmetric_difference(set_a, symmetric_difference(set_a, set_b)), set_b);
  }
}

TEST(RunLengthMask, IsOfOneGrid) {
  EXPECT_EQ(refusal([] { united({{2, 2, 2}, {}}, {{2, 2, 3}, {}}); }), ErrorKind::internal);
}

TEST(VoxelBounds, AreThoseOfTheVoxels) {
  EXPECT_EQ(bounds({{3, 3, 3}, {}}), std::nullopt);
  Random random(2);
  for (int round = 0; round < 500; ++round) {
    const Extent3 extent = random_extent(random);
    BinaryVolume mask = random_mask(random, extent);
    for (std::uint8_t& voxel : mask.voxels) voxel = random.below(8) == 0 ? voxel : std::uint8_t{0};
    std::optional<VoxelBounds> expected;
    for (std::int64_t v = 0; v < voxel_count(extent); ++v) {
      if (mask.voxels[static_cast<std::size_t>(v)] == 0) continue;
      const std::int64_t i = v % extent.x;
      const std::int64_t j = v / extent.x % extent.y;
      const std::int64_t k = v / (extent.x * extent.y);
      if (!expected) expected = VoxelBounds{i, j, k, i, j, k};
      *expected = {std::min(expected->i0, i), std::min(expected->j0, j), std::min(expected->k0, k),
                   std::max(expected->i1, i), std::max(expected->j1, j), std::max(expected->k1, k)};
    }
    EXPECT_EQ(bounds(voxels_from_mask(mask)), expected);
  }
}

TEST(VoxelSlices, AreThoseOfTheDenseTwinForEveryOrderOfTheGridAxes) {
  Random random(3);
  for (const Affine3& affine : all_48_affines()) {
    ImageGeometry geometry;
    geometry.extent = {3 + static_cast<std::int64_t>(random.below(5)), 4, 5};
    geometry.mm_from_voxel = affine;
    SCOPED_TRACE(orientation_code(geometry));
    BinaryVolume dense = random_mask(random, geometry.extent);
    const RunLengthMask set = voxels_from_mask(dense);
    for (const Axis axis : kAxes) {
      const SlicePlane plane = slice_plane(geometry, axis);
      RunLengthMask together{geometry.extent, {}};
      for (std::int64_t slice = 0; slice < plane.slice_count; ++slice) {
        const Mask mask = slice_from_voxels(set, plane, slice);
        ASSERT_EQ(mask, dense_slice(dense, plane, slice));
        const RunLengthMask voxels = voxels_from_slice(mask, geometry.extent, plane, slice);
        EXPECT_EQ(voxels_on_slice(set, plane, slice), voxels);
        const Extent3 flat{plane.extent.width, plane.extent.height, 1};
        EXPECT_EQ(pixels_on_slice(set, plane, slice), voxels_from_mask({flat, mask.pixels}));
        together = united(together, voxels);
      }
      EXPECT_EQ(together, set);

      const auto slice =
          static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(plane.slice_count)));
      const Extent3 flat{plane.extent.width, plane.extent.height, 1};
      const Mask fresh{plane.extent, random_mask(random, flat).voxels};
      BinaryVolume changed = dense;
      insert_slice(changed, fresh, plane, slice);
      EXPECT_EQ(with_slice(set, fresh, plane, slice), voxels_from_mask(changed));
    }
  }
}

TEST(VoxelSlices, MayBeCroppedToWhatIsThere) {
  Random random(7);
  for (const Affine3& affine : all_48_affines()) {
    ImageGeometry geometry;
    geometry.extent = {6, 7, 8};
    geometry.mm_from_voxel = affine;
    SCOPED_TRACE(orientation_code(geometry));
    std::vector<VoxelRun> dots;
    for (int i = 0; i < 4; ++i) dots.push_back({random.below(330), 1 + random.below(5)});
    const RunLengthMask set = set_of_runs(geometry.extent, dots);
    for (const Axis axis : kAxes) {
      const SlicePlane plane = slice_plane(geometry, axis);
      const auto [first, last] = slices_of(*bounds(set), plane);
      for (std::int64_t slice = 0; slice < plane.slice_count; ++slice) {
        const RunLengthMask pixels = pixels_on_slice(set, plane, slice);
        const CroppedMask part = cropped(pixels);
        const Mask whole = slice_from_voxels(set, plane, slice);
        EXPECT_EQ(voxels_from_slice(part, geometry.extent, plane, slice), voxels_on_slice(set, plane, slice));
        EXPECT_EQ(area_px(part.mask), area_px(whole));
        const std::optional<Box2> box = bounding_box(whole);
        if (slice == first || slice == last) {
          EXPECT_TRUE(box);
        }
        if (slice < first || slice > last) {
          EXPECT_FALSE(box);
        }
        if (!box) continue;
        EXPECT_EQ((std::array{part.x0, part.y0, part.mask.extent.width, part.mask.extent.height}),
                  (std::array{static_cast<std::int64_t>(box->x0), static_cast<std::int64_t>(box->y0),
                              static_cast<std::int64_t>(box->x1 - box->x0) + 1,
                              static_cast<std::int64_t>(box->y1 - box->y0) + 1}));
      }
    }
  }
}

TEST(RunLengthMask, IsMadeOfRunsInAnyOrderThatMayOverlap) {
  EXPECT_THAT(set_of_runs({10, 10, 1}, {{40, 5}, {3, 4}, {42, 1}, {7, 2}, {44, 6}}).runs,
              ElementsAre(VoxelRun{3, 6}, VoxelRun{40, 10}));
  EXPECT_THAT(set_of_runs({10, 10, 1}, {}).runs, IsEmpty());
}

TEST(VoxelSlices, RefuseASliceThatIsNotThereAndAPictureOfAnotherPlane) {
  ImageGeometry geometry;
  geometry.extent = {3, 4, 5};
  const SlicePlane plane = slice_plane(geometry, Axis::coronal);
  const RunLengthMask set{geometry.extent, {}};
  EXPECT_EQ(refusal([&] { slice_from_voxels(set, plane, 4); }), ErrorKind::usage);
  EXPECT_EQ(refusal([&] { slice_from_voxels(set, plane, -1); }), ErrorKind::usage);
  EXPECT_EQ(refusal([&] {
              voxels_from_slice(empty_mask({3, 4}), geometry.extent, plane, 0);
            }),
            ErrorKind::internal);
  EXPECT_EQ(refusal([&] { slice_from_voxels({{3, 4, 6}, {}}, plane, 0); }), ErrorKind::internal);
  EXPECT_EQ(refusal([&] {
              voxels_from_slice(CroppedMask{2, 4, empty_mask({2, 1})}, geometry.extent, plane, 0);
            }),
            ErrorKind::internal);
  EXPECT_EQ(refusal([&] { cropped({{3, 4, 2}, {}}); }), ErrorKind::internal);
}

// Flood fill, 26 neighbours.
std::vector<RunLengthMask> dense_parts(const BinaryVolume& mask) {
  const Extent3 e = mask.extent;
  BinaryVolume left = mask;
  std::vector<RunLengthMask> parts;
  for (std::int64_t seed = 0; seed < voxel_count(e); ++seed) {
    if (left.voxels[static_cast<std::size_t>(seed)] == 0) continue;
    BinaryVolume part{e, std::vector<std::uint8_t>(mask.voxels.size(), 0)};
    std::vector<std::int64_t> open{seed};
    left.voxels[static_cast<std::size_t>(seed)] = 0;
    while (!open.empty()) {
      const std::int64_t at = open.back();
      open.pop_back();
      part.voxels[static_cast<std::size_t>(at)] = 1;
      for (int step = 0; step < 27; ++step) {
        const std::int64_t i = at % e.x + step % 3 - 1;
        const std::int64_t j = at / e.x % e.y + step / 3 % 3 - 1;
        const std::int64_t k = at / (e.x * e.y) + step / 9 - 1;
        if (i < 0 || j < 0 || k < 0 || i >= e.x || j >= e.y || k >= e.z) continue;
        const std::int64_t near = (k * e.y + j) * e.x + i;
        if (left.voxels[static_cast<std::size_t>(near)] == 0) continue;
        left.voxels[static_cast<std::size_t>(near)] = 0;
        open.push_back(near);
      }
    }
    parts.push_back(voxels_from_mask(part));
  }
  std::ranges::stable_sort(parts, std::greater{},
                           [](const RunLengthMask& part) { return voxel_count(part); });
  return parts;
}

TEST(ConnectedParts, AreThoseOfAFloodFill) {
  Random random(4);
  for (int round = 0; round < 600; ++round) {
    BinaryVolume mask = random_mask(random, random_extent(random));
    const std::uint64_t keep = 1 + random.below(8);
    for (std::uint8_t& voxel : mask.voxels) voxel = random.below(8) < keep ? voxel : std::uint8_t{0};
    ASSERT_EQ(connected_parts(voxels_from_mask(mask)), dense_parts(mask)) << round;
  }
}

TEST(ConnectedParts, DoNotReachRoundTheEndsOfRows) {
  const RunLengthMask set{{4, 2, 1}, {{3, 2}}};  // the last pixel of the first row, the first of the second
  EXPECT_EQ(connected_parts(set).size(), 2U);
  EXPECT_THAT(connected_parts({{4, 2, 1}, {}}), IsEmpty());
}

TEST(VoxelBytes, AreReadBack) {
  EXPECT_THAT(
      encode_voxels({{300, 300, 2}, {{5, 1}, {206, 300}}}),
      ElementsAre(std::byte{5}, std::byte{1}, std::byte{0xC8}, std::byte{1}, std::byte{0xAC}, std::byte{2}));
  Random random(5);
  for (int round = 0; round < 300; ++round) {
    const RunLengthMask set = voxels_from_mask(random_mask(random, random_extent(random)));
    EXPECT_EQ(decode_voxels(encode_voxels(set), set.extent), set);
  }
  const RunLengthMask huge{{40'000, 40'000, 4'000}, {{6'399'999'999'990, 10}}};
  EXPECT_EQ(decode_voxels(encode_voxels(huge), huge.extent), huge);
}

TEST(VoxelBytes, AreRefusedWhereTheyAreNoSetOfTheGrid) {
  const auto refused = [](const std::vector<int>& values) {
    std::vector<std::byte> bytes;
    for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
    return refusal([&] { decode_voxels(bytes, {10, 10, 1}); }) == ErrorKind::corrupt_data;
  };
  EXPECT_TRUE(refused({5}));              // no length
  EXPECT_TRUE(refused({5, 0x80}));        // cut
  EXPECT_TRUE(refused({5, 0}));           // empty
  EXPECT_TRUE(refused({5, 1, 0, 1}));     // touches
  EXPECT_TRUE(refused({5, 96}));          // beyond the end
  EXPECT_TRUE(refused({101, 1}));         // begins beyond it
  EXPECT_TRUE(refused({0x85, 0x00, 1}));  // longer than needed
  EXPECT_TRUE(refused({0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 1}));
  EXPECT_TRUE(refused({1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F}));
}

TEST(VoxelBytes, NeverGiveASetThatIsNone) {
  Random random(6);
  int read = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::vector<std::byte> bytes(random.below(9));
    for (std::byte& byte : bytes)
      byte = static_cast<std::byte>(random.below(4) == 0 ? random.below(256) : random.below(12));
    try {
      const RunLengthMask set = decode_voxels(bytes, {10, 5, 2});
      EXPECT_EQ(encode_voxels(set), bytes);
      EXPECT_EQ(voxels_from_mask(mask_from_voxels(set)), set);
      ++read;
    } catch (const Error& error) {
      ASSERT_EQ(error.kind(), ErrorKind::corrupt_data);
    }
  }
  EXPECT_GT(read, 100);
}

}  // namespace
}  // namespace sonde
