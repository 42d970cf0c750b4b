// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sonde/imaging/scored_mask.h"
#include "sonde/predict/predictor.h"

// Classes that a model has learned to find by name.
namespace sonde {

// Whether what was asked for is in the picture: without an object score it is.
inline bool is_present(const ScoredMask& mask) { return mask.object_score.value_or(0) >= 0; }
inline bool is_present(const LowResCandidate& mask) { return mask.object_score.value_or(0) >= 0; }

// Masks at the picture's extent of which no two share a pixel: where several would, it is the one's with the
// highest logit there, among equals the first's. One that is absent has no pixels. Stability, predicted IoU
// and object score are those of each mask alone.
std::vector<ScoredMask> without_overlap(const Predictor& predictor, std::vector<LowResCandidate> masks);

// What the model finds of each of its classes, asked for by name alone; absent ones are left out.
struct FoundClass {
  std::string name;
  Mask mask;
  std::int64_t area_px = 0;
};
std::vector<FoundClass> find_classes(const Predictor& predictor);

// Sets class_name and class_iou: of the class whose mask it has the highest IoU with, if that is a half or
// more, or if nine tenths of the mask lie in it (then it is a part). Others stay without.
void name_by_class(ScoredRle& mask, const std::vector<FoundClass>& classes);

}  // namespace sonde
