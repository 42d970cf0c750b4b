// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "sonde/inference/decoder_weights.h"

namespace sonde::decoder {

// The decoder's token side: a few rows of channels, in place.
struct Tokens {
  std::size_t count = 0;
  std::vector<float> queries, positions;  // [count][channels]; positions: the tokens as they came in
};

// Attention of the tokens to each other, with norm1. The first layer adds no positions and has no residual.
enum class FirstLayer { no, yes };
void attend_to_themselves(const Layer& layer, FirstLayer first, std::size_t heads, Tokens& tokens);

// What the image answered ([count][inner]), through out_proj, and the norm.
void take_answer(const TokenToImage& attention, const Norm& norm, const float* attended, Tokens& tokens);

// The layer's MLP, with norm3.
void think(const Layer& layer, Tokens& tokens);

// [1][in] to [1][out].
std::vector<float> evaluate(const Mlp& mlp, const float* in);

}  // namespace sonde::decoder
