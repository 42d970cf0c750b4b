// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/write.h"

#include <algorithm>
#include <limits>

#include "sonde/core/durable_file.h"
#include "sonde/core/error.h"
#include "sonde/io/picture/png_encode.h"
#include "sonde/io/volume/checks.h"
#include "sonde/io/volume/write_bytes.h"

namespace sonde {
namespace {

void require_same_grid(const std::filesystem::path& path, const BinaryVolume& mask,
                       const ImageGeometry& like) {
  if (mask.extent == like.extent && mask.voxels.size() == static_cast<std::size_t>(voxel_count(mask.extent)))
    return;
  throw Error(ErrorKind::usage,
              path.string() + ": the mask has another extent than the volume it belongs to");
}

void write_voxels(const std::filesystem::path& path, const StoredVoxels& voxels,
                  const std::optional<Affine3>& mm_from_voxel) {
  const auto grid = [&] {
    const Affine3 affine = mm_from_voxel.value_or(Affine3{});
    require_usable(path.string(), "its geometry", affine);
    return affine;
  };
  switch (mask_format(path)) {
    case MaskFormat::png:
      throw Error(ErrorKind::usage,
                  path.string() + ": a volume does not fit a PNG; use .nii.gz, .nrrd or .mha");
    case MaskFormat::nifti:
      write_durably(path,
                    nifti_bytes(voxels, mm_from_voxel,
                                lower_extension(path) == ".nii" ? NiftiPacking::plain : NiftiPacking::gzip));
      return;
    case MaskFormat::nrrd:
      write_durably(path, nrrd_bytes(voxels, grid()));
      return;
    case MaskFormat::metaimage:
      write_durably(path, metaimage_bytes(voxels, grid()));
      return;
  }
}

// Throws Error{usage} for what is not a label map.
std::int32_t largest_label(const std::filesystem::path& path, const LabelMap& map) {
  if (map.labels.empty() || map.labels.size() != static_cast<std::size_t>(voxel_count(map.geometry.extent)))
    throw Error(ErrorKind::usage, path.string() + ": a label map needs a label a voxel");
  const auto [least, largest] = std::ranges::minmax(map.labels);
  if (least < 0 || largest > std::numeric_limits<std::uint16_t>::max())
    throw Error(ErrorKind::usage, path.string() + ": labels are written from 0 to 65535, not " +
                                      std::to_string(least < 0 ? least : largest));
  return largest;
}

template <typename Value>
void write_labels(const std::filesystem::path& path, const LabelMap& map, std::int32_t largest) {
  const std::vector<Value> values(map.labels.begin(), map.labels.end());
  constexpr int kBits = 8 * sizeof(Value);
  if (mask_format(path) == MaskFormat::png && map.geometry.extent.z == 1)
    write_durably(path, png_bytes(path.string(),
                                  {{map.geometry.extent.x, map.geometry.extent.y}, 1, kBits, values.data()},
                                  PngAim::quick));
  else
    write_voxels(path, {map.geometry.extent, kBits, as_byte_view(values), largest},
                 map.geometry.mm_from_voxel);
}

}  // namespace

MaskFormat mask_format(const std::filesystem::path& path) {
  const std::string extension = lower_extension(path);
  if (extension == ".png") return MaskFormat::png;
  if (extension == ".nii" || extension == ".nii.gz") return MaskFormat::nifti;
  if (extension == ".nrrd") return MaskFormat::nrrd;
  if (extension == ".mha") return MaskFormat::metaimage;
  throw Error(ErrorKind::usage, path.string() + ": masks are written as .png, .nii, .nii.gz, .nrrd or .mha");
}

void write_mask_volume(const std::filesystem::path& path, const BinaryVolume& mask,
                       const ImageGeometry& like) {
  require_same_grid(path, mask, like);
  write_voxels(path, {mask.extent, 8, as_byte_view(mask.voxels), 1}, like.mm_from_voxel);
}

void write_label_map(const std::filesystem::path& path, const LabelMap& map) {
  const std::int32_t largest = largest_label(path, map);
  if (largest > std::numeric_limits<std::uint8_t>::max())
    write_labels<std::uint16_t>(path, map, largest);
  else
    write_labels<std::uint8_t>(path, map, largest);
}

}  // namespace sonde
