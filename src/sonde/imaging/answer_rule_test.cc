// SPDX-License-Identifier: Apache-2.0
#include "sonde/imaging/answer_rule.h"

#include <array>

#include <gtest/gtest.h>

#include "sonde/core/error.h"

namespace sonde {
namespace {

constexpr PointPrompt kInside{{10, 20}, PointLabel::foreground};
constexpr PointPrompt kOutside{{40, 20}, PointLabel::background};
constexpr Box2 kBox{5, 5, 30, 35};

TEST(PromptKindTest, IsOfPointsByTheirNumber) {
  EXPECT_EQ(kind_of({{kInside}, {}, {}}), PromptKind::point);
  EXPECT_EQ(kind_of({{kInside, kOutside}, {}, {}}), PromptKind::clicks);
  EXPECT_EQ(kind_of({{kInside, kOutside, kInside, kInside}, {}, {}}), PromptKind::clicks);
  EXPECT_EQ(kind_of({{kInside, kOutside, kInside, kInside, kOutside}, {}, {}}), PromptKind::many_clicks);
}

TEST(PromptKindTest, IsOfABoxAndOfAMaskWithWhatIsBesideThem) {
  EXPECT_EQ(kind_of({{}, kBox, {}}), PromptKind::box);
  EXPECT_EQ(kind_of({{kOutside}, kBox, {}}), PromptKind::box_with_points);
  EXPECT_EQ(kind_of({{}, {}, LowResLogits{}}), PromptKind::mask);
  EXPECT_EQ(kind_of({{kInside}, {}, LowResLogits{}}), PromptKind::mask);
  EXPECT_EQ(kind_of({{kInside}, kBox, LowResLogits{}}), PromptKind::mask);
  EXPECT_EQ(kind_of({{}, {}, {}, "liver"}), PromptKind::class_name);
  EXPECT_EQ(kind_of({{kInside}, kBox, LowResLogits{}, "liver"}), PromptKind::class_name);
}

TEST(AnswerRules, AreByDefaultFirstOfPointsAndSingleOfAllElse) {
  const AnswerRules rules;
  for (const PromptKind kind : {PromptKind::point, PromptKind::clicks, PromptKind::many_clicks})
    EXPECT_EQ(rules[kind], AnswerRule::first) << to_string(kind);
  for (const PromptKind kind :
       {PromptKind::box, PromptKind::box_with_points, PromptKind::mask, PromptKind::class_name})
    EXPECT_EQ(rules[kind], AnswerRule::single) << to_string(kind);
}

TEST(AnswerIndex, FindsTheAnswerOfARuleAmongWhatWasDecoded) {
  constexpr std::array kThree{0.5, 0.9, 0.9};
  constexpr std::array kOne{0.1};
  constexpr std::array kAll{0.95, 0.5, 0.7, 0.9};
  EXPECT_EQ(answer_index(AnswerRule::first, MaskSet::three, kThree), 0U);
  EXPECT_EQ(answer_index(AnswerRule::third, MaskSet::three, kThree), 2U);
  EXPECT_EQ(answer_index(AnswerRule::confident, MaskSet::three, kThree), 1U);  // the first of equals
  EXPECT_EQ(answer_index(AnswerRule::single, MaskSet::single, kOne), 0U);
  EXPECT_EQ(answer_index(AnswerRule::single, MaskSet::all, kAll), 0U);
  EXPECT_EQ(answer_index(AnswerRule::second, MaskSet::all, kAll), 2U);
  // The single mask is not among those that are compared.
  EXPECT_EQ(answer_index(AnswerRule::confident, MaskSet::all, kAll), 3U);
}

TEST(AnswerIndex, IsNotOfMasksThatWereNotDecoded) {
  constexpr std::array kThree{0.5, 0.9, 0.9};
  EXPECT_THROW(answer_index(AnswerRule::single, MaskSet::three, kThree), Error);
  EXPECT_THROW(answer_index(AnswerRule::first, MaskSet::single, std::span(kThree).first(1)), Error);
  EXPECT_THROW(answer_index(AnswerRule::first, MaskSet::all, kThree), Error);
}

TEST(AnswerIndex, IsOfTheMasksThatARuleAsksFor) {
  constexpr std::array kIous{0.5, 0.9, 0.4};
  for (const AnswerRule rule : {AnswerRule::single, AnswerRule::first, AnswerRule::second, AnswerRule::third,
                                AnswerRule::confident}) {
    const MaskSet masks = masks_for(rule);
    EXPECT_LT(answer_index(rule, masks, std::span(kIous).first(mask_count(masks))), mask_count(masks));
  }
}

}  // namespace
}  // namespace sonde
