// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "sonde/imaging/picture.h"
#include "sonde/imaging/prompt.h"

namespace sonde {

// What the study asks of a model, without knowing it.
struct AnsweredMask {
  Mask mask;  // at the picture's extent
  double predicted_iou = 0;
  LowResLogits low_res;  // may be sent back as Prompt::mask
};
struct Answer {
  std::vector<AnsweredMask> candidates;  // the decoder's three, in its order; empty unless asked for
  std::optional<AnsweredMask> single;    // its single-mask token; absent unless asked for
};
struct AnswerRequest {
  enum class Candidates { none, three } candidates = Candidates::three;
  enum class Single { none, one } single = Single::none;
};

// Answers prompts on one picture, in their order.
using Segmenter = std::function<std::vector<Answer>(std::span<const Prompt>, AnswerRequest)>;
// Makes one for a picture; called from several threads at once.
using OpenPicture = std::function<Segmenter(const RgbImage&)>;

}  // namespace sonde
