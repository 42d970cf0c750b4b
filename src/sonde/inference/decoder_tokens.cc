// SPDX-License-Identifier: Apache-2.0
#include "sonde/inference/decoder_tokens.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "sonde/kernels/decoder_blocks.h"

namespace sonde::decoder {
namespace {

using kernels::Activation;
using kernels::kPanel;
using kernels::PackedMatrix;
using kernels::ScratchScope;

// out = activation(in x matrix + residual)
void apply(const PackedMatrix& matrix, const float* in, std::size_t rows, const float* residual,
           Activation activation, float* out) {
  const std::size_t outputs = matrix.view().outputs;
  multiply({.in = in,
            .in_stride = matrix.view().inputs,
            .rows = rows,
            .residual = residual,
            .residual_stride = outputs,
            .activation = activation,
            .out = out,
            .out_stride = outputs},
           matrix.view());
}

void normalise(const Norm& norm, std::vector<float>& rows) {
  const std::size_t channels = norm.weight.size();
  kernels::layer_norm(rows.data(), channels, rows.size() / channels, norm.view(), Activation::none,
                      rows.data(), channels, kernels::Storage::fp32);
}

struct Projected {
  const float *q, *k, *v;  // [count][channels]
};

// softmax(q k^T / sqrt(dim)) v, head by head: [count][channels]. (model/two_way_transformer.cc,
// DecoderAttention) Keys are turned once, so that a head's are a matrix [dim][count]; its scores are
// [count][count].
void mix_values(const Projected& in, std::size_t count, std::size_t channels, std::size_t heads, float* out) {
  const std::size_t dim = channels / heads, stride = (count + kPanel - 1) / kPanel * kPanel;
  const float scale = 1 / std::sqrt(static_cast<float>(dim));
  ScratchScope scratch;
  auto* keys = scratch.take<float>(channels * stride);
  auto* scores = scratch.take<float>(count * stride);
  kernels::transpose(in.k, channels, count, channels, keys, stride);
  for (std::size_t h = 0; h < heads; ++h) {
    multiply(
        {.in = in.q + h * dim, .in_stride = channels, .rows = count, .out = scores, .out_stride = stride},
        kernels::view_rows(keys + h * dim * stride, dim, count, stride));
    kernels::softmax_rows(scores, count, count, stride, scale);
    multiply({.in = scores, .in_stride = stride, .rows = count, .out = out + h * dim, .out_stride = channels},
             kernels::view_rows(in.v + h * dim, count, dim, channels));
  }
}

}  // namespace

void self_attend(const Layer& layer, FirstLayer first, std::size_t heads, Tokens& tokens) {
  const std::size_t count = tokens.count, size = tokens.queries.size(), channels = size / count;
  ScratchScope scratch;
  auto* with_positions = scratch.take<float>(size);
  const float* positions = tokens.positions.data();
  for (std::size_t i = 0; i < size; ++i)
    with_positions[i] = tokens.queries[i] + (first == FirstLayer::yes ? 0 : positions[i]);
  // q and k see the positions, v does not: attention finds by place, what it mixes has no place.
  auto* q = scratch.take<float>(size);
  auto* k = scratch.take<float>(size);
  auto* v = scratch.take<float>(size + kPanel);  // used as a matrix as it lies: readable beyond its end
  auto* mixed = scratch.take<float>(size);
  apply(layer.self.q, with_positions, count, nullptr, Activation::none, q);
  apply(layer.self.k, with_positions, count, nullptr, Activation::none, k);
  apply(layer.self.v, tokens.queries.data(), count, nullptr, Activation::none, v);
  // queries = norm1(queries + out_proj(softmax(q k^T / sqrt(dim)) v))
  mix_values({q, k, v}, count, channels, heads, mixed);
  float* queries = tokens.queries.data();
  apply(layer.self.out, mixed, count, first == FirstLayer::yes ? nullptr : queries, Activation::none,
        queries);
  normalise(layer.norm1, tokens.queries);
}

void add_attended(const TokenToImageWeights& attention, const Norm& norm, const float* attended,
                  Tokens& tokens) {
  apply(attention.out, attended, tokens.count, tokens.queries.data(), Activation::none,
        tokens.queries.data());
  normalise(norm, tokens.queries);
}

void apply_mlp(const Layer& layer, Tokens& tokens) {
  ScratchScope scratch;
  auto* hidden = scratch.take<float>(tokens.count * layer.mlp1.view().outputs);
  apply(layer.mlp1, tokens.queries.data(), tokens.count, nullptr, Activation::relu, hidden);
  apply(layer.mlp2, hidden, tokens.count, tokens.queries.data(), Activation::none, tokens.queries.data());
  normalise(layer.norm3, tokens.queries);
}

std::vector<float> evaluate(const Mlp& mlp, const float* in) {
  std::vector<float> values(in, in + mlp.layers.front().view().inputs);
  for (const PackedMatrix& layer : mlp.layers) {
    std::vector<float> next(layer.view().outputs);
    apply(layer, values.data(), 1, nullptr,
          &layer == &mlp.layers.back() ? Activation::none : Activation::relu, next.data());
    values = std::move(next);
  }
  return values;
}

}  // namespace sonde::decoder
