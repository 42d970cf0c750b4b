// SPDX-License-Identifier: Apache-2.0
#include "sonde/weights/tensor_reader.h"

namespace sonde {
namespace {

constexpr std::int64_t kHypernetworkDepth = 3, kObjectScoreDepth = 3;

AttentionTensors read_attention(const TensorReader& attention, std::int64_t dim, std::int64_t inner) {
  return {.q = attention.layer("q_proj", {inner, dim}),
          .k = attention.layer("k_proj", {inner, dim}),
          .v = attention.layer("v_proj", {inner, dim}),
          .out = attention.layer("out_proj", {dim, inner})};
}

DecoderLayerTensors read_layer(const TensorReader& layer, const SamSizes& sizes) {
  const auto dim = sizes.prompt_embed_dim;
  return {.self = read_attention(layer.in("self_attn"), dim, dim),
          .token_to_image = read_attention(layer.in("cross_attn_token_to_image"), dim, dim / 2),
          .image_to_token = read_attention(layer.in("cross_attn_image_to_token"), dim, dim / 2),
          .norm1 = layer.layer("norm1", {dim}),
          .norm2 = layer.layer("norm2", {dim}),
          .norm3 = layer.layer("norm3", {dim}),
          .norm4 = layer.layer("norm4", {dim}),
          .lin1 = layer.layer("mlp.lin1", {sizes.decoder_mlp_dim, dim}),
          .lin2 = layer.layer("mlp.lin2", {dim, sizes.decoder_mlp_dim})};
}

struct MlpSizes {
  std::int64_t in, hidden, out, depth;
};
std::vector<LayerTensors> read_mlp(const TensorReader& mlp, const MlpSizes& sizes) {
  std::vector<LayerTensors> layers;
  for (std::int64_t i = 0; i < sizes.depth; ++i) {
    layers.push_back(
        mlp.layer("layers." + std::to_string(i),
                  {i + 1 == sizes.depth ? sizes.out : sizes.hidden, i == 0 ? sizes.in : sizes.hidden}));
  }
  return layers;
}

// Kernel and stride 2; unlike other layers [in][out][2][2].
LayerTensors read_transposed_convolution(const TensorReader& convolution, std::int64_t in, std::int64_t out) {
  return {convolution.tensor("weight", {in, out, 2, 2}), convolution.tensor("bias", {out})};
}

}  // namespace

PromptEncoderTensors read_prompt_encoder(const TensorReader& encoder, const SamSizes& sizes) {
  const auto dim = sizes.prompt_embed_dim, channels = sizes.mask_in_chans;
  const TensorReader downscaling = encoder.in("mask_downscaling");
  PromptEncoderTensors tensors{
      .gaussian_matrix = encoder.tensor("pe_layer.positional_encoding_gaussian_matrix", {2, dim / 2}),
      .point_embeddings = {},
      .not_a_point = encoder.tensor("not_a_point_embed.weight", {1, dim}),
      .no_mask = encoder.tensor("no_mask_embed.weight", {1, dim}),
      .class_embeddings = {},
      .mask_conv1 = downscaling.layer("0", {channels / 4, 1, 2, 2}),
      .mask_norm1 = downscaling.layer("1", {channels / 4}),
      .mask_conv2 = downscaling.layer("3", {channels, channels / 4, 2, 2}),
      .mask_norm2 = downscaling.layer("4", {channels}),
      .mask_conv3 = downscaling.layer("6", {dim, channels, 1, 1})};
  for (std::size_t i = 0; i < tensors.point_embeddings.size(); ++i)
    tensors.point_embeddings.at(i) =
        encoder.tensor("point_embeddings." + std::to_string(i) + ".weight", {1, dim});
  if (sizes.class_count > 0)
    tensors.class_embeddings = encoder.tensor("class_embeddings.weight", {sizes.class_count, dim});
  return tensors;
}

MaskDecoderTensors read_mask_decoder(const TensorReader& decoder, const SamSizes& sizes) {
  const auto dim = sizes.prompt_embed_dim, tokens = sizes.num_mask_tokens;
  const TensorReader transformer = decoder.in("transformer"), upscaling = decoder.in("output_upscaling");
  MaskDecoderTensors tensors{
      .layers = {},
      .final_attention = read_attention(transformer.in("final_attn_token_to_image"), dim, dim / 2),
      .final_norm = transformer.layer("norm_final_attn", {dim}),
      .iou_token = decoder.tensor("iou_token.weight", {1, dim}),
      .mask_tokens = decoder.tensor("mask_tokens.weight", {tokens, dim}),
      .upscaling_conv1 = read_transposed_convolution(upscaling.in("0"), dim, dim / 4),
      .upscaling_norm = upscaling.layer("1", {dim / 4}),
      .upscaling_conv2 = read_transposed_convolution(upscaling.in("3"), dim / 4, dim / 8),
      .hypernetworks = {},
      .iou_head = read_mlp(decoder.in("iou_prediction_head"),
                           {dim, sizes.iou_head_hidden_dim, tokens, sizes.iou_head_depth}),
      .object_score_head = {}};
  for (std::int64_t i = 0; i < sizes.decoder_depth; ++i)
    tensors.layers.push_back(read_layer(transformer.in("layers." + std::to_string(i)), sizes));
  for (std::int64_t i = 0; i < tokens; ++i) {
    tensors.hypernetworks.push_back(read_mlp(decoder.in("output_hypernetworks_mlps." + std::to_string(i)),
                                             {dim, dim, dim / 8, kHypernetworkDepth}));
  }
  if (sizes.class_count > 0)
    tensors.object_score_head = read_mlp(decoder.in("object_score_head"), {dim, dim, 1, kObjectScoreDepth});
  return tensors;
}

// Class names as prompts: a learned token of each, and a head that says whether it is in the picture. Either
// alone would be used untrained.
std::int64_t read_class_count(const TensorReader& sam) {
  const std::string tokens = "prompt_encoder.class_embeddings.weight",
                    head = "mask_decoder.object_score_head.layers.0.weight";
  if (sam.has(head)) sam.require(sam.has(tokens), head, "is there without " + tokens);
  if (!sam.has(tokens)) return 0;
  sam.require(sam.has(head), tokens, "is there without " + head);
  return sam.shape(tokens, 2)[0];
}

void read_decoder_sizes(const TensorReader& sam, SamSizes& sizes) {
  const std::string decoder = "mask_decoder.";
  const Shape& tokens = sam.shape(decoder + "mask_tokens.weight", 2);
  sizes.num_mask_tokens = tokens[0];
  sizes.prompt_embed_dim = tokens[1];
  // A head needs a channel after the two-fold reduction of the cross-attention; the upscaling keeps an eighth
  // of them.
  sam.require(tokens[0] <= kMaxLayers && tokens[1] % (2 * sizes.decoder_heads) == 0,
              decoder + "mask_tokens.weight",
              "is " + to_string(tokens) + ", allowed are up to " + std::to_string(kMaxLayers) +
                  " tokens of a multiple of " + std::to_string(2 * sizes.decoder_heads) + " channels");
  sizes.decoder_depth = sam.count(decoder + "transformer.layers.", ".norm1.weight");
  sizes.decoder_mlp_dim = sam.shape(decoder + "transformer.layers.0.mlp.lin1.weight", 2)[0];
  sizes.iou_head_depth = sam.count(decoder + "iou_prediction_head.layers.", ".weight");
  if (sizes.iou_head_depth > 1) {
    sizes.iou_head_hidden_dim = sam.shape(decoder + "iou_prediction_head.layers.0.weight", 2)[0];
  }
  const std::string downscaling = "prompt_encoder.mask_downscaling.3.weight";
  sizes.mask_in_chans = sam.shape(downscaling, 4)[0];
  sam.require(sizes.mask_in_chans % 4 == 0, downscaling,
              "has " + std::to_string(sizes.mask_in_chans) + " channels, a multiple of 4 is allowed");
  sizes.class_count = read_class_count(sam);
}

}  // namespace sonde
