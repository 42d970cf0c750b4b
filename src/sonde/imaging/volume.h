// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sonde/imaging/image_geometry.h"

namespace sonde {

// grey_inverted: DICOM's MONOCHROME1, small values are bright.
enum class Photometric { grey, grey_inverted, rgb };

// Grey shown = clamp(round(255 (v - centre + width / 2) / width)).
struct Window {
  double centre = 0, width = 0;
  bool operator==(const Window&) const = default;
};

struct ValueRange {
  float min = 0, max = 0;  // both within
  bool operator==(const ValueRange&) const = default;
};

// One time point or frame of a file: a volume, or a plain picture (is_plain).
// Intensities are the physical ones (rescale slope and intercept applied), float until a window is applied.
struct Volume {
  ImageGeometry geometry;
  Photometric photometric = Photometric::grey;
  std::vector<float> voxels;          // grey: voxel_count values, i fastest, then j, then k
  std::vector<std::uint8_t> rgb;      // rgb: three bytes a voxel in the same order
  std::optional<Window> file_window;  // DICOM's own
  // Of each slice k, values that fill where nothing was measured; empty: none has any.
  std::vector<std::optional<ValueRange>> padding;
  bool eight_bit = false;  // stored as unsigned 8 bits and not rescaled: shown as it is by default
  std::int64_t frame = 0, frame_count = 1;  // which one this is, and of how many
  std::vector<std::string> notes;  // what the user should know: "slices are unevenly spaced (2.5 to 5 mm)"
};

// A mask on a volume's grid; 0 or 1, in the order of Volume::voxels.
struct BinaryVolume {
  Extent3 extent;
  std::vector<std::uint8_t> voxels;
};

}  // namespace sonde
