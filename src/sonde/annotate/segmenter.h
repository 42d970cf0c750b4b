// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "sonde/annotate/action.h"
#include "sonde/annotate/objects.h"
#include "sonde/imaging/picture.h"
#include "sonde/imaging/prompt.h"
#include "sonde/imaging/scored_mask.h"

namespace sonde {

// What annotation asks of a model, without knowing it. The functions may be called from several threads at
// once and throw Error (unavailable: the image cannot be read any more).
struct AnnotationSegmenter {
  std::string model_sha256;
  std::string precision;  // "fp32", "bf16"
  // The one to show first (imaging/answer_rule.h), then the others in the decoder's order. `inside`, if not
  // empty, is a mask to start from (the mask prompt).
  std::function<std::vector<ScoredMask>(ImageId, PlaneRef, const PromptWithWindow&, const Mask& inside)> ask;
  // Best predicted IoU first. Throws what its progress throws.
  std::function<std::vector<ScoredRle>(ImageId, const EverythingAction&)> everything;
};

}  // namespace sonde
