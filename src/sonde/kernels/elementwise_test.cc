// SPDX-License-Identifier: Apache-2.0
#include "sonde/kernels/elementwise.h"

#include <algorithm>

#include "sonde/kernels/kernels_testing.h"

namespace sonde::kernels {
namespace {

using Elementwise = EveryInstructionSet;

// Below, at and beyond a vector of any width.
constexpr std::size_t kCounts[] = {1, 3, 4, 7, 8, 15, 16, 17, 33, 64, 100};

std::vector<float> expected_norm(const std::vector<float>& in, std::size_t channels, const LayerNorm& norm) {
  std::vector<float> out;
  for (std::size_t row = 0; row < in.size() / channels; ++row) {
    double mean = 0, variance = 0;
    for (std::size_t c = 0; c < channels; ++c) mean += in[row * channels + c];
    mean /= static_cast<double>(channels);
    for (std::size_t c = 0; c < channels; ++c) variance += std::pow(in[row * channels + c] - mean, 2);
    variance /= static_cast<double>(channels);
    for (std::size_t c = 0; c < channels; ++c) {
      const double x = (in[row * channels + c] - mean) / std::sqrt(variance + norm.eps);
      out.push_back(static_cast<float>(x * norm.weight[c] + norm.bias[c]));
    }
  }
  return out;
}

TEST_P(Elementwise, LayerNormAgreesWithDoublePrecision) {
  for (const std::size_t channels : kCounts) {
    const auto in = random_values(3 * channels, 1), weight = random_values(channels, 2),
               bias = random_values(channels, 3);
    const LayerNorm norm{.weight = weight.data(), .bias = bias.data(), .channels = channels, .eps = 1e-5F};
    for (const Storage storage : {Storage::fp32, Storage::bf16}) {
      Stored out(in.size(), storage);
      layer_norm(in.data(), channels, 3, norm, Activation::none, out.data(), channels, storage);
      expect_near(out.values(), expected_norm(in, channels, norm), storage == Storage::bf16 ? 4e-3 : 2e-5);
      EXPECT_TRUE(out.end_is_untouched());
    }
  }
}

TEST_P(Elementwise, LayerNormOfAConstantRowIsItsBias) {
  const std::vector<float> in(20, 5.0F), weight(20, 2.0F), bias = random_values(20, 1);
  std::vector<float> out(20);
  layer_norm(in.data(), 20, 1, {.weight = weight.data(), .bias = bias.data(), .channels = 20, .eps = 1e-6F},
             Activation::none, out.data(), 20, Storage::fp32);
  expect_near(out, bias, 1e-6);
}

TEST_P(Elementwise, GeluIsExactToSinglePrecisionInFp32AndToBf16InBf16) {
  std::vector<float> in;
  for (float x = -40; x <= 40; x += 0.01F) in.push_back(x);
  std::vector<float> expected;
  for (const float x : in) expected.push_back(static_cast<float>(exact_gelu(x)));
  std::vector<float> out(in.size());
  activate(in.data(), in.size(), Activation::gelu, Storage::fp32, out.data());
  for (std::size_t i = 0; i < in.size(); ++i)
    ASSERT_NEAR(out[i], expected[i], 3e-7 * (1 + std::abs(static_cast<double>(in[i])))) << in[i];
  Stored rounded(in.size(), Storage::bf16);
  activate(in.data(), in.size(), Activation::gelu, Storage::bf16, rounded.data());
  expect_near(rounded.values(), expected, 4.5e-3);
}

TEST_P(Elementwise, ActivationsTakeAnyCount) {
  for (const std::size_t count : kCounts) {
    const auto in = random_values(count, 1);
    Stored out(count, Storage::fp32);
    activate(in.data(), count, Activation::relu, Storage::fp32, out.data());
    std::vector<float> expected(in);
    for (float& value : expected) value = std::max(value, 0.0F);
    EXPECT_EQ(out.values(), expected);
    EXPECT_TRUE(out.end_is_untouched());
  }
}

TEST_P(Elementwise, SoftmaxRowsSumToOneAndKeepTheirRatios) {
  for (const std::size_t columns : kCounts) {
    const std::size_t stride = columns + 2;
    const auto in = random_values(2 * stride, 1);
    auto out = in;
    softmax_rows(out.data(), 2, columns, stride, 0.5F);
    for (std::size_t r = 0; r < 2; ++r) {
      double sum = 0;
      for (std::size_t c = 0; c < columns; ++c) sum += std::exp(0.5 * in[r * stride + c]);
      for (std::size_t c = 0; c < columns; ++c)
        ASSERT_NEAR(out[r * stride + c], std::exp(0.5 * in[r * stride + c]) / sum, 1e-6);
      for (std::size_t c = columns; c < stride; ++c) EXPECT_EQ(out[r * stride + c], in[r * stride + c]);
    }
  }
}

TEST_P(Elementwise, SoftmaxOfLargeScoresDoesNotOverflow) {
  std::vector<float> row{1000, 999, -1000};
  softmax_rows(row.data(), 1, 3, 3, 1.0F);
  expect_near(row, {0.7310586F, 0.2689414F, 0.0F}, 1e-6);
}

INSTANTIATE_TEST_SUITE_P(Cpu, Elementwise,
                         testing::ValuesIn(available_instruction_sets().begin(),
                                           available_instruction_sets().end()),
                         set_name);

}  // namespace
}  // namespace sonde::kernels
