// SPDX-License-Identifier: Apache-2.0
#include "sonde/weights/tensor_reader.h"

namespace sonde {
namespace {

constexpr std::int64_t kColours = 3, kExpansion = 4;

BottleneckTensors read_bottleneck(const TensorReader& layer, std::int64_t in, std::int64_t wide,
                                  std::int64_t out) {
  return {.conv1 = layer.conv_bn("conv1", {wide, in, 1, 1}),
          .conv2 = layer.conv_bn("conv2", {wide, 1, 3, 3}),
          .conv3 = layer.conv_bn("conv3", {out, wide, 1, 1})};
}

TinyVitBlockTensors read_block(const TensorReader& block, const TinyVitSizes& sizes, std::size_t stage) {
  const auto dim = sizes.embed_dims.at(stage), window = sizes.window_sizes.at(stage);
  return {
      .attn_norm = block.layer("attn.norm", {dim}),
      .qkv = block.layer("attn.qkv", {3 * dim, dim}),
      .proj = block.layer("attn.proj", {dim, dim}),
      .mlp_norm = block.layer("mlp.norm", {dim}),
      .fc1 = block.layer("mlp.fc1", {sizes.mlp_ratio * dim, dim}),
      .fc2 = block.layer("mlp.fc2", {dim, sizes.mlp_ratio * dim}),
      .attention_biases = block.tensor("attn.attention_biases", {sizes.num_heads.at(stage), window * window}),
      .local_conv = block.conv_bn("local_conv", {dim, 1, 3, 3})};
}

// Heads and window of a stage: the attention biases are [heads,window*window].
void read_stage_attention(const TensorReader& encoder, std::size_t stage, TinyVitSizes& sizes) {
  const auto name = "layers." + std::to_string(stage) + ".blocks.0.attn.attention_biases";
  const Shape& biases = encoder.shape(name, 2);
  std::int64_t window = 1;
  while (window * window < biases[1]) ++window;
  encoder.require(window * window == biases[1] && window <= kMaxWindow, name,
                  "is " + to_string(biases) + ", the second a square up to " +
                      std::to_string(kMaxWindow * kMaxWindow) + " is allowed");
  encoder.require(sizes.embed_dims.at(stage) % biases[0] == 0, name,
                  "has " + std::to_string(biases[0]) + " heads, which do not divide " +
                      std::to_string(sizes.embed_dims.at(stage)));
  sizes.num_heads.at(stage) = biases[0];
  sizes.window_sizes.at(stage) = window;
}

}  // namespace

TinyVitTensors read_encoder(const TensorReader& encoder, const TinyVitSizes& sizes) {
  const auto& dims = sizes.embed_dims;
  TinyVitTensors tiny{.sizes = sizes,
                      .patch_embed1 = encoder.conv_bn("patch_embed.seq.0", {dims[0] / 2, kColours, 3, 3}),
                      .patch_embed2 = encoder.conv_bn("patch_embed.seq.2", {dims[0], dims[0] / 2, 3, 3}),
                      .stages = {},
                      .neck = encoder.neck(dims.back(), sizes.out_chans)};
  for (std::size_t stage = 0; stage < dims.size(); ++stage) {
    const TensorReader layer = encoder.in("layers." + std::to_string(stage));
    TinyVitStageTensors& to = tiny.stages.at(stage);
    const auto dim = dims.at(stage);
    for (std::int64_t i = 0; i < sizes.depths.at(stage); ++i) {
      const TensorReader block = layer.in("blocks." + std::to_string(i));
      if (stage == 0) {
        to.convolutions.push_back(read_bottleneck(block, dim, kExpansion * dim, dim));
      } else {
        to.blocks.push_back(read_block(block, sizes, stage));
      }
    }
    if (stage + 1 == dims.size()) continue;
    const auto out = dims.at(stage + 1);
    to.downsample = read_bottleneck(layer.in("downsample"), dim, out, out);
  }
  return tiny;
}

bool has_tiny_vit(const TensorReader& encoder) { return encoder.has("patch_embed.seq.2.c.weight"); }

TinyVitSizes read_tiny_vit_sizes(const TensorReader& encoder) {
  TinyVitSizes sizes;
  sizes.embed_dims[0] = encoder.shape("patch_embed.seq.2.c.weight", 4)[0];
  sizes.depths[0] = encoder.count("layers.0.blocks.", ".conv1.c.weight");
  for (std::size_t stage = 1; stage < sizes.embed_dims.size(); ++stage) {
    const auto layer = "layers." + std::to_string(stage);
    sizes.embed_dims.at(stage) = encoder.shape(layer + ".blocks.0.attn.proj.weight", 2)[0];
    sizes.depths.at(stage) = encoder.count(layer + ".blocks.", ".attn.qkv.weight");
    read_stage_attention(encoder, stage, sizes);
  }
  const auto fc1 = "layers.1.blocks.0.mlp.fc1.weight";
  const Shape& mlp = encoder.shape(fc1, 2);
  encoder.require(mlp[0] % mlp[1] == 0, fc1,
                  "is " + to_string(mlp) + ", the first a multiple of the second is allowed");
  sizes.mlp_ratio = mlp[0] / mlp[1];
  sizes.out_chans = encoder.shape("neck.0.weight", 4)[0];
  return sizes;
}

}  // namespace sonde
