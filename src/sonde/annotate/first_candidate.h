// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

#include "sonde/annotate/objects.h"

namespace sonde {

// Which of the decoder's three candidates is shown first: of points alone the first, which is nearly always
// the smallest; with a box the most confident (the first of equals). Points alone leave open how much is
// meant and the most confident candidate is then worse than either other one for half of all objects.
// candidates: in the decoder's order, at least one. Source: a measurement on 634 objects of eight data sets
// (docs/annotate.md, "Which candidate comes first"; bench/first_candidate).
std::size_t first_candidate(const AskedPrompt& prompt, std::span<const CandidateScore> candidates);

}  // namespace sonde
