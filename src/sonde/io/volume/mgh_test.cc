// SPDX-License-Identifier: Apache-2.0
#include <bit>

#include "sonde/io/formats.h"
#include "sonde/io/picture/picture_testing.h"
#include "sonde/io/volume/gzip.h"

namespace sonde {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string big_float(float value) { return big(std::bit_cast<std::uint32_t>(value), 4); }

struct MghParts {
  std::array<std::uint32_t, 4> dims{2, 1, 3, 1};
  std::uint32_t type = 0;
  std::uint64_t good = 1;
  std::vector<float> geometry{0.5F, 0.75F, 3, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0};
  std::string voxels;
};

// With the scan's parameters behind the voxels, as FreeSurfer writes them.
std::string mgh_of(const MghParts& parts) {
  std::string file = big(1, 4);
  for (const auto size : parts.dims) file += big(size, 4);
  file += big(parts.type, 4) + big(0, 4) + big(parts.good, 2);
  for (const float value : parts.geometry) file += big_float(value);
  file.resize(284, '\0');
  return file + parts.voxels + std::string(20, '\0');
}

std::string packed(const std::string& plain) {
  const auto bytes = gzip(std::as_bytes(std::span(plain)));
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class ReadMgh : public testing::Test {
 protected:
  std::filesystem::path file(const std::string& content, const std::string& name = "a.mgh") const {
    return write_file(folder_.path() / name, content);
  }
  Volume read(const MghParts& parts, const ReadOptions& options = {}) const {
    return read_mgh(file(mgh_of(parts)), options);
  }
  Refused refused(const std::string& content) const {
    const auto path = file(content);
    const Refused by_reading = refusal([&] { read_mgh(path, {}); });
    EXPECT_EQ(refusal([&] { inspect_mgh(path); }).message, by_reading.message);
    return by_reading;
  }
  const TestFolder folder_;
};

TEST_F(ReadMgh, ReadsEveryTypePlainAndPacked) {
  EXPECT_THAT(read({.voxels = counting_bytes(6)}).voxels, ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_TRUE(read({.voxels = counting_bytes(6)}).eight_bit);
  const auto two = [&](std::uint32_t type, const std::string& voxels) {
    const MghParts parts{.dims = {2, 1, 1, 1}, .type = type, .voxels = voxels};
    EXPECT_EQ(read_mgh(file(packed(mgh_of(parts)), "b.mgz"), {}).voxels, read(parts).voxels);
    return read(parts);
  };
  EXPECT_THAT(two(1, big(0xffff0000, 4) + big(70000, 4)).voxels, ElementsAre(-65536, 70000));
  EXPECT_THAT(two(3, big_float(-0.5F) + big_float(1e6F)).voxels, ElementsAre(-0.5F, 1e6F));
  EXPECT_THAT(two(4, big(0xffff, 2) + big(300, 2)).voxels, ElementsAre(-1, 300));
  EXPECT_THAT(two(10, big(0xffff, 2) + big(300, 2)).voxels, ElementsAre(65535, 300));
  EXPECT_TRUE(two(4, "abcd").notes.empty());  // of what follows the voxels nothing is said
  EXPECT_EQ(inspect_mgh(folder_.path() / "a.mgh").format, "FreeSurfer MGH");
  EXPECT_EQ(inspect_mgh(folder_.path() / "b.mgz").format, "FreeSurfer MGZ");
}

TEST_F(ReadMgh, HasFramesOneAfterTheOther) {
  const MghParts parts{.dims = {2, 1, 1, 3}, .voxels = counting_bytes(6)};
  const Volume second = read(parts, {.frame = 1});
  EXPECT_THAT(second.voxels, ElementsAre(2, 3));
  EXPECT_EQ(second.frame_count, 3);
  EXPECT_EQ(count_mgh_frames(file(mgh_of(parts))), 3);
}

// What nibabel 5.0 says of the same header: an oblique affine with all axes exchanged.
TEST_F(ReadMgh, PutsTheMiddleOfTheVolumeWhereTheFileSays) {
  const MghParts parts{
      .dims = {4, 5, 6, 1},
      .geometry = {0.90691787F, 0.76811457F, 1.9519222F, -0.9923721F, 0.05513179F, 0.11026357F, 0.13018891F,
                   0.39056674F, -0.91132236F, 0.1024631F, 0.97339946F, 0.20492621F, 9.05F, -13.45F, 4.65F},
      .voxels = counting_bytes(120)};
  const Affine3 in_ras{{Vec3{-0.9, 0.05, 0.1}, Vec3{0.1, 0.3, -0.7}, Vec3{0.2, 1.9, 0.4}}, {10, -20, 5}};
  expect_near(read(parts).geometry.mm_from_voxel.value(), flip_world_xy(in_ras), 1e-5);
  const MghParts flipped{.dims = {2, 1, 3, 1},
                         .geometry = {0.5F, 0.75F, 3, -1, 0, 0, 0, 1, 0, 0, 0, -1, 1, 2, 3},
                         .voxels = counting_bytes(6)};
  EXPECT_EQ(read(flipped).geometry.mm_from_voxel.value(),
            (Affine3{{Vec3{0.5, 0, 0}, Vec3{0, -0.75, 0}, Vec3{0, 0, -3}}, {-1.5, -1.625, 7.5}}));
}

TEST_F(ReadMgh, TakesWhatFreeSurferTakesWhereTheFileGivesNoOrientation) {
  const Volume volume =
      read({.dims = {2, 4, 2, 1}, .good = 0, .geometry = {9, 9, 9}, .voxels = counting_bytes(16)});
  EXPECT_EQ(volume.geometry.mm_from_voxel.value(),
            (Affine3{{Vec3{1, 0, 0}, Vec3{0, 0, -1}, Vec3{0, -1, 0}}, {-1, 1, 2}}));
  EXPECT_THAT(volume.notes, ElementsAre(HasSubstr("no orientation in the file")));
}

TEST_F(ReadMgh, RefusesWhatIsNoSuchFile) {
  const std::string whole = mgh_of({.voxels = counting_bytes(6)});
  EXPECT_THAT(refused(whole.substr(0, 200)).message, HasSubstr("cut"));
  EXPECT_THAT(refused(whole.substr(0, 288)).message,
              HasSubstr("announces 6 bytes of voxels, the file holds 4"));
  EXPECT_THAT(refused(big(2, 4) + whole.substr(4)).message, HasSubstr("version is 2"));
  EXPECT_THAT(refused(mgh_of({.dims = {2, 0, 3, 1}, .voxels = ""})).message, HasSubstr("must be at least 1"));
  EXPECT_THAT(refused(mgh_of({.dims = {1U << 30, 1U << 30, 1U << 30, 1}, .voxels = ""})).message,
              HasSubstr("2^40"));
  const Refused type = refused(mgh_of({.type = 6, .voxels = counting_bytes(6)}));
  EXPECT_EQ(type.kind, ErrorKind::unsupported);
  EXPECT_THAT(type.message, HasSubstr("MGH type 6 is not read"));
  EXPECT_THAT(refused(mgh_of({.geometry = {0, 1, 1, 1}, .voxels = counting_bytes(6)})).message,
              HasSubstr("spacing is 0"));
}

}  // namespace
}  // namespace sonde
