// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "sonde/imaging/picture.h"

namespace sonde {

// A mask cut at logit 0, and how little it depends on where the cut is.
struct CutMask {
  Mask mask;
  // IoU of the mask cut at +1 and at -1; 0 where no logit is above -1 (published: not a number, which passes
  // no threshold).
  double stability = 0;
};

// Low-resolution logits to the picture's extent as published (Sam.postprocess_masks): bilinear to the padded
// frame, cut to the resized picture, bilinear to the picture. Both steps are linear and act on rows and
// columns apart, so they are done as one, row by row, and no map of the picture's size is held but the mask.
class Enlarger {
 public:
  Enlarger(Extent2 picture, std::int64_t frame_side);
  // low_res: 256 x 256 row-major. Safe to call from several threads.
  CutMask cut(std::span<const float> low_res) const;
  // The logits themselves, row-major.
  std::vector<float> logits(std::span<const float> low_res) const;

 private:
  // The low-resolution values that make up one pixel along one axis: first, first + 1, first + 2.
  struct Taps {
    std::int64_t first = 0;
    std::array<float, 3> weights{};
  };
  static std::vector<Taps> taps_along(std::int64_t picture, std::int64_t resized, std::int64_t frame_side);
  std::vector<float> enlarge_columns(std::span<const float> low_res) const;
  void enlarge_row(const std::vector<float>& wide, std::int64_t y, float* out) const;

  Extent2 picture_;
  std::vector<Taps> columns_, rows_;
};

}  // namespace sonde
