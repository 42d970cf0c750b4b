// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "sonde/inference/decoder_weights.h"

namespace sonde::decoder {

// The decoder's tokens: a few rows of channels, changed in place. (model/two_way_transformer.cc)
struct Tokens {
  std::size_t count = 0;
  std::vector<float> queries, positions;  // [count][channels]; positions: the tokens as they came in
};

// queries = norm1(queries + self_attn(q, q, queries)), q = queries + positions; in the first layer
// queries = norm1(self_attn(queries, queries, queries)).
enum class FirstLayer { no, yes };
void self_attend(const Layer& layer, FirstLayer first, std::size_t heads, Tokens& tokens);

// queries = norm(queries + out_proj(attended)): the end of cross_attn_token_to_image with norm2, and of the
// final attention with norm_final_attn. attended: [count][inner].
void add_attended(const TokenToImageWeights& attention, const Norm& norm, const float* attended,
                  Tokens& tokens);

// queries = norm3(queries + mlp(queries))
void apply_mlp(const Layer& layer, Tokens& tokens);

// Hypernetworks and IoU head: [1][in] to [1][out]. (model/mask_decoder.cc, Mlp)
std::vector<float> evaluate(const Mlp& mlp, const float* in);

}  // namespace sonde::decoder
