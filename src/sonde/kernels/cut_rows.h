// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace sonde::kernels {

// Rows of logits that are cut are made up to a multiple of so many values.
constexpr std::size_t kCutStep = 16;

// weights[0] * rows[0] + weights[1] * rows[1] + weights[2] * rows[2], value by value.
struct ThreeRows {
  const float* rows[3] = {};
  float weights[3] = {};
  std::size_t count = 0;
};
void mix_rows(const ThreeRows& mix, float* out);

// The same values, bit for bit, cut: 1 where above 0, else 0.
struct RowCut {
  std::int64_t above_zero = 0, above_one = 0, above_minus_one = 0;
};
RowCut cut_rows(const ThreeRows& mix, std::uint8_t* out);  // count: a multiple of kCutStep

}  // namespace sonde::kernels
