// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "sonde/imaging/geometry.h"

namespace sonde {

// Labels of a mask picture or a label volume, as stored (PixelValues::stored): indices of a palette, not its
// colours; no window. Pictures are turned as their images are.
struct LabelMap {
  Extent3 extent;                        // z == 1 for a picture
  std::vector<std::int32_t> labels;      // x fastest, then y, then z; 0 is background
  std::optional<Affine3> mm_from_voxel;  // LPS+
};

// Grey and palette PNG and TIFF, and every volume format of read_volume with whole numbers. A colour picture
// whose three channels agree is taken as grey. Throws Error naming the path: not_found, corrupt_data (a
// fraction or not-a-number as a label included), unsupported (colours).
LabelMap read_label_map(const std::filesystem::path& path);

}  // namespace sonde
