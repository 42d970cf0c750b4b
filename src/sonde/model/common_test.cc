// SPDX-License-Identifier: Apache-2.0
#include "sonde/model/common.h"

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "sonde/model/small_networks_testing.h"

namespace sonde {
namespace {

TEST(Unfilled, HasAShapeButTakesTheMemoryOfOneElement) {
  const auto tensor = nn::unfilled({1 << 20, 1 << 20});
  EXPECT_EQ(tensor.sizes(), (std::vector<std::int64_t>{1 << 20, 1 << 20}));
  EXPECT_EQ(tensor.storage().nbytes(), sizeof(float));
}

TEST(Windows, AreRowMajorAndPaddedWithZerosBelowAndAtTheRight) {
  const auto grid = torch::arange(1, 16, torch::kFloat).view({1, 3, 5, 1});  // values 1 .. 15
  const auto windows = nn::windows_from_grid(grid, 2);
  ASSERT_EQ(windows.sizes(), (std::vector<std::int64_t>{6, 2, 2, 1}));
  EXPECT_TRUE(windows[0].flatten().equal(torch::tensor({1.F, 2.F, 6.F, 7.F})));
  EXPECT_TRUE(windows[2].flatten().equal(torch::tensor({5.F, 0.F, 10.F, 0.F})));
  EXPECT_TRUE(windows[5].flatten().equal(torch::tensor({15.F, 0.F, 0.F, 0.F})));
}

TEST(Windows, GiveBackTheGridTheyWereCutFrom) {
  for (const std::int64_t height : {1, 4, 5, 7}) {
    for (const std::int64_t window : {1, 2, 3, 8}) {
      const auto grid = random_tensor({2, height, 5, 3}, 7);
      EXPECT_TRUE(nn::grid_from_windows(nn::windows_from_grid(grid, window), height, 5).equal(grid));
    }
  }
}

TEST(Convolve, GivesForOneByOneWhatAConvolutionGives) {
  const auto x = random_tensor({2, 6, 3, 5}, 1), weight = random_tensor({4, 6, 1, 1}, 2),
             bias = random_tensor({4}, 3);
  EXPECT_LT(
      largest_difference(nn::convolve(x, weight, bias, {.in = 6, .out = 4}), at::conv2d(x, weight, bias)),
      1e-5);
}

TEST(ConvTranspose2d, GivesThePatchesOfATransposedConvolution) {
  const torch::NoGradGuard no_grad;
  nn::ConvTranspose2d conv(6, 4);
  conv->weight.set_data(random_tensor({6, 4, 2, 2}, 1));
  conv->bias.set_data(random_tensor({4}, 2));
  const auto x = random_tensor({2, 3, 5, 6}, 3);                                // [B,H,W,C]
  const auto map = conv(x).permute({0, 5, 1, 3, 2, 4}).reshape({2, 4, 6, 10});  // [B,C,2*H,2*W]
  const auto expected = at::conv_transpose2d(x.permute({0, 3, 1, 2}), conv->weight, conv->bias, 2);
  EXPECT_LT(largest_difference(map, expected), 1e-5);
}

TEST(Neck, NormsOverTheChannelsOfEachPosition) {
  const torch::NoGradGuard no_grad;
  nn::Neck neck(6, 4);
  neck->conv1->weight.set_data(random_tensor({4, 6, 1, 1}, 1));
  neck->conv2->weight.set_data(random_tensor({4, 4, 3, 3}, 2));
  for (auto* norm : {&neck->norm1, &neck->norm2}) {
    (*norm)->weight.set_data(torch::ones({4}));
    (*norm)->bias.set_data(torch::zeros({4}));
  }
  const auto out = neck(random_tensor({1, 3, 5, 6}, 3));
  ASSERT_EQ(out.sizes(), (std::vector<std::int64_t>{1, 4, 3, 5}));
  EXPECT_LT(out.mean(1).abs().max().item<double>(), 1e-5);
  EXPECT_LT((out.square().mean(1) - 1).abs().max().item<double>(), 1e-3);
}

// LibTorch 1.13's own is off by more than the largest true gradient here.
TEST(Gelu, HasTheRightGradientWhereItLiesOtherwiseInMemory) {
  const auto rows = random_tensor({2, 64, 128, 128}, 1);
  const auto channels_last = random_tensor({2, 128, 128, 64}, 2).permute({0, 3, 1, 2});
  const auto of = [&](const torch::Tensor& at, const torch::Tensor& outer) {
    const auto x = at.detach().requires_grad_();
    return torch::autograd::grad({nn::gelu(x)}, {x}, {outer})[0].to(torch::kDouble);
  };
  for (const auto& [x, gradient] :
       {std::pair(rows, channels_last), std::pair(channels_last, rows),
        std::pair(channels_last, channels_last), std::pair(rows.slice(3, 0, 64), rows.slice(3, 64))}) {
    const auto expected = of(x.to(torch::kDouble), gradient.to(torch::kDouble));
    EXPECT_LT(largest_difference(of(x, gradient), expected), 1e-5);
  }
}

}  // namespace
}  // namespace sonde
