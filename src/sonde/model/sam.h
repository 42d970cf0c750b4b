// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

#include "sonde/model/checkpoint.h"
#include "sonde/model/variants.h"

namespace sonde {

// Prompts of one batch in the model's padded frame. Either tensor may be undefined.
struct PromptTensors {
  torch::Tensor point_coords;  // [B,N,2] float x, y in pixels of the padded frame (0.5 is added inside, as published)
  torch::Tensor point_labels;  // [B,N] float: 1 foreground, 0 background, -1 padding
  torch::Tensor boxes;         // [B,4] float x0, y0, x1, y1
  torch::Tensor masks;         // [B,1,256,256] float logits
};
struct DecoderOutput {
  torch::Tensor low_res;  // [B,4,256,256] float logits; token 0 is the single mask, 1..3 the three candidates
  torch::Tensor iou;      // [B,4] float predicted IoU in the same order
};

// The whole network; submodules and parameters are named as in the published checkpoints.
struct SamImpl : torch::nn::Module {
  explicit SamImpl(const SamSizes& sizes);
  // pixels: [B,3,S,S] float, normalised and padded, S the image size. Returns [B,256,S/16,S/16].
  torch::Tensor encode_image(const torch::Tensor& pixels);
  // embedding: [1,256,S/16,S/16], shared by all B prompts.
  DecoderOutput decode(const torch::Tensor& embedding, const PromptTensors& prompts);

  SamSizes sizes;
  // submodules: image_encoder, prompt_encoder, mask_decoder (see their files)
};
TORCH_MODULE(Sam);

// Builds the network that fits the checkpoint and copies (or, on the CPU, shares) its tensors; evaluation mode, no gradients.
// Throws Error{corrupt_data} that names missing, extra and misshapen tensors.
Sam build_sam(const Checkpoint& checkpoint, const std::string& file, torch::Device device);

}  // namespace sonde
