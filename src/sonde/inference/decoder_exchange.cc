// SPDX-License-Identifier: Apache-2.0
// The tokens' side of their exchange with the image.
#include <algorithm>

#include "sonde/inference/decoder_image.h"
#include "sonde/kernels/decoder_blocks.h"

namespace sonde::decoder {
namespace {

using kernels::PackedMatrix;

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

// Each head's vectors [tokens][head_dim] to channels: [heads * tokens][channels].
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

// What each head's vectors give with each of the features: [heads * tokens][column_stride].
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

// Channels of each head's tokens less those of its last, as weights add up to 1; what is always there as the
// last row. Returns the rows before it.
std::size_t add_values(const Sizes& sizes, const ImageToToken& attention, const float* values,
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

// Rows of N that go with the norm behind the layer.
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

Answer make_answer(const Weights& weights, std::size_t layer, const float* queries, const float* positions,
                   ImageState& state, kernels::ScratchScope& scratch) {
  const Sizes& sizes = weights.sizes;
  const ImageToToken& attention = weights.layers[layer].image_to_token;
  const std::size_t C = sizes.channels, T = state.tokens;
  Answer answer{.layer = layer, .known = state.features};
  answer.keys = projected_tokens(attention.k, queries, positions, T, scratch);
  answer.on_features = on_features(sizes, attention.query_of, answer.keys, state, scratch);
  const float* values = projected_tokens(attention.v, queries, nullptr, T, scratch);
  float* added = state.rows + state.features * C;
  if (T - 1 <= sizes.head_dim) {
    answer.added = add_values(sizes, attention, values, T, added);
  } else {  // fewer features: each head's mixture of values
    auto* by_channel = scratch.take<float>(sizes.inner * T);
    kernels::transpose(values, sizes.inner, T, sizes.inner, by_channel, T);
    answer.values = by_channel;
    std::copy(attention.out.begin(), attention.out.end(), added);
    answer.added = sizes.inner;
    std::copy(attention.out_bias.begin(), attention.out_bias.end(), added + sizes.inner * C);
  }
  state.features += answer.added + 1;
  answer.mix_from = layer == 0 ? 0 : answer.known;  // keys are kept from then on
  answer.mixed = state.features - answer.mix_from;
  auto* mix = scratch.take<float>(C * answer.mixed);
  kernels::transpose(state.rows + answer.mix_from * C, C, answer.mixed, C, mix, answer.mixed);
  answer.mix = mix;
  normalise_rows(sizes, weights.layers[layer].norm4, state);
  update_columns(sizes, state);
  return answer;
}

Question make_question(const Weights& weights, std::size_t layer, const float* queries,
                       const float* positions, const ImageState& state, kernels::ScratchScope& scratch) {
  const Sizes& sizes = weights.sizes;
  Question question{.layer = layer};
  question.attention =
      layer < sizes.layers ? &weights.layers[layer].token_to_image : &weights.final_attention;
  question.queries = projected_tokens(question.attention->q, queries, positions, state.tokens, scratch);
  question.on_features = on_features(sizes, question.attention->key_of, question.queries, state, scratch);
  return question;
}

}  // namespace sonde::decoder
