// SPDX-License-Identifier: Apache-2.0
#include "sonde/imaging/prompt.h"

#include <cmath>
#include <sstream>

#include "sonde/core/error.h"

namespace sonde {
namespace {

// Pixels as the user would type them: whole numbers without a fraction.
std::string number(double value) {
  std::ostringstream text;
  text << value;
  return text.str();
}

std::string range(Extent2 picture) {
  return "x is 0.." + std::to_string(picture.width - 1) + ", y is 0.." + std::to_string(picture.height - 1);
}

bool inside(double x, double y, Extent2 picture) {
  return x >= -0.5 && y >= -0.5 && x <= static_cast<double>(picture.width) - 0.5 &&
         y <= static_cast<double>(picture.height) - 0.5;  // false for not-a-number
}

void validate_box(const Box2& box, Extent2 picture) {
  const std::string text =
      number(box.x0) + "," + number(box.y0) + "," + number(box.x1) + "," + number(box.y1);
  if (!inside(box.x0, box.y0, picture) || !inside(box.x1, box.y1, picture)) {
    throw Error(ErrorKind::usage, "box " + text + " reaches outside the picture: " + range(picture));
  }
  if (box.x1 < box.x0 || box.y1 < box.y0) {
    throw Error(ErrorKind::usage, "box " + text + " is turned round: x0 <= x1 and y0 <= y1 are needed");
  }
}

}  // namespace

void validate(const Prompt& prompt, Extent2 picture) {
  if (prompt.points.empty() && !prompt.box && !prompt.mask && !prompt.class_name) {
    throw Error(ErrorKind::usage, "the prompt is empty: give a point, a box, a mask or a class");
  }
  for (const PointPrompt& point : prompt.points) {
    if (inside(point.position.x, point.position.y, picture)) continue;
    throw Error(ErrorKind::usage, "point " + number(point.position.x) + "," + number(point.position.y) +
                                      " lies outside the picture: " + range(picture));
  }
  if (prompt.box) validate_box(*prompt.box, picture);
  if (prompt.mask && prompt.mask->size() != static_cast<std::size_t>(kLowResSide * kLowResSide)) {
    throw Error(ErrorKind::usage,
                "a mask prompt has 256 x 256 logits, this one " + std::to_string(prompt.mask->size()));
  }
}

}  // namespace sonde
