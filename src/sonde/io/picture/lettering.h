// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "sonde/io/picture/drawing.h"

namespace sonde {

// Words drawn into a picture, in letters of 5 x 8 dots with a dot between them. Printable ASCII; each other
// character of UTF-8 is a question mark.

// Pixels that they take, `dot` pixels a dot.
Extent2 text_extent(std::string_view text, std::int64_t dot);
// top_left: a pixel. What lies beyond the picture is cut off.
void draw_text(RgbImage& picture, Point2 top_left, std::int64_t dot, std::string_view text, Colour colour);
void fill_box(RgbImage& picture, const Box2& box, Colour colour);  // maxima included

}  // namespace sonde
