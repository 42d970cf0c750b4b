// SPDX-License-Identifier: Apache-2.0
#include "sonde/predict/frame_prompt.h"

#include "sonde/predict/preprocess.h"

namespace sonde {

FramePrompt in_frame(const Prompt& prompt, Extent2 picture, std::int64_t side) {
  const Extent2 resized = resized_extent(picture, side);
  const double scale_x = static_cast<double>(resized.width) / static_cast<double>(picture.width),
               scale_y = static_cast<double>(resized.height) / static_cast<double>(picture.height);
  FramePrompt framed;
  for (const PointPrompt& point : prompt.points) {
    const bool is_foreground = point.label == PointLabel::foreground;
    framed.points.push_back(
        {.x = static_cast<float>(point.position.x * scale_x),
         .y = static_cast<float>(point.position.y * scale_y),
         .label = is_foreground ? FramePoint::Label::foreground : FramePoint::Label::background});
  }
  if (prompt.box) {
    framed.box = {static_cast<float>(prompt.box->x0 * scale_x), static_cast<float>(prompt.box->y0 * scale_y),
                  static_cast<float>(prompt.box->x1 * scale_x), static_cast<float>(prompt.box->y1 * scale_y)};
  }
  if (prompt.mask) framed.mask = *prompt.mask;
  return framed;
}

}  // namespace sonde
