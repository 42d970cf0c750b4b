// SPDX-License-Identifier: Apache-2.0
#include <bit>
#include <random>
#include <sys/resource.h>

#include "sonde/io/formats.h"
#include "sonde/io/volume/gzip.h"
#include "sonde/io/volume/volume_testing.h"
#include "sonde/io/write.h"

// Small valid files with bits flipped, bytes replaced, cut and doubled: each loads or is an Error, in bounded
// memory.
namespace sonde {
namespace {

constexpr int kRounds = 3000;

std::string mutated(std::string content, std::mt19937& random) {
  const auto below = [&](std::size_t bound) { return static_cast<std::size_t>(random() % bound); };
  const std::size_t changes = 1 + below(4);
  for (std::size_t change = 0; change < changes && !content.empty(); ++change) {
    const std::size_t at = below(content.size());
    switch (random() % 5) {
      case 0:
        content[at] = static_cast<char>(content[at] ^ (1 << (random() % 8)));
        break;
      case 1:
        content[at] = static_cast<char>(random());
        break;
      case 2:
        content.resize(at);
        break;
      case 3:
        content.insert(at, content.substr(at, below(16)));
        break;
      default:
        content.replace(at, 1, std::string("09-. \xff").substr(below(6), 1));
    }
  }
  return content;
}

using Read = Volume (*)(const std::filesystem::path&, const ReadOptions&);
using Inspect = FileInfo (*)(const std::filesystem::path&);

// Mutations aim at the first `header` bytes, where the meaning is.
void fuzz(const std::string& valid, std::size_t header, const std::string& name, Read read, Inspect inspect) {
  const TestFolder folder;
  std::mt19937 random(20230417);
  int loaded = 0;
  for (int round = 0; round < kRounds; ++round) {
    const std::size_t split = round % 4 == 0 ? valid.size() : std::min(header, valid.size());
    std::filesystem::remove(folder.path() / name);  // replacing a file costs a disk flush on ext4
    const auto path =
        write_file(folder.path() / name, mutated(valid.substr(0, split), random) + valid.substr(split));
    std::string by_reading, by_inspecting;
    try {
      const Volume volume = read(path, {});
      const std::size_t values =
          volume.photometric == Photometric::rgb ? volume.rgb.size() / 3 : volume.voxels.size();
      ASSERT_EQ(values, static_cast<std::size_t>(voxel_count(volume.geometry.extent)));
      ++loaded;
    } catch (const Error& error) {
      by_reading = error.what();
    }
    try {
      inspect(path);
    } catch (const Error& error) {
      by_inspecting = error.what();
    }
    ASSERT_EQ(by_reading, by_inspecting) << round;
    ASSERT_EQ(by_reading.find('\n'), std::string::npos) << by_reading;
  }
  EXPECT_GT(loaded, 0);
  EXPECT_LT(loaded, kRounds);
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
#ifndef __SANITIZE_ADDRESS__
  EXPECT_LT(used.ru_maxrss, 512 * 1024) << "kilobytes at the peak";
#endif
}

std::string written(const std::string& name) {
  const TestFolder folder;
  ImageGeometry like;
  like.extent = {5, 4, 3};
  like.mm_from_voxel = oblique_affine();
  BinaryVolume mask{like.extent, std::vector<std::uint8_t>(60, 1)};
  for (std::size_t i = 0; i < 60; ++i) mask.voxels[i] = static_cast<std::uint8_t>(i * 7 % 2);
  write_mask_volume(folder.path() / name, mask, like);
  return content_of(folder.path() / name);
}

TEST(FuzzedVolumes, NiftiLoadsOrIsRefused) {
  fuzz(written("a.nii"), 352, "a.nii", read_nifti, inspect_nifti);
}

TEST(FuzzedVolumes, CompressedNiftiLoadsOrIsRefused) {
  fuzz(written("a.nii.gz"), SIZE_MAX, "a.nii.gz", read_nifti, inspect_nifti);
}

TEST(FuzzedVolumes, CompressedNrrdLoadsOrIsRefused) {
  fuzz(written("a.nrrd"), 400, "a.nrrd", read_nrrd, inspect_nrrd);
}

TEST(FuzzedVolumes, NrrdWithSkipsAndKindsLoadsOrIsRefused) {
  const std::string header =
      "NRRD0005\ntype: uchar\ndimension: 4\nsizes: 3 5 4 3\nkinds: RGB-color domain domain domain\nencoding: "
      "raw\n"
      "space: RAS\nspace directions: none (1,0,0) (0,1,0) (0,0,1)\nspace origin: (1,2,3)\nline skip: 0\nbyte "
      "skip: 0\n\n";
  fuzz(header + counting_bytes(180), header.size(), "a.nrrd", read_nrrd, inspect_nrrd);
}

TEST(FuzzedVolumes, CompressedMetaImageLoadsOrIsRefused) {
  fuzz(written("a.mha"), 420, "a.mha", read_metaimage, inspect_metaimage);
}

TEST(FuzzedVolumes, MetaImageLoadsOrIsRefused) {
  const std::string header =
      "ObjectType = Image\nNDims = 3\nDimSize = 5 4 3\nElementType = MET_UCHAR\nElementNumberOfChannels = 1\n"
      "ElementSpacing = 1 2 3\nOffset = 1 2 3\nHeaderSize = -1\nElementDataFile = LOCAL\n";
  fuzz(header + counting_bytes(60), header.size(), "a.mha", read_metaimage, inspect_metaimage);
}

TEST(FuzzedVolumes, MghLoadsOrIsRefused) {
  std::string header("\0\0\0\1\0\0\0\5\0\0\0\4\0\0\0\3\0\0\0\1\0\0\0\4\0\0\0\0\0\1", 30);
  for (const float value : {0.5F, 1.F, 2.F, -1.F, 0.F, 0.F, 0.F, 0.F, -1.F, 0.F, 1.F, 0.F, 1.F, 2.F, 3.F}) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    for (const int shift : {24, 16, 8, 0}) header += static_cast<char>(bits >> shift);
  }
  header.resize(284, '\0');
  fuzz(header + counting_bytes(120), 90, "a.mgh", read_mgh, inspect_mgh);
}

TEST(FuzzedVolumes, NpyLoadsOrIsRefused) {
  std::string header("\x93NUMPY\1\0\x76\0", 10);
  header += "{'descr': '<i2', 'fortran_order': True, 'shape': (2, 3, 5, 4), }";
  header.resize(127, ' ');
  header += '\n';
  fuzz(header + counting_bytes(240), header.size(), "a.npy", read_npy, inspect_npy);
}

}  // namespace
}  // namespace sonde
