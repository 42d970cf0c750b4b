// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include "sonde/model/common.h"
#include "sonde/model/torch.h"
#include "sonde/weights/variants.h"

namespace sonde {

// Prompts of one batch in the model's padded frame. Any tensor may be undefined; points come with labels.
struct PromptTensors {
  torch::Tensor point_coords{};  // [B,N,2] float x, y in pixels of the padded frame (0.5 is added inside)
  torch::Tensor point_labels{};  // [B,N] float: 1 foreground, 0 background, -1 padding
  torch::Tensor boxes{};         // [B,4] float x0, y0, x1, y1
  torch::Tensor classes{};       // [B] int64, rows of class_embeddings
  torch::Tensor masks{};         // [B,1,M,M] float logits, M = 4 * embedding_side: 256 at image size 1024
};

// Random Fourier features of positions (Tancik et al. 2020).
struct PositionEmbeddingRandomImpl : torch::nn::Module {
  explicit PositionEmbeddingRandomImpl(std::int64_t num_pos_feats);
  torch::Tensor forward(
      const torch::Tensor& coords);  // [...,2] x, y in 0..1 of the frame -> [...,2*num_pos_feats]
  torch::Tensor positional_encoding_gaussian_matrix;  // [2,num_pos_feats], fixed
};
TORCH_MODULE(PositionEmbeddingRandom);

// One learned vector.
struct TokenImpl : torch::nn::Module {
  TokenImpl(std::int64_t count, std::int64_t dim);
  torch::Tensor weight;  // [count,dim]
};
TORCH_MODULE(Token);

struct MaskDownscalingImpl : torch::nn::Module {
  MaskDownscalingImpl(std::int64_t mask_in_chans, std::int64_t embed_dim);
  torch::Tensor forward(const torch::Tensor& masks);  // [B,1,M,M] -> [B,embed_dim,M/4,M/4]
  nn::Conv2d conv1{nullptr}, conv2{nullptr}, conv3{nullptr};
  nn::LayerNorm norm1{nullptr}, norm2{nullptr};
};
TORCH_MODULE(MaskDownscaling);

struct PromptEmbeddings {
  torch::Tensor sparse;  // [B,N,embed_dim], N may be 0: points, a padding point where there is no box, two
                         // corners of the box, the class
  torch::Tensor dense;   // [B,embed_dim,M/4,M/4], or [1,embed_dim,1,1] where there is no mask
};

// Source: Kirillov et al. 2023, section 3 and appendix A.
struct PromptEncoderImpl : torch::nn::Module {
  PromptEncoderImpl(const SamSizes& sizes, std::int64_t image_side);
  PromptEmbeddings forward(const PromptTensors& prompts);
  // The positions of the image embedding's elements: [1,embed_dim,side,side].
  torch::Tensor get_dense_pe(std::int64_t side);

  PositionEmbeddingRandom pe_layer{nullptr};
  std::shared_ptr<nn::List<Token>> point_embeddings;  // background, foreground, two corners of a box
  Token not_a_point_embed{nullptr}, no_mask_embed{nullptr};
  Token class_embeddings{nullptr};  // null where the network knows no classes
  MaskDownscaling mask_downscaling{nullptr};
  std::int64_t image_size;

 private:
  torch::Tensor embed_points(const torch::Tensor& coords, const torch::Tensor& labels);
  torch::Tensor embed_boxes(const torch::Tensor& boxes);
};
TORCH_MODULE(PromptEncoder);

}  // namespace sonde
