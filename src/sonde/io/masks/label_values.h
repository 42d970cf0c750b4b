// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace sonde {

struct LabelValues {
  std::vector<std::int32_t> labels;
  std::int64_t ignored = 0;  // voxels of -1, which are background now
  std::int64_t rounded = 0;  // voxels that were not whole to the last digit
};
// Values no further than 1/1000 from a whole number within -1..16777215, up to which the floats of a Volume
// are exact. Throws Error{corrupt_data} naming the file and the value.
LabelValues whole_labels(const std::string& name, std::span<const float> values);

// Throws Error{unsupported} for what looks like the grey values of a mask with soft edges, or of one that has
// been a JPEG: more than 16 values within 0..255; of what is above 7 a quarter or more is above 247; and of
// the values between most differ from their neighbours on the right and below. Objects that are numbered
// have areas of one value.
void refuse_soft_edges(const std::string& name, const std::vector<std::int32_t>& labels, std::int64_t width);

}  // namespace sonde
