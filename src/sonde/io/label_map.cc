// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/label_map.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "sonde/core/bytes.h"
#include "sonde/core/error.h"
#include "sonde/io/picture_header.h"
#include "sonde/io/read.h"
#include "sonde/io/volume_checks.h"

namespace sonde {
namespace {

constexpr float kMostLabel = 1 << 24;  // whole numbers up to here are exact in the floats of a Volume

std::vector<std::int32_t> whole_numbers(const std::string& name, const std::vector<float>& values) {
  std::vector<std::int32_t> labels;
  labels.reserve(values.size());
  for (const float value : values) {
    if (!(std::abs(value) <= kMostLabel) || value != std::trunc(value)) {
      refuse_corrupt(
          name, short_number(value) + " is no label: labels are whole numbers within -16777216..16777216");
    }
    labels.push_back(static_cast<std::int32_t>(value));
  }
  return labels;
}

std::vector<std::int32_t> from_equal_channels(const std::string& name, const Volume& volume) {
  if (!volume.eight_bit) refuse_unsupported(name, "colours of 16 bits are no labels: grey or a palette is");
  std::vector<std::int32_t> labels;
  labels.reserve(volume.rgb.size() / 3);
  for (std::size_t at = 0; at < volume.rgb.size(); at += 3) {
    if (volume.rgb[at] != volume.rgb[at + 1] || volume.rgb[at] != volume.rgb[at + 2]) {
      refuse_unsupported(name,
                         "its colours are no labels: a mask is grey or has a palette, its values "
                         "being the labels");
    }
    labels.push_back(volume.rgb[at]);
  }
  return labels;
}

std::vector<std::byte> head_of(const std::filesystem::path& path) {
  std::error_code failed;
  if (!std::filesystem::is_regular_file(path, failed)) return {};
  return read_head(path, 512);
}

}  // namespace

LabelMap read_label_map(const std::filesystem::path& path) {
  const std::string name = path.string();
  const auto head = head_of(path);
  if (starts_as_jpeg(head))
    refuse_unsupported(name, "JPEG does not keep the values of labels: PNG and every volume format do");
  const Volume volume = read_volume(path, {.values = PixelValues::stored});
  return {volume.extent,
          volume.photometric == Photometric::rgb ? from_equal_channels(name, volume)
                                                 : whole_numbers(name, volume.voxels),
          volume.mm_from_voxel};
}

}  // namespace sonde
