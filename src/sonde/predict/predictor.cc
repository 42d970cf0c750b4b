// SPDX-License-Identifier: Apache-2.0
#include "sonde/predict/predictor.h"

#include <algorithm>
#include <utility>

#include "sonde/core/error.h"
#include "sonde/core/parallel.h"
#include "sonde/predict/embedding_impl.h"
#include "sonde/predict/frame_prompt.h"
#include "sonde/predict/mask_upscaler.h"
#include "sonde/predict/preprocess.h"
#include "sonde/predict/sam_model_impl.h"

namespace sonde {
Embedding embed(const SamModel& model, const RgbImage& picture) {
  const RgbImage resized = resize_bilinear(picture, resized_extent(picture.extent, model.image_size()));
  const FramePixels pixels{
      .rgb = resized.pixels.data(), .width = resized.extent.width, .height = resized.extent.height};
  return {picture.extent, std::make_shared<const Embedding::Impl>(model.impl().network->encode(pixels))};
}

Predictor::Predictor(SamModel model, Embedding embedding)
    : model_(std::move(model)), embedding_(std::move(embedding)) {}

void Predictor::prepare() const { embedding_.impl().prepared_for(model_.impl().network); }

AnswerRule Predictor::rule_for(const Prompt& prompt) const { return model_.answer_rules()[kind_of(prompt)]; }

Prediction Predictor::propose(const Prompt& prompt) const {
  validate(prompt, embedding_.picture());  // before it is asked what kind it is
  const AnswerRule rule = rule_for(prompt);
  const MaskSet shown = rule == AnswerRule::single ? MaskSet::all : MaskSet::three;
  Prediction answers = segment(prompt, shown);
  const auto chosen = answers.begin() + static_cast<std::ptrdiff_t>(answer_index(rule, shown, answers));
  std::rotate(answers.begin(), chosen, chosen + 1);
  return answers;
}

std::vector<LowResPrediction> Predictor::decode(std::span<const Prompt> prompts, MaskSet wanted,
                                                std::optional<double> above_iou) const {
  std::vector<FramePrompt> framed;
  for (const Prompt& prompt : prompts) {
    validate(prompt, embedding_.picture());
    framed.push_back(in_frame(prompt, embedding_.picture(), model_.image_size()));
    if (prompt.class_name) framed.back().class_index = model_.class_index(*prompt.class_name);
    framed.back().above_iou = above_iou;
  }
  if (framed.empty()) return {};
  const auto& network = model_.impl().network;
  const auto image = embedding_.impl().prepared_for(network);
  std::vector<LowResPrediction> predictions;
  for (auto& masks : network->decode(*image, framed, wanted)) {
    LowResPrediction& prediction = predictions.emplace_back();
    for (DecodedMask& mask : masks)
      prediction.push_back({mask.predicted_iou, std::move(mask.logits), mask.object_score});
  }
  return predictions;
}

std::vector<Prediction> Predictor::upscale(std::vector<LowResPrediction> predictions) const {
  std::vector<Prediction> upscaled(predictions.size());
  std::vector<std::pair<LowResCandidate*, ScoredMask*>> work;
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    upscaled[i].resize(predictions[i].size());
    for (std::size_t k = 0; k < predictions[i].size(); ++k)
      work.emplace_back(&predictions[i][k], &upscaled[i][k]);
  }
  const MaskUpscaler upscaler(embedding_.picture(), model_.image_size());
  parallel_for(model_.impl().threads, static_cast<std::int64_t>(work.size()), [&](std::int64_t i) {
    auto& [from, to] = work[static_cast<std::size_t>(i)];
    *to = upscaler.threshold(from->logits);
    to->predicted_iou = from->predicted_iou;
    to->object_score = from->object_score;
    to->low_res = std::move(from->logits);
  });
  return upscaled;
}

std::vector<Prediction> Predictor::segment(std::span<const Prompt> prompts, MaskSet wanted) const {
  return upscale(decode(prompts, wanted));
}

Prediction Predictor::segment(const Prompt& prompt, MaskSet wanted) const {
  return std::move(segment(std::span<const Prompt>(&prompt, 1), wanted).front());
}

}  // namespace sonde
