// SPDX-License-Identifier: Apache-2.0
#include "sonde/model/image_encoder.h"

#include <cmath>

#include <gtest/gtest.h>

#include "sonde/model/small_networks_testing.h"

namespace sonde {
namespace {

// One query of one head against the keys of its window, as the formula says: the specification of the fast
// path.
struct NaiveAttention {
  const VitAttention& attn;
  torch::Tensor parts;  // [H,W,3,heads,c] of the padded grid
  std::int64_t window;

  torch::Tensor answer(std::int64_t y, std::int64_t x, std::int64_t head) const {  // [c]
    const auto top = y / window * window, left = x / window * window;
    const auto q = parts[y][x][0][head];
    std::vector<torch::Tensor> scores, values;
    for (auto key_y = top; key_y < top + window; ++key_y) {
      for (auto key_x = left; key_x < left + window; ++key_x) {
        const auto scale = 1 / std::sqrt(static_cast<double>(q.size(0)));
        scores.push_back(scale * q.dot(parts[key_y][key_x][1][head]) +
                         q.dot(attn->rel_pos_h[y - key_y + window - 1]) +
                         q.dot(attn->rel_pos_w[x - key_x + window - 1]));
        values.push_back(parts[key_y][key_x][2][head]);
      }
    }
    return at::matmul(at::softmax(at::stack(scores), 0), at::stack(values));
  }
};

torch::Tensor naive_windowed_attention(const VitAttention& attn, const torch::Tensor& x,
                                       std::int64_t window) {
  const auto H = x.size(1), W = x.size(2), C = x.size(3);
  const auto padded =
      at::constant_pad_nd(x, {0, 0, 0, (window - W % window) % window, 0, (window - H % window) % window});
  const auto parts = at::linear(padded, attn->qkv->weight, attn->qkv->bias)
                         .view({padded.size(1), padded.size(2), 3, attn->num_heads, C / attn->num_heads});
  const NaiveAttention naive{attn, parts, window};
  auto out = torch::zeros({1, H, W, C});
  for (std::int64_t y = 0; y < H; ++y) {
    for (std::int64_t column = 0; column < W; ++column) {
      std::vector<torch::Tensor> heads;
      for (std::int64_t head = 0; head < attn->num_heads; ++head)
        heads.push_back(naive.answer(y, column, head));
      out[0][y][column] = at::linear(at::cat(heads), attn->proj->weight, attn->proj->bias);
    }
  }
  return out;
}

VitAttention random_attention(std::int64_t dim, std::int64_t heads, std::int64_t side) {
  VitAttention attn(dim, heads, side);
  std::uint64_t seed = 1;
  for (auto& parameter : attn->parameters())
    parameter.set_data(random_tensor(parameter.sizes(), seed++) * 0.3);
  return attn;
}

TEST(VitAttention, InWindowsEqualsANaiveLoopOnSidesThatNeedPadding) {
  const torch::NoGradGuard no_grad;
  auto attn = random_attention(12, 3, 3);
  for (const auto& [height, width] : {std::pair{3, 3}, std::pair{5, 7}, std::pair{1, 4}}) {
    const auto x = random_tensor({1, height, width, 12}, 9);
    const auto fast = nn::grid_from_windows(attn(nn::windows_from_grid(x, 3)), height, width);
    EXPECT_LT(largest_difference(fast, naive_windowed_attention(attn, x, 3)), 1e-5)
        << height << " x " << width;
  }
}

TEST(VitAttention, OverTheWholeGridEqualsANaiveLoop) {
  const torch::NoGradGuard no_grad;
  auto attn = random_attention(8, 2, 6);
  const auto x = random_tensor({1, 6, 6, 8}, 9);
  EXPECT_LT(largest_difference(attn(x), naive_windowed_attention(attn, x, 6)), 1e-5);
}

TEST(RelativePositions, AreTheTableAtQueryMinusKey) {
  const auto table = torch::arange(5, torch::kFloat).view({5, 1});  // offsets -2 .. 2
  const auto positions = relative_positions(table, 3);
  ASSERT_EQ(positions.sizes(), (std::vector<std::int64_t>{3, 3, 1}));
  for (int query = 0; query < 3; ++query) {
    for (int key = 0; key < 3; ++key) EXPECT_EQ(positions[query][key].item<float>(), query - key + 2);
  }
}

TEST(ImageEncoderVit, GivesOneVectorPerPatchForEachPictureOfABatch) {
  const torch::NoGradGuard no_grad;
  auto sam = small_sam(small_vit_sizes());
  const auto pixels = random_tensor({2, 3, 64, 64}, 5);
  const auto both = sam->encode_image(pixels);
  ASSERT_EQ(both.sizes(), (std::vector<std::int64_t>{2, 32, 4, 4}));
  EXPECT_LT(largest_difference(both.slice(0, 1, 2), sam->encode_image(pixels.slice(0, 1, 2))), 1e-4);
  EXPECT_GT(largest_difference(both[0], both[1]), 0.1);
}

TEST(ImageEncoderVit, PassesGradientsToEveryParameter) {
  auto sam = random_sam(small_vit_sizes(), 3);
  sam->encode_image(random_tensor({1, 3, 64, 64}, 5)).square().mean().backward();
  for (const auto& item : sam->image_encoder->named_parameters())
    EXPECT_TRUE(item.value().grad().defined()) << item.key();
}

}  // namespace
}  // namespace sonde
