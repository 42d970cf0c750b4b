// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>

#include "sonde/core/folder_testing.h"
#include "sonde/imaging/picture.h"
#include "sonde/predict/sam_model.h"
#include "sonde/predict/sam_model_impl.h"
#include "sonde/weights/checkpoint.h"
#include "sonde/weights/small_sizes_testing.h"

namespace sonde {

// For tests: a network small enough to run in a few milliseconds, with random weights.
inline SamSizes tiny_sam_sizes() {
  SamSizes sizes;
  sizes.architecture = "vit";
  sizes.image_encoder = VitSizes{.embed_dim = 16,
                                 .depth = 1,
                                 .num_heads = 2,
                                 .mlp_dim = 32,
                                 .window_size = 14,
                                 .global_attn_indexes = {},
                                 .out_chans = 32};
  sizes.prompt_embed_dim = 32;
  sizes.decoder_mlp_dim = 64;
  sizes.iou_head_hidden_dim = 16;
  sizes.mask_in_chans = 8;
  return sizes;
}

inline void save_random_sam(const SamSizes& sizes, std::uint64_t seed, const std::filesystem::path& path) {
  save_safetensors(path, random_tensors(sizes, seed));
}

inline SamModel tiny_model(std::uint64_t seed = 1,
                           const ModelOptions& options = {.precision = Precision::fp32}) {
  const TestFolder folder;
  const auto path = folder.path() / "tiny.safetensors";
  save_random_sam(tiny_sam_sizes(), seed, path);
  return SamModel::load(path.string(), options);  // the mapped file lives on after it is removed
}

// The same with tokens of classes, random ones.
inline SamModel tiny_model_of_classes(const std::vector<std::string>& names, std::uint64_t seed = 1) {
  const TestFolder folder;
  const auto path = folder.path() / "organs.safetensors";
  SamSizes sizes = tiny_sam_sizes();
  sizes.class_count = static_cast<std::int64_t>(names.size());
  save_random_sam(sizes, seed, path);
  auto impl =
      std::make_shared<SamModel::Impl>(SamModel::load(path.string(), {.precision = Precision::fp32}).impl());
  impl->name = "organs";
  auto& classes = impl->card.emplace().classes;
  for (const std::string& name : names) classes.push_back({.name = name});
  return SamModel(impl);
}

// A bright disc on a dark slope, so that a network has something to answer to.
inline RgbImage test_picture(Extent2 extent) {
  RgbImage image{extent, {}};
  for (std::int64_t y = 0; y < extent.height; ++y) {
    for (std::int64_t x = 0; x < extent.width; ++x) {
      const std::int64_t dx = 2 * x - extent.width, dy = 2 * y - extent.height;
      const bool inside = 4 * (dx * dx + dy * dy) < extent.width * extent.height;
      const auto grey = static_cast<std::uint8_t>(inside ? 220 : 100 * x / extent.width);
      image.pixels.insert(image.pixels.end(), 3, grey);
    }
  }
  return image;
}

}  // namespace sonde
