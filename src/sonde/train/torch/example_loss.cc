// SPDX-License-Identifier: Apache-2.0
#include "sonde/train/torch/example_loss.h"

#include <algorithm>
#include <cmath>

namespace sonde {
namespace {

// Of the focal loss, and its weight beside dice. Source: Kirillov et al. 2023, appendix A (20 : 1); Lin et
// al. 2017.
constexpr double kFocalWeight = 20, kFocalAlpha = 0.25;
constexpr double kDiceSmoothing = 1;  // pixels

struct Frame {
  std::span<const float> target;
  std::int64_t side, width, height;
  std::int64_t pixels() const { return width * height; }
};

struct PixelTerm {
  double loss, gradient;  // of the cross-entropy or the focal loss, by logit
};
double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
PixelTerm pixel_term(double x, double p, double t, MaskLoss kind) {
  const double entropy = std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))) - t * x;
  if (kind == MaskLoss::dice_bce) return {.loss = entropy, .gradient = p - t};
  const double miss = p * (1 - t) + (1 - p) * t;  // 1 - the probability of what is true
  const double alpha = kFocalWeight * (kFocalAlpha * t + (1 - kFocalAlpha) * (1 - t));
  return {.loss = alpha * miss * miss * entropy,
          .gradient = alpha * (miss * miss * (p - t) + entropy * 2 * miss * (1 - 2 * t) * p * (1 - p))};
}

// Of one mask against its target.
struct MaskSums {
  double common = 0, predicted = 0, wanted = 0, pixel_loss = 0;
  std::int64_t both = 0, either = 0;  // pixels above the thresholds
};
MaskSums sums_of(std::span<const float> logits, const Frame& frame, MaskLoss kind) {
  MaskSums sums;
  for (std::int64_t y = 0; y < frame.height; ++y) {
    for (std::int64_t x = 0; x < frame.width; ++x) {
      const auto at = static_cast<std::size_t>(y * frame.side + x);
      const double logit = logits[at], t = frame.target[at], p = sigmoid(logit);
      sums.common += p * t;
      sums.predicted += p;
      sums.wanted += t;
      sums.pixel_loss += pixel_term(logit, p, t, kind).loss;
      const bool is_predicted = logit > 0, is_wanted = t >= 0.5;
      sums.both += is_predicted && is_wanted ? 1 : 0;
      sums.either += is_predicted || is_wanted ? 1 : 0;
    }
  }
  return sums;
}
double loss_of(const MaskSums& sums, const Frame& frame) {
  const double dice =
      1 - (2 * sums.common + kDiceSmoothing) / (sums.predicted + sums.wanted + kDiceSmoothing);
  return dice + sums.pixel_loss / static_cast<double>(frame.pixels());
}
float iou_of(const MaskSums& sums) {
  return sums.either == 0 ? 1.0F : static_cast<float>(sums.both) / static_cast<float>(sums.either);
}

// weight * the derivative of loss_of, into a gradient of zeros.
void set_gradient(std::span<const float> logits, const Frame& frame, const MaskSums& sums, MaskLoss kind,
                  double weight, std::span<float> gradient) {
  const double size = sums.predicted + sums.wanted + kDiceSmoothing;
  const double by_common = -2 / size, by_predicted = (2 * sums.common + kDiceSmoothing) / (size * size);
  const double share = 1 / static_cast<double>(frame.pixels());
  for (std::int64_t y = 0; y < frame.height; ++y) {
    for (std::int64_t x = 0; x < frame.width; ++x) {
      const auto at = static_cast<std::size_t>(y * frame.side + x);
      const double logit = logits[at], t = frame.target[at], p = sigmoid(logit);
      const double dice = (by_common * t + by_predicted) * p * (1 - p);
      gradient[at] = static_cast<float>(weight * (dice + share * pixel_term(logit, p, t, kind).gradient));
    }
  }
}

bool says_which_object(const FramePrompt& prompt) { return prompt.box || prompt.points.size() >= 2; }

// Of each mask the share of its loss in the whole.
std::array<double, kMasks> weights_of(const std::array<double, kMasks>& losses, const FramePrompt& prompt,
                                      double candidate_share) {
  const auto best = static_cast<std::size_t>(std::ranges::min_element(losses.begin() + 1, losses.end(), {}) -
                                             losses.begin());
  std::array<double, kMasks> weights{};
  if (says_which_object(prompt)) weights.fill(candidate_share / (kMasks - 2));
  weights[0] = 1;
  weights.at(best) = 1;
  return weights;
}

void add_mask_losses(const ExampleAnswer& answer, const TrainingExample& example, const LossOptions& options,
                     ExampleLoss& out) {
  const Frame frame{
      .target = example.target, .side = answer.side, .width = example.width, .height = example.height};
  const auto area = static_cast<std::size_t>(answer.side * answer.side);
  std::array<MaskSums, kMasks> sums;
  std::array<double, kMasks> losses{};
  for (std::size_t k = 0; k < kMasks; ++k) {
    sums.at(k) = sums_of(answer.logits.subspan(k * area, area), frame, options.mask_loss);
    losses.at(k) = loss_of(sums.at(k), frame);
    out.result.iou.at(k) = iou_of(sums.at(k));
  }
  const auto weights = weights_of(losses, example.prompt, options.candidate_share);
  for (std::size_t k = 0; k < kMasks; ++k) {
    out.result.mask_loss += weights.at(k) * losses.at(k);
    if (weights.at(k) > 0) {
      set_gradient(answer.logits.subspan(k * area, area), frame, sums.at(k), options.mask_loss, weights.at(k),
                   std::span(out.logits).subspan(k * area, area));
    }
    const double error = answer.iou[k] - out.result.iou.at(k);
    out.result.quality_loss += error * error / kMasks;
    out.iou.at(k) = static_cast<float>(2 * error / kMasks);
  }
}

}  // namespace

ExampleLoss example_loss(const ExampleAnswer& answer, const TrainingExample& example,
                         const LossOptions& options) {
  const auto area = static_cast<std::size_t>(answer.side * answer.side);
  ExampleLoss out;
  out.logits.resize(kMasks * area);
  for (std::size_t k = 0; k < kMasks; ++k) {
    const auto mask = answer.logits.subspan(k * area, area);
    out.result.logits.at(k).assign(mask.begin(), mask.end());
    out.result.predicted_iou.at(k) = answer.iou[k];
  }
  if (example.present) add_mask_losses(answer, example, options, out);
  out.loss = out.result.mask_loss + out.result.quality_loss;
  out.result.object_score = answer.object_score;
  if (answer.object_score) {
    const double score = *answer.object_score, p = sigmoid(score), t = example.present ? 1 : 0;
    out.loss += pixel_term(score, p, t, MaskLoss::dice_bce).loss;
    out.object_score = static_cast<float>(p - t);
  }
  return out;
}

}  // namespace sonde
