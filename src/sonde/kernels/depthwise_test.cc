// SPDX-License-Identifier: Apache-2.0
#include "sonde/kernels/depthwise.h"

#include "sonde/kernels/kernels_testing.h"

namespace sonde::kernels {
namespace {

using DepthwiseRows = EveryInstructionSet;

struct Case {
  std::size_t channels, width, stride;
  Storage in, out;
  Activation activation;
};

std::vector<float> expected_row(const Case& test, const std::array<std::vector<float>, 3>& rows,
                                const std::vector<float>& weight, const std::vector<float>& bias) {
  std::vector<float> out;
  for (std::size_t x = 0; x < test.width; ++x) {
    for (std::size_t c = 0; c < test.channels; ++c) {
      double sum = bias[c];
      for (std::size_t tap = 0; tap < 9; ++tap) {
        sum += static_cast<double>(weight[tap * test.channels + c]) *
               rows.at(tap / 3)[(x * test.stride + tap % 3) * test.channels + c];
      }
      out.push_back(static_cast<float>(test.activation == Activation::gelu ? exact_gelu(sum) : sum));
    }
  }
  return out;
}

void check(const Case& test) {
  const std::size_t columns = (test.width - 1) * test.stride + 3;
  std::array<std::vector<float>, 3> rows;
  std::vector<Stored> stored;
  for (unsigned r = 0; r < 3; ++r) {
    stored.emplace_back(random_values(columns * test.channels, r), test.in);
    rows.at(r) = stored.back().values();
  }
  const auto weight = random_values(9 * test.channels, 5), bias = random_values(test.channels, 6);
  Stored out(test.width * test.channels, test.out);
  convolve({.in = {stored[0].data(), stored[1].data(), stored[2].data()},
            .in_storage = test.in,
            .width = test.width,
            .activation = test.activation,
            .out = out.data(),
            .out_storage = test.out},
           {.weight = weight.data(), .bias = bias.data(), .channels = test.channels, .stride = test.stride});
  expect_near(out.values(), expected_row(test, rows, weight, bias), test.out == Storage::bf16 ? 6e-3 : 1e-5);
  EXPECT_TRUE(out.end_is_untouched());
}

TEST_P(DepthwiseRows, AgreeWithSumsInDoublePrecision) {
  for (const std::size_t channels : {1, 4, 13, 16, 32, 40}) {
    for (const std::size_t width : {1, 2, 9}) {
      for (const std::size_t stride : {1, 2}) {
        for (const Storage in : {Storage::fp32, Storage::bf16}) {
          for (const Storage out : {Storage::fp32, Storage::bf16}) {
            check({channels, width, stride, in, out, Activation::none});
            check({channels, width, stride, in, out, Activation::gelu});
          }
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Cpu, DepthwiseRows,
                         testing::ValuesIn(available_instruction_sets().begin(),
                                           available_instruction_sets().end()),
                         set_name);

}  // namespace
}  // namespace sonde::kernels
