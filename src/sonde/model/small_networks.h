// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include <ATen/CPUGeneratorImpl.h>
#include <torch/torch.h>

#include "sonde/weights/checkpoint.h"
#include "sonde/model/sam.h"

namespace sonde {

// For tests: networks that take 64 x 64 pixels and run in a millisecond, with sides that windows do not
// divide.
inline SamSizes small_decoder_sizes() {
  return {.architecture = "vit",
          .image_encoder = VitSizes{},
          .prompt_embed_dim = 32,
          .decoder_mlp_dim = 48,
          .iou_head_hidden_dim = 24,
          .mask_in_chans = 8};
}
inline SamSizes small_vit_sizes() {
  auto sizes = small_decoder_sizes();
  sizes.image_encoder = VitSizes{.image_size = 64,
                                 .patch_size = 16,
                                 .embed_dim = 24,
                                 .depth = 3,
                                 .num_heads = 2,
                                 .mlp_dim = 40,
                                 .window_size = 3,
                                 .global_attn_indexes = {1},
                                 .out_chans = 32};
  return sizes;
}
inline SamSizes small_tiny_vit_sizes() {
  auto sizes = small_decoder_sizes();
  sizes.architecture = "vit_t";
  sizes.image_encoder = TinyVitSizes{.image_size = 64,
                                     .embed_dims = {8, 12, 18, 24},
                                     .depths = {1, 1, 2, 1},
                                     .num_heads = {2, 2, 3, 4},
                                     .window_sizes = {7, 3, 4, 3},
                                     .mlp_ratio = 2,
                                     .out_chans = 32};
  return sizes;
}

// What a file saved from the network would hold.
inline Checkpoint checkpoint_of(const Sam& sam) {
  Checkpoint checkpoint;
  for (const auto& item : sam->named_parameters()) checkpoint.tensors[item.key()] = item.value().detach();
  for (const auto& item : sam->named_buffers()) checkpoint.tensors[item.key()] = item.value().detach();
  return checkpoint;
}

// Random weights, ready for inference.
inline Sam small_sam(const SamSizes& sizes) {
  auto sam = random_sam(sizes, 1);
  sam->eval();
  for (auto& parameter : sam->parameters()) parameter.set_requires_grad(false);
  return sam;
}

inline torch::Tensor random_tensor(at::IntArrayRef shape, std::uint64_t seed) {
  return torch::zeros(shape).normal_(0, 1, at::detail::createCPUGenerator(seed));
}

inline double largest_difference(const torch::Tensor& a, const torch::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

}  // namespace sonde
