// SPDX-License-Identifier: Apache-2.0
#include "sonde/model/two_way_transformer.h"

#include <cmath>

namespace sonde {
namespace {

constexpr double kLayerNormEps = 1e-5;
constexpr std::int64_t kCrossAttentionDownsampleRate = 2;

}  // namespace

DecoderAttentionImpl::DecoderAttentionImpl(std::int64_t dim, std::int64_t heads, std::int64_t downsample_rate)
    : q_proj(register_module("q_proj", nn::Linear(dim, dim / downsample_rate))),
      k_proj(register_module("k_proj", nn::Linear(dim, dim / downsample_rate))),
      v_proj(register_module("v_proj", nn::Linear(dim, dim / downsample_rate))),
      out_proj(register_module("out_proj", nn::Linear(dim / downsample_rate, dim))),
      num_heads(heads) {}

torch::Tensor DecoderAttentionImpl::separate_heads(const torch::Tensor& x) const {
  return x.view({x.size(0), x.size(1), num_heads, -1}).transpose(1, 2);
}

torch::Tensor DecoderAttentionImpl::forward(const torch::Tensor& q, const torch::Tensor& k,
                                            const torch::Tensor& v) {
  if (k.size(0) == 1 &&
      q.size(0) > 1) {  // queries do not see each other: those of all prompts go as one batch
    return forward(q.reshape({1, -1, q.size(2)}), k, v).view(q.sizes());
  }
  auto queries = separate_heads(q_proj(q));
  const auto keys = separate_heads(k_proj(k)), values = separate_heads(v_proj(v));
  queries = queries * (1.0 / std::sqrt(static_cast<double>(queries.size(3))));
  const auto weights = at::softmax(at::matmul(queries, keys.transpose(2, 3)), -1);  // [B,heads,N,M]
  return out_proj(at::matmul(weights, values).transpose(1, 2).flatten(2));
}

TwoWayAttentionBlockImpl::TwoWayAttentionBlockImpl(const SamSizes& sizes, FirstLayer is_first)
    : first(is_first) {
  const auto dim = sizes.prompt_embed_dim, heads = sizes.decoder_heads;
  self_attn = register_module("self_attn", DecoderAttention(dim, heads, 1));
  cross_attn_token_to_image = register_module("cross_attn_token_to_image",
                                              DecoderAttention(dim, heads, kCrossAttentionDownsampleRate));
  cross_attn_image_to_token = register_module("cross_attn_image_to_token",
                                              DecoderAttention(dim, heads, kCrossAttentionDownsampleRate));
  norm1 = register_module("norm1", nn::LayerNorm(dim, kLayerNormEps));
  norm2 = register_module("norm2", nn::LayerNorm(dim, kLayerNormEps));
  norm3 = register_module("norm3", nn::LayerNorm(dim, kLayerNormEps));
  norm4 = register_module("norm4", nn::LayerNorm(dim, kLayerNormEps));
  mlp = register_module("mlp", nn::MlpBlock(dim, sizes.decoder_mlp_dim, nn::Activation::relu));
}

QueriesAndKeys TwoWayAttentionBlockImpl::forward(const QueriesAndKeys& in, const Positions& positions) {
  auto queries = in.queries;
  if (first == FirstLayer::yes) {
    queries = self_attn(queries, queries, queries);
  } else {
    const auto q = queries + positions.queries;
    queries = queries + self_attn(q, q, queries);
  }
  queries = norm1(queries);

  const auto keys_at = in.keys + positions.keys;
  queries = norm2(queries + cross_attn_token_to_image(queries + positions.queries, keys_at, in.keys));
  queries = norm3(queries + mlp(queries));

  const auto answer = cross_attn_image_to_token(keys_at, queries + positions.queries, queries);  // [B,M,C]
  return {.queries = queries, .keys = norm4(in.keys + answer)};
}

TwoWayTransformerImpl::TwoWayTransformerImpl(const SamSizes& sizes)
    : layers(register_module("layers", std::make_shared<nn::List<TwoWayAttentionBlock>>())),
      final_attn_token_to_image(register_module(
          "final_attn_token_to_image",
          DecoderAttention(sizes.prompt_embed_dim, sizes.decoder_heads, kCrossAttentionDownsampleRate))),
      norm_final_attn(
          register_module("norm_final_attn", nn::LayerNorm(sizes.prompt_embed_dim, kLayerNormEps))) {
  using First = TwoWayAttentionBlockImpl::FirstLayer;
  for (std::int64_t i = 0; i < sizes.decoder_depth; ++i) {
    layers->push_back(TwoWayAttentionBlock(sizes, i == 0 ? First::yes : First::no));
  }
}

QueriesAndKeys TwoWayTransformerImpl::forward(const torch::Tensor& image, const torch::Tensor& image_pe,
                                              const torch::Tensor& tokens) {
  // [B,C,H,W] -> [B,H*W,C]
  QueriesAndKeys state{.queries = tokens, .keys = image.flatten(2).transpose(1, 2).contiguous()};
  const Positions positions{.queries = tokens, .keys = image_pe.flatten(2).transpose(1, 2)};
  for (auto& layer : layers->items) state = layer->forward(state, positions);

  const auto answer =
      final_attn_token_to_image(state.queries + positions.queries, state.keys + positions.keys, state.keys);
  state.queries = norm_final_attn(state.queries + answer);
  return state;
}

}  // namespace sonde
