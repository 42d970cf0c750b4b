// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "sonde/imaging/picture.h"

namespace sonde {

// Shapes drawn into a picture. Positions and lengths are in pixels, a pixel's centre being a whole number;
// edges are smooth. What lies beyond the picture is cut off, however far away.

struct Colour {
  std::uint8_t red = 0, green = 0, blue = 0;
};

// pixel: red, green, blue. share: of the colour, 0 to 1.
void mix(std::uint8_t* pixel, Colour colour, double share);

void fill_disc(RgbImage& picture, Point2 centre, double radius, Colour colour);

// Five points, one upwards, with a border round it.
struct Star {
  Point2 centre;
  double radius = 0;  // of the tips, without border
  double border = 0;
};
void fill_star(RgbImage& picture, const Star& star, Colour colour);

// A line with round ends.
struct Stroke {
  Point2 from, to;
  double width = 1;
};
void draw_stroke(RgbImage& picture, const Stroke& stroke, Colour colour);

// The frame of a box whose corners are pixels, light dashes of whole pixels on dark.
struct DashedFrame {
  Box2 box;
  std::int64_t width = 1, dark_width = 3, dash = 5;  // widths are odd
  Colour light{255, 255, 255}, dark{20, 20, 20};
};
void draw_frame(RgbImage& picture, const DashedFrame& frame);

// A mask's own box in the picture.
struct Patch {
  std::int64_t x0 = 0, y0 = 0;
  Mask inside;
};
// Along the mask's edge and the edges of its holes, smoother than the pixels. width: 2 or more, for there to
// be no gaps.
void draw_outline(RgbImage& picture, const Patch& patch, double width, Colour colour);

}  // namespace sonde
