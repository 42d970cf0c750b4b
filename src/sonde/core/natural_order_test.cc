// SPDX-License-Identifier: Apache-2.0
#include "sonde/core/natural_order.h"

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace sonde {
namespace {

TEST(NameBefore, ComparesRunsOfDigitsByValue) {
  EXPECT_TRUE(name_before("slice2", "slice10"));
  EXPECT_TRUE(name_before("a99999999999999999999999998", "a99999999999999999999999999"));
  EXPECT_TRUE(name_before("a99999999999999999999999999", "a100000000000000000000000000"));
  EXPECT_TRUE(name_before("a01", "a1"));  // equal values: bytewise
  EXPECT_FALSE(name_before("a1", "a01"));
  EXPECT_TRUE(name_before("a01b", "a1c"));
  EXPECT_TRUE(name_before("z", "\xc3\xa9"));
  EXPECT_TRUE(name_before("a0", "a00"));
  EXPECT_FALSE(name_before("", ""));
  EXPECT_TRUE(name_before("a", "a1"));
}

TEST(NameBefore, IsAStrictTotalOrder) {
  std::mt19937 random(5);
  std::vector<std::string> names;
  for (int i = 0; i < 60; ++i) {
    std::string name;
    for (auto length = random() % 5; length > 0; --length) name += "001299aB#\xff"[random() % 10];
    names.push_back(name);
  }
  for (const auto& a : names) {
    for (const auto& b : names) {
      EXPECT_EQ(name_before(a, b) + name_before(b, a), a == b ? 0 : 1) << a << " " << b;
      for (const auto& c : names) {
        EXPECT_TRUE(!name_before(a, b) || !name_before(b, c) || name_before(a, c))
            << a << " " << b << " " << c;
      }
    }
  }
}

}  // namespace
}  // namespace sonde
