// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "sonde/imaging/answer_rule.h"
#include "sonde/imaging/mask_set.h"
#include "sonde/imaging/picture.h"
#include "sonde/imaging/prompt.h"
#include "sonde/imaging/scored_mask.h"
#include "sonde/predict/sam_model.h"

namespace sonde {

// What the image encoder gives for one picture. Cheap to copy (shared).
class Embedding {
 public:
  class Impl;
  Embedding(Extent2 picture, std::shared_ptr<const Impl> impl) : picture_(picture), impl_(std::move(impl)) {}
  Extent2 picture() const { return picture_; }
  const Impl& impl() const { return *impl_; }

 private:
  Extent2 picture_;
  std::shared_ptr<const Impl> impl_;
};
Embedding embed(const SamModel& model, const RgbImage& picture);

// In the decoder's order: the single answer, the three candidates, or both.
using Prediction = std::vector<ScoredMask>;

// What the decoder says before its masks are brought to the picture's extent.
struct LowResCandidate {
  double predicted_iou = 0;
  LowResLogits logits;
  std::optional<double> object_score = std::nullopt;  // as ScoredMask's
};
using LowResPrediction = std::vector<LowResCandidate>;  // in the order of Prediction

// Prompts to masks on one picture.
class Predictor {
 public:
  Predictor(SamModel model, Embedding embedding);
  // Several prompts are decoded in batches (prompts of the same shape together); answers are in the order of
  // `prompts` and do not depend on their neighbours. Throws Error{usage} for an invalid prompt (see
  // validate) or a class that the model does not know.
  std::vector<Prediction> segment(std::span<const Prompt> prompts, MaskSet wanted) const;
  Prediction segment(const Prompt& prompt, MaskSet wanted) const;

  // Which answer the model's card takes for a prompt.
  AnswerRule rule_for(const Prompt& prompt) const;
  // What to show for a prompt: the answer of its rule, then the others in the decoder's order. The single
  // mask is among them only where it is that answer.
  Prediction propose(const Prompt& prompt) const;

  // What the first call would do besides its own work, done beforehand.
  void prepare() const;

  // The two steps of segment(), for those who need only the first or time them apart.
  // Candidates whose predicted IoU is not above `above_iou` may come without logits.
  std::vector<LowResPrediction> decode(std::span<const Prompt> prompts, MaskSet wanted,
                                       std::optional<double> above_iou = {}) const;
  std::vector<Prediction> upscale(std::vector<LowResPrediction> predictions) const;

  const SamModel& model() const { return model_; }
  const Embedding& embedding() const { return embedding_; }

 private:
  SamModel model_;
  Embedding embedding_;
};

}  // namespace sonde
