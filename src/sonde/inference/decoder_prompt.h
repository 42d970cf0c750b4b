// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "sonde/inference/decoder_image.h"
#include "sonde/inference/decoder_weights.h"
#include "sonde/inference/network.h"

namespace sonde::decoder {

// The decoder's own tokens, then those of the prompt: points, a padding point where there is no box, two
// corners of the box. [tokens][channels]
std::vector<float> tokens_of(const Weights& weights, const FramePrompt& prompt);

// Features that a mask adds to the image: its channels before the last convolution, and 1.
std::size_t mask_features(const Sizes& sizes, const FramePrompt& prompt);
// Puts them into a state that has been started with them.
void add_mask(const Weights& weights, const FramePrompt& prompt, int threads, const ImageState& state);

}  // namespace sonde::decoder
