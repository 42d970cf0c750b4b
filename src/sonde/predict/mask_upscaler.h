// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "sonde/imaging/scored_mask.h"
#include "sonde/kernels/threshold_rows.h"

namespace sonde {

// A larger picture that a mask belongs in.
struct Paste {
  Extent2 picture;
  std::int64_t x0 = 0, y0 = 0;  // of the first pixel
};

// Low-resolution logits to the picture's extent as published (Sam.postprocess_masks): bilinear to the padded
// frame, cropped to the resized picture, bilinear to the picture. Both steps are linear and act on rows and
// columns apart, so they are done as one, row by row, and no map of the picture's size is held but the mask.
class MaskUpscaler {
 public:
  MaskUpscaler(Extent2 picture, std::int64_t frame_side);
  // Thresholded at 0. low_res: [frame_side/4][frame_side/4], 256 x 256 as published. predicted_iou and
  // low_res are left to the caller; stability is 0 where no logit is above -1 (published: not a number, which
  // passes no threshold). Safe to call from several threads.
  ScoredMask threshold(std::span<const float> low_res) const;
  // The same pasted into a larger picture, in one pass over the logits, without holding a mask; absent where
  // it is empty or less stable than asked. point and crop_box are left to the caller too.
  std::optional<ScoredRle> threshold_to_runs(std::span<const float> low_res, const Paste& paste,
                                             double least_stability) const;
  // The logits themselves, row-major.
  std::vector<float> logits(std::span<const float> low_res) const;

 private:
  // The low-resolution values that make up one pixel along one axis: first, first + 1, first + 2.
  struct Taps {
    std::int64_t first = 0;
    std::array<float, 3> weights{};
  };
  static std::vector<Taps> taps_along(std::int64_t picture, std::int64_t resized, std::int64_t frame_side);
  // The rows of low_res that are used, at the picture's width; each filled up to stride_ values with what is
  // below every threshold.
  void upscale_columns(std::span<const float> low_res, float* wide) const;
  kernels::ThreeRows row(const float* wide, std::int64_t y) const;
  std::size_t wide_size() const;

  Extent2 picture_;
  std::int64_t low_res_side_;
  std::vector<Taps> columns_, rows_;
  std::size_t stride_ = 0;
};

}  // namespace sonde
