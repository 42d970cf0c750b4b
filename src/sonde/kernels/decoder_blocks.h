// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "sonde/kernels/matrix.h"

namespace sonde::kernels {

// The mask decoder's image side works on blocks: kBlock positions side by side, [channels][kBlock]. So what
// runs over channels or tokens is done for a whole vector of positions at once, and a product's rows are
// output channels.
constexpr std::size_t kBlock = 64;

// out[c][r] = in[r][c].
void transpose(const float* in, std::size_t in_stride, std::size_t rows, std::size_t columns, float* out,
               std::size_t out_stride);

// out[r][p] = in[r][p] * scale[p] for rows of kBlock values without gaps; out may be in.
void scale_columns(const float* in, std::size_t rows, const float* scale, float* out);

// attn = q @ k^T (model/two_way_transformer.cc, DecoderAttention), tokens against a block of positions, head
// by head; with keys as decoder_image.h of inference/ has them, in two parts: out[h * tokens + t][p] =
// scale[p] * sum over d of queries[t][h * dim + d] * keys[h * dim + d][p]
//                          + sum over d of queries[t][h * dim + d] * offsets[h * dim + d][p].
struct BlockScores {
  std::size_t heads = 0, tokens = 0, dim = 0;
  const float* queries = nullptr;  // [tokens][heads * dim]
  const float* keys = nullptr;     // [heads * dim][kBlock]
  const float* scale = nullptr;    // [kBlock], or null: 1
  const float* offsets = nullptr;  // [heads * dim][kBlock], or null: 0
  float* out = nullptr;
  std::size_t out_stride = 0;
};
void score_block(const BlockScores& scores);

// softmax(attn) where positions are the queries. In place, for each position and head: exp(score - max) / sum
// over the tokens. [heads * tokens][kBlock], of which the first `kept` tokens of each head are kept, without
// gaps: [heads * kept][kBlock].
void softmax_over_tokens(float* scores, std::size_t heads, std::size_t tokens, std::size_t kept);

// softmax(attn) where tokens are the queries, not divided by the sum yet, as there are more positions than
// these. In place, each row: exp(x - maximum of the first `valid` values), 0 beyond them; the maximum and the
// sum of each row are kept. `scaled` (or null) gets the same times scale[column].
struct Exponentials {
  float* values = nullptr;
  std::size_t rows = 0, columns = 0, stride = 0, valid = 0;  // columns: a multiple of kBlock
  float* maxima = nullptr;                                   // [rows]
  float* sums = nullptr;                                     // [rows]
  const float* scale = nullptr;                              // [columns]
  float* scaled = nullptr;                                   // of the same stride
};
void exponentials(const Exponentials& job);

// attn @ v: out[h * tokens + t][i] = sum over p of weights[h * tokens + t][p] * values[h][p][i].
// kPanel values must be readable where the values end.
struct WeightedSums {
  std::size_t heads = 0, tokens = 0, dim = 0, positions = 0;
  const float* weights = nullptr;  // [heads * tokens][positions]
  std::size_t weights_stride = 0;
  const float* values = nullptr;  // [heads][positions][dim]
  std::size_t head_stride = 0;    // from head to head of the values
  float* out = nullptr;           // [heads * tokens][dim]
};
void sum_weighted(const WeightedSums& sums);

// layer_norm of a block in two steps, as the decoder needs the first by itself.
// Of each position over its channels: the mean and 1 / sqrt(variance + eps).
struct BlockMoments {
  float mean[kBlock], inverse_deviation[kBlock];
};
void moments_over_channels(const float* values, std::size_t channels, float eps, BlockMoments& moments);

// activation((value - mean) * inverse_deviation * weight[channel] + bias[channel]); out may be in.
void normalise_channels(const float* values, std::size_t channels, const BlockMoments& moments,
                        const float* weight, const float* bias, Activation activation, float* out);

}  // namespace sonde::kernels
