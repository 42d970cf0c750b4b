// SPDX-License-Identifier: Apache-2.0
#include "sonde/kernels/attention.h"

#include <numeric>

#include "sonde/kernels/kernels_testing.h"

namespace sonde::kernels {
namespace {

using WindowAttention = EveryInstructionSet;

struct Case {
  std::size_t queries, keys, channels;
  Storage storage;
};

// tokens: [..][3 * channels]: queries, keys, values.
std::vector<float> expected_attention(const Case& test, const std::vector<float>& tokens,
                                      const std::vector<float>& bias,
                                      const std::vector<std::uint16_t>& bias_row) {
  const std::size_t c = test.channels, row = 3 * c;
  std::vector<float> out;
  for (std::size_t q = 0; q < test.queries; ++q) {
    std::vector<double> powers;
    for (std::size_t k = 0; k < test.keys; ++k) {
      double score = bias.empty() ? 0.0 : bias[bias_row[q] * test.keys + k];
      for (std::size_t i = 0; i < c; ++i)
        score += static_cast<double>(tokens[q * row + i]) * tokens[k * row + c + i];
      powers.push_back(std::exp(score));
    }
    const double sum = std::accumulate(powers.begin(), powers.end(), 0.0);
    for (std::size_t i = 0; i < c; ++i) {
      double value = 0;
      for (std::size_t k = 0; k < test.keys; ++k) value += powers[k] / sum * tokens[k * row + 2 * c + i];
      out.push_back(static_cast<float>(value));
    }
  }
  return out;
}

void check(const Case& test, const std::vector<float>& bias) {
  const std::size_t c = test.channels, size = size_of(test.storage);
  Stored stored(random_values(std::max(test.queries, test.keys) * 3 * c, 1), test.storage);
  const auto tokens = stored.values();
  std::vector<std::uint16_t> bias_row(test.queries);
  for (std::size_t q = 0; q < test.queries; ++q)
    bias_row[q] = static_cast<std::uint16_t>((2 * q) % test.keys);
  const auto* bytes = static_cast<const std::byte*>(stored.data());
  Stored out(test.queries * c, test.storage);
  attend({.q = bytes,
          .queries = test.queries,
          .k = bytes + c * size,
          .v = bytes + 2 * c * size,
          .keys = test.keys,
          .channels = c,
          .stride = 3 * c,
          .bias = bias.empty() ? nullptr : bias.data(),
          .bias_row = bias_row,
          .storage = test.storage,
          .out = out.data(),
          .out_stride = c});
  expect_near(out.values(), expected_attention(test, tokens, bias, bias_row),
              test.storage == Storage::bf16 ? 1.5e-2 : 2e-5);
  EXPECT_TRUE(out.end_is_untouched());
}

TEST_P(WindowAttention, AgreesWithDoublePrecision) {
  for (const Case& sizes : {Case{1, 1, 2, {}}, Case{4, 4, 8, {}}, Case{49, 49, 32, {}}, Case{30, 49, 32, {}},
                            Case{100, 130, 6, {}}, Case{7, 33, 40, {}}}) {
    for (const Storage storage : {Storage::fp32, Storage::bf16}) {
      const Case test{sizes.queries, sizes.keys, sizes.channels, storage};
      SCOPED_TRACE(testing::Message() << test.queries << " of " << test.keys << " x " << test.channels);
      check(test, {});
      check(test, random_values(test.keys * test.keys, 2));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Cpu, WindowAttention,
                         testing::ValuesIn(available_instruction_sets().begin(),
                                           available_instruction_sets().end()),
                         set_name);

}  // namespace
}  // namespace sonde::kernels
