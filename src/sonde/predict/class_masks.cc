// SPDX-License-Identifier: Apache-2.0
#include "sonde/predict/class_masks.h"

#include <algorithm>
#include <utility>

#include "sonde/imaging/answer_rule.h"
#include "sonde/imaging/rle.h"
#include "sonde/predict/mask_upscaler.h"

namespace sonde {
namespace {

constexpr double kSameObject = 0.5, kPartOfIt = 0.9;

std::int64_t common_px(const Mask& a, const Mask& b) {
  std::int64_t common = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) common += a.pixels[i] & b.pixels[i];
  return common;
}

}  // namespace

std::vector<ScoredMask> without_overlap(const Predictor& predictor, std::vector<LowResCandidate> masks) {
  const Extent2 picture = predictor.embedding().picture();
  const MaskUpscaler upscaler(picture, predictor.model().image_size());
  const std::size_t none = masks.size();
  std::vector<std::size_t> owner(static_cast<std::size_t>(pixel_count(picture)), none);
  std::vector<float> highest(owner.size(), 0);  // a mask is where its logits are above 0
  for (std::size_t k = 0; k < masks.size(); ++k) {
    if (!is_present(masks[k])) continue;
    const std::vector<float> logits = upscaler.logits(masks[k].logits);
    for (std::size_t i = 0; i < logits.size(); ++i) {
      if (logits[i] <= highest[i]) continue;
      highest[i] = logits[i];
      owner[i] = k;
    }
  }
  Prediction alone = std::move(predictor.upscale({std::move(masks)}).front());
  for (std::size_t k = 0; k < alone.size(); ++k)
    std::ranges::transform(owner, alone[k].mask.pixels.begin(),
                           [k](std::size_t of) { return of == k ? 1 : 0; });
  return alone;
}

std::vector<FoundClass> find_classes(const Predictor& predictor) {
  std::vector<Prompt> prompts;
  for (const CardClass& one : predictor.model().classes())
    prompts.push_back({.points = {}, .box = {}, .mask = {}, .class_name = one.name});
  std::vector<FoundClass> found;
  const AnswerRule rule = predictor.model().answer_rules()[PromptKind::class_name];
  const MaskSet masks = masks_for(rule);
  auto answers = predictor.segment(prompts, masks);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const std::size_t index = answer_index(rule, masks, answers[i]);
    if (!is_present(answers[i][index])) continue;
    Mask& mask = answers[i][index].mask;
    const std::int64_t area = area_px(mask);
    found.push_back({*prompts[i].class_name, std::move(mask), area});
  }
  return found;
}

void name_by_class(ScoredRle& mask, const std::vector<FoundClass>& classes) {
  if (classes.empty()) return;
  const Mask pixels = decode_rle(mask.rle);
  for (const FoundClass& one : classes) {
    const auto common = static_cast<double>(common_px(pixels, one.mask));
    const auto own = static_cast<double>(mask.area_px), theirs = static_cast<double>(one.area_px);
    const double iou = common / (own + theirs - common);
    if ((iou < kSameObject && common < kPartOfIt * own) || iou <= mask.class_iou) continue;
    mask.class_name = one.name;
    mask.class_iou = iou;
  }
}

}  // namespace sonde
