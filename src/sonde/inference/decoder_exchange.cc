// SPDX-License-Identifier: Apache-2.0
// The tokens' side of both cross attentions (model/two_way_transformer.cc, DecoderAttention): what can be
// computed from a prompt's few tokens before the pass over the image's thousands of positions.
#include <algorithm>

#include "sonde/inference/decoder_image.h"
#include "sonde/kernels/decoder_blocks.h"

namespace sonde::decoder {
namespace {

using kernels::PackedMatrix;

// k_proj(queries + positions), v_proj(queries) and the like: [tokens][inner].
const float* projected_tokens(const PackedMatrix& matrix, const float* in, const float* offset,
                              std::size_t tokens, kernels::ScratchScope& scratch) {
  const std::size_t C = matrix.view().inputs, I = matrix.view().outputs;
  auto* out = scratch.take<float>(tokens * I);
  kernels::ScratchScope inner;
  const float* from = in;
  if (offset != nullptr) {
    auto* sum = inner.take<float>(tokens * C);
    for (std::size_t i = 0; i < tokens * C; ++i) sum[i] = in[i] + offset[i];
    from = sum;
  }
  multiply({.in = from, .in_stride = C, .rows = tokens, .out = out, .out_stride = I}, matrix.view());
  return out;
}

// Each head's vectors [tokens][head_dim] times that head's part of a projection: [heads * tokens][channels].
// So a head's score q . (A x) of a position's channels x is had as (q A) . x, without projecting the
// position.
void heads_to_channels(const Sizes& sizes, const std::vector<PackedMatrix>& heads, const float* in,
                       std::size_t tokens, float* out) {
  for (std::size_t h = 0; h < sizes.heads; ++h) {
    multiply({.in = in + h * sizes.head_dim,
              .in_stride = sizes.inner,
              .rows = tokens,
              .out = out + h * tokens * sizes.channels,
              .out_stride = sizes.channels},
             heads[h].view());
  }
}

// The scores' part that comes from F: row h * tokens + t holds (q A) N^T of head h and token t, so that a
// position's score is that row times the position's features. [heads * tokens][column_stride]
const float* on_features(const Sizes& sizes, const std::vector<PackedMatrix>& heads, const float* in,
                         const ImageState& state, kernels::ScratchScope& scratch) {
  if (state.features == 0) return nullptr;
  const std::size_t rows = sizes.heads * state.tokens;
  auto* out = scratch.take<float>(rows * state.column_stride);
  kernels::ScratchScope inner;
  auto* channels = inner.take<float>(rows * sizes.channels);
  heads_to_channels(sizes, heads, in, state.tokens, channels);
  multiply({.in = channels,
            .in_stride = sizes.channels,
            .rows = rows,
            .out = out,
            .out_stride = state.column_stride},
           kernels::view_rows(state.columns, sizes.channels, state.features, state.column_stride));
  return out;
}

// Rows of N for out_proj(weights @ values) with the weights of attention as features. Published, for head h:
//   sum over t of p[t] v[t],   v[t]: token t's value through the head's part of out_proj.
// The weights of a head add up to 1, so the last token's needs no feature of its own:
//   sum over t < T-1 of p[t] (v[t] - v[T-1]) + v[T-1].
// v[T-1] of all heads and out_proj's bias make the last row, whose feature is 1. Returns how many rows are
// before it.
std::size_t add_values(const Sizes& sizes, const ImageToTokenWeights& attention, const float* values,
                       std::size_t tokens, float* rows) {
  const std::size_t C = sizes.channels, kept = tokens - 1;
  kernels::ScratchScope scratch;
  auto* channels = scratch.take<float>(sizes.heads * tokens * C);
  heads_to_channels(sizes, attention.out_of, values, tokens, channels);
  float* always = rows + sizes.heads * kept * C;
  std::copy(attention.out_bias.begin(), attention.out_bias.end(), always);
  for (std::size_t h = 0; h < sizes.heads; ++h) {
    const float* head = channels + h * tokens * C;
    for (std::size_t i = 0; i < kept * C; ++i) rows[h * kept * C + i] = head[i] - head[kept * C + i % C];
    for (std::size_t c = 0; c < C; ++c) always[c] += head[kept * C + c];
  }
  return sizes.heads * kept;
}

// norm4 of the keys: N's rows times its weight, and two more, for the features mean / deviation and 1.
void normalise_rows(const Sizes& sizes, const Norm& norm, ImageState& state) {
  const std::size_t C = sizes.channels;
  for (std::size_t row = 0; row < state.features; ++row) {
    for (std::size_t c = 0; c < C; ++c) state.rows[row * C + c] *= norm.weight[c];
  }
  float* mean = state.rows + state.features * C;
  for (std::size_t c = 0; c < C; ++c) {
    mean[c] = -norm.weight[c];
    mean[C + c] = norm.bias[c];
  }
  state.features += 2;
}

}  // namespace

ImageToToken prepare_image_to_token(const Weights& weights, std::size_t layer, const float* queries,
                                    const float* positions, ImageState& state,
                                    kernels::ScratchScope& scratch) {
  const Sizes& sizes = weights.sizes;
  const ImageToTokenWeights& attention = weights.layers[layer].image_to_token;
  const std::size_t C = sizes.channels, T = state.tokens;
  ImageToToken made{.layer = layer, .known = state.features};
  // The image's positions are the queries here, the tokens keys and values.
  made.keys = projected_tokens(attention.k, queries, positions, T, scratch);
  made.on_features = on_features(sizes, attention.query_of, made.keys, state, scratch);
  const float* values = projected_tokens(attention.v, queries, nullptr, T, scratch);
  // Either choice of features gives the published sum; the one with fewer is made. Weights of attention are
  // heads * (T - 1), the mixtures of values that a head gives before out_proj are heads * head_dim.
  float* added = state.rows + state.features * C;
  if (T - 1 <= sizes.head_dim) {
    made.added = add_values(sizes, attention, values, T, added);
  } else {
    auto* by_channel = scratch.take<float>(sizes.inner * T);
    kernels::transpose(values, sizes.inner, T, sizes.inner, by_channel, T);
    made.values = by_channel;
    std::copy(attention.out.begin(), attention.out.end(), added);
    made.added = sizes.inner;
    std::copy(attention.out_bias.begin(), attention.out_bias.end(), added + sizes.inner * C);
  }
  state.features += made.added + 1;
  // keys + out_proj(...), for mean and deviation: to the keys of the layer before are added the new features
  // alone. In the first layer these are the image's own, and a mask prompt's features are not in them.
  made.mix_from = layer == 0 ? 0 : made.known;
  made.mixed = state.features - made.mix_from;
  auto* mix = scratch.take<float>(C * made.mixed);
  kernels::transpose(state.rows + made.mix_from * C, C, made.mixed, C, mix, made.mixed);
  made.mix = mix;
  normalise_rows(sizes, weights.layers[layer].norm4, state);
  update_columns(sizes, state);
  return made;
}

TokenToImage prepare_token_to_image(const Weights& weights, std::size_t layer, const float* queries,
                                    const float* positions, const ImageState& state,
                                    kernels::ScratchScope& scratch) {
  const Sizes& sizes = weights.sizes;
  TokenToImage made{.layer = layer};
  made.attention = layer < sizes.layers ? &weights.layers[layer].token_to_image : &weights.final_attention;
  made.queries = projected_tokens(made.attention->q, queries, positions, state.tokens, scratch);
  made.on_features = on_features(sizes, made.attention->key_of, made.queries, state, scratch);
  return made;
}

}  // namespace sonde::decoder
