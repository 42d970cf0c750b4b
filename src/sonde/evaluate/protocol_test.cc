// SPDX-License-Identifier: Apache-2.0
#include "sonde/evaluate/protocol.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/error.h"
#include "sonde/evaluate/segmenter_testing.h"
#include "sonde/evaluate/shapes_testing.h"

namespace sonde {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr Extent2 kPicture{60, 40};
const RgbImage kImage{kPicture, std::vector<std::uint8_t>(60 * 40 * 3)};

ProtocolOptions options(std::vector<int> modes, int clicks, std::vector<Choice> choices) {
  ProtocolOptions o;
  o.modes = std::move(modes);
  o.clicks = clicks;
  o.choices = std::move(choices);
  o.user.ties = Ties::first;
  return o;
}

ProtocolTask task_of(const Mask& truth, const Mask& any_class) {
  return {.name = "task", .truth = truth, .any_class = &any_class, .spacing = {1, 1}};
}

std::vector<Outcome> run(const Mask& truth, const ProtocolOptions& o, FakeModel& model) {
  return run_protocol(task_of(truth, truth), model.open()(kImage), o);
}

const Outcome& find(const std::vector<Outcome>& outcomes, const std::string& protocol, Choice choice,
                    int step = 1) {
  const auto found = std::find_if(outcomes.begin(), outcomes.end(), [&](const Outcome& o) {
    return o.protocol == protocol && o.choice == choice && o.step == step;
  });
  if (found == outcomes.end()) throw std::runtime_error("no such outcome");
  return *found;
}

TEST(RunProtocol, GivesEveryModeAndClickForEveryChoiceOnce) {
  FakeModel model;
  const auto outcomes = run(filled_box(kPicture, {10, 10, 29, 29}),
                            options({1, 3, 5}, 4, {Choice::confidence, Choice::oracle}), model);
  ASSERT_EQ(outcomes.size(), 3U * 2 + 4 * 2);
  EXPECT_EQ(outcomes.front().protocol, "mode1");
  EXPECT_EQ(find(outcomes, "clicks", Choice::oracle, 4).step, 4);
}

TEST(RunProtocol, SendsAPromptThatSeveralModesAndChoicesShareOnce) {
  FakeModel model;
  run(filled_box(kPicture, {10, 10, 29, 29}),
      options({1, 2, 3, 4, 5}, 1, {Choice::confidence, Choice::first, Choice::oracle, Choice::single}),
      model);
  EXPECT_EQ(model.calls, 1);
  EXPECT_EQ(model.prompts, 2) << "one region: a point and a box";
}

TEST(RunProtocol, AsksOnceARoundForAllChoices) {
  FakeModel model;
  run(filled_box(kPicture, {10, 10, 29, 29}),
      options({1}, 5, {Choice::confidence, Choice::first, Choice::oracle}), model);
  EXPECT_EQ(model.calls, 5);
}

TEST(RunProtocol, ChoosesByConfidenceTheFirstByTheTruthOrTheSingleMask) {
  FakeModel model;
  // The fake's second candidate, its box shrunk by one, is exactly right for a box that is one too wide.
  auto o = options({5}, 0, {Choice::confidence, Choice::first, Choice::oracle, Choice::single});
  o.user.slack = 0.05;
  const auto outcomes = run(filled_box(kPicture, {10, 10, 29, 29}), o, model);
  EXPECT_EQ(find(outcomes, "mode5", Choice::confidence).candidate, 2);
  EXPECT_EQ(find(outcomes, "mode5", Choice::first).candidate, 0);
  EXPECT_EQ(find(outcomes, "mode5", Choice::oracle).candidate, 1);
  EXPECT_EQ(find(outcomes, "mode5", Choice::oracle).scores.iou, 1);
  EXPECT_EQ(find(outcomes, "mode5", Choice::single).candidate, std::nullopt);
  EXPECT_DOUBLE_EQ(find(outcomes, "mode5", Choice::first).scores.iou, 400.0 / 484);
  EXPECT_DOUBLE_EQ(find(outcomes, "mode5", Choice::confidence).predicted_iou, 0.7);
}

TEST(RunProtocol, TakesOfEachKindOfPromptWhatTheCardSays) {
  FakeModel model;
  const Mask truth = filled_box(kPicture, {10, 10, 29, 29});
  auto o = options({1, 4, 5}, 6, {Choice::card});
  o.rules[PromptKind::point] = AnswerRule::second;
  o.rules[PromptKind::clicks] = AnswerRule::third;
  o.rules[PromptKind::many_clicks] = AnswerRule::confident;
  o.rules[PromptKind::box] = AnswerRule::first;
  const auto outcomes = run(truth, o, model);
  EXPECT_EQ(find(outcomes, "mode1", Choice::card).candidate, 1);
  EXPECT_EQ(find(outcomes, "mode4", Choice::card).candidate, 0);
  EXPECT_EQ(find(outcomes, "mode5", Choice::card).candidate, 0);
  EXPECT_EQ(find(outcomes, "clicks", Choice::card, 1).candidate, 1);
  EXPECT_EQ(find(outcomes, "clicks", Choice::card, 4).candidate, 2);
  EXPECT_EQ(find(outcomes, "clicks", Choice::card, 5).candidate, 2);
  o.rules[PromptKind::box] = AnswerRule::single;
  EXPECT_EQ(find(run(truth, o, model), "mode5", Choice::card).candidate, std::nullopt);
  // A mask that is sent back makes another kind of prompt.
  o.feedback = Feedback::logits;
  o.rules[PromptKind::mask] = AnswerRule::first;
  const auto fed_back = run(truth, o, model);
  EXPECT_EQ(find(fed_back, "clicks", Choice::card, 1).candidate, 1);
  EXPECT_EQ(find(fed_back, "clicks", Choice::card, 2).candidate, 0);
}

TEST(RunProtocol, GivesTheCardsChoiceTheScoresOfTheSameChoiceByName) {
  FakeModel model;
  auto o = options({1, 2, 3, 4, 5}, 6, {Choice::card, Choice::first});
  o.rules = AnswerRules{};
  for (AnswerRule& rule : o.rules.of_kind) rule = AnswerRule::first;
  const auto outcomes = run(filled_box(kPicture, {10, 10, 29, 19}), o, model);
  for (const Outcome& outcome : outcomes) {
    if (outcome.choice != Choice::card) continue;
    const Outcome& first = find(outcomes, outcome.protocol, Choice::first, outcome.step);
    EXPECT_EQ(outcome.prompt, first.prompt);
    EXPECT_EQ(outcome.scores.iou, first.scores.iou);
  }
}

TEST(RunProtocol, UnitesTheBoxesOfModeFourAndAddsTheirPredictedIous) {
  FakeModel model;
  Mask truth = filled_box(kPicture, {2, 2, 11, 11});
  const Mask other = filled_box(kPicture, {30, 20, 49, 29});
  for (std::size_t i = 0; i < truth.pixels.size(); ++i) truth.pixels[i] |= other.pixels[i];
  const auto outcomes = run(truth, options({3, 4, 5}, 0, {Choice::first}), model);
  EXPECT_EQ(find(outcomes, "mode4", Choice::first).scores.iou, 1);
  EXPECT_EQ(find(outcomes, "mode4", Choice::first).prompt, "30,20,49,29;2,2,11,11");
  EXPECT_DOUBLE_EQ(find(outcomes, "mode4", Choice::first).predicted_iou, 1.0);
  EXPECT_DOUBLE_EQ(find(outcomes, "mode3", Choice::first).scores.iou, 200.0 / 300);
  EXPECT_LT(find(outcomes, "mode5", Choice::first).scores.iou, 0.3);
}

TEST(RunProtocol, AddsAClickToAllEarlierOnes) {
  FakeModel model;
  const auto outcomes = run(filled_box(kPicture, {10, 10, 29, 19}), options({}, 3, {Choice::first}), model);
  const std::string second = find(outcomes, "clicks", Choice::first, 2).prompt;
  EXPECT_EQ(find(outcomes, "clicks", Choice::first, 1).prompt, "+14,14");
  EXPECT_THAT(second, testing::StartsWith("+14,14;+"));
  EXPECT_THAT(find(outcomes, "clicks", Choice::first, 3).prompt, testing::StartsWith(second + ";"));
  EXPECT_GT(find(outcomes, "clicks", Choice::first, 3).scores.iou,
            find(outcomes, "clicks", Choice::first, 1).scores.iou);
}

TEST(RunProtocol, StopsClickingWhenNothingIsWrongAndKeepsTheScore) {
  // Its first candidate is a disc of radius 3 round the click: the truth itself.
  FakeModel model;
  const Segmenter segmenter = model.open()(kImage);
  const Prompt click{{{{20, 20}, PointLabel::foreground}}, {}, {}};
  const Mask disc = segmenter(std::span(&click, 1), MaskSet::three).front().candidates.front().mask;
  model.prompts = 0;
  const auto outcomes = run(disc, options({}, 5, {Choice::first}), model);
  ASSERT_EQ(outcomes.size(), 5U);
  EXPECT_EQ(model.prompts, 1);
  for (const Outcome& outcome : outcomes) {
    EXPECT_EQ(outcome.scores.iou, 1);
    EXPECT_EQ(outcome.prompt, "+20,20");
  }
  EXPECT_EQ(outcomes.back().step, 5);
}

TEST(RunProtocol, SendsTheChosenMaskBackWhereFeedbackIsAskedFor) {
  FakeModel model;
  const Segmenter inner = model.open()(kImage);
  std::vector<Prompt> sent;
  const Segmenter recording = [&](std::span<const Prompt> prompts, MaskSet wanted) {
    sent.insert(sent.end(), prompts.begin(), prompts.end());
    return inner(prompts, wanted);
  };
  const Mask truth = filled_box(kPicture, {10, 10, 29, 29});
  auto o = options({}, 2, {Choice::confidence, Choice::first});
  run_protocol(task_of(truth, truth), recording, o);
  for (const Prompt& prompt : sent) EXPECT_FALSE(prompt.mask);
  sent.clear();
  o.feedback = Feedback::logits;
  run_protocol(task_of(truth, truth), recording, o);
  ASSERT_EQ(sent.size(), 3U);
  EXPECT_FALSE(sent[0].mask);
  EXPECT_TRUE(sent[1].mask && sent[2].mask);
}

TEST(RunProtocol, ScoresInTheSpacingItIsGiven) {
  FakeModel model;
  const Mask truth = filled_box(kPicture, {10, 10, 29, 29});
  ProtocolTask task = task_of(truth, truth);
  task.spacing = {0.5, 2};
  const auto outcome =
      run_protocol(task, model.open()(kImage), options({5}, 0, {Choice::confidence})).front();
  const Mask mask = decode_rle(outcome.mask);
  EXPECT_EQ(outcome.scores.hd95, Scorer(truth, {0.5, 2}, 2).score(mask).hd95);
  EXPECT_NE(outcome.scores.hd95, Scorer(truth, {1, 1}, 2).score(mask).hd95);
}

TEST(RunProtocol, RepeatsItselfWhateverItIsAskedBeforehand) {
  FakeModel model;
  const Mask truth = filled_box(kPicture, {5, 5, 44, 9});
  auto o = options({1, 2, 5}, 4, {Choice::first, Choice::oracle});
  o.user.ties = Ties::random;
  const auto alone = run(truth, o, model);
  run(filled_box(kPicture, {1, 1, 50, 30}), o, model);
  const auto again = run(truth, o, model);
  for (std::size_t i = 0; i < alone.size(); ++i) {
    EXPECT_EQ(alone[i].prompt, again[i].prompt);
    EXPECT_EQ(alone[i].mask, again[i].mask);
  }
}

TEST(ProtocolOptions, AreRefusedByName) {
  const auto refusal = [](const ProtocolOptions& o) -> std::string {
    try {
      validate(o);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(refusal({}), "");
  EXPECT_THAT(refusal(options({6}, 1, {Choice::first})), HasSubstr("--modes"));
  EXPECT_THAT(refusal(options({1, 1}, 1, {Choice::first})), HasSubstr("--modes"));
  EXPECT_THAT(refusal(options({1}, 101, {Choice::first})), HasSubstr("--clicks"));
  EXPECT_THAT(refusal(options({1}, 1, {})), HasSubstr("--choose"));
  EXPECT_THAT(refusal(options({1}, 1, {Choice::first, Choice::first})), HasSubstr("--choose"));
  EXPECT_THAT(refusal(options({}, 0, {Choice::first})), HasSubstr("nothing to do"));
  auto o = options({1}, 1, {Choice::first});
  o.tolerance = -1;
  EXPECT_THAT(refusal(o), HasSubstr("--tolerance"));
}

}  // namespace
}  // namespace sonde
