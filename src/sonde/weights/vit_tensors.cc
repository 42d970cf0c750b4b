// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "sonde/weights/tensor_reader.h"

namespace sonde {
namespace {

constexpr std::int64_t kColours = 3;

// Whether each block is global or windowed shows in the length of its relative positions, 2 * side - 1.
void read_attention_sides(const TensorReader& encoder, std::int64_t grid, VitSizes& sizes) {
  sizes.global_attn_indexes.clear();
  std::int64_t window = 0;
  for (std::int64_t i = 0; i < sizes.depth; ++i) {
    const auto name = "blocks." + std::to_string(i) + ".attn.rel_pos_h";
    const auto length = encoder.shape(name, 2)[0];
    if (length == 2 * grid - 1) {
      sizes.global_attn_indexes.push_back(i);
      continue;
    }
    const auto side = (length + 1) / 2;
    encoder.require(length % 2 == 1 && side <= kMaxWindow && (window == 0 || side == window), name,
                    "has " + std::to_string(length) + " relative positions, allowed are " +
                        std::to_string(2 * grid - 1) +
                        (window == 0 ? std::string(" and those of one window size")
                                     : " and " + std::to_string(2 * window - 1)));
    window = side;
  }
  if (window != 0) sizes.window_size = window;
}

}  // namespace

VitTensors read_encoder(const TensorReader& encoder, const VitSizes& sizes) {
  const auto dim = sizes.embed_dim, patch = sizes.patch_size, grid = sizes.image_size / patch;
  VitTensors vit{.sizes = sizes,
                 .patch_embed = encoder.layer("patch_embed.proj", {dim, kColours, patch, patch}),
                 .pos_embed = encoder.tensor("pos_embed", {1, grid, grid, dim}),
                 .blocks = {},
                 .neck = encoder.neck(dim, sizes.out_chans)};
  for (std::int64_t i = 0; i < sizes.depth; ++i) {
    const TensorReader block = encoder.in("blocks." + std::to_string(i));
    const bool is_global = std::ranges::find(sizes.global_attn_indexes, i) != sizes.global_attn_indexes.end();
    const Shape positions{2 * (is_global ? grid : sizes.window_size) - 1, dim / sizes.num_heads};
    vit.blocks.push_back({.norm1 = block.layer("norm1", {dim}),
                          .qkv = block.layer("attn.qkv", {3 * dim, dim}),
                          .proj = block.layer("attn.proj", {dim, dim}),
                          .norm2 = block.layer("norm2", {dim}),
                          .lin1 = block.layer("mlp.lin1", {sizes.mlp_dim, dim}),
                          .lin2 = block.layer("mlp.lin2", {dim, sizes.mlp_dim}),
                          .rel_pos_h = block.tensor("attn.rel_pos_h", positions),
                          .rel_pos_w = block.tensor("attn.rel_pos_w", positions)});
  }
  return vit;
}

VitSizes read_vit_sizes(const TensorReader& encoder) {
  VitSizes sizes;
  const Shape& patch = encoder.shape("patch_embed.proj.weight", 4);
  sizes.embed_dim = patch[0];
  sizes.patch_size = patch[2];
  encoder.require(
      patch[2] <= kMaxPatch, "patch_embed.proj.weight",
      "has patches of " + std::to_string(patch[2]) + ", allowed are up to " + std::to_string(kMaxPatch));
  const Shape& positions = encoder.shape("pos_embed", 4);
  sizes.image_size = positions[1] * sizes.patch_size;
  encoder.require(positions[1] == positions[2] && sizes.image_size <= kMaxImageSide, "pos_embed",
                  "is " + to_string(positions) + ", allowed are squares of up to " +
                      std::to_string(kMaxImageSide) + " pixels");
  sizes.depth = encoder.count("blocks.", ".attn.qkv.weight");
  const auto relative = "blocks.0.attn.rel_pos_h";
  const auto head_dim = encoder.shape(relative, 2)[1];
  sizes.num_heads = sizes.embed_dim / head_dim;
  encoder.require(sizes.num_heads * head_dim == sizes.embed_dim, relative,
                  "has heads of " + std::to_string(head_dim) + " channels, which do not divide " +
                      std::to_string(sizes.embed_dim));
  sizes.mlp_dim = encoder.shape("blocks.0.mlp.lin1.weight", 2)[0];
  sizes.out_chans = encoder.shape("neck.0.weight", 4)[0];
  read_attention_sides(encoder, positions[1], sizes);
  return sizes;
}

}  // namespace sonde
