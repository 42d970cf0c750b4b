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
  template <typename Work>
  void for_each(const Work& work) const {  // pixel of the picture
    for (std::int64_t y = 0; y < height; ++y) {
      for (std::int64_t x = 0; x < width; ++x) work(static_cast<std::size_t>(y * side + x));
    }
  }
};

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
// -log of the probability of what is true, of a pixel whose share t is true.
double cross_entropy(double x, double p, double t) {
  return std::max(x, 0.0) - std::log(std::max(p, 1 - p)) - t * x;
}

struct PixelTerm {
  double loss, gradient;  // by logit
};
PixelTerm focal_term(double x, double p, double t) {
  const double entropy = cross_entropy(x, p, t);
  const double miss = p * (1 - t) + (1 - p) * t;  // 1 - the probability of what is true
  const double alpha = kFocalWeight * (kFocalAlpha * t + (1 - kFocalAlpha) * (1 - t));
  return {.loss = alpha * miss * miss * entropy,
          .gradient = alpha * (miss * miss * (p - t) + entropy * 2 * miss * (1 - 2 * t) * p * (1 - p))};
}

// One mask against its target.
struct MaskSums {
  double common = 0, predicted = 0, wanted = 0, pixel_loss = 0;
  std::int64_t both = 0, either = 0;  // pixels above the thresholds
};
class MaskAgainstTarget {
 public:
  MaskAgainstTarget(std::span<const float> logits, const Frame& frame, MaskLoss kind)
      : logits_(logits), frame_(frame), kind_(kind), probabilities_(logits.size()) {
    frame_.for_each([&](std::size_t at) {
      const double logit = logits_[at], t = frame_.target[at], p = sigmoid(logit);
      probabilities_[at] = static_cast<float>(p);
      sums_.common += p * t;
      sums_.predicted += p;
      sums_.wanted += t;
      sums_.pixel_loss +=
          kind_ == MaskLoss::dice_bce ? cross_entropy(logit, p, t) : focal_term(logit, p, t).loss;
      const bool is_predicted = logit > 0, is_wanted = t >= 0.5;
      sums_.both += is_predicted && is_wanted ? 1 : 0;
      sums_.either += is_predicted || is_wanted ? 1 : 0;
    });
  }

  double loss() const {
    const double dice = 1 - (2 * sums_.common + kDiceSmoothing) / size();
    return dice + sums_.pixel_loss / static_cast<double>(frame_.pixels());
  }
  float iou() const {
    return sums_.either == 0 ? 1.0F : static_cast<float>(sums_.both) / static_cast<float>(sums_.either);
  }

  // weight * the derivative of loss, into a gradient of zeros.
  void set_gradient(double weight, std::span<float> gradient) const {
    const double by_common = -2 / size(),
                 by_predicted = (2 * sums_.common + kDiceSmoothing) / (size() * size());
    const double share = 1 / static_cast<double>(frame_.pixels());
    frame_.for_each([&](std::size_t at) {
      const double t = frame_.target[at], p = probabilities_[at];
      const double dice = (by_common * t + by_predicted) * p * (1 - p);
      const double pixel = kind_ == MaskLoss::dice_bce ? p - t : focal_term(logits_[at], p, t).gradient;
      gradient[at] = static_cast<float>(weight * (dice + share * pixel));
    });
  }

 private:
  double size() const { return sums_.predicted + sums_.wanted + kDiceSmoothing; }

  std::span<const float> logits_;
  Frame frame_;
  MaskLoss kind_;
  std::vector<float> probabilities_;
  MaskSums sums_;
};

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
  std::vector<MaskAgainstTarget> masks;
  std::array<double, kMasks> losses{};
  for (std::size_t k = 0; k < kMasks; ++k) {
    masks.emplace_back(answer.logits.subspan(k * area, area), frame, options.mask_loss);
    losses.at(k) = masks[k].loss();
    out.result.iou.at(k) = masks[k].iou();
  }
  const auto weights = weights_of(losses, example.prompt, options.candidate_share);
  for (std::size_t k = 0; k < kMasks; ++k) {
    out.result.mask_loss += weights.at(k) * losses.at(k);
    if (weights.at(k) > 0)
      masks[k].set_gradient(weights.at(k), std::span(out.logits).subspan(k * area, area));
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
    out.loss += cross_entropy(score, p, t);
    out.object_score = static_cast<float>(p - t);
  }
  return out;
}

}  // namespace sonde
