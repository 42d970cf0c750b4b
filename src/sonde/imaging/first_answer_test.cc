// SPDX-License-Identifier: Apache-2.0
#include "sonde/imaging/first_answer.h"

#include <gtest/gtest.h>

namespace sonde {
namespace {

constexpr PointPrompt kInside{{10, 20}, PointLabel::foreground};
constexpr PointPrompt kOutside{{40, 20}, PointLabel::background};
constexpr Box2 kBox{5, 5, 30, 35};

TEST(FirstAnswer, IsTheFirstCandidateOfPointsHoweverMany) {
  EXPECT_EQ(first_answer({{kInside}, {}, {}}), FirstAnswer::first_candidate);
  EXPECT_EQ(first_answer({{kInside, kOutside, kInside}, {}, {}}), FirstAnswer::first_candidate);
}

TEST(FirstAnswer, IsTheSingleAnswerOfAMaskWithOrWithoutPoints) {
  EXPECT_EQ(first_answer({{}, {}, LowResLogits{}}), FirstAnswer::single);
  EXPECT_EQ(first_answer({{kInside}, {}, LowResLogits{}}), FirstAnswer::single);
}

TEST(FirstAnswer, IsTheSingleAnswerOfABoxWithOrWithoutPoints) {
  EXPECT_EQ(first_answer({{}, kBox, {}}), FirstAnswer::single);
  EXPECT_EQ(first_answer({{kOutside, kInside}, kBox, {}}), FirstAnswer::single);
  EXPECT_EQ(first_answer({{}, kBox, LowResLogits{}}), FirstAnswer::single);
}

}  // namespace
}  // namespace sonde
