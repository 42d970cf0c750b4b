// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sonde/imaging/geometry.h"

namespace sonde {

enum class Photometric {
  grey,
  grey_inverted,
  rgb
};  // grey_inverted: DICOM's MONOCHROME1, small values are bright

// Grey shown = clamp(round(255 (v - centre + width / 2) / width)).
struct Window {
  double centre = 0, width = 0;
  bool operator==(const Window&) const = default;
};

struct ValueRange {
  float min = 0, max = 0;  // both within
  bool operator==(const ValueRange&) const = default;
};

// One time point or frame of a file: a volume, or a plain picture (extent.z == 1, no affine).
// Intensities are the physical ones (rescale slope and intercept applied), float until a window is applied.
struct Volume {
  Extent3 extent;
  Photometric photometric = Photometric::grey;
  std::vector<float> voxels;             // grey: voxel_count values, i fastest, then j, then k
  std::vector<std::uint8_t> rgb;         // rgb: three bytes a voxel in the same order
  std::optional<Affine3> mm_from_voxel;  // LPS+; absent where the file says nothing of space or orientation
  std::optional<Window> file_window;     // DICOM's own
  std::vector<std::optional<ValueRange>>
      padding;  // of each slice k, values that fill where nothing was measured; empty: none has any
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
