// SPDX-License-Identifier: Apache-2.0
#include "sonde/imaging/slice.h"

#include <algorithm>
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/error.h"

namespace sonde {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// A 3 x 4 x 5 patient: the value of a place is 100 L + 10 P + S, counted from the right, anterior, inferior
// corner.
constexpr Extent3 kPatient{3, 4, 5};
constexpr Vec3 kSpacing{0.5, 0.7, 3};

// The patient stored with the given grid axes: order[g] is the world axis along grid axis g, flip[g] reverses
// it.
Volume stored(std::array<int, 3> order, std::array<bool, 3> flip) {
  const std::array<std::int64_t, 3> world_extent{kPatient.x, kPatient.y, kPatient.z};
  const std::array<double, 3> world_spacing{kSpacing.x, kSpacing.y, kSpacing.z};
  std::array<std::int64_t, 3> extent{};
  Affine3 affine;
  affine.origin = {0, 0, 0};
  for (std::size_t g = 0; g < 3; ++g) {
    const auto world = static_cast<std::size_t>(order[g]);
    extent[g] = world_extent[world];
    std::array<double, 3> step{};
    step[world] = flip[g] ? -world_spacing[world] : world_spacing[world];
    affine.columns[g] = {step[0], step[1], step[2]};
    if (flip[g]) {
      const double far = world_spacing[world] * static_cast<double>(world_extent[world] - 1);
      affine.origin.x += world == 0 ? far : 0;
      affine.origin.y += world == 1 ? far : 0;
      affine.origin.z += world == 2 ? far : 0;
    }
  }
  Volume volume;
  volume.geometry.extent = {extent[0], extent[1], extent[2]};
  volume.geometry.mm_from_voxel = affine;
  for (std::int64_t k = 0; k < extent[2]; ++k) {
    for (std::int64_t j = 0; j < extent[1]; ++j) {
      for (std::int64_t i = 0; i < extent[0]; ++i) {
        const Vec3 mm =
            transform(affine, {static_cast<double>(i), static_cast<double>(j), static_cast<double>(k)});
        volume.voxels.push_back(static_cast<float>(
            std::round(100 * mm.x / kSpacing.x + 10 * mm.y / kSpacing.y + mm.z / kSpacing.z)));
      }
    }
  }
  return volume;
}

std::vector<Volume> all_48_orders() {
  std::vector<Volume> volumes;
  std::array<int, 3> order{0, 1, 2};
  do {
    for (int flips = 0; flips < 8; ++flips)
      volumes.push_back(stored(order, {(flips & 1) != 0, (flips & 2) != 0, (flips & 4) != 0}));
  } while (std::next_permutation(order.begin(), order.end()));
  return volumes;
}

TEST(ExtractSlice, ShowsTheSamePictureForEveryOrderOfTheGridAxes) {
  for (const Volume& volume : all_48_orders()) {
    SCOPED_TRACE(orientation_code(volume.geometry));
    const SlicePlane axial = slice_plane(volume.geometry, Axis::axial);
    ASSERT_EQ(axial.extent, (Extent2{3, 4}));
    ASSERT_EQ(axial.slice_count, 5);
    EXPECT_EQ(extract_slice(volume, axial, 2).grey,
              (std::vector<float>{2, 102, 202, 12, 112, 212, 22, 122, 222, 32, 132, 232}));
    const SlicePlane coronal = slice_plane(volume.geometry, Axis::coronal);
    ASSERT_EQ(coronal.extent, (Extent2{3, 5}));
    const auto back = extract_slice(volume, coronal, 0)
                          .grey;  // slice 0 is the posterior end, its first row the superior one
    EXPECT_EQ(std::vector<float>(back.begin(), back.begin() + 6),
              (std::vector<float>{34, 134, 234, 33, 133, 233}));
    const SlicePlane sagittal = slice_plane(volume.geometry, Axis::sagittal);
    ASSERT_EQ(sagittal.extent, (Extent2{4, 5}));
    const auto left = extract_slice(volume, sagittal, 0)
                          .grey;  // slice 0 is the left end, its first column the anterior one
    EXPECT_EQ(std::vector<float>(left.begin(), left.begin() + 8),
              (std::vector<float>{204, 214, 224, 234, 203, 213, 223, 233}));
  }
}

TEST(InsertSlice, PutsAMaskWhereExtractSliceFindsIt) {
  for (const Volume& volume : all_48_orders()) {
    for (const Axis axis : {Axis::axial, Axis::coronal, Axis::sagittal}) {
      const SlicePlane plane = slice_plane(volume.geometry, axis);
      Mask mask = empty_mask(plane.extent);
      mask.pixels[1] = 1;
      BinaryVolume target{volume.geometry.extent, std::vector<std::uint8_t>(volume.voxels.size(), 0)};
      insert_slice(target, mask, plane, 1);
      Volume as_volume = volume;
      as_volume.voxels.assign(target.voxels.begin(), target.voxels.end());
      const auto seen = extract_slice(as_volume, plane, 1).grey;
      EXPECT_EQ(std::vector<std::uint8_t>(seen.begin(), seen.end()), mask.pixels);
      EXPECT_EQ(std::count(target.voxels.begin(), target.voxels.end(), 1), 1);
    }
  }
}

TEST(SlicePlane, KnowsTheSpacingOfItsPixels) {
  const SlicePlane plane = slice_plane(stored({2, 0, 1}, {true, false, true}).geometry, Axis::sagittal);
  EXPECT_DOUBLE_EQ(plane.pixel_width_mm, 0.7);
  EXPECT_DOUBLE_EQ(plane.pixel_height_mm, 3);
  EXPECT_DOUBLE_EQ(plane.slice_spacing_mm, 0.5);
}

TEST(SlicePlane, NamesTheAxesOfAnObliqueVolumeByTheNearestAnatomicalOnes) {
  Volume volume = stored({0, 1, 2}, {false, false, false});
  const double c = std::cos(0.6);
  const double s = std::sin(0.6);
  volume.geometry.mm_from_voxel->columns = {Vec3{0.5 * c, 0, 0.5 * s}, Vec3{0, 0.7, 0},
                                            Vec3{-3 * s, 0, 3 * c}};
  EXPECT_EQ(orientation_code(volume.geometry), "LPS");
  EXPECT_EQ(slice_plane(volume.geometry, Axis::axial).slice.axis, 2);
}

TEST(SlicePlane, UsesEveryGridAxisOnceWhereTheVolumeLiesAt45Degrees) {
  Volume volume = stored({0, 1, 2}, {false, false, false});
  const double h = std::sqrt(0.5);
  volume.geometry.mm_from_voxel->columns = {Vec3{h, h, 0}, Vec3{h, -h, 0}, Vec3{0, 0, 1}};
  for (const Axis axis : {Axis::axial, Axis::coronal, Axis::sagittal}) {
    const SlicePlane plane = slice_plane(volume.geometry, axis);
    EXPECT_EQ(plane.column.axis + plane.row.axis + plane.slice.axis, 3);
  }
}

TEST(SlicePlane, ShowsAVolumeWithoutAnAffineAsStored) {
  Volume volume;
  volume.geometry.extent = {2, 2, 2};
  volume.voxels = {0, 1, 2, 3, 4, 5, 6, 7};
  const SlicePlane plane = slice_plane(volume.geometry, Axis::axial);
  EXPECT_EQ(extract_slice(volume, plane, 1).grey, (std::vector<float>{4, 5, 6, 7}));
  EXPECT_EQ(orientation_code(volume.geometry), "");
}

TEST(DefaultAxis, IsThePlaneWithTheFinestPixels) {
  EXPECT_EQ(default_axis(stored({2, 0, 1}, {true, false, true}).geometry), Axis::axial);
  Volume isotropic;
  isotropic.geometry.extent = {4, 4, 4};
  EXPECT_EQ(default_axis(isotropic.geometry), Axis::axial);
}

TEST(DefaultAxis, IsNeverAPlaneWhosePicturesAreLines) {
  Volume single = stored({0, 1, 2}, {false, false, false});
  single.geometry.extent = {3, 4, 1};
  // A thin slice would make the other planes the finest.
  single.geometry.mm_from_voxel->columns[2] = {0, 0, 0.01};
  EXPECT_EQ(default_axis(single.geometry), Axis::axial);
}

const Affine3 kAnisotropic{{Vec3{-0.5, 0, 0}, Vec3{0, 0.7, 0}, Vec3{0, 0, 3}}, {}};

std::vector<Axis> axes_of(const ImageGeometry& geometry) {
  std::vector<Axis> axes;
  for (const SlicePlane& plane : planes_of(geometry)) axes.push_back(plane.axis);
  return axes;
}

TEST(Planes, AreThreeOfAVolumeOneOfAPictureAndNeverLines) {
  EXPECT_THAT(axes_of({{4, 5, 6}, kAnisotropic}), ElementsAre(Axis::axial, Axis::coronal, Axis::sagittal));
  EXPECT_THAT(axes_of({{4, 5, 1}, {}}), ElementsAre(Axis::axial));
  EXPECT_THAT(axes_of({{4, 5, 1}, kAnisotropic}), ElementsAre(Axis::axial));
  EXPECT_THAT(axes_of({{4, 1, 6}, kAnisotropic}), ElementsAre(Axis::coronal));
}

TEST(Planes, ThatThereAreNotAreRefusedWithWhatThereIs) {
  const ImageGeometry volume{{4, 5, 6}, kAnisotropic};
  EXPECT_EQ(checked_plane(volume, {Axis::coronal, 4}).slice_count, 5);
  const auto message = [](const ImageGeometry& geometry, PlaneRef plane) -> std::string {
    try {
      checked_plane(geometry, plane);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage);
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(message(volume, {Axis::axial, 6}), HasSubstr("axial slices are 0..5"));
  EXPECT_THAT(message(volume, {Axis::axial, -1}), HasSubstr("axial slices are 0..5"));
  EXPECT_THAT(message({{4, 5, 1}, {}}, {Axis::coronal, 0}), HasSubstr("has the planes axial"));
}

TEST(ExtractSlice, SaysWhichSlicesThereAre) {
  const Volume volume = stored({0, 1, 2}, {false, false, false});
  try {
    extract_slice(volume, slice_plane(volume.geometry, Axis::coronal), 4);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_STREQ(error.what(), "slice 4 is out of range: coronal slices are 0..3");
  }
}

TEST(ExtractSlice, KeepsColours) {
  Volume volume;
  volume.geometry.extent = {2, 1, 1};
  volume.photometric = Photometric::rgb;
  volume.rgb = {1, 2, 3, 4, 5, 6};
  EXPECT_EQ(extract_slice(volume, slice_plane(volume.geometry, Axis::axial), 0).rgb, volume.rgb);
}

}  // namespace
}  // namespace sonde
