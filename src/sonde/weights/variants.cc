// SPDX-License-Identifier: Apache-2.0
#include "sonde/weights/variants.h"

#include <algorithm>
#include <utility>

#include "sonde/core/error.h"

namespace sonde {
namespace {

// Bounds of what is believed of a checkpoint; the largest published SAM is at a quarter of each or below.
constexpr std::int64_t kMaxChannels = 1 << 14, kMaxImageSide = 4096, kMaxPatch = 64, kMaxWindow = 64,
                       kMaxLayers = 256;

// Reads sizes off named tensors; every fault is one Error that names file and tensor.
class ShapeReader {
 public:
  ShapeReader(const NamedTensors& tensors, std::string file) : tensors_(tensors), file_(std::move(file)) {}

  bool has(const std::string& name) const { return tensors_.contains(name); }

  const Shape& shape(const std::string& name, std::size_t dimensions) const {
    const auto found = tensors_.find(name);
    if (found == tensors_.end()) fail("is not a SAM checkpoint: there is no tensor " + name);
    const Shape& sizes = found->second.shape;
    if (sizes.size() != dimensions)
      refuse(name, "has " + std::to_string(sizes.size()) + " dimensions, not " + std::to_string(dimensions));
    for (const auto size : sizes) {
      if (size < 1 || size > kMaxChannels) {
        refuse(name, "has a side of " + std::to_string(size) + ", allowed are 1 to " +
                         std::to_string(kMaxChannels));
      }
    }
    return sizes;
  }

  // How many of PREFIX0SUFFIX, PREFIX1SUFFIX, ... there are.
  std::int64_t count(const std::string& prefix, const std::string& suffix) const {
    std::int64_t n = 0;
    while (n < kMaxLayers && has(prefix + std::to_string(n) + suffix)) ++n;
    if (n == 0) fail("is not a SAM checkpoint: there is no tensor " + prefix + "0" + suffix);
    return n;
  }

  [[noreturn]] void refuse(const std::string& name, const std::string& fault) const {
    fail("is not a SAM checkpoint: " + name + " " + fault);
  }
  void require(bool holds, const std::string& name, const std::string& fault) const {
    if (!holds) refuse(name, fault);
  }

 private:
  [[noreturn]] void fail(const std::string& fault) const {
    throw Error(ErrorKind::corrupt_data, file_ + ": " + fault);
  }

