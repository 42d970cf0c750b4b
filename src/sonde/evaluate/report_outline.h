// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sonde/imaging/picture.h"

namespace sonde {

// The outline of a mask along pixel edges as data of an SVG path to be filled by the even-odd rule. The
// top-left corner of the top-left pixel is (0, 0), a pixel `scale` wide. Empty for an empty mask.
std::string outline_path(const Mask& mask, std::int64_t scale = 1);

// The same, from a mask made coarser (majority of squares of 2, 4, ... pixels) until the path has at most
// `max` characters.
std::string outline_path_within(const Mask& mask, std::size_t max);

}  // namespace sonde
