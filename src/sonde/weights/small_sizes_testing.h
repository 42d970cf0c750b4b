// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sonde/core/random.h"
#include "sonde/weights/sam_tensors.h"

namespace sonde {

// For tests: sizes of networks that take 64 x 64 pixels and run in a millisecond, with sides that windows do
// not divide.
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

// Larger grids, for what windows do at their edges: of 11 x 11, so that windows of 4 hang over.
inline SamSizes vit_sizes_with_windows() {
  auto sizes = small_vit_sizes();
  sizes.image_encoder = VitSizes{.image_size = 176,
                                 .patch_size = 16,
                                 .embed_dim = 36,
                                 .depth = 4,
                                 .num_heads = 3,
                                 .mlp_dim = 76,
                                 .window_size = 4,
                                 .global_attn_indexes = {1, 3},
                                 .out_chans = 24};
  return sizes;
}
// Windows that do not divide the grids, channels that fill no vector, one block more than one window away
// from the edge.
inline SamSizes tiny_vit_sizes_with_windows() {
  auto sizes = small_tiny_vit_sizes();
  sizes.image_encoder = TinyVitSizes{.image_size = 160,
                                     .embed_dims = {8, 12, 20, 36},
                                     .depths = {2, 2, 2, 1},
                                     .num_heads = {1, 2, 5, 3},
                                     .window_sizes = {3, 3, 4, 3},
                                     .mlp_ratio = 4,
                                     .out_chans = 24};
  return sizes;
}

// Tensors of the right names and shapes without numbers.
inline NamedTensors shape_only_tensors(const SamSizes& sizes) {
  NamedTensors tensors;
  for (const auto& [name, parameter] : parameters_of(sizes))
    tensors[name] = {.type = parameter.type, .shape = parameter.shape, .bytes = {}, .owner = nullptr};
  return tensors;
}

// Untrained weights: normal, variance 1 / fan-in; norms 1, biases 0.
inline NamedTensors random_tensors(const SamSizes& sizes, std::uint64_t seed) {
  Random random(seed);
  const auto uniform = [&] { return (static_cast<double>(random.next() >> 11) + 0.5) * 0x1p-53; };
  NamedTensors tensors;
  for (const auto& [name, parameter] : parameters_of(sizes)) {
    if (!is_floating_point(parameter.type)) continue;  // counts of batches, which may be missing
    std::int64_t count = 1;
    for (const auto extent : parameter.shape) count *= extent;
    const bool is_one = name.ends_with(".weight") || name.ends_with(".running_var");
    std::vector<float> values(static_cast<std::size_t>(count), is_one ? 1 : 0);
    const double fan_in = static_cast<double>(count) / static_cast<double>(parameter.shape[0]);
    if (parameter.shape.size() >= 2) {
      for (float& value : values) {
        const double radius = std::sqrt(-2 * std::log(uniform()) / fan_in);
        value = static_cast<float>(radius * std::cos(6.283185307179586 * uniform()));
      }
    }
    tensors.emplace(name, make_tensor(std::move(values), parameter.shape));
  }
  return tensors;
}
inline SamTensors random_sam_tensors(const SamSizes& sizes, std::uint64_t seed) {
  return fit_tensors(random_tensors(sizes, seed), sizes, "random tensors");
}

}  // namespace sonde
