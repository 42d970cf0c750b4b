// SPDX-License-Identifier: Apache-2.0
#include "sonde/train/torch/factored_decoder.h"

#include <cmath>
#include <vector>

namespace sonde {
namespace {

// H heads of d channels; T tokens; P positions.

// [T,H*d] -> [H,T,d]
torch::Tensor by_head(const torch::Tensor& x, std::int64_t heads) {
  return x.view({x.size(0), heads, -1}).transpose(0, 1);
}
double score_scale(const DecoderAttentionImpl& attention) {
  const auto inner = attention.q_proj->weight.size(0);
  return 1.0 / std::sqrt(static_cast<double>(inner / attention.num_heads));
}
// The part of each head in a projection's weight [H*d,C]: [H,d,C].
torch::Tensor weight_by_head(const nn::Linear& linear, std::int64_t heads) {
  const auto& weight = linear->weight;
  return weight.view({heads, weight.size(0) / heads, weight.size(1)});
}

// queries: [T,C], image_at and image: [P,C]. Returns [T,C].
torch::Tensor tokens_to_image(DecoderAttentionImpl& attention, const torch::Tensor& queries,
                              const torch::Tensor& image_at, const torch::Tensor& image) {
  const auto H = attention.num_heads, T = queries.size(0), C = image.size(1);
  const auto q = by_head(attention.q_proj(queries) * score_scale(attention), H);
  const auto on_channels = at::bmm(q, weight_by_head(attention.k_proj, H)).view({H * T, C});
  const auto weights = at::softmax(at::mm(on_channels, image_at.t()), -1);  // [H*T,P]
  const auto mixed = at::mm(weights, image).view({H, T, C});
  const auto values = at::baddbmm(attention.v_proj->bias.view({H, 1, -1}), mixed,
                                  weight_by_head(attention.v_proj, H).transpose(1, 2));  // [H,T,d]
  return attention.out_proj(values.transpose(0, 1).reshape({T, -1}));
}

// keys: queries with their positions. Returns [P,C].
torch::Tensor image_to_tokens(DecoderAttentionImpl& attention, const torch::Tensor& image_at,
                              const torch::Tensor& keys, const torch::Tensor& values) {
  const auto H = attention.num_heads, T = keys.size(0), C = image_at.size(1), P = image_at.size(0);
  const auto k = by_head(attention.k_proj(keys) * score_scale(attention), H);
  const auto on_channels = at::bmm(k, weight_by_head(attention.q_proj, H)).view({H * T, C});
  const auto offsets = at::bmm(k, attention.q_proj->bias.view({H, -1, 1})).view({H * T, 1});
  // Positions lie side by side, which softmax over a few tokens is twice as fast for.
  const auto scores = at::addmm(offsets, on_channels, image_at.t());  // [H*T,P]
  const auto weights = at::softmax(scores.view({H, T, P}), 1).view({H * T, P});
  const auto v = by_head(attention.v_proj(values), H);
  const auto out = attention.out_proj->weight.view({C, H, -1}).permute({1, 2, 0});  // [H,d,C]
  return at::addmm(attention.out_proj->bias, weights.t(), at::bmm(v, out).view({H * T, C}));
}

// tokens: [T,C].
torch::Tensor attend_to_each_other(DecoderAttentionImpl& attention, const torch::Tensor& at_positions,
                                   const torch::Tensor& tokens) {
  const auto q = at_positions.unsqueeze(0);
  return attention.forward(q, q, tokens.unsqueeze(0)).squeeze(0);
}

struct TokensAndImage {
  torch::Tensor tokens;  // [T,C]
  torch::Tensor image;   // [P,C]
};

TokensAndImage run_layer(TwoWayAttentionBlockImpl& layer, const TokensAndImage& in,
                         const torch::Tensor& positions, const torch::Tensor& image_pe) {
  auto tokens = in.tokens;
  if (layer.first == TwoWayAttentionBlockImpl::FirstLayer::yes) {
    tokens = attend_to_each_other(*layer.self_attn, tokens, tokens);
  } else {
    tokens = tokens + attend_to_each_other(*layer.self_attn, tokens + positions, tokens);
  }
  tokens = layer.norm1(tokens);
  const auto image_at = in.image + image_pe;
  tokens = layer.norm2(
      tokens + tokens_to_image(*layer.cross_attn_token_to_image, tokens + positions, image_at, in.image));
  tokens = layer.norm3(tokens + layer.mlp(tokens));
  const auto answer = image_to_tokens(*layer.cross_attn_image_to_token, image_at, tokens + positions, tokens);
  return {.tokens = tokens, .image = layer.norm4(in.image + answer)};
}

// Of each mask token its hypernetwork's weights: [masks,C/8].
torch::Tensor mask_weights(MaskDecoderImpl& decoder, const torch::Tensor& tokens) {
  std::vector<torch::Tensor> weights;
  auto& networks = decoder.output_hypernetworks_mlps->items;
  for (std::size_t i = 0; i < networks.size(); ++i)
    weights.push_back(networks[i](tokens.select(0, static_cast<std::int64_t>(i) + 1)));
  return at::stack(weights);
}

}  // namespace

FactoredAnswer decode(SamImpl& sam, const FactoredPrompt& prompt) {
  MaskDecoderImpl& decoder = *sam.mask_decoder;
  const auto positions =
      at::cat({decoder.iou_token->weight, decoder.mask_tokens->weight, prompt.sparse});  // [T,C]
  const auto side = sam.image_pe.size(2);
  const auto image_pe = sam.image_pe.view({-1, side * side}).t().contiguous();  // [P,C]
  TokensAndImage state{.tokens = positions, .image = prompt.image + prompt.dense};
  TwoWayTransformerImpl& transformer = *decoder.transformer;
  for (auto& layer : transformer.layers->items) state = run_layer(*layer, state, positions, image_pe);
  const auto answer = tokens_to_image(*transformer.final_attn_token_to_image, state.tokens + positions,
                                      state.image + image_pe, state.image);
  const auto tokens = transformer.norm_final_attn(state.tokens + answer);

  const auto weights = mask_weights(decoder, tokens);
  const auto upscaled = decoder.output_upscaling(state.image.unsqueeze(0)).squeeze(0);  // [P*16,C/8]
  const auto masks = weights.size(0);
  const auto logits = at::matmul(upscaled, weights.t())
                          .view({side, side, 2, 2, 2, 2, masks})
                          .permute({6, 0, 2, 4, 1, 3, 5})  // as MaskDecoder has it
                          .reshape({masks, 4 * side, 4 * side});
  return {.logits = logits, .iou = decoder.iou_prediction_head(tokens.select(0, 0)), .tokens = tokens};
}

}  // namespace sonde
