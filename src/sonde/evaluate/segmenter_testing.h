// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <cmath>
#include <memory>
#include <vector>

#include "sonde/evaluate/segmenter.h"

namespace sonde {

// For tests: a model that is quick and knows nothing. Its candidates are discs around the mean of the
// positive points (radius 3, 6 and 9, holes of radius 2 at negative ones) or the box shrunk by 0, 1 and 2
// pixels; the last candidate has the highest predicted IoU. Counts what it is asked.
class FakeModel {
 public:
  std::atomic<int> pictures{0}, calls{0}, prompts{0};

  OpenPicture open() {
    return [this](const RgbImage& image) -> Segmenter {
      ++pictures;
      return [this, extent = image.extent](std::span<const Prompt> asked, MaskSet wanted) {
        ++calls;
        prompts += static_cast<int>(asked.size());
        std::vector<Answer> answers;
        for (const Prompt& prompt : asked) answers.push_back(answer(prompt, extent, wanted));
        return answers;
      };
    };
  }

 private:
  static bool inside(const Prompt& prompt, double x, double y, int candidate) {
    if (prompt.box) {
      return x >= prompt.box->x0 + candidate && x <= prompt.box->x1 - candidate &&
             y >= prompt.box->y0 + candidate && y <= prompt.box->y1 - candidate;
    }
    bool in = false;
    for (const PointPrompt& point : prompt.points) {
      const double distance = std::hypot(x - point.position.x, y - point.position.y);
      if (point.label == PointLabel::foreground) in = in || distance <= 3 * (candidate + 1);
    }
    for (const PointPrompt& point : prompt.points) {
      const double distance = std::hypot(x - point.position.x, y - point.position.y);
      if (point.label == PointLabel::background && distance <= 2) in = false;
    }
    return in;
  }
  static ScoredMask mask(const Prompt& prompt, Extent2 extent, int candidate) {
    ScoredMask answered{empty_mask(extent), 0.5 + 0.1 * candidate, 0,
                        LowResLogits(kLowResSide * kLowResSide)};
    for (std::int64_t y = 0; y < extent.height; ++y) {
      for (std::int64_t x = 0; x < extent.width; ++x) {
        if (inside(prompt, static_cast<double>(x), static_cast<double>(y), candidate)) {
          answered.mask.pixels[static_cast<std::size_t>(y * extent.width + x)] = 1;
        }
      }
    }
    return answered;
  }
  static Answer answer(const Prompt& prompt, Extent2 extent, MaskSet wanted) {
    Answer answered;
    if (wanted != MaskSet::three) answered.single = mask(prompt, extent, 1);
    if (wanted != MaskSet::single) {
      for (int candidate = 0; candidate < 3; ++candidate)
        answered.candidates.push_back(mask(prompt, extent, candidate));
    }
    return answered;
  }
};

}  // namespace sonde
