// SPDX-License-Identifier: Apache-2.0
#include "sonde/core/half.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace sonde {
namespace {

TEST(Half, BecomesTheFloatOfTheSameValue) {
  EXPECT_EQ(float_from_half(0x3c00), 1.0F);
  EXPECT_EQ(float_from_half(0xc000), -2.0F);
  EXPECT_EQ(float_from_half(0x7bff), 65504.0F);
  EXPECT_EQ(float_from_half(0x0400), 0x1p-14F);
  EXPECT_EQ(float_from_half(0x03ff), 1023 * 0x1p-24F);
  EXPECT_EQ(float_from_half(0x0001), 0x1p-24F);
  EXPECT_TRUE(std::signbit(float_from_half(0x8000)));
  EXPECT_EQ(float_from_half(0xfc00), -std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(float_from_half(0x7e01)));
}

TEST(Half, SurvivesTheWayToAFloatAndBack) {
  for (std::uint32_t half = 0; half < 0x10000; ++half) {
    const float value = float_from_half(static_cast<std::uint16_t>(half));
    if (!std::isnan(value)) {
      ASSERT_EQ(half_from_float(value), half);
    }
  }
}

TEST(Half, IsTheNearestAndTheEvenOneOfTwo) {
  for (std::uint32_t half = 0; half < 0x7bff; ++half) {
    const float low = float_from_half(static_cast<std::uint16_t>(half)),
                high = float_from_half(static_cast<std::uint16_t>(half + 1)), middle = (low + high) / 2;
    ASSERT_EQ(half_from_float(middle), half + (half & 1U)) << low;
    ASSERT_EQ(half_from_float(std::nextafter(middle, low)), half) << low;
    ASSERT_EQ(half_from_float(std::nextafter(middle, high)), half + 1) << low;
    ASSERT_EQ(half_from_float(-std::nextafter(middle, high)), 0x8000 + half + 1) << low;
  }
}

TEST(Half, IsInfiniteWhereAFloatIsTooLarge) {
  EXPECT_EQ(half_from_float(65519.9F), 0x7bff);
  EXPECT_EQ(half_from_float(65520.0F), 0x7c00);
  EXPECT_EQ(half_from_float(-1e30F), 0xfc00);
  EXPECT_EQ(half_from_float(std::numeric_limits<float>::infinity()), 0x7c00);
  EXPECT_EQ(half_from_float(std::numeric_limits<float>::quiet_NaN()) & 0x7fff, 0x7e00);
  EXPECT_EQ(half_from_float(1e-30F), 0);
  EXPECT_EQ(half_from_float(-0.0F), 0x8000);
}

}  // namespace
}  // namespace sonde
