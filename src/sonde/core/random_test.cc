// SPDX-License-Identifier: Apache-2.0
#include "sonde/core/random.h"

#include <array>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace sonde {
namespace {

TEST(Random, RepeatsWithItsSeedOnEveryMachine) {
  Random random(5489);
  EXPECT_EQ(random.next(), 14514284786278117030u);  // the standard's own value for mt19937_64
  Random again(5489);
  EXPECT_EQ(again.next(), 14514284786278117030u);
}

TEST(Random, DrawsEveryNumberBelowTheLimitAboutEquallyOften) {
  Random random(1);
  std::array<int, 7> counts{};
  for (int i = 0; i < 70000; ++i) ++counts[random.below(7)];
  for (const int count : counts) EXPECT_NEAR(count, 10000, 400);
  EXPECT_EQ(random.below(1), 0u);
}

TEST(Random, DrawsUniformNumbersFromZeroToBelowOne) {
  Random random(2);
  double sum = 0;
  for (int i = 0; i < 10000; ++i) {
    const double value = random.uniform();
    ASSERT_GE(value, 0);
    ASSERT_LT(value, 1);
    sum += value;
  }
  EXPECT_NEAR(sum / 10000, 0.5, 0.02);
}

TEST(NamedSeed, DiffersForEachSeedAndName) {
  std::set<std::uint64_t> seeds;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    for (int i = 0; i < 20; ++i) seeds.insert(named_seed(seed, "task " + std::to_string(i)));
  }
  EXPECT_EQ(seeds.size(), 400u);
  EXPECT_EQ(named_seed(3, "a"), named_seed(3, "a"));
}

}  // namespace
}  // namespace sonde
