// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cmath>

#include "sonde/weights/export_onnx.h"
#include "sonde/weights/export_onnx_parts.h"
#include "sonde/weights/onnx_builder.h"

// The mask decoder: the steps of model/two_way_transformer.cc and model/mask_decoder.cc.

namespace sonde {
namespace {

using Value = OnnxBuilder::Value;

constexpr float kTokenEpsilon = 1e-5F, kChannelEpsilon = 1e-6F;

struct QueriesKeysValues {
  Value q, k, v;
};

// [1,N,inner] -> [1,heads,N,c]
Value separate_heads(const OnnxBuilder& box, const Value& x, const LayerTensors& projection,
                     std::int64_t heads) {
  const auto channels = projection.weight.shape[0] / heads;
  return box.transpose(box.reshape(x, {1, -1, heads, channels}), {0, 2, 1, 3});
}

Value add_attention(const OnnxBuilder& box, const QueriesKeysValues& in, const AttentionTensors& attention,
                    std::int64_t heads) {
  const auto inner = attention.q.weight.shape[0];
  const auto q = separate_heads(box, box.linear(in.q, "q_proj", attention.q), attention.q, heads),
             k = separate_heads(box, box.linear(in.k, "k_proj", attention.k), attention.k, heads),
             v = separate_heads(box, box.linear(in.v, "v_proj", attention.v), attention.v, heads);
  const auto scale = box.number(static_cast<float>(1.0 / std::sqrt(static_cast<double>(inner / heads))));
  const auto weights = box.softmax(box.product(box.multiply(q, scale), box.transpose(k, {0, 1, 3, 2})));
  const auto answers = box.transpose(box.product(weights, v), {0, 2, 1, 3});
  return box.linear(box.reshape(answers, {1, -1, inner}), "out_proj", attention.out);
}

// Tokens [1,T,C] and image [1,E*E,C], and where they are: the same shapes.
struct TokensAndImage {
  Value tokens, image;
};

TokensAndImage add_layer(const OnnxBuilder& box, const TokensAndImage& in, const TokensAndImage& at,
                         const DecoderLayerTensors& layer, std::int64_t heads, bool is_first) {
  auto tokens = in.tokens;
  if (is_first) {
    tokens = add_attention(box.in("self_attn"), {tokens, tokens, tokens}, layer.self, heads);
  } else {
    const auto placed = box.add(tokens, at.tokens);
    tokens = box.add(tokens, add_attention(box.in("self_attn"), {placed, placed, tokens}, layer.self, heads));
  }
  tokens = box.layer_norm(tokens, "norm1", layer.norm1, kTokenEpsilon);

  const auto image_at = box.add(in.image, at.image);
  const auto seen =
      add_attention(box.in("cross_attn_token_to_image"), {box.add(tokens, at.tokens), image_at, in.image},
                    layer.token_to_image, heads);
  tokens = box.layer_norm(box.add(tokens, seen), "norm2", layer.norm2, kTokenEpsilon);
  const OnnxBuilder mlp = box.in("mlp");
  const auto thought = mlp.linear(mlp.relu(mlp.linear(tokens, "lin1", layer.lin1)), "lin2", layer.lin2);
  tokens = box.layer_norm(box.add(tokens, thought), "norm3", layer.norm3, kTokenEpsilon);

  const auto answer =
      add_attention(box.in("cross_attn_image_to_token"), {image_at, box.add(tokens, at.tokens), tokens},
                    layer.image_to_token, heads);
  return {tokens, box.layer_norm(box.add(in.image, answer), "norm4", layer.norm4, kTokenEpsilon)};
}

TokensAndImage add_transformer(const OnnxBuilder& box, const TokensAndImage& in, const Value& image_positions,
                               const MaskDecoderTensors& tensors, std::int64_t heads) {
  const TokensAndImage at{in.tokens, image_positions};
  TokensAndImage state = in;
  for (std::size_t i = 0; i < tensors.layers.size(); ++i)
    state = add_layer(box.in("layers." + std::to_string(i)), state, at, tensors.layers[i], heads, i == 0);
  const auto answer =
      add_attention(box.in("final_attn_token_to_image"),
                    {box.add(state.tokens, at.tokens), box.add(state.image, at.image), state.image},
                    tensors.final_attention, heads);
  return {box.layer_norm(box.add(state.tokens, answer), "norm_final_attn", tensors.final_norm, kTokenEpsilon),
          state.image};
}

Value add_mlp(const OnnxBuilder& box, Value x, const std::vector<LayerTensors>& layers) {
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (i > 0) x = box.relu(x);
    x = box.linear(x, "layers." + std::to_string(i), layers[i]);
  }
  return x;
}

// [1,E*E,C] -> [1,C/8,16*E*E]
Value add_upscaling(const OnnxBuilder& box, const Value& image, const MaskDecoderTensors& tensors,
                    std::int64_t side) {
  const auto channels = tensors.mask_tokens.shape[1];
  auto x = box.reshape(box.transpose(image, {0, 2, 1}), {1, channels, side, side});
  x = box.transposed_convolution(x, "0", tensors.upscaling_conv1);
  x = box.gelu(box.channel_norm(x, "1", tensors.upscaling_norm, kChannelEpsilon));
  x = box.gelu(box.transposed_convolution(x, "3", tensors.upscaling_conv2));
  return box.reshape(x, {1, channels / 8, 16 * side * side});
}

// [1,1+T,C]: the IoU token, the mask tokens.
WeightTensor output_tokens(const MaskDecoderTensors& tensors) {
  std::vector<float> values;
  for (const WeightTensor* part : {&tensors.iou_token, &tensors.mask_tokens}) {
    const WeightTensor floats = as_f32(*part);
    values.insert(values.end(), floats_of(floats).begin(), floats_of(floats).end());
  }
  return make_tensor(std::move(values), {1, 1 + tensors.mask_tokens.shape[0], tensors.mask_tokens.shape[1]});
}

}  // namespace

