// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace sonde {

// The optimiser AdamW over numbers in one row. Source: Loshchilov and Hutter 2019, algorithm 2.
struct AdamW {
  std::vector<float> mean, square;  // running, of the gradient
  std::int64_t steps = 0;

  explicit AdamW(std::size_t count) : mean(count), square(count) {}
  struct Rates {
    double learning_rate = 1e-3, weight_decay = 0.01;
    double gradient_scale = 1;  // the gradient is multiplied by it first
  };
  void step(std::span<float> values, std::span<const float> gradient, const Rates& rates);
};

}  // namespace sonde
