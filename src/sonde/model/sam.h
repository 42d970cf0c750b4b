// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "sonde/model/common.h"
#include "sonde/model/mask_decoder.h"
#include "sonde/model/prompt_encoder.h"
#include "sonde/model/torch.h"
#include "sonde/weights/tensor.h"
#include "sonde/weights/variants.h"

namespace sonde {

// The whole network; submodules and parameters are named as in the published checkpoints.
// A network built from sizes alone has no weights yet: see random_sam and build_sam.
struct SamImpl : torch::nn::Module {
  explicit SamImpl(const SamSizes& sam_sizes);
  // pixels: [B,3,S,S] float, normalised and padded, S = image_size(sizes). Returns [B,256,E,E], E =
  // embedding_side(sizes).
  torch::Tensor encode_image(const torch::Tensor& pixels);
  // embedding: [1,256,E,E], shared by all B prompts.
  DecoderOutput decode(const torch::Tensor& embedding, const PromptTensors& prompts);

  SamSizes sizes;
  std::shared_ptr<ImageEncoder> image_encoder;
  PromptEncoder prompt_encoder{nullptr};
  MaskDecoder mask_decoder{nullptr};
  torch::Tensor image_pe;  // get_dense_pe(), kept by build_sam; undefined: computed at every decode
};
TORCH_MODULE(Sam);

// Builds the network that fits the tensors of a checkpoint and copies them, or on the CPU shares them (they
// may lie in a mapped, read-only file: clone the parameters before training); float, evaluation mode, no
// gradients. Throws as fit_tensors and sizes_from_tensors do, before it allocates anything.
Sam build_sam(const NamedTensors& tensors, const std::string& file, torch::Device device);

// Untrained weights: normal, variance 1 / fan-in; norms 1, biases 0. The same seed gives the same weights.
// Training mode, on the CPU.
Sam random_sam(const SamSizes& sizes, std::uint64_t seed);

}  // namespace sonde
