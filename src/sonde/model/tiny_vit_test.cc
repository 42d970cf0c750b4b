// SPDX-License-Identifier: Apache-2.0
#include "sonde/model/tiny_vit.h"

#include <cmath>
#include <cstdlib>

#include <gtest/gtest.h>

#include "sonde/model/small_networks_testing.h"

namespace sonde {
namespace {

void fill(torch::nn::Module& module, double scale) {
  std::uint64_t seed = 1;
  for (auto& parameter : module.parameters())
    parameter.set_data(random_tensor(parameter.sizes(), seed++) * scale);
}

TEST(ConvBn, FoldsTheNormIntoTheConvolutionWhenEvaluating) {
  const torch::NoGradGuard no_grad;
  for (const std::int64_t groups : {1, 6}) {
    ConvBn conv(nn::ConvSizes{.in = 6, .out = 6, .kernel = 3, .stride = 2, .padding = 1, .groups = groups});
    fill(*conv, 1);
    conv->bn->running_mean.set_data(random_tensor({6}, 8));
    conv->bn->running_var.set_data(random_tensor({6}, 9).square() + 0.1);
    conv->eval();
    const auto x = random_tensor({2, 6, 7, 5}, 10);
    const auto expected = at::batch_norm(conv->c(x), conv->bn->weight, conv->bn->bias, conv->bn->running_mean,
                                         conv->bn->running_var, false, 0.1, 1e-5, false);
    EXPECT_LT(largest_difference(conv(x), expected), 1e-4);
  }
}

TEST(ConvBn, NormsByTheBatchAndRemembersItWhenTraining) {
  ConvBn conv(nn::ConvSizes{.in = 3, .out = 2});
  fill(*conv, 1);
  conv->bn->weight.set_data(torch::ones({2}));
  conv->bn->bias.set_data(torch::zeros({2}));
  conv->bn->running_mean.set_data(torch::zeros({2}));
  conv->bn->running_var.set_data(torch::ones({2}));
  const auto out = conv(random_tensor({4, 3, 5, 5}, 1) + 3);
  EXPECT_LT(out.mean({0, 2, 3}).abs().max().item<double>(), 1e-4);
  EXPECT_GT(conv->bn->running_mean.abs().max().item<double>(), 0);
  EXPECT_EQ(conv->bn->num_batches_tracked.item<std::int64_t>(), 1);
}

TEST(TinyVitAttention, EqualsANaiveLoopWithABiasByDistance) {
  const torch::NoGradGuard no_grad;
  constexpr std::int64_t kWindow = 3, kHeads = 2, kDim = 8, kHeadDim = kDim / kHeads;
  TinyVitAttention attn(kDim, kHeads, kWindow);
  fill(*attn, 0.5);
  const auto x = random_tensor({2, kWindow * kWindow, kDim}, 20);
  const auto parts = attn->qkv(attn->norm(x)).view({2, kWindow * kWindow, kHeads, 3, kHeadDim});
  auto expected = torch::zeros_like(x);
  for (std::int64_t b = 0; b < 2; ++b) {
    for (std::int64_t query = 0; query < kWindow * kWindow; ++query) {
      std::vector<torch::Tensor> heads;
      for (std::int64_t head = 0; head < kHeads; ++head) {
        std::vector<torch::Tensor> scores;
        for (std::int64_t key = 0; key < kWindow * kWindow; ++key) {
          const auto rows = std::abs(query / kWindow - key / kWindow),
                     columns = std::abs(query % kWindow - key % kWindow);
          scores.push_back(parts[b][query][head][0].dot(parts[b][key][head][1]) /
                               std::sqrt(double{kHeadDim}) +
                           attn->attention_biases[head][rows * kWindow + columns]);
        }
        heads.push_back(at::matmul(at::softmax(at::stack(scores), 0), parts[b].select(1, head).select(1, 2)));
      }
      expected[b][query] = attn->proj(at::cat(heads));
    }
  }
  EXPECT_LT(largest_difference(attn(x), expected), 1e-5);
}

TEST(PatchMerging, HalvesTheSideUnlessItsStrideIsOne) {
  const torch::NoGradGuard no_grad;
  PatchMerging half(4, 6, 2), same(4, 6, 1);
  half->eval();
  same->eval();
  const auto x = random_tensor({1, 4, 8, 8}, 1);
  EXPECT_EQ(half(x).sizes(), (std::vector<std::int64_t>{1, 6, 4, 4}));
  EXPECT_EQ(same(x).sizes(), (std::vector<std::int64_t>{1, 6, 8, 8}));
}

TEST(TinyVit, GivesOneVectorPerSixteenPixelsForEachPictureOfABatch) {
  const torch::NoGradGuard no_grad;
  auto sam = small_sam(small_tiny_vit_sizes());
  const auto pixels = random_tensor({2, 3, 64, 64}, 5);
  const auto both = sam->encode_image(pixels);
  ASSERT_EQ(both.sizes(), (std::vector<std::int64_t>{2, 32, 4, 4}));
  EXPECT_LT(largest_difference(both.slice(0, 1, 2), sam->encode_image(pixels.slice(0, 1, 2))), 1e-4);
  EXPECT_GT(largest_difference(both[0], both[1]), 0.1);
}

TEST(TinyVit, PassesGradientsToEveryParameterWhenTraining) {
  auto sam = random_sam(small_tiny_vit_sizes(), 3);
  sam->encode_image(random_tensor({2, 3, 64, 64}, 5)).square().mean().backward();
  for (const auto& item : sam->image_encoder->named_parameters())
    EXPECT_TRUE(item.value().grad().defined()) << item.key();
}

}  // namespace
}  // namespace sonde
