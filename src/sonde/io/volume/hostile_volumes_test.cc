// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <map>
#include <set>
#include <sys/resource.h>

#include "sonde/core/bytes.h"
#include "sonde/core/data_testing.h"
#include "sonde/io/formats.h"
#include "sonde/io/volume/volume_testing.h"

// Every file of shared/data/hostile that is a volume loads or is refused as docs/formats.md says.
namespace sonde {
namespace {

using testing::HasSubstr;

// The legal oddities, with what their notes say; every other file is refused unless it is a control.
const std::map<std::string, std::string> kLoadsWithNote{
    {"affine_conflict.nii", "disagree"},
    {"affine_none.nii", "no orientation"},
    {"affine_oblique45.nii", "oblique"},
    {"affine_shear.nii", "sheared"},
    {"dim_one.nii", "bytes after the last voxel"},
    {"dim_two_d.nii", "bytes after the last voxel"},
    {"gz_trailing_garbage.nii.gz", "bytes after the compressed data"},
    {"slope_nan.nii", "scl_slope"},
    {"voxoff_inside_hdr.nii", "vox_offset"},
    {"voxoff_zero.nii", "vox_offset"},
};
const std::set<std::string> kLoads{"gz_named_plain.nii", "gz_two_members.nii.gz", "npy_fortran.npy",
                                   "pixdim_aniso.nii",   "pixdim_qfac0.nii",      "plain_named_gz.nii.gz",
                                   "slope_neg.nii",      "slope_tiny.nii",        "slope_zero.nii"};
// Legal, but not what sonde reads.
const std::set<std::string> kUnsupported{
    "dim_d5.nii",        "dim_overflow7.nii",  "magic_zero.nii",         "npy_object.npy",
    "npy_struct.npy",    "npy_ver9.npy",       "type_1536_bits_128.nii", "type_1792_bits_128.nii",
    "type_1_bits_1.nii", "type_32_bits_64.nii"};

bool is_control(const std::string& name) {
  return name.starts_with("valid") || name.starts_with("gz_two_members") || name.starts_with("npy_fortran");
}

std::vector<std::filesystem::path> hostile_volumes(const std::filesystem::path& shared) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(shared / "data" / "hostile")) {
    const auto extension = entry.path().extension();
    if (extension != ".safetensors" && extension != ".json") files.push_back(entry.path());
  }
  return files;
}

void expect_loads(const Format& reader, const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  const Volume volume = reader.read(path, {});
  EXPECT_EQ(static_cast<std::int64_t>(volume.voxels.size()), voxel_count(volume.geometry.extent)) << name;
  const FileInfo info = reader.inspect(path);
  EXPECT_EQ(info.images.at(0).notes, volume.notes) << name;
  if (!kLoadsWithNote.contains(name)) return;
  EXPECT_THAT(volume.notes, testing::Contains(HasSubstr(kLoadsWithNote.at(name)))) << name;
}

void expect_refused(const Format& reader, const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  const Refused by_inspecting = refusal([&] { reader.inspect(path); });
  const Refused by_reading = refusal([&] { reader.read(path, {}); });
  EXPECT_EQ(by_inspecting.message, by_reading.message) << name;
  EXPECT_EQ(by_reading.kind, kUnsupported.contains(name) ? ErrorKind::unsupported : ErrorKind::corrupt_data)
      << by_reading.message;
  EXPECT_TRUE(by_reading.message.starts_with(path.string() + ": ")) << by_reading.message;
  EXPECT_EQ(by_reading.message.find('\n'), std::string::npos) << by_reading.message;
  EXPECT_LT(by_reading.message.size() - path.string().size(), 200) << by_reading.message;
}

TEST(HostileVolumes, LoadOrAreRefusedAsDocumented) {
  const auto shared = shared_folder();
  if (!shared) GTEST_SKIP() << "no shared data";
  int count = 0;
  for (const auto& path : hostile_volumes(*shared)) {
    const std::string name = path.filename().string();
    const auto begin = std::chrono::steady_clock::now();
    const Format* reader = recognised(read_head(path, 1024), path);
    if (reader == nullptr) {
      EXPECT_EQ(name, "html.nii.gz");
      EXPECT_THAT(refusal([&] { read_volume(path); }).message, HasSubstr("html.nii.gz: is an HTML page"));
    } else if (is_control(name) || kLoads.contains(name) || kLoadsWithNote.contains(name)) {
      expect_loads(*reader, path);
    } else {
      expect_refused(*reader, path);
    }
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2)) << name;
    ++count;
  }
  EXPECT_GE(count, 134);
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  EXPECT_LT(used.ru_maxrss, 512 * 1024) << "kilobytes at the peak";
}

TEST(HostileVolumes, ControlsInOtherEncodingsEqualTheFirst) {
  const auto shared = shared_folder();
  if (!shared) GTEST_SKIP() << "no shared data";
  const auto folder = *shared / "data" / "hostile";
  const Volume first = read_nifti(folder / "valid.nii", {});
  for (const char* name :
       {"valid.nii.gz", "valid_big_endian.nii", "valid_nifti2.nii", "gz_two_members.nii.gz",
        "gz_named_plain.nii", "plain_named_gz.nii.gz", "voxoff_zero.nii"}) {
    const Volume other = read_nifti(folder / name, {});
    EXPECT_EQ(other.voxels, first.voxels) << name;
    expect_near(other.geometry.mm_from_voxel.value(), first.geometry.mm_from_voxel.value(), 1e-6);
  }
}

}  // namespace
}  // namespace sonde
