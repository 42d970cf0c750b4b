// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include "sonde/model/common.h"
#include "sonde/model/prompt_encoder.h"
#include "sonde/model/torch.h"
#include "sonde/model/two_way_transformer.h"
#include "sonde/weights/variants.h"

namespace sonde {

// Of T mask tokens, as published 4: token 0 is the single mask, 1..3 are the three candidates.
struct DecoderOutput {
  torch::Tensor low_res;         // [B,T,4*H,4*W] float logits
  torch::Tensor iou;             // [B,T] float predicted IoU
  torch::Tensor object_score{};  // [B] float logits, below 0: the class is not in the picture; undefined
                                 // where the network knows no classes
};

// Linear layers with a ReLU in between.
struct MlpImpl : torch::nn::Module {
  struct Sizes {
    std::int64_t in = 1, hidden = 1, out = 1, depth = 1;
  };
  explicit MlpImpl(const Sizes& sizes);
  torch::Tensor forward(torch::Tensor x);  // [...,in] -> [...,out]
  std::shared_ptr<nn::List<nn::Linear>> layers;
};
TORCH_MODULE(Mlp);

// Two transposed convolutions, 4 times the side and an eighth of the channels.
struct OutputUpscalingImpl : torch::nn::Module {
  explicit OutputUpscalingImpl(std::int64_t dim);
  // [B,H*W,dim] -> [B,H*W*16,dim/8]: of each position its 2 x 2 patch, of each of these its 2 x 2 patch,
  // row-major.
  torch::Tensor forward(const torch::Tensor& x);
  nn::ConvTranspose2d conv1{nullptr}, conv2{nullptr};
  nn::LayerNorm norm{nullptr};
};
TORCH_MODULE(OutputUpscaling);

// Source: Kirillov et al. 2023, section 3 and appendix A, figure 14.
struct MaskDecoderImpl : torch::nn::Module {
  explicit MaskDecoderImpl(const SamSizes& sizes);
  // image_embedding: [1,C,H,W], shared by the prompts; image_pe: [1,C,H,W].
  DecoderOutput forward(const torch::Tensor& image_embedding, const torch::Tensor& image_pe,
                        const PromptEmbeddings& prompts);

  TwoWayTransformer transformer{nullptr};
  Token iou_token{nullptr}, mask_tokens{nullptr};
  OutputUpscaling output_upscaling{nullptr};
  std::shared_ptr<nn::List<Mlp>> output_hypernetworks_mlps;
  Mlp iou_prediction_head{nullptr};
  Mlp object_score_head{nullptr};  // null where the network knows no classes
};
TORCH_MODULE(MaskDecoder);

}  // namespace sonde
