// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "sonde/imaging/mask_set.h"
#include "sonde/imaging/picture.h"
#include "sonde/imaging/prompt.h"
#include "sonde/imaging/scored_mask.h"

namespace sonde {

// What the study asks of a model, without knowing it.
struct Answer {
  std::vector<ScoredMask> candidates;  // the decoder's three, in its order; empty unless asked for
  std::optional<ScoredMask> single;    // its single-mask token; absent unless asked for
};

// Answers prompts on one picture, in their order.
using Segmenter = std::function<std::vector<Answer>(std::span<const Prompt>, MaskSet)>;
// Makes one for a picture; called from several threads at once.
using OpenPicture = std::function<Segmenter(const RgbImage&)>;

}  // namespace sonde