OnnxMasks add_mask_decoder(const OnnxBuilder& decoder, const OnnxPromptValues& prompt, const SamTensors& sam,
                           const Value& image_embeddings) {
  const auto& tensors = sam.mask_decoder;
  const auto side = embedding_side(sam.sizes), channels = sam.sizes.prompt_embed_dim,
             count = sam.sizes.num_mask_tokens;
  const auto tokens =
      decoder.concatenate({decoder.constant("output_tokens", output_tokens(tensors)), prompt.tokens}, 1);
  const auto image = decoder.transpose(
      decoder.reshape(decoder.add(image_embeddings, prompt.image), {1, channels, side * side}), {0, 2, 1});
  const auto [queries, keys] = add_transformer(decoder.in("transformer"), {tokens, image},
                                               prompt.image_positions, tensors, sam.sizes.decoder_heads);

  const auto upscaled = add_upscaling(decoder.in("output_upscaling"), keys, tensors, side);
  std::vector<Value> weights;  // each [1,1,C/8]
  for (std::int64_t i = 0; i < count; ++i) {
    weights.push_back(add_mlp(decoder.in("output_hypernetworks_mlps." + std::to_string(i)),
                              decoder.slice(queries, 1, 1 + i, 2 + i),
                              tensors.hypernetworks[static_cast<std::size_t>(i)]));
  }
  const auto logits = decoder.product(decoder.concatenate(weights, 1), upscaled);
  const auto iou =
      add_mlp(decoder.in("iou_prediction_head"), decoder.slice(queries, 1, 0, 1), tensors.iou_head);
  return {.low_res = decoder.reshape(logits, {1, count, 4 * side, 4 * side}),
          .iou = decoder.reshape(iou, {1, count})};
}

}  // namespace sonde
