// SPDX-License-Identifier: Apache-2.0
#include "sonde/model/mask_decoder.h"

#include <vector>

namespace sonde {
namespace {

constexpr std::int64_t kHypernetworkDepth = 3, kObjectScoreDepth = 3;

}  // namespace

MlpImpl::MlpImpl(const Sizes& sizes)
    : layers(register_module("layers", std::make_shared<nn::List<nn::Linear>>())) {
  for (std::int64_t i = 0; i < sizes.depth; ++i) {
    layers->push_back(
        nn::Linear(i == 0 ? sizes.in : sizes.hidden, i + 1 == sizes.depth ? sizes.out : sizes.hidden));
  }
}

torch::Tensor MlpImpl::forward(torch::Tensor x) {
  for (std::size_t i = 0; i < layers->items.size(); ++i) {
    x = layers->items[i](x);
    if (i + 1 < layers->items.size()) x = at::relu(x);
  }
  return x;
}

OutputUpscalingImpl::OutputUpscalingImpl(std::int64_t dim)
    : conv1(register_module("0", nn::ConvTranspose2d(dim, dim / 4))),
      conv2(register_module("3", nn::ConvTranspose2d(dim / 4, dim / 8))),
      norm(register_module("1", nn::LayerNorm(dim / 4, 1e-6))) {}

torch::Tensor OutputUpscalingImpl::forward(const torch::Tensor& x) {
  const auto once = nn::gelu(norm(conv1(x)));  // [B,H*W,2,2,dim/4]
  return nn::gelu(conv2(once)).flatten(1, 5);  // [B,H*W,2,2,2,2,dim/8] -> [B,H*W*16,dim/8]
}

MaskDecoderImpl::MaskDecoderImpl(const SamSizes& sizes) {
  const auto dim = sizes.prompt_embed_dim;
  transformer = register_module("transformer", TwoWayTransformer(sizes));
  iou_token = register_module("iou_token", Token(1, dim));
  mask_tokens = register_module("mask_tokens", Token(sizes.num_mask_tokens, dim));
  output_upscaling = register_module("output_upscaling", OutputUpscaling(dim));
  output_hypernetworks_mlps = register_module("output_hypernetworks_mlps", std::make_shared<nn::List<Mlp>>());
  for (std::int64_t i = 0; i < sizes.num_mask_tokens; ++i) {
    output_hypernetworks_mlps->push_back(
        Mlp(MlpImpl::Sizes{.in = dim, .hidden = dim, .out = dim / 8, .depth = kHypernetworkDepth}));
  }
  iou_prediction_head =
      register_module("iou_prediction_head", Mlp(MlpImpl::Sizes{.in = dim,
                                                                .hidden = sizes.iou_head_hidden_dim,
                                                                .out = sizes.num_mask_tokens,
                                                                .depth = sizes.iou_head_depth}));
  if (sizes.class_count > 0) {
    object_score_head =
        register_module("object_score_head",
                        Mlp(MlpImpl::Sizes{.in = dim, .hidden = dim, .out = 1, .depth = kObjectScoreDepth}));
  }
}

DecoderOutput MaskDecoderImpl::forward(const torch::Tensor& image_embedding, const torch::Tensor& image_pe,
                                       const PromptEmbeddings& prompts) {
  const auto B = prompts.sparse.size(0), H = image_embedding.size(2), W = image_embedding.size(3);
  const auto T = mask_tokens->weight.size(0);
  const auto output_tokens =
      at::cat({iou_token->weight, mask_tokens->weight}).unsqueeze(0).expand({B, -1, -1});
  const auto tokens =
      at::cat({output_tokens, prompts.sparse}, 1);  // [B,1+T+N,C]; order: IoU token, mask tokens, prompts

  const auto [queries, keys] = transformer->forward(image_embedding + prompts.dense, image_pe, tokens);
  const auto iou_token_out = queries.select(1, 0);          // [B,C]
  const auto mask_tokens_out = queries.slice(1, 1, 1 + T);  // [B,T,C]

  std::vector<torch::Tensor> hyper_in;
  for (std::int64_t i = 0; i < T; ++i) {
    hyper_in.push_back(
        output_hypernetworks_mlps->items[static_cast<std::size_t>(i)](mask_tokens_out.select(1, i)));
  }
  // Each mask is the product of its weights with the upscaled image: [B,H*W*16,C/8] x [B,C/8,T] ->
  // [B,H*W*16,T]
  const auto products = at::matmul(output_upscaling(keys), at::stack(hyper_in, 2));
  const auto low_res =
      products.view({B, H, W, 2, 2, 2, 2, T})
          .permute({0, 7, 1, 3, 5, 2, 4, 6})  // token; rows: H, then of the patches; columns likewise
          .reshape({B, T, 4 * H, 4 * W});
  return {.low_res = low_res,
          .iou = iou_prediction_head(iou_token_out),
          .object_score =
              object_score_head.is_empty() ? torch::Tensor{} : object_score_head(iou_token_out).squeeze(1)};
}

}  // namespace sonde
