// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sonde/imaging/picture.h"

namespace sonde {

enum class PointLabel { background, foreground };

struct PointPrompt {
  Point2 position;  // pixels of the picture
  PointLabel label = PointLabel::foreground;
};

// A 256 x 256 logit map in the model's padded frame, row-major: what the decoder gives and takes.
inline constexpr std::int64_t kLowResSide = 256;
using LowResLogits = std::vector<float>;

struct Prompt {
  std::vector<PointPrompt> points;
  std::optional<Box2> box;
  std::optional<LowResLogits> mask;
  std::optional<std::string> class_name = std::nullopt;  // one that the model has learned
};

// What is right whatever the model. Throws Error{usage} if the prompt is empty, a point lies outside the
// picture (beyond -0.5 .. extent - 0.5), a box is turned round (x1 < x0 or y1 < y0) or reaches outside the
// picture, or the mask has another size. Names the offender and what is allowed.
void validate(const Prompt& prompt, Extent2 picture);

}  // namespace sonde
