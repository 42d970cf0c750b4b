// SPDX-License-Identifier: Apache-2.0
#include "sonde/kernels/decoder_blocks.h"

#include <algorithm>

#include "sonde/kernels/kernels_testing.h"

namespace sonde::kernels {
namespace {

using DecoderBlocks = EveryInstructionSet;

TEST_P(DecoderBlocks, TransposeMovesEveryValueAndWritesNoOther) {
  for (const std::size_t rows : {1, 3, 4, 7, 16, 33}) {
    for (const std::size_t columns : {1, 2, 4, 9, 16, 35}) {
      const std::size_t in_stride = columns + 1, out_stride = rows + 2;
      const auto in = random_values(rows * in_stride + 1, 1);
      std::vector<float> out(columns * out_stride + 1, -1), expected = out;
      for (std::size_t r = 0; r < rows; ++r) {
        for (std::size_t c = 0; c < columns; ++c)
          expected[1 + c * out_stride + r] = in[1 + r * in_stride + c];
      }
      transpose(in.data() + 1, in_stride, rows, columns, out.data() + 1, out_stride);  // misaligned
      EXPECT_EQ(out, expected) << rows << " x " << columns;
    }
  }
}

TEST_P(DecoderBlocks, ScaleColumnsScalesEachPositionAlsoInPlace) {
  const auto in = random_values(5 * kBlock, 1), scale = random_values(kBlock, 2);
  std::vector<float> out(in.size()), expected(in);
  for (std::size_t i = 0; i < in.size(); ++i) expected[i] *= scale[i % kBlock];
  scale_columns(in.data(), 5, scale.data(), out.data());
  EXPECT_EQ(out, expected);
  std::copy(in.begin(), in.end(), out.begin());
  scale_columns(out.data(), 5, scale.data(), out.data());
  EXPECT_EQ(out, expected);
}

std::vector<float> expected_scores(const BlockScores& job) {
  std::vector<float> scores(job.heads * job.tokens * job.out_stride, -1);
  for (std::size_t row = 0; row < job.heads * job.tokens; ++row) {
    const std::size_t head = row / job.tokens, token = row % job.tokens;
    for (std::size_t p = 0; p < kBlock; ++p) {
      double by_key = 0, by_offset = 0;
      for (std::size_t k = head * job.dim; k < (head + 1) * job.dim; ++k) {
        const double query = job.queries[token * job.heads * job.dim + k];
        by_key += query * job.keys[k * kBlock + p];
        if (job.offsets != nullptr) by_offset += query * job.offsets[k * kBlock + p];
      }
      const double scale = job.scale == nullptr ? 1 : job.scale[p];
      scores[row * job.out_stride + p] = static_cast<float>(scale * by_key + by_offset);
    }
  }
  return scores;
}

TEST_P(DecoderBlocks, ScoresAgreeWithDoublePrecision) {
  constexpr std::size_t kHeads = 3, kStride = kBlock + 16;
  for (const std::size_t tokens : {1, 2, 5, 6, 7, 8, 13}) {
    for (const std::size_t dim : {1, 2, 16}) {
      const auto queries = random_values(tokens * kHeads * dim, 1), scale = random_values(kBlock, 2);
      const auto keys = random_values(kHeads * dim * kBlock, 3), offsets = random_values(keys.size(), 4);
      std::vector<float> out(kHeads * tokens * kStride, -1);
      BlockScores job{.heads = kHeads,
                      .tokens = tokens,
                      .dim = dim,
                      .queries = queries.data(),
                      .keys = keys.data(),
                      .out = out.data(),
                      .out_stride = kStride};
      score_block(job);
      expect_near(out, expected_scores(job), 1e-5);
      job.scale = scale.data();
      job.offsets = offsets.data();
      score_block(job);
      expect_near(out, expected_scores(job), 1e-5);
    }
  }
}

TEST_P(DecoderBlocks, SoftmaxOverTokensIsOneForEachPositionAndHeadAndKeepsTheFirst) {
  constexpr std::size_t kHeads = 2, kTokens = 5;
  for (const std::size_t kept : {kTokens - 1, kTokens}) {
    auto scores = random_values(kHeads * kTokens * kBlock, 1);
    for (float& score : scores) score *= 30;  // whose exponentials are beyond a float
    std::vector<float> expected;
    for (std::size_t head = 0; head < kHeads; ++head) {
      for (std::size_t row = head * kTokens; row < head * kTokens + kept; ++row) {
        for (std::size_t p = 0; p < kBlock; ++p) {
          double sum = 0;
          for (std::size_t other = head * kTokens; other < (head + 1) * kTokens; ++other)
            sum += std::exp(static_cast<double>(scores[other * kBlock + p]) - scores[row * kBlock + p]);
          expected.push_back(static_cast<float>(1 / sum));
        }
      }
    }
    softmax_over_tokens(scores.data(), kHeads, kTokens, kept);
    scores.resize(expected.size());
    expect_near(scores, expected, 2e-6);
  }
}

TEST_P(DecoderBlocks, ExponentialsLeaveOutWhatIsNotValid) {
  constexpr std::size_t kRows = 3, kColumns = 2 * kBlock, kStride = kColumns + 5;
  for (const std::size_t valid : {std::size_t{1}, std::size_t{16}, kBlock + 7, kColumns}) {
    const auto in = random_values(kRows * kStride, 1), scale = random_values(kColumns, 2);
    std::vector<float> values(in), scaled(in.size()), maxima(kRows), sums(kRows);
    for (std::size_t row = 0; row < kRows; ++row)
      std::fill_n(values.begin() + static_cast<std::ptrdiff_t>(row * kStride + valid), kColumns - valid,
                  1e30F);
    exponentials({.values = values.data(),
                  .rows = kRows,
                  .columns = kColumns,
                  .stride = kStride,
                  .valid = valid,
                  .maxima = maxima.data(),
                  .sums = sums.data(),
                  .scale = scale.data(),
                  .scaled = scaled.data()});
    for (std::size_t row = 0; row < kRows; ++row) {
      const float* from = in.data() + row * kStride;
      EXPECT_EQ(maxima[row], *std::max_element(from, from + valid));
      double sum = 0;
      for (std::size_t i = 0; i < kColumns; ++i) {
        const double expected = i < valid ? std::exp(static_cast<double>(from[i]) - maxima[row]) : 0;
        sum += expected;
        EXPECT_NEAR(values[row * kStride + i], expected, 1e-6);
        EXPECT_NEAR(scaled[row * kStride + i], expected * scale[i], 4e-6);
      }
      EXPECT_NEAR(sums[row], sum, 1e-5 * sum);
    }
  }
}

TEST_P(DecoderBlocks, WeightedSumsAgreeWithDoublePrecision) {
  constexpr std::size_t kHeads = 2, kPositions = 37;
  for (const std::size_t tokens : {1, 5, 7, 8, 9, 17}) {
    for (const std::size_t dim : {1, 2, 16, 20}) {
      const std::size_t stride = kPositions + 3, head_stride = kPositions * dim + 4;
      const auto weights = random_values(kHeads * tokens * stride, 1);
      const auto values = random_values(kHeads * head_stride + kPanel, 2);
      std::vector<float> out(kHeads * tokens * dim + 1, -1), expected;
      for (std::size_t row = 0; row < kHeads * tokens; ++row) {
        for (std::size_t i = 0; i < dim; ++i) {
          double sum = 0;
          for (std::size_t p = 0; p < kPositions; ++p)
            sum += static_cast<double>(weights[row * stride + p]) *
                   values[row / tokens * head_stride + p * dim + i];
          expected.push_back(static_cast<float>(sum));
        }
      }
      expected.push_back(-1);  // not written
      sum_weighted({.heads = kHeads,
                    .tokens = tokens,
                    .dim = dim,
                    .positions = kPositions,
                    .weights = weights.data(),
                    .weights_stride = stride,
                    .values = values.data(),
                    .head_stride = head_stride,
                    .out = out.data()});
      expect_near(out, expected, 1e-5);
    }
  }
}

TEST_P(DecoderBlocks, NormOverChannelsAgreesWithDoublePrecision) {
  constexpr float kEps = 1e-5F;
  for (const std::size_t channels : {1, 3, 4, 6, 64}) {
    auto values = random_values(channels * kBlock, 1);
    for (float& value : values) value = value * 2 + 50;  // a mean far from 0
    const auto weight = random_values(channels, 2), bias = random_values(channels, 3);
    std::vector<float> expected(values.size());
    BlockMoments moments;
    moments_over_channels(values.data(), channels, kEps, moments);
    for (std::size_t p = 0; p < kBlock; ++p) {
      double mean = 0, variance = 0;
      for (std::size_t c = 0; c < channels; ++c) mean += values[c * kBlock + p];
      mean /= static_cast<double>(channels);
      for (std::size_t c = 0; c < channels; ++c) variance += std::pow(values[c * kBlock + p] - mean, 2);
      const double inverse = 1 / std::sqrt(variance / static_cast<double>(channels) + kEps);
      EXPECT_NEAR(moments.mean[p], mean, 1e-5 * mean);
      if (channels == 1) continue;  // a difference of roundings
      EXPECT_NEAR(moments.inverse_deviation[p], inverse, 2e-5 * inverse);
      for (std::size_t c = 0; c < channels; ++c)
        expected[c * kBlock + p] =
            static_cast<float>(exact_gelu((values[c * kBlock + p] - mean) * inverse * weight[c] + bias[c]));
    }
    if (channels == 1) continue;
    normalise_channels(values.data(), channels, moments, weight.data(), bias.data(), Activation::gelu,
                       values.data());
    expect_near(values, expected, 1e-4);
  }
}

INSTANTIATE_TEST_SUITE_P(All, DecoderBlocks, testing::ValuesIn(available_instruction_sets()), set_name);

}  // namespace
}  // namespace sonde::kernels
