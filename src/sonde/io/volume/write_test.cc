// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/write.h"

#include <cstdlib>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <nifti2_io.h>

#include "sonde/io/formats.h"
#include "sonde/io/label_map.h"
#include "sonde/io/volume/volume_testing.h"

namespace sonde {
namespace {

using testing::HasSubstr;

struct Target {
  std::string name;
  Volume (*read)(const std::filesystem::path&, const ReadOptions&);
};
const std::vector<Target> kTargets{
    {"m.nii", read_nifti}, {"m.nii.gz", read_nifti}, {"m.nrrd", read_nrrd}, {"m.mha", read_metaimage}};

BinaryVolume checkered(Extent3 extent) {
  BinaryVolume mask{extent, {}};
  for (std::int64_t i = 0; i < voxel_count(extent); ++i) mask.voxels.push_back(i % 3 == 0 ? 1 : 0);
  return mask;
}

void expect_same_voxels(const Volume& volume, const BinaryVolume& mask) {
  EXPECT_EQ(volume.geometry.extent, mask.extent);
  EXPECT_EQ(std::vector<std::uint8_t>(volume.voxels.begin(), volume.voxels.end()), mask.voxels);
}

class WriteMaskVolume : public testing::Test {
 protected:
  std::filesystem::path write(const std::string& name, const BinaryVolume& mask,
                              const ImageGeometry& like) const {
    const auto path = folder_.path() / name;
    write_mask_volume(path, mask, like);
    return path;
  }

