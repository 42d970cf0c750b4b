// SPDX-License-Identifier: Apache-2.0
// Files of volumes: NIfTI, NRRD, MetaImage, MGH, npy. The first byte says which. What is read has as many
// voxels as its extent says, and reading, inspecting and counting frames refuse alike.
#include <array>

#include "fuzz.h"

#include "sonde/io/formats.h"

namespace {

using namespace sonde;  // NOLINT(google-build-using-namespace): a program of one file

struct Format {
  const char* name;  // of the file
  Volume (*read)(const std::filesystem::path&, const ReadOptions&);
  FileInfo (*inspect)(const std::filesystem::path&);
  std::int64_t (*count_frames)(const std::filesystem::path&);
};
constexpr std::array<Format, 7> kFormats{{
    {"a.nii", read_nifti, inspect_nifti, count_nifti_frames},
    {"a.hdr", read_nifti, inspect_nifti, count_nifti_frames},
    {"a.nrrd", read_nrrd, inspect_nrrd, count_nrrd_frames},
    {"a.mha", read_metaimage, inspect_metaimage, count_metaimage_frames},
    {"a.npy", read_npy, inspect_npy, count_npy_frames},
    {"a.nhdr", read_nrrd, inspect_nrrd, count_nrrd_frames},
    {"a.mgz", read_mgh, inspect_mgh, count_mgh_frames},
}};

// The voxels of headers that name a file: a.img.
const std::vector<std::byte> kBeside(480, std::byte{7});

void check(const Format& format, ByteView bytes) {
  static const auto beside = fuzz::file_of("a.img", kBeside);
  const auto path = fuzz::file_of(format.name, bytes);
  Volume volume;
  FileInfo info;
  const auto by_reading = fuzz::refusal([&] { volume = format.read(path, {}); });
  const auto by_inspecting = fuzz::refusal([&] { info = format.inspect(path); });
  fuzz::insist(by_reading == by_inspecting);
  std::int64_t frames = 0;
  const auto by_counting = fuzz::refusal([&] { frames = format.count_frames(path); });
  if (by_reading) return;
  fuzz::insist(!by_counting && frames == volume.frame_count);
  const std::size_t values =
      volume.photometric == Photometric::rgb ? volume.rgb.size() / 3 : volume.voxels.size();
  fuzz::insist(values == static_cast<std::size_t>(voxel_count(volume.geometry.extent)));
  const ImageInfo& image = info.images.at(0);
  fuzz::insist(image.geometry == volume.geometry && image.frame_count == volume.frame_count);
  fuzz::insist(!fuzz::refusal([&] { format.read(path, {.frame = frames - 1, .series = {}}); }));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (const auto input = fuzz::chosen(data, size))
    check(kFormats[input->choice % kFormats.size()], input->bytes);
  return 0;
}
