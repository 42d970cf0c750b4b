// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace sonde::kernels {

// Rows of logits that are thresholded have a multiple of so many values.
constexpr std::size_t kRowStep = 16;

// One row of a bilinear enlargement in two steps (predict/mask_upscaler.h), which is made of three rows at
// most: weights[0] * rows[0] + weights[1] * rows[1] + weights[2] * rows[2], value by value.
struct ThreeRows {
  const float* rows[3] = {};
  float weights[3] = {};
  std::size_t count = 0;
};
void mix_rows(const ThreeRows& mix, float* out);

// The same values, bit for bit, thresholded: 1 where above 0 (SAM's mask_threshold), else 0. And how many are
// above it and its neighbours, from which the stability score follows.
struct RowCounts {
  std::int64_t above_zero = 0, above_one = 0, above_minus_one = 0;
};
RowCounts threshold_rows(const ThreeRows& mix, std::uint8_t* out);  // count: a multiple of kRowStep

}  // namespace sonde::kernels
