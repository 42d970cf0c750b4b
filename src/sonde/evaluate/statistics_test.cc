// SPDX-License-Identifier: Apache-2.0
#include "sonde/evaluate/statistics.h"

#include <algorithm>
#include <cmath>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/evaluate/statistics_testing.h"

namespace sonde {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;

TEST(ClusteredMean, OfNothingIsNotANumber) {
  const Estimate estimate = clustered_mean({}, 1);
  EXPECT_EQ(estimate.n, 0);
  EXPECT_TRUE(std::isnan(estimate.mean));
  EXPECT_TRUE(std::isnan(estimate.interval.low));
}

TEST(ClusteredMean, OfOneClusterHasNoInterval) {
  const std::vector<ClusteredValue> values{{0.1, 7}, {0.5, 7}, {0.9, 7}};
  const Estimate estimate = clustered_mean(values, 1);
  EXPECT_EQ(estimate.n, 3);
  EXPECT_DOUBLE_EQ(estimate.mean, 0.5);
  EXPECT_TRUE(std::isnan(estimate.interval.low));
  EXPECT_TRUE(std::isnan(estimate.interval.high));
}

TEST(ClusteredMean, WeighsObjectsNotClusters) {
  const std::vector<ClusteredValue> values{{1, 1}, {0, 2}, {0, 2}, {0, 2}};
  const Estimate estimate = clustered_mean(values, 1);
  EXPECT_EQ(estimate.mean, 0.25);
  // Both clusters are the same one in half of the samples: 0 or 1 in a quarter each.
  EXPECT_EQ(estimate.interval.low, 0);
  EXPECT_EQ(estimate.interval.high, 1);
}

TEST(ClusteredMean, OfManyLoneObjectsHasTheWidthOfTheNormalInterval) {
  std::mt19937 random(1);
  std::normal_distribution<double> normal(0.6, 0.1);
  std::vector<ClusteredValue> values;
  for (int i = 0; i < 400; ++i) values.push_back({normal(random), i});
  const Estimate estimate = clustered_mean(values, 3);
  const double half = 1.96 * 0.1 / 20;
  EXPECT_NEAR(estimate.interval.low, estimate.mean - half, half / 5);
  EXPECT_NEAR(estimate.interval.high, estimate.mean + half, half / 5);
}

TEST(ClusteredMean, IsWiderWhereObjectsOfAClusterAreAlike) {
  std::vector<ClusteredValue> alike;
  std::vector<ClusteredValue> alone;
  for (int i = 0; i < 400; ++i) {
    const double value = std::sin(i / 20 * 1.7);
    alike.push_back({value, i / 20});
    alone.push_back({value, i});
  }
  const auto width = [](const Estimate& e) { return e.interval.high - e.interval.low; };
  EXPECT_NEAR(width(clustered_mean(alike, 1)) / width(clustered_mean(alone, 1)), std::sqrt(20.0), 1);
}

TEST(ClusteredMean, IsTheSameWhateverTheOrderOfTheRows) {
  std::mt19937 random(2);
  std::vector<ClusteredValue> values;
  for (int i = 0; i < 100; ++i) values.push_back({0.1 * (i % 13), static_cast<std::int64_t>(random() % 9)});
  const Estimate estimate = clustered_mean(values, 5);
  for (int round = 0; round < 5; ++round) {
    std::shuffle(values.begin(), values.end(), random);
    const Estimate again = clustered_mean(values, 5);
    EXPECT_EQ(again.mean, estimate.mean);
    EXPECT_EQ(again.interval.low, estimate.interval.low);
    EXPECT_EQ(again.interval.high, estimate.interval.high);
  }
  EXPECT_NE(clustered_mean(values, 6).interval.low, estimate.interval.low);
}

TEST(RankCorrelation, NeedsThreePairsThatVary) {
  const std::vector<ClusteredPair> two{{1, 2, 1}, {2, 3, 2}};
  EXPECT_FALSE(rank_correlation(two, 1));
  const std::vector<ClusteredPair> constant{{1, 2, 1}, {2, 2, 2}, {3, 2, 3}};
  EXPECT_FALSE(rank_correlation(constant, 1));
}

TEST(RankCorrelation, IsOneForWhateverGrows) {
  std::vector<ClusteredPair> pairs;
  for (int i = 0; i < 20; ++i) pairs.push_back({std::exp(i), std::sqrt(i), i});
  const auto grows = rank_correlation(pairs, 1);
  ASSERT_TRUE(grows);
  EXPECT_EQ(grows->mean, 1);
  EXPECT_EQ(grows->interval.low, 1);
  EXPECT_EQ(grows->n, 20);
  for (auto& pair : pairs) pair.y = -pair.y;
  EXPECT_EQ(rank_correlation(pairs, 1)->mean, -1);
}

TEST(RankCorrelation, KnowsTextbookValuesWithAndWithoutTies) {
  // IQ and hours of television, Wikipedia's example: -29/165.
  const std::vector<ClusteredPair> television{{106, 7, 0}, {100, 27, 1}, {86, 2, 2},  {101, 50, 3},
                                              {99, 28, 4}, {103, 29, 5}, {97, 20, 6}, {113, 12, 7},
                                              {112, 6, 8}, {110, 17, 9}};
  const auto rho = rank_correlation(television, 1);
  EXPECT_NEAR(rho->mean, -29.0 / 165, 1e-12);
  EXPECT_LT(rho->interval.low, rho->mean);
  EXPECT_GT(rho->interval.high, rho->mean);
  // Ranks 1 2.5 2.5 4 against 1 2 3 4: 4.5 / sqrt(4.5 * 5).
  const std::vector<ClusteredPair> tied{{1, 1, 0}, {2, 2, 1}, {2, 3, 2}, {5, 9, 3}};
  EXPECT_NEAR(rank_correlation(tied, 1)->mean, 4.5 / std::sqrt(22.5), 1e-12);
}

TEST(RankCorrelation, IsTheSameWhateverTheOrderOfTheRows) {
  std::mt19937 random(4);
  std::vector<ClusteredPair> pairs;
  for (int i = 0; i < 60; ++i) {
    pairs.push_back({static_cast<double>(random() % 20), static_cast<double>(random() % 20), i % 11});
  }
  const auto first = rank_correlation(pairs, 1);
  std::shuffle(pairs.begin(), pairs.end(), random);
  const auto again = rank_correlation(pairs, 1);
  EXPECT_EQ(first->mean, again->mean);
  EXPECT_EQ(first->interval.low, again->interval.low);
  EXPECT_EQ(first->interval.high, again->interval.high);
}

TEST(WilcoxonP, KnowsPublishedExamples) {
  // Darwin's maize (scipy's documentation) and Hollander and Wolfe's depression scores (R's).
  const std::vector<double> maize{6, 8, 14, 16, 23, 24, 28, 29, 41, -48, 49, 56, 60, -67, 75};
  EXPECT_DOUBLE_EQ(wilcoxon_p(maize), 0.041259765625);
  const std::vector<double> depression{1.83 - 0.878, 0.50 - 0.647, 1.62 - 0.598, 2.48 - 2.05, 1.68 - 1.06,
                                       1.88 - 1.29,  1.55 - 1.06,  3.06 - 3.14,  1.30 - 1.29};
  EXPECT_DOUBLE_EQ(wilcoxon_p(depression), 20.0 / 512);
}

TEST(WilcoxonP, EqualsCountingAllSignsOfFewDifferences) {
  std::mt19937 random(3);
  for (unsigned n = 1; n <= 11; ++n) {
    std::vector<double> differences;
    int observed = 0;
    for (unsigned rank = 1; rank <= n; ++rank) {
      const bool positive = random() % 3 != 0;
      differences.push_back((positive ? 0.1 : -0.1) * rank);
      observed += positive ? static_cast<int>(rank) : 0;
    }
    const int all = static_cast<int>(n * (n + 1) / 2);
    int as_extreme = 0;
    for (unsigned signs = 0; signs < (1U << n); ++signs) {
      int sum = 0;
      for (unsigned rank = 1; rank <= n; ++rank)
        sum += (signs >> (rank - 1) & 1U) != 0 ? static_cast<int>(rank) : 0;
      as_extreme += std::abs(2 * sum - all) >= std::abs(2 * observed - all) ? 1 : 0;
    }
    std::shuffle(differences.begin(), differences.end(), random);
    EXPECT_DOUBLE_EQ(wilcoxon_p(differences), as_extreme / std::pow(2.0, n)) << n;
  }
}

TEST(WilcoxonP, DropsZerosAndIsOneWithoutAnyOtherDifference) {
  EXPECT_EQ(wilcoxon_p({}), 1);
  EXPECT_EQ(wilcoxon_p(std::vector<double>{0, 0, 0}), 1);
  EXPECT_EQ(wilcoxon_p(std::vector<double>{0, 1, 0, 2, 3, 0}), wilcoxon_p(std::vector<double>{1, 2, 3}));
  EXPECT_EQ(wilcoxon_p(std::vector<double>{1, -1, 2, -2}), 1);
}

TEST(WilcoxonP, UsesTheNormalDistributionForTiesAndManyDifferences) {
  // Four equal ranks of 2.5: sum 10, mean 5, variance 4 * 5 * 9 / 24 - 60 / 48 = 6.25; z = 4.5 / 2.5.
  EXPECT_NEAR(wilcoxon_p(std::vector<double>{1, 1, 1, 1}), std::erfc(1.8 / std::sqrt(2.0)), 1e-12);
  std::vector<double> differences;
  for (int i = 1; i <= 26; ++i) differences.push_back(i % 4 == 0 ? -i : i);
  const double approximate = wilcoxon_p(differences);
  differences.erase(differences.begin() + 1);
  EXPECT_NEAR(approximate, wilcoxon_p(differences), 0.005);  // 25: exact
  EXPECT_LT(approximate, 0.05);
}

TEST(Holm, StepsDownAndNeverExceedsOne) {
  const std::vector<double> p{0.01, 0.04, 0.03, 0.005};
  EXPECT_THAT(holm(p), ElementsAre(DoubleNear(0.03, 1e-12), DoubleNear(0.06, 1e-12), DoubleNear(0.06, 1e-12),
                                   DoubleNear(0.02, 1e-12)));
  EXPECT_THAT(holm(std::vector<double>{0.6, 0.7}), ElementsAre(1, 1));
  EXPECT_TRUE(holm({}).empty());
}

}  // namespace
}  // namespace sonde
