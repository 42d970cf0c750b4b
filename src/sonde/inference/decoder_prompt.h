// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "sonde/inference/decoder_image.h"
#include "sonde/inference/decoder_weights.h"
#include "sonde/inference/network.h"

namespace sonde::decoder {

// cat(iou_token, mask_tokens, sparse_embeddings): points, a padding point where there are points and no box,
// two corners of the box, the class. [tokens][channels] (model/prompt_encoder.cc, PromptEncoder)
std::vector<float> tokens_of(const Weights& weights, const FramePrompt& prompt);

// How many features (decoder_image.h) a mask prompt adds to the image. mask_downscaling ends in a 1 x 1
// convolution to the embedding's channels, a linear map: its inputs are features, its weights rows of N, and
// its bias, less no_mask_embed (with which every image is prepared), is the row of a feature that is 1.
std::size_t mask_features(const Sizes& sizes, const FramePrompt& prompt);
// Puts them into a state that has been started with them.
void add_mask(const Weights& weights, const FramePrompt& prompt, int threads, const ImageState& state);

}  // namespace sonde::decoder
