// SPDX-License-Identifier: Apache-2.0
#include "sonde/train/torch/adam_w.h"

#include <cmath>

namespace sonde {
namespace {

constexpr double kMeanDecay = 0.9, kSquareDecay = 0.999, kEpsilon = 1e-8;

}  // namespace

void AdamW::step(std::span<float> values, std::span<const float> gradient, const Rates& rates) {
  ++steps;
  const auto count = static_cast<double>(steps);
  const auto rate = static_cast<float>(rates.learning_rate / (1 - std::pow(kMeanDecay, count)));
  const auto spread = static_cast<float>(1 / std::sqrt(1 - std::pow(kSquareDecay, count)));
  const auto keep = static_cast<float>(1 - rates.learning_rate * rates.weight_decay);
  const auto scale = static_cast<float>(rates.gradient_scale);
  constexpr auto kMean = static_cast<float>(kMeanDecay), kSquare = static_cast<float>(kSquareDecay);
  constexpr auto kSmall = static_cast<float>(kEpsilon);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const float g = gradient[i] * scale;
    mean[i] = kMean * mean[i] + (1 - kMean) * g;
    square[i] = kSquare * square[i] + (1 - kSquare) * g * g;
    values[i] = keep * values[i] - rate * mean[i] / (std::sqrt(square[i]) * spread + kSmall);
  }
}

}  // namespace sonde
