// SPDX-License-Identifier: Apache-2.0
#include "sonde/model/mask_decoder.h"

#include <gtest/gtest.h>

#include "sonde/model/small_networks_testing.h"

namespace sonde {
namespace {

TEST(DecoderAttention, GivesTheSameForASharedImageAsForACopyPerPrompt) {
  const torch::NoGradGuard no_grad;
  auto sam = small_sam(small_vit_sizes());
  auto& attention = sam->mask_decoder->transformer->final_attn_token_to_image;
  const auto tokens = random_tensor({3, 5, 32}, 1), image = random_tensor({1, 7, 32}, 2);
  const auto copies = image.repeat({3, 1, 1});
  EXPECT_LT(largest_difference(attention(tokens, image, image), attention(tokens, copies, copies)), 1e-5);
  EXPECT_LT(largest_difference(attention(image, tokens, tokens), attention(copies, tokens, tokens)), 1e-5);
}

// As published: the transposed convolutions on a map, then the product with each token's weights.
torch::Tensor naive_masks(MaskDecoder& decoder, const torch::Tensor& keys, const torch::Tensor& hyper_in) {
  auto& up = decoder->output_upscaling;
  auto map = keys.transpose(1, 2).reshape({1, 32, 4, 4});
  map = at::conv_transpose2d(map, up->conv1->weight, up->conv1->bias, 2);
  map = at::gelu(up->norm(map.permute({0, 2, 3, 1}))).permute({0, 3, 1, 2});
  map = at::gelu(at::conv_transpose2d(map, up->conv2->weight, up->conv2->bias, 2));  // [1,4,16,16]
  return at::matmul(hyper_in, map.flatten(2)).view({1, -1, 16, 16});
}

TEST(MaskDecoder, UpscalesAsTwoTransposedConvolutionsDo) {
  const torch::NoGradGuard no_grad;
  auto sam = small_sam(small_vit_sizes());
  auto& decoder = sam->mask_decoder;
  const PromptEmbeddings prompts{.sparse = random_tensor({1, 2, 32}, 1),
                                 .dense = random_tensor({1, 32, 4, 4}, 2)};
  const auto image = random_tensor({1, 32, 4, 4}, 3), image_pe = random_tensor({1, 32, 4, 4}, 4);
  const auto out = decoder->forward(image, image_pe, prompts);

  const auto own = at::cat({decoder->iou_token->weight, decoder->mask_tokens->weight}).unsqueeze(0);
  const auto state =
      decoder->transformer->forward(image + prompts.dense, image_pe, at::cat({own, prompts.sparse}, 1));
  std::vector<torch::Tensor> hyper_in;
  for (std::size_t i = 0; i < 4; ++i) {
    hyper_in.push_back(
        decoder->output_hypernetworks_mlps->items[i](state.queries[0][static_cast<int>(i) + 1]));
  }
  EXPECT_LT(
      largest_difference(out.low_res, naive_masks(decoder, state.keys, at::stack(hyper_in).unsqueeze(0))),
      1e-4);
  EXPECT_LT(largest_difference(out.iou, decoder->iou_prediction_head(state.queries.select(1, 0))), 1e-5);
}

TEST(Mlp, HasNoReluAfterItsLastLayer) {
  const torch::NoGradGuard no_grad;
  Mlp mlp(MlpImpl::Sizes{.in = 1, .hidden = 1, .out = 1, .depth = 2});
  for (auto& layer : mlp->layers->items) {
    layer->weight.set_data(torch::full({1, 1}, -1.F));
    layer->bias.set_data(torch::zeros({1}));
  }
  EXPECT_EQ(mlp->forward(torch::full({1}, -3.F)).item<float>(), -3);  // relu(3), then times -1
  EXPECT_EQ(mlp->forward(torch::full({1}, 3.F)).item<float>(), 0);    // relu(-3)
}

}  // namespace
}  // namespace sonde
