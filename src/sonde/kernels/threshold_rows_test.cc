// SPDX-License-Identifier: Apache-2.0
#include "sonde/kernels/threshold_rows.h"

#include "sonde/kernels/kernels_testing.h"

namespace sonde::kernels {
namespace {

using ThresholdRows = EveryInstructionSet;

struct Rows {
  explicit Rows(std::size_t count)
      : a(random_values(count + 1, 1)), b(random_values(count + 1, 2)), c(random_values(count + 1, 3)) {}
  // From the second value on: misaligned.
  ThreeRows mix(std::size_t count) const {
    return {
        .rows = {a.data() + 1, b.data() + 1, c.data() + 1}, .weights = {0.25F, 1.5F, -0.75F}, .count = count};
  }
  std::vector<float> a, b, c;
};

TEST_P(ThresholdRows, MixIsTheWeightedSumOfThreeRows) {
  for (const std::size_t count : {1, 3, 15, 16, 17, 100}) {
    const Rows rows(count);
    std::vector<float> out(count + 1, -9), expected;
    for (std::size_t i = 1; i <= count; ++i)
      expected.push_back(0.25F * rows.a[i] + 1.5F * rows.b[i] - 0.75F * rows.c[i]);
    expected.push_back(-9);  // not written
    mix_rows(rows.mix(count), out.data());
    expect_near(out, expected, 1e-6);
  }
}

TEST_P(ThresholdRows, GivesOnesWhereTheMixIsAboveZeroAndCountsAtThreeThresholds) {
  for (const std::size_t count : {kRowStep, 5 * kRowStep}) {
    const Rows rows(count);
    std::vector<float> mixed(count);
    mix_rows(rows.mix(count), mixed.data());
    std::vector<std::uint8_t> out(count + 1, 7);
    const RowCounts counts = threshold_rows(rows.mix(count), out.data());
    std::int64_t zero = 0, one = 0, minus_one = 0;
    for (std::size_t i = 0; i < count; ++i) {
      EXPECT_EQ(out[i], mixed[i] > 0 ? 1 : 0);
      zero += mixed[i] > 0 ? 1 : 0;
      one += mixed[i] > 1 ? 1 : 0;
      minus_one += mixed[i] > -1 ? 1 : 0;
    }
    EXPECT_EQ(out[count], 7);
    EXPECT_EQ(counts.above_zero, zero);
    EXPECT_EQ(counts.above_one, one);
    EXPECT_EQ(counts.above_minus_one, minus_one);
  }
}

INSTANTIATE_TEST_SUITE_P(All, ThresholdRows, testing::ValuesIn(available_instruction_sets()), set_name);

}  // namespace
}  // namespace sonde::kernels
