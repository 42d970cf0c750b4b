// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sonde/imaging/prompt.h"

namespace sonde {

// Which of the decoder's masks answers a prompt where one is wanted or shown first: with a box, or a mask to
// start from, the single answer, the mask token made for prompts that leave nothing open; of points alone the
// first of the three candidates, which is nearly always the smallest. Points leave open how much is meant,
// and the most confident candidate is then worse than either other one for half of all objects. Source: a
// measurement on 634 objects of eight data sets (docs/annotate.md, "Which candidate comes first";
// bench/first_candidate).
enum class FirstAnswer { first_candidate, single };
FirstAnswer first_answer(const Prompt& prompt);

}  // namespace sonde
