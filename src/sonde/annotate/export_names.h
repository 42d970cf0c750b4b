// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sonde/annotate/objects.h"

namespace sonde {

// `text` as part of a file name: what file systems do not take is "_", not longer than 100 bytes, not empty.
std::string file_name_of(std::string_view text);

// The name of each image's files without extension: "17.png" gives "17", "a/cine.dcm#frame:3" gives
// "a_cine_frame_3". All differ, capital letters or not.
std::vector<std::string> file_stems(std::span<const ImageSummary> images);

// "003_liver"
std::string object_file_name(std::size_t index, const std::string& label);
// "17_axial_071": as many digits as the last slice needs.
std::string slice_file_name(const std::string& stem, const SlicePlane& plane, std::int64_t slice);

}  // namespace sonde
