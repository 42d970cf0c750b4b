// SPDX-License-Identifier: Apache-2.0
#include "sonde/weights/variants.h"

#include "sonde/weights/tensor_reader.h"

namespace sonde {
namespace {

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
  return std::visit([](const auto& encoder) { return encoder.image_size / encoder.stride(); },
                    sizes.image_encoder);
}

SamSizes sizes_from_tensors(const NamedTensors& tensors, const std::string& file) {
  NamedParameters expected;
  const TensorReader sam(tensors, file, expected), encoder = sam.in("image_encoder");
  SamSizes sizes;
  if (has_tiny_vit(encoder)) {
    sizes.architecture = "vit_t";
    sizes.image_encoder = read_tiny_vit_sizes(encoder);
  } else {
    const auto vit = read_vit_sizes(encoder);
    sizes.architecture = vit_name(vit);
    sizes.image_encoder = vit;
  }
  read_decoder_sizes(sam, sizes);
  const auto out_chans = std::visit([](const auto& family) { return family.out_chans; }, sizes.image_encoder);
  encoder.require(out_chans == sizes.prompt_embed_dim, "neck.0.weight",
                  "gives " + std::to_string(out_chans) + " channels, the decoder takes " +
                      std::to_string(sizes.prompt_embed_dim));
  return sizes;
}

}  // namespace sonde
