// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

#include "sonde/annotate/objects.h"

namespace sonde {

// Which of the decoder's three candidates is shown first. The rule was chosen from a measurement
// (docs/annotate.md, "Which candidate comes first"; bench/first_candidate.cc).
std::size_t first_candidate(const AskedPrompt& prompt, std::span<const CandidateScore> candidates);

}  // namespace sonde
