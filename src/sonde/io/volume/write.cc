// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/write.h"

#include <algorithm>
#include <limits>

#include "sonde/core/durable_file.h"
#include "sonde/core/error.h"
#include "sonde/core/text.h"
#include "sonde/io/formats.h"
#include "sonde/io/picture/png_encode.h"
#include "sonde/io/volume/checks.h"

namespace sonde {
namespace {

void require_same_grid(const std::filesystem::path& path, const BinaryVolume& mask,
                       const ImageGeometry& like) {
  if (mask.extent == like.extent && mask.voxels.size() == static_cast<std::size_t>(voxel_count(mask.extent)))
    return;
  throw Error(ErrorKind::usage,
              path.string() + ": the mask has another extent than the volume it belongs to");
}

// Throws Error{usage} that lists what is written.
const Format& written_format(const std::filesystem::path& path) {
  const std::string extension = lower_extension(path);
  for (const Format& format : formats())
    if (has(format.masks, extension)) return format;
  throw Error(ErrorKind::usage,
              path.string() + ": masks are written as " + listed(mask_extensions(), " or "));
}

void write_voxels(const std::filesystem::path& path, const StoredVoxels& voxels,
                  const std::optional<Affine3>& mm_from_voxel) {
  const Format& format = written_format(path);
  if (format.mask_bytes != nullptr)
    return write_durably(path, format.mask_bytes(path, voxels, mm_from_voxel));
  std::vector<std::string_view> others;
  for (const Format& other : formats())
    if (other.mask_bytes != nullptr) others.push_back(other.masks.back());
  throw Error(ErrorKind::usage,
              path.string() + ": a volume does not fit a PNG; use " + listed(others, " or "));
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
  if (mask_extension(path) == ".png" && map.geometry.extent.z == 1)
    write_durably(path, png_bytes(path.string(),
                                  {{map.geometry.extent.x, map.geometry.extent.y}, 1, kBits, values.data()},
                                  PngAim::quick));
  else
    write_voxels(path, {map.geometry.extent, kBits, as_byte_view(values), largest},
                 map.geometry.mm_from_voxel);
}

}  // namespace

std::vector<std::string_view> mask_extensions() {
  std::vector<std::string_view> all;
  for (const Format& format : formats()) all.insert(all.end(), format.masks.begin(), format.masks.end());
  return all;
}

std::string mask_extension(const std::filesystem::path& path) {
  written_format(path);
  return lower_extension(path);
}

std::string_view volume_mask_extension(const std::filesystem::path& image) {
  const std::string extension = lower_extension(image);
  for (const Format& format : formats())
    if (format.mask_bytes != nullptr && has(format.extensions, extension)) return format.masks.back();
  return ".nii.gz";
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
