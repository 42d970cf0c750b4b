// SPDX-License-Identifier: Apache-2.0
#include "sonde/model/prompt_encoder.h"

#include <cmath>
#include <vector>

namespace sonde {
namespace {

constexpr double kTwoPi = 6.283185307179586;
constexpr double kPixelCentre = 0.5;
constexpr float kPaddingLabel = -1, kBackgroundLabel = 0;
constexpr std::size_t kBackground = 0, kForeground = 1, kTopLeft = 2, kBottomRight = 3;

std::int64_t batch_size(const PromptTensors& prompts) {
  if (prompts.point_coords.defined()) return prompts.point_coords.size(0);
  if (prompts.boxes.defined()) return prompts.boxes.size(0);
  if (prompts.classes.defined()) return prompts.classes.size(0);
  return prompts.masks.defined() ? prompts.masks.size(0) : 1;
}

}  // namespace

PositionEmbeddingRandomImpl::PositionEmbeddingRandomImpl(std::int64_t num_pos_feats)
    : positional_encoding_gaussian_matrix(
          register_buffer("positional_encoding_gaussian_matrix", nn::unfilled({2, num_pos_feats}))) {}

torch::Tensor PositionEmbeddingRandomImpl::forward(const torch::Tensor& coords) {
  const auto phase = at::matmul(2 * coords - 1, positional_encoding_gaussian_matrix) * kTwoPi;
  return at::cat({at::sin(phase), at::cos(phase)}, -1);
}

TokenImpl::TokenImpl(std::int64_t count, std::int64_t dim)
    : weight(register_parameter("weight", nn::unfilled({count, dim}))) {}

MaskDownscalingImpl::MaskDownscalingImpl(std::int64_t mask_in_chans, std::int64_t embed_dim)
    : conv1(register_module("0", nn::Conv2d(nn::ConvSizes{.out = mask_in_chans / 4, .kernel = 2, .stride = 2},
                                            nn::ConvBias::learned))),
      conv2(register_module(
          "3",
          nn::Conv2d(nn::ConvSizes{.in = mask_in_chans / 4, .out = mask_in_chans, .kernel = 2, .stride = 2},
                     nn::ConvBias::learned))),
      conv3(register_module(
          "6", nn::Conv2d(nn::ConvSizes{.in = mask_in_chans, .out = embed_dim}, nn::ConvBias::learned))),
      norm1(register_module("1", nn::LayerNorm(mask_in_chans / 4, 1e-6))),
      norm2(register_module("4", nn::LayerNorm(mask_in_chans, 1e-6))) {}

torch::Tensor MaskDownscalingImpl::forward(const torch::Tensor& masks) {
  auto x = nn::gelu(norm1(conv1(masks).permute({0, 2, 3, 1})));               // [B,M/2,M/2,mask_in_chans/4]
  x = nn::gelu(norm2(conv2(x.permute({0, 3, 1, 2})).permute({0, 2, 3, 1})));  // [B,M/4,M/4,mask_in_chans]
  return conv3(x.permute({0, 3, 1, 2}));
}

PromptEncoderImpl::PromptEncoderImpl(const SamSizes& sizes, std::int64_t image_side)
    : pe_layer(register_module("pe_layer", PositionEmbeddingRandom(sizes.prompt_embed_dim / 2))),
      point_embeddings(register_module("point_embeddings", std::make_shared<nn::List<Token>>())),
      not_a_point_embed(register_module("not_a_point_embed", Token(1, sizes.prompt_embed_dim))),
      no_mask_embed(register_module("no_mask_embed", Token(1, sizes.prompt_embed_dim))),
      mask_downscaling(
          register_module("mask_downscaling", MaskDownscaling(sizes.mask_in_chans, sizes.prompt_embed_dim))),
      image_size(image_side) {
  for (int i = 0; i < 4; ++i) point_embeddings->push_back(Token(1, sizes.prompt_embed_dim));
  if (sizes.class_count > 0) {
    class_embeddings = register_module("class_embeddings", Token(sizes.class_count, sizes.prompt_embed_dim));
  }
}

PromptEmbeddings PromptEncoderImpl::forward(const PromptTensors& prompts) {
  std::vector<torch::Tensor> tokens;
  if (prompts.point_coords.defined()) {
    tokens.push_back(embed_points(prompts.point_coords, prompts.point_labels));
    if (!prompts.boxes.defined()) {  // the padding point stands where the box would be
      tokens.push_back(not_a_point_embed->weight.expand({batch_size(prompts), 1, -1}));
    }
  }
  if (prompts.boxes.defined()) tokens.push_back(embed_boxes(prompts.boxes));
  if (prompts.classes.defined())
    tokens.push_back(class_embeddings->weight.index_select(0, prompts.classes).unsqueeze(1));
  const auto& no_mask = no_mask_embed->weight;
  return {.sparse = tokens.empty() ? no_mask.new_empty({batch_size(prompts), 0, no_mask.size(1)})
                                   : at::cat(tokens, 1),
          .dense = prompts.masks.defined() ? mask_downscaling(prompts.masks) : no_mask.view({1, -1, 1, 1})};
}

torch::Tensor PromptEncoderImpl::get_dense_pe(std::int64_t side) {
  const auto options = pe_layer->positional_encoding_gaussian_matrix.options();
  const auto centre = (torch::arange(side, options) + kPixelCentre) / static_cast<double>(side);
  const auto x = centre.unsqueeze(0).expand({side, side}), y = centre.unsqueeze(1).expand({side, side});
  return pe_layer(at::stack({x, y}, -1)).permute({2, 0, 1}).unsqueeze(0);
}

torch::Tensor PromptEncoderImpl::embed_points(const torch::Tensor& coords, const torch::Tensor& labels) {
  const auto position = pe_layer((coords + kPixelCentre) / static_cast<double>(image_size));
  const auto label = labels.unsqueeze(-1);  // [B,N,1]
  const auto kind = at::where(label == kBackgroundLabel, point_embeddings->items[kBackground]->weight,
                              point_embeddings->items[kForeground]->weight);
  return at::where(label == kPaddingLabel, not_a_point_embed->weight, position + kind);
}

torch::Tensor PromptEncoderImpl::embed_boxes(const torch::Tensor& boxes) {
  const auto corners = boxes.reshape({-1, 2, 2});  // [B,4] -> [B,corner,xy]
  const auto kind =
      at::cat({point_embeddings->items[kTopLeft]->weight, point_embeddings->items[kBottomRight]->weight});
  return pe_layer((corners + kPixelCentre) / static_cast<double>(image_size)) + kind;
}

}  // namespace sonde
