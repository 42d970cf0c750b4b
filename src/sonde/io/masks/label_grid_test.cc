// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/masks/label_grid.h"

#include <numeric>

#include "sonde/io/volume/volume_testing.h"

namespace sonde {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Vec3 plus(Vec3 a, Vec3 b, double times) { return {a.x + times * b.x, a.y + times * b.y, a.z + times * b.z}; }
Vec3 minus(Vec3 v) { return {-v.x, -v.y, -v.z}; }

// A volume of 4 x 3 x 2 voxels of 0.5 x 0.75 x 3 mm, oblique; labels 1, 2, 3, ... on it.
const ImageGeometry kGrid{{4, 3, 2}, oblique_affine()};

LabelLayers counted(Extent3 extent, const Affine3& affine) {
  LabelMap map{{extent, affine}, std::vector<std::int32_t>(static_cast<std::size_t>(voxel_count(extent)))};
  std::iota(map.labels.begin(), map.labels.end(), 1);
  return {{map}};
}

// Moved along i by a share of a voxel.
LabelLayers moved(double voxels) {
  Affine3 affine = *kGrid.mm_from_voxel;
  affine.origin = plus(affine.origin, affine.columns[0], voxels);
  return counted(kGrid.extent, affine);
}

TEST(LabelsOnGrid, AreTakenWithinAHundredthOfAVoxelAndWithANoteWithinATenth) {
  for (const double voxels : {0.0, 0.009, -0.009})
    EXPECT_THAT(on_grid(moved(voxels), kGrid).value().notes, IsEmpty());
  for (const double voxels : {0.055, -0.099}) {
    const LabelLayers labels = on_grid(moved(voxels), kGrid).value();
    EXPECT_THAT(labels.notes, ElementsAre(HasSubstr("voxels off the image's")));
    EXPECT_EQ(labels.layers.at(0).labels, moved(0).layers[0].labels);
  }
  for (const double voxels : {0.101, -0.101, 1.0, -3.0, 1e300, std::nan("")})
    EXPECT_FALSE(on_grid(moved(voxels), kGrid)) << voxels;
}

TEST(LabelsOnGrid, AreMeasuredAtTheFarthestCorner) {
  Affine3 affine = *kGrid.mm_from_voxel;
  affine.columns[0] = plus({}, affine.columns[0], 1.02);  // 0.06 voxels too far at i = 3
  EXPECT_THAT(on_grid(counted(kGrid.extent, affine), kGrid).value().notes,
              ElementsAre(HasSubstr("0.06 voxels")));
  affine.columns[0] = plus({}, kGrid.mm_from_voxel->columns[0], 1.04);
  EXPECT_FALSE(on_grid(counted(kGrid.extent, affine), kGrid));
  affine = *kGrid.mm_from_voxel;
  affine.columns[1] = plus(affine.columns[1], affine.columns[0], 0.04);  // directions: 0.08 at j = 2
  EXPECT_THAT(on_grid(counted(kGrid.extent, affine), kGrid).value().notes,
              ElementsAre(HasSubstr("0.08 voxels")));
}

// The same voxels with axes swapped and turned: stored i, j, k run along k, -i, j.
TEST(LabelsOnGrid, AreMovedWhereAxesAreSwappedAndTurned) {
  const Affine3& a = *kGrid.mm_from_voxel;
  const Affine3 turned{{a.columns[2], minus(a.columns[0]), a.columns[1]}, plus(a.origin, a.columns[0], 3)};
  const LabelLayers labels = on_grid(counted({2, 4, 3}, turned), kGrid).value();
  EXPECT_THAT(labels.notes, IsEmpty());
  for (std::int32_t k = 0; k < 2; ++k)
    for (std::int32_t j = 0; j < 3; ++j)
      for (std::int32_t i = 0; i < 4; ++i)
        EXPECT_EQ(labels.layers[0].labels[static_cast<std::size_t>(i + 4 * j + 12 * k)],
                  1 + k + 2 * (3 - i) + 8 * j);
}

TEST(LabelsOnGrid, MayCoverAPartWhereTheirFormatSaysSo) {
  const Affine3& a = *kGrid.mm_from_voxel;
  Affine3 part = a;
  part.origin = plus(a.origin, a.columns[0], 2);
  LabelLayers labels = counted({2, 1, 2}, part);
  labels.layers.push_back(labels.layers[0]);
  EXPECT_FALSE(on_grid(labels, kGrid));
  labels.covers = LabelLayers::Covers::part;
  const LabelLayers whole = on_grid(labels, kGrid).value();
  EXPECT_THAT(whole.notes, IsEmpty());
  for (const LabelMap& layer : whole.layers) {
    EXPECT_EQ(layer.geometry.extent, kGrid.extent);
    std::vector<std::int32_t> expected(24);
    expected[2] = 1, expected[3] = 2, expected[14] = 3, expected[15] = 4;
    EXPECT_EQ(layer.labels, expected);
  }
}

TEST(LabelsOnGrid, LoseWhatLiesOutsideWithANote) {
  const Affine3& a = *kGrid.mm_from_voxel;
  Affine3 part = a;
  part.origin = plus(a.origin, a.columns[0], -1);
  LabelLayers labels = counted({2, 1, 1}, part);
  labels.covers = LabelLayers::Covers::part;
  const LabelLayers cut = on_grid(labels, kGrid).value();
  EXPECT_THAT(cut.notes, ElementsAre(HasSubstr("1 labelled voxel lies outside")));
  EXPECT_EQ(cut.layers[0].labels[0], 2);
  part.origin = plus(a.origin, a.columns[0], -1.5);
  LabelLayers between = counted({2, 1, 1}, part);
  between.covers = LabelLayers::Covers::part;
  EXPECT_FALSE(on_grid(between, kGrid));
  part.origin = plus(a.origin, a.columns[0], -2);
  LabelLayers beside = counted({2, 1, 1}, part);
  beside.covers = LabelLayers::Covers::part;
  EXPECT_FALSE(on_grid(beside, kGrid));
}

TEST(Mismatch, TellsGridsApartThatDifferByMicrometres) {
  ImageGeometry other = kGrid;
  other.mm_from_voxel->origin.x += 0.0625;
  EXPECT_THAT(mismatch(other, "v.nii", kGrid),
              AllOf(HasSubstr("from (-12.4375, "), HasSubstr("v.nii is 4 x 3 x 2"),
                    HasSubstr("from (-12.5, "), HasSubstr("first voxels are 0.0625 mm apart")));
}

}  // namespace
}  // namespace sonde
