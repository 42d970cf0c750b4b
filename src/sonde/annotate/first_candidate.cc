// SPDX-License-Identifier: Apache-2.0
#include "sonde/annotate/first_candidate.h"

#include <algorithm>

namespace sonde {

std::size_t first_candidate(const AskedPrompt& prompt, std::span<const CandidateScore> candidates) {
  if (!prompt.box) return 0;
  const auto most_confident = std::max_element(
      candidates.begin(), candidates.end(),
      [](const CandidateScore& a, const CandidateScore& b) { return a.predicted_iou < b.predicted_iou; });
  return static_cast<std::size_t>(most_confident - candidates.begin());
}

}  // namespace sonde
