// SPDX-License-Identifier: Apache-2.0
#include "sonde/core/data_testing.h"
#include "sonde/imaging/slice.h"
#include "sonde/io/formats.h"
#include "sonde/io/volume/volume_testing.h"
#include "sonde/io/write.h"

// One volume saved in all 48 orders of its axes.
namespace sonde {
namespace {

constexpr Axis kAxes[] = {Axis::axial, Axis::coronal, Axis::sagittal};

std::vector<std::filesystem::path> all_orders(const std::filesystem::path& shared) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(shared / "data" / "volumes" / "orient48"))
    if (entry.path().extension() == ".gz") files.push_back(entry.path());
  return files;
}

std::vector<std::vector<float>> all_slices(const Volume& volume, Axis axis) {
  const SlicePlane plane = slice_plane(volume.geometry, axis);
  std::vector<std::vector<float>> slices;
  for (std::int64_t slice = 0; slice < plane.slice_count; ++slice)
    slices.push_back(extract_slice(volume, plane, slice).grey);
  return slices;
}

TEST(Orient48, GivesTheSamePicturesWhateverTheOrderOfTheAxes) {
  const auto shared = shared_folder();
  if (!shared) GTEST_SKIP() << "no shared data";
  const auto files = all_orders(*shared);
  ASSERT_EQ(files.size(), 48);
  const Volume first = read_nifti(files.front(), {});
  for (const Axis axis : kAxes) {
    const auto expected = all_slices(first, axis);
    for (const auto& file : files) {
      const Volume volume = read_nifti(file, {});
      EXPECT_EQ(slice_plane(volume.geometry, axis).extent, slice_plane(first.geometry, axis).extent) << file;
      EXPECT_TRUE(all_slices(volume, axis) == expected) << file << ' ' << to_string(axis);
      EXPECT_EQ(orientation_code(volume.geometry), file.stem().stem().string());
    }
  }
}

// Where a voxel of the mask lies in the patient, rounded to a micrometre, and how many there are.
struct Anatomy {
  Vec3 sum_mm;
  std::int64_t count = 0;
};
Anatomy anatomy_of(const Volume& mask) {
  Anatomy anatomy;
  std::size_t at = 0;
  for (std::int64_t z = 0; z < mask.geometry.extent.z; ++z)
    for (std::int64_t y = 0; y < mask.geometry.extent.y; ++y)
      for (std::int64_t x = 0; x < mask.geometry.extent.x; ++x) {
        if (mask.voxels[at++] == 0) continue;
        const Vec3 mm = transform(mask.geometry.mm_from_voxel.value(),
                                  {static_cast<double>(x), static_cast<double>(y), static_cast<double>(z)});
        anatomy.sum_mm = {anatomy.sum_mm.x + mm.x, anatomy.sum_mm.y + mm.y, anatomy.sum_mm.z + mm.z};
        ++anatomy.count;
      }
  return anatomy;
}

TEST(Orient48, AMaskOfOneSliceLiesOnTheSameAnatomyInEveryOrder) {
  const auto shared = shared_folder();
  if (!shared) GTEST_SKIP() << "no shared data";
  const TestFolder folder;
  std::optional<Anatomy> expected;
  for (const auto& file : all_orders(*shared)) {
    const Volume volume = read_nifti(file, {});
    const SlicePlane plane = slice_plane(volume.geometry, Axis::coronal);
    Mask mask = empty_mask(plane.extent);
    for (std::int64_t y = 5; y < 17; ++y)
      for (std::int64_t x = 9; x < 13; ++x)
        mask.pixels[static_cast<std::size_t>(y * plane.extent.width + x)] = 1;
    BinaryVolume target{volume.geometry.extent, std::vector<std::uint8_t>(volume.voxels.size(), 0)};
    insert_slice(target, mask, plane, 20);
    write_mask_volume(folder.path() / "mask.nii.gz", target, volume.geometry);
    const Anatomy found = anatomy_of(read_nifti(folder.path() / "mask.nii.gz", {}));
    if (!expected) expected = found;
    EXPECT_EQ(found.count, 48);
    const double n = 48;
    expect_near(Vec3{found.sum_mm.x / n, found.sum_mm.y / n, found.sum_mm.z / n},
                Vec3{expected->sum_mm.x / n, expected->sum_mm.y / n, expected->sum_mm.z / n}, 1e-3);
  }
}

}  // namespace
}  // namespace sonde
