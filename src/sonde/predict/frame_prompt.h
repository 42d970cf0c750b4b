// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sonde/imaging/prompt.h"
#include "sonde/inference/network.h"

namespace sonde {

// A prompt in pixels of the padded frame, whose side is `side`. The mask is that of `prompt`, which must
// outlive it.
FramePrompt in_frame(const Prompt& prompt, Extent2 picture, std::int64_t side);

}  // namespace sonde
