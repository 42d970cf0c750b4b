// SPDX-License-Identifier: Apache-2.0
#include "sonde/train/measures.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/folder_testing.h"
#include "sonde/evaluate/data_set_testing.h"
#include "sonde/train/guards.h"

namespace sonde {
namespace {

using testing::HasSubstr;

// Pictures 0 and 1 of set a, the others of set b.
std::vector<TrainPicture> pictures(std::size_t count) {
  std::vector<TrainPicture> all(count);
  for (std::size_t i = 0; i < count; ++i) all[i].dataset = i < 2 ? "a" : "b";
  return all;
}

const Measured kOne{0, 0, CheckPrompt::point, {0.1, 0.2, 0.6, 0.3}, {0.9, 0.5, 0.4, 0.8}};

TEST(Chosen, FollowsEachRule) {
  AnswerRules rules;
  rules[PromptKind::point] = AnswerRule::second;
  EXPECT_EQ(chosen(kOne, CheckChoice::single, rules), 0U);
  EXPECT_EQ(chosen(kOne, CheckChoice::first, rules), 1U);
  EXPECT_EQ(chosen(kOne, CheckChoice::third, rules), 3U);
  EXPECT_EQ(chosen(kOne, CheckChoice::confident, rules), 3U);  // of the candidates
  EXPECT_EQ(chosen(kOne, CheckChoice::oracle, rules), 2U);
  EXPECT_EQ(chosen(kOne, CheckChoice::card, rules), 2U);
  EXPECT_DOUBLE_EQ(quality_error(kOne, 0), 0.8);
  EXPECT_DOUBLE_EQ(quality_error({0, 0, CheckPrompt::box, {0.9}, {1.3}}, 0), 0.1);  // cut to 1
}

TEST(MeanOverPrompts, WeighsSetsAndPromptsEqually) {
  std::vector<Measured> measured;
  const auto add = [&](std::size_t picture, CheckPrompt prompt, double iou) {
    measured.push_back({picture, 0, prompt, {iou, iou, iou, iou}, {}});
  };
  for (int prompt = 0; prompt < static_cast<int>(kCheckPrompts); ++prompt) {
    add(0, static_cast<CheckPrompt>(prompt), 0.2);
    add(1, static_cast<CheckPrompt>(prompt), 0.4);
    add(2, static_cast<CheckPrompt>(prompt), prompt == 0 ? 0.9 : 0.1);
  }
  EXPECT_DOUBLE_EQ(mean_of_prompt(CheckPrompt::point, measured, pictures(3), CheckChoice::card, {}), 0.6);
  EXPECT_DOUBLE_EQ(mean_over_prompts(measured, pictures(3), {}), (0.6 + 8 * 0.2) / 9);
}

TEST(ChanceOfGain, CountsTheWaysToTurnSigns) {
  EXPECT_DOUBLE_EQ(chance_of_gain(std::vector{0.1, 0.2, 0.3}, 1), 1.0 / 8);
  EXPECT_DOUBLE_EQ(chance_of_gain(std::vector{0.1, 0.2, -0.3}, 1), 5.0 / 8);
  EXPECT_DOUBLE_EQ(chance_of_gain(std::vector{0.0, 0.0}, 1), 1);
  EXPECT_NEAR(chance_of_gain(std::vector<double>(30, 0.1), 1), 1.0 / 4001, 1e-9);
}

TEST(BestRules, ChangeOnlyWhereTheGainIsMoreThanNoise) {
  const auto measured = [](std::size_t count, double gain_of_odd) {
    std::vector<Measured> all;
    for (std::size_t i = 0; i < count; ++i) {
      const double gain = i % 2 == 0 ? 0.2 : gain_of_odd;
      all.push_back({i, 0, CheckPrompt::two_clicks, {0.5 + gain, 0.5, 0.5 + gain, 0.3}, {}});
    }
    return all;
  };
  EXPECT_EQ(best_rules(measured(8, 0.1), {}, 1)[PromptKind::clicks],
            AnswerRule::single);  // of equals the first
  EXPECT_EQ(best_rules(measured(8, 0.1), {}, 1)[PromptKind::point], AnswerRule::first);    // not measured
  EXPECT_EQ(best_rules(measured(6, 0.1), {}, 1)[PromptKind::clicks], AnswerRule::first);   // too few to tell
  EXPECT_EQ(best_rules(measured(8, -0.2), {}, 1)[PromptKind::clicks], AnswerRule::first);  // noise
}

TEST(MeasureRows, AreWrittenAndReadBack) {
  std::vector<Measured> measured(4, kOne);
  for (std::size_t i = 0; i < 3; ++i) measured[i].picture = i;
  measured[3].iou = {0.3, 0.4, 0.5, 0.6};
  const auto rows = measure_rows(50, SplitPart::validation, measured, pictures(3), {}, 1);
  ASSERT_EQ(rows.size(), 2 * kCheckChoices);
  EXPECT_EQ(rows[0].iou.n, 3);
  EXPECT_DOUBLE_EQ(rows[0].iou.mean, (0.1 + 0.1 + 0.3) / 3);
  EXPECT_LT(rows[0].iou.interval.low, rows[0].iou.mean);
  EXPECT_TRUE(std::isnan(rows.back().iou.interval.low));  // one picture
  const std::string text = measure_csv(rows);
  EXPECT_THAT(text, HasSubstr("\n50,a,validation,1 point,single,3,0.166667,"));
  EXPECT_THAT(text, HasSubstr("\n50,b,validation,1 point,oracle,1,0.600000,,,0.200000\n"));
  const TestFolder folder;
  EXPECT_EQ(measure_csv(read_measure_csv(write_text(folder.path() / "v.csv", text))), text);
}

TEST(Comparisons, PairObjectsBeforeAndAfterByEachOnesRules) {
  std::vector<Measured> before, after;
  for (std::size_t i = 0; i < 20; ++i) {
    before.push_back({i, 0, CheckPrompt::point, {0.1, 0.2, 0.3, 0.1}, {0.9, 0.9, 0.9, 0.9}});
    after.push_back(
        {i, 0, CheckPrompt::point, {0.7 + 0.01 * static_cast<double>(i), 0.2, 0.3, 0.1}, {0.7, 0, 0, 0}});
  }
  AnswerRules single;
  single[PromptKind::point] = AnswerRule::single;
  auto all = pictures(20);
  for (TrainPicture& one : all) one.dataset = "a";
  const auto compared = comparisons({before, {}}, {after, single}, all, 1);
  ASSERT_EQ(compared.size(), 2U);  // card, oracle
  EXPECT_EQ(compared[0].after.choice, "card");
  EXPECT_NEAR(compared[0].before.iou, 0.2, 1e-12);
  EXPECT_NEAR(compared[0].after.iou, 0.795, 1e-12);
  EXPECT_NEAR(compared[0].before.predicted_iou_error, 0.7, 1e-12);
  EXPECT_LT(compared[0].p, 1e-4);
  EXPECT_NEAR(compared[1].after.iou, 0.3, 1e-12);
  EXPECT_EQ(compared[1].p, 1);
}

TEST(Guards, SayWhatHasBecomeWorse) {
  const CheckFigures before{
      .mean = 0.3, .box = 0.6, .jittered_box = 0.5, .quality_error = 0.4, .two_points = 0.99, .outside = 0.2};
  CheckFigures after{.mean = 0.5,
                     .box = 0.585,
                     .jittered_box = 0.47,
                     .quality_error = 0.1,
                     .two_points = 1,
                     .outside = 0.26};
  EXPECT_FALSE(stays_sensitive(before, after));
  const auto sensitivity = sensitivity_guards(before, after);
  EXPECT_TRUE(sensitivity[0].passed);
  EXPECT_FALSE(sensitivity[1].passed);
  after.outside = 0.25;
  EXPECT_TRUE(stays_sensitive(before, after));
  const auto boxes = box_guards(before, after);
  EXPECT_TRUE(boxes[0].passed);
  EXPECT_FALSE(boxes[1].passed);
  EXPECT_THAT(guard_csv(boxes), HasSubstr("box kept: IoU of jittered boxes,0.5,0.47,0.48,no\n"));
  EXPECT_TRUE(sensitivity_guards({}, after).empty());  // was not measured
}

TEST(Guards, StopAfterThreeBadStepsInARowOrOneInTwenty) {
  EXPECT_FALSE((SkippedSteps{2, 2}.too_many(5)));
  EXPECT_TRUE((SkippedSteps{3, 3}.too_many(5)));
  EXPECT_FALSE((SkippedSteps{2, 1}.too_many(40)));
  EXPECT_TRUE((SkippedSteps{3, 1}.too_many(40)));
  EXPECT_EQ(norm_limit(std::vector<double>(9, 2)), 0);  // too few to tell
  EXPECT_EQ(norm_limit(std::vector<double>(11, 2)), 200);
}

TEST(Guards, NameTheGuardSetThatFell) {
  std::vector<Measured> before{{0, 0, CheckPrompt::box, {0.8}, {}}, {2, 0, CheckPrompt::box, {0.8}, {}}},
      after = before;
  after[1].iou[0] = 0.7;
  const auto guards = regression_guards(before, {}, after, {}, pictures(3));
  ASSERT_EQ(guards.size(), 6U);
  EXPECT_EQ(guards[4].name, "zero-shot: b: box");
  EXPECT_FALSE(guards[4].passed);
  EXPECT_TRUE(guards[1].passed);
}

}  // namespace
}  // namespace sonde