  const NamedTensors& tensors_;
  std::string file_;
};

// Whether each block is global or windowed shows in the length of its relative positions, 2 * side - 1.
void read_attention_sides(const ShapeReader& reader, std::int64_t grid, VitSizes& sizes) {
  sizes.global_attn_indexes.clear();
  std::int64_t window = 0;
  for (std::int64_t i = 0; i < sizes.depth; ++i) {
    const auto name = "image_encoder.blocks." + std::to_string(i) + ".attn.rel_pos_h";
    const auto length = reader.shape(name, 2)[0];
    if (length == 2 * grid - 1) {
      sizes.global_attn_indexes.push_back(i);
      continue;
    }
    const auto side = (length + 1) / 2;
    reader.require(length % 2 == 1 && side <= kMaxWindow && (window == 0 || side == window), name,
                   "has " + std::to_string(length) + " relative positions, allowed are " +
                       std::to_string(2 * grid - 1) +
                       (window == 0 ? std::string(" and those of one window size")
                                    : " and " + std::to_string(2 * window - 1)));
    window = side;
  }
  if (window != 0) sizes.window_size = window;
}

VitSizes vit_sizes(const ShapeReader& reader) {
  const std::string encoder = "image_encoder.";
  VitSizes sizes;
  const Shape& patch = reader.shape(encoder + "patch_embed.proj.weight", 4);
  sizes.embed_dim = patch[0];
  sizes.patch_size = patch[2];
  reader.require(
      patch[2] <= kMaxPatch, encoder + "patch_embed.proj.weight",
      "has patches of " + std::to_string(patch[2]) + ", allowed are up to " + std::to_string(kMaxPatch));
  const Shape& positions = reader.shape(encoder + "pos_embed", 4);
  sizes.image_size = positions[1] * sizes.patch_size;
  reader.require(positions[1] == positions[2] && sizes.image_size <= kMaxImageSide, encoder + "pos_embed",
                 "is " + to_string(positions) + ", allowed are squares of up to " +
                     std::to_string(kMaxImageSide) + " pixels");
  sizes.depth = reader.count(encoder + "blocks.", ".attn.qkv.weight");
  const auto relative = encoder + "blocks.0.attn.rel_pos_h";
  const auto head_dim = reader.shape(relative, 2)[1];
  sizes.num_heads = sizes.embed_dim / head_dim;
  reader.require(sizes.num_heads * head_dim == sizes.embed_dim, relative,
                 "has heads of " + std::to_string(head_dim) + " channels, which do not divide " +
                     std::to_string(sizes.embed_dim));
  sizes.mlp_dim = reader.shape(encoder + "blocks.0.mlp.lin1.weight", 2)[0];
  sizes.out_chans = reader.shape(encoder + "neck.0.weight", 4)[0];
  read_attention_sides(reader, positions[1], sizes);
  return sizes;
}

// Heads and window of a stage: the attention biases are [heads,window*window].
void read_stage_attention(const ShapeReader& reader, std::size_t stage, TinyVitSizes& sizes) {
  const auto name = "image_encoder.layers." + std::to_string(stage) + ".blocks.0.attn.attention_biases";
  const Shape& biases = reader.shape(name, 2);
  std::int64_t window = 1;
  while (window * window < biases[1]) ++window;
  reader.require(window * window == biases[1] && window <= kMaxWindow, name,
                 "is " + to_string(biases) + ", the second a square up to " +
                     std::to_string(kMaxWindow * kMaxWindow) + " is allowed");
  reader.require(sizes.embed_dims.at(stage) % biases[0] == 0, name,
                 "has " + std::to_string(biases[0]) + " heads, which do not divide " +
                     std::to_string(sizes.embed_dims.at(stage)));
  sizes.num_heads.at(stage) = biases[0];
  sizes.window_sizes.at(stage) = window;
}

TinyVitSizes tiny_vit_sizes(const ShapeReader& reader) {
  const std::string encoder = "image_encoder.";
  TinyVitSizes sizes;
  sizes.embed_dims[0] = reader.shape(encoder + "patch_embed.seq.2.c.weight", 4)[0];
  sizes.depths[0] = reader.count(encoder + "layers.0.blocks.", ".conv1.c.weight");
  for (std::size_t stage = 1; stage < sizes.embed_dims.size(); ++stage) {
    const auto layer = encoder + "layers." + std::to_string(stage);
    sizes.embed_dims.at(stage) = reader.shape(layer + ".blocks.0.attn.proj.weight", 2)[0];
    sizes.depths.at(stage) = reader.count(layer + ".blocks.", ".attn.qkv.weight");
    read_stage_attention(reader, stage, sizes);
  }
  const auto fc1 = encoder + "layers.1.blocks.0.mlp.fc1.weight";
  const Shape& mlp = reader.shape(fc1, 2);
  reader.require(mlp[0] % mlp[1] == 0, fc1,
                 "is " + to_string(mlp) + ", the first a multiple of the second is allowed");
  sizes.mlp_ratio = mlp[0] / mlp[1];
  sizes.out_chans = reader.shape(encoder + "neck.0.weight", 4)[0];
  return sizes;
}

void read_decoder(const ShapeReader& reader, SamSizes& sizes) {
  const std::string decoder = "mask_decoder.";
  const Shape& tokens = reader.shape(decoder + "mask_tokens.weight", 2);
  sizes.num_mask_tokens = tokens[0];
  sizes.prompt_embed_dim = tokens[1];
  // A head needs a channel after the two-fold reduction of the cross-attention; the upscaling keeps an eighth
  // of them.
  reader.require(tokens[0] <= kMaxLayers && tokens[1] % (2 * sizes.decoder_heads) == 0,
                 decoder + "mask_tokens.weight",
                 "is " + to_string(tokens) + ", allowed are up to " + std::to_string(kMaxLayers) +
                     " tokens of a multiple of " + std::to_string(2 * sizes.decoder_heads) + " channels");
  sizes.decoder_depth = reader.count(decoder + "transformer.layers.", ".norm1.weight");
  sizes.decoder_mlp_dim = reader.shape(decoder + "transformer.layers.0.mlp.lin1.weight", 2)[0];
  sizes.iou_head_depth = reader.count(decoder + "iou_prediction_head.layers.", ".weight");
  if (sizes.iou_head_depth > 1) {
    sizes.iou_head_hidden_dim = reader.shape(decoder + "iou_prediction_head.layers.0.weight", 2)[0];
  }
  const std::string downscaling = "prompt_encoder.mask_downscaling.3.weight";
  sizes.mask_in_chans = reader.shape(downscaling, 4)[0];
  reader.require(sizes.mask_in_chans % 4 == 0, downscaling,
                 "has " + std::to_string(sizes.mask_in_chans) + " channels, a multiple of 4 is allowed");
}

// "vit_b", ... where the encoder has those sizes at whatever image size, else "vit".
std::string vit_name(VitSizes sizes) {
  sizes.image_size = VitSizes{}.image_size;
  for (const auto& known : {vit_b_sizes(), vit_l_sizes(), vit_h_sizes()}) {
    if (std::get<VitSizes>(known.image_encoder) == sizes) return known.architecture;
  }
  return "vit";
}

}  // namespace

SamSizes vit_b_sizes() { return {.architecture = "vit_b", .image_encoder = VitSizes{}}; }

SamSizes vit_l_sizes() {
  return {.architecture = "vit_l",
          .image_encoder = VitSizes{.embed_dim = 1024,
                                    .depth = 24,
                                    .num_heads = 16,
                                    .mlp_dim = 4096,
                                    .global_attn_indexes = {5, 11, 17, 23}}};
}

SamSizes vit_h_sizes() {
  return {.architecture = "vit_h",
          .image_encoder = VitSizes{.embed_dim = 1280,
                                    .depth = 32,
                                    .num_heads = 16,
                                    .mlp_dim = 5120,
                                    .global_attn_indexes = {7, 15, 23, 31}}};
}

SamSizes mobile_sam_sizes() { return {.architecture = "vit_t", .image_encoder = TinyVitSizes{}}; }

std::int64_t image_size(const SamSizes& sizes) {
  return std::visit([](const auto& encoder) { return encoder.image_size; }, sizes.image_encoder);
}

std::int64_t embedding_side(const SamSizes& sizes) {
  constexpr std::int64_t kTinyVitStride = 16;
  const auto* vit = std::get_if<VitSizes>(&sizes.image_encoder);
  return image_size(sizes) / (vit != nullptr ? vit->patch_size : kTinyVitStride);
}

SamSizes sizes_from_tensors(const NamedTensors& tensors, const std::string& file) {
  const ShapeReader reader(tensors, file);
  SamSizes sizes;
  if (reader.has("image_encoder.patch_embed.seq.2.c.weight")) {
    sizes.architecture = "vit_t";
    sizes.image_encoder = tiny_vit_sizes(reader);
  } else {
    const auto vit = vit_sizes(reader);
    sizes.architecture = vit_name(vit);
    sizes.image_encoder = vit;
  }
  read_decoder(reader, sizes);
  const auto out_chans =
      std::visit([](const auto& encoder) { return encoder.out_chans; }, sizes.image_encoder);
  reader.require(out_chans == sizes.prompt_embed_dim, "image_encoder.neck.0.weight",
                 "gives " + std::to_string(out_chans) + " channels, the decoder takes " +
                     std::to_string(sizes.prompt_embed_dim));
  return sizes;
}

}  // namespace sonde
