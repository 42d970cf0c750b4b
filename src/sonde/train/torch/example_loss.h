// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "sonde/train/tuner.h"

namespace sonde {

// Of the single mask and the three candidates: the number of masks that the losses are made for.
inline constexpr std::size_t kMasks = 4;

// What the decoder answered to one example.
struct ExampleAnswer {
  std::span<const float> logits;      // [4][side*side]
  std::span<const float> iou;         // [4], predicted
  std::int64_t side = 0;              // of the low-resolution frame
  std::optional<float> object_score;  // logit, where the example has a class
};
struct LossOptions {
  MaskLoss mask_loss = MaskLoss::dice_bce;
  double candidate_share = 0.1;
};
// The loss of one example and its derivatives.
struct ExampleLoss {
  ExampleResult result;       // with logits
  double loss = 0;            // mask, quality and object score together
  std::vector<float> logits;  // [4][side*side]
  std::array<float, kMasks> iou{};
  float object_score = 0;
};
// Of the mask loss the best candidate's and the single mask's, and `candidate_share` of the other candidates'
// mean where the prompt is a box or several points, so says which object is meant; of the predicted IoUs the
// mean squared error against the masks' IoU at logit 0; of the object score the cross-entropy. An object that
// is not there has the last one only.
ExampleLoss example_loss(const ExampleAnswer& answer, const TrainingExample& example,
                         const LossOptions& options);

}  // namespace sonde