  TestFolder folder_;
};

TEST_F(WriteMaskVolume, IsReadBackOnTheSameGridInEveryFormat) {
  Affine3 sheared = oblique_affine();
  sheared.columns[1].x += 0.2;
  const Affine3 flipped{{Vec3{0, 0, -2}, Vec3{0.5, 0, 0}, Vec3{0, -1, 0}}, {1, 2, 3}};
  const BinaryVolume mask = checkered({4, 3, 2});
  for (const Target& target : kTargets) {
    for (const Affine3& affine : {oblique_affine(), sheared, flipped}) {
      const Volume back = target.read(write(target.name, mask, {mask.extent, affine}), {});
      expect_same_voxels(back, mask);
      expect_near(back.geometry.mm_from_voxel.value(), affine, 1e-5);
      EXPECT_TRUE(back.eight_bit);
    }
  }
}

TEST_F(WriteMaskVolume, WritesUnitSpacingWithoutAnAffine) {
  const BinaryVolume mask = checkered({5, 4, 1});
  for (const Target& target : kTargets) {
    const Volume back = target.read(write(target.name, mask, {mask.extent, std::nullopt}), {});
    expect_same_voxels(back, mask);
    expect_near(spacing_mm(back.geometry.mm_from_voxel.value()), {1, 1, 1}, 0);
  }
}

TEST_F(WriteMaskVolume, WritesTheSameBytesEachTime) {
  const BinaryVolume mask = checkered({4, 3, 2});
  for (const Target& target : kTargets) {
    const std::string once = content_of(write(target.name, mask, {mask.extent, oblique_affine()}));
    const std::string twice =
        content_of(write("again-" + target.name, mask, {mask.extent, oblique_affine()}));
    EXPECT_EQ(once, twice) << target.name;
  }
}

TEST_F(WriteMaskVolume, IsReadByLibniftiToTheSameQformAndSform) {
  const BinaryVolume mask = checkered({4, 3, 2});
  const auto path = write("m.nii.gz", mask, {mask.extent, oblique_affine()});
  nifti_image* image = nifti_image_read(path.c_str(), 1);
  ASSERT_NE(image, nullptr);
  const Affine3 ras = flip_world_xy(oblique_affine());
  for (std::size_t axis = 0; axis < 4; ++axis) {
    const Vec3 column = axis < 3 ? ras.columns[axis] : ras.origin;
    for (const nifti_dmat44& matrix : {image->qto_xyz, image->sto_xyz})
      expect_near(Vec3{matrix.m[0][axis], matrix.m[1][axis], matrix.m[2][axis]}, column, 1e-5);
  }
  EXPECT_EQ(std::memcmp(image->data, mask.voxels.data(), mask.voxels.size()), 0);
  nifti_image_free(image);
}

TEST_F(WriteMaskVolume, WritesNifti2WhereAnExtentPassesNifti1) {
  const BinaryVolume mask = checkered({40000, 2, 1});
  const auto path = write("m.nii.gz", mask, {mask.extent, oblique_affine()});
  EXPECT_EQ(inspect_nifti(path).format, "NIfTI-2 (gzip)");
  const Volume back = read_nifti(path, {});
  expect_same_voxels(back, mask);
  expect_near(back.geometry.mm_from_voxel.value(), oblique_affine(), 1e-12);
}

bool is_installed(const std::string& program) {
  return std::system(("command -v " + program + " >/dev/null").c_str()) == 0;
}

// `command`, with IN and OUT in it for files, on one file of each grid and type in turn; what it makes of
// them is read back as NRRD, which unu and ITK both write as they understood the file.
void expect_understood(std::string command, const std::string& name) {
  const TestFolder folder;
  const auto in = folder.path() / name, out = folder.path() / "out.nrrd";
  command.replace(command.find("IN"), 2, in.string());
  command.replace(command.find("OUT"), 3, out.string());
  Affine3 sheared = oblique_affine();
  sheared.columns[1].x += 0.2;
  const Affine3 flipped{{Vec3{0, 0, -2}, Vec3{0.5, 0, 0}, Vec3{0, -1, 0}}, {1, 2, 3}};
  for (const Affine3& affine : {oblique_affine(), sheared, flipped}) {
    for (const std::int32_t step : {1, 20000}) {
      LabelMap map{{{4, 3, 2}, affine}, {}};
      for (std::int32_t i = 0; i < 24; ++i) map.labels.push_back(i % 4 * step);
      write_label_map(in, map);
      ASSERT_EQ(std::system((command + " >/dev/null 2>&1").c_str()), 0) << command;
      const Volume back = read_nrrd(out, {});
      EXPECT_EQ(back.geometry.extent, map.geometry.extent);
      EXPECT_EQ(std::vector<std::int32_t>(back.voxels.begin(), back.voxels.end()), map.labels);
      expect_near(back.geometry.mm_from_voxel.value(), affine, 1e-9);
    }
  }
}

TEST(WriteLabelMap, IsReadByUnuToTheSameGridAndLabels) {
  if (!is_installed("teem-unu")) GTEST_SKIP() << "teem-apps is not installed";
  expect_understood("teem-unu save -f nrrd -e ascii -i 'IN' -o 'OUT'", "m.nrrd");
}

TEST(WriteLabelMap, IsReadByItkToTheSameGridAndLabels) {
  if (!is_installed("plastimatch")) GTEST_SKIP() << "plastimatch, which has ITK's readers, is not installed";
  for (const std::string name : {"m.nrrd", "m.mha"})
    expect_understood("plastimatch convert --input 'IN' --output-img 'OUT'", name);
}

TEST_F(WriteMaskVolume, NamesInMetaImagesWhereTheAxesComeFrom) {
  const auto orientation_of = [&](const Affine3& affine) {
    const BinaryVolume mask = checkered({4, 3, 2});
    const std::string file = content_of(write("m.mha", mask, {mask.extent, affine}));
    const std::string field = "AnatomicalOrientation = ";
    return file.substr(file.find(field) + field.size(), 3);
  };
  EXPECT_EQ(orientation_of(Affine3{}), "RAI");
  EXPECT_EQ(orientation_of(oblique_affine()), "RAS");
  EXPECT_EQ(orientation_of({{Vec3{0, 0, -2}, Vec3{0.5, 0, 0}, Vec3{0, -1, 0}}, {}}), "SRP");
  EXPECT_EQ(orientation_of({{Vec3{1, 0.5, 0}, Vec3{-1, 0.5, 0}, Vec3{0, 0, 1}}, {}}), "???");
}

TEST_F(WriteMaskVolume, LeavesNothingBehindWhereItCannotWrite) {
  const BinaryVolume mask = checkered({4, 3, 2});
  const ImageGeometry like{mask.extent, oblique_affine()};
  for (const Target& target : kTargets) {
    const auto path = folder_.path() / "absent" / target.name;
    EXPECT_EQ(refusal([&] { write_mask_volume(path, mask, like); }).kind, ErrorKind::unavailable)
        << target.name;
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

// A limit on the size of files stands in for a full disk: write() fails in the same place.
TEST_F(WriteMaskVolume, SaysThatTheDiskIsFullAndLeavesNothingBehind) {
  const ImageGeometry like{{64, 64, 64}, oblique_affine()};
  BinaryVolume mask{like.extent, {}};
  for (std::uint32_t i = 0, noise = 1; i < 64 * 64 * 64; ++i, noise = noise * 1664525 + 1013904223)
    mask.voxels.push_back(noise >> 31);
  for (const Target& target : kTargets) {
    const auto path = folder_.path() / target.name;
    const pid_t child = fork();
    if (child == 0) {
      signal(SIGXFSZ, SIG_IGN);
      const rlimit limit{4096, 4096};
      setrlimit(RLIMIT_FSIZE, &limit);
      const Refused refused = refusal([&] { write_mask_volume(path, mask, like); });
      const bool told = refused.kind == ErrorKind::unavailable && refused.message.starts_with(path.string());
      _exit(told ? 0 : 1);
    }
    int status = -1;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0) << target.name;
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

TEST_F(WriteMaskVolume, RefusesGridsThatNoReaderTakes) {
  const Affine3 flat{{Vec3{1, 0, 0}, Vec3{1, 0, 0}, Vec3{0, 0, 1}}, {}};
  for (const std::string name : {"m.nrrd", "m.mha"}) {
    const BinaryVolume mask = checkered({4, 3, 2});
    EXPECT_THAT(refusal([&] { write(name, mask, {mask.extent, flat}); }).message, HasSubstr("singular"));
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

TEST_F(WriteMaskVolume, RefusesAnotherExtentAndOtherNames) {
  const ImageGeometry like{{4, 3, 1}, oblique_affine()};
  EXPECT_THAT(refusal([&] {
                write("m.nii", checkered({4, 3, 2}), like);
              }).message,
              HasSubstr("another extent"));
  EXPECT_THAT(refusal([&] { write("m.png", checkered({4, 3, 1}), like); }).message, HasSubstr("PNG"));
  EXPECT_THAT(refusal([&] { mask_extension("m.jpg"); }).message,
              HasSubstr(".png, .nii, .nii.gz, .nrrd or .mha"));
  EXPECT_EQ(mask_extension("M.NII.GZ"), ".nii.gz");
}

// Values that need 16 bits, or 8 where `step` is small.
LabelMap labels_of(Extent3 extent, std::int32_t step, const std::optional<Affine3>& affine) {
  LabelMap map{{extent, affine}, {}};
  for (std::int64_t i = 0; i < voxel_count(extent); ++i)
    map.labels.push_back(static_cast<std::int32_t>(i % 4) * step);
  return map;
}

TEST(WriteLabelMap, IsReadBackOnTheSameGridInEveryFormat) {
  const TestFolder folder;
  const Affine3 flipped{{Vec3{0, 0, -2}, Vec3{0.5, 0, 0}, Vec3{0, -1, 0}}, {1, 2, 3}};
  for (const Target& target : kTargets) {
    for (const Affine3& affine : {oblique_affine(), flipped}) {
      for (const std::int32_t step : {1, 85, 86, 20000}) {
        const LabelMap map = labels_of({4, 3, 2}, step, affine);
        const auto path = folder.path() / target.name;
        write_label_map(path, map);
        const LabelMap back = read_labels(path).layers.at(0);
        EXPECT_EQ(back.geometry.extent, map.geometry.extent);
        EXPECT_EQ(back.labels, map.labels) << target.name << " " << step;
        expect_near(back.geometry.mm_from_voxel.value(), affine, 1e-5);
        EXPECT_EQ(inspect(path).images.at(0).stored_type, step > 85 ? "uint16" : "uint8") << target.name;
      }
    }
  }
}

TEST(WriteLabelMap, KeepsValuesOf8And16BitsInPngs) {
  const TestFolder folder;
  for (const std::int32_t step : {85, 20000}) {
    const LabelMap map = labels_of({5, 3, 1}, step, {});
    write_label_map(folder.path() / "m.png", map);
    EXPECT_EQ(read_labels(folder.path() / "m.png").layers.at(0).labels, map.labels);
    EXPECT_EQ(inspect(folder.path() / "m.png").images.at(0).eight_bit, step == 85);
  }
}

TEST(WriteLabelMap, RefusesWhatNoLabelMapHolds) {
  const TestFolder folder;
  const auto path = folder.path() / "m.nrrd";
  for (const std::int32_t label : {-1, 65536}) {
    const LabelMap map{{{1, 1, 2}, {}}, {0, label}};
    EXPECT_EQ(refusal([&] { write_label_map(path, map); }).kind, ErrorKind::usage);
  }
  EXPECT_EQ(refusal([&] { write_label_map(path, {{{1, 1, 2}, {}}, {0}}); }).kind, ErrorKind::usage);
  EXPECT_EQ(refusal([&] {
              write_label_map(folder.path() / "m.png", {{{1, 1, 2}, {}}, {0, 1}});
            }).kind,
            ErrorKind::usage);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace sonde
