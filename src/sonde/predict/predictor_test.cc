// SPDX-License-Identifier: Apache-2.0
#include "sonde/predict/predictor.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/error.h"
#include "sonde/predict/everything.h"
#include "sonde/predict/model_testing.h"

namespace sonde {
namespace {

const Predictor& tiny_predictor() {
  static const Predictor predictor = [] {
    const SamModel model = tiny_model();
    return Predictor(model, embed(model, test_picture({60, 40})));
  }();
  return predictor;
}

Prompt point_prompt(double x, double y) { return {.points = {{{x, y}}}, .box = {}, .mask = {}}; }
Prompt box_prompt(Box2 box) { return {.points = {}, .box = box, .mask = {}}; }

std::vector<Prompt> prompts_of_many_shapes() {
  const LowResLogits logits(256 * 256, 1.5F);
  Prompt two = point_prompt(5, 6);
  two.points.push_back({{50, 30}, PointLabel::background});
  std::vector<Prompt> prompts;
  for (int i = 0; i < 11; ++i) prompts.push_back(point_prompt(5.0 * i, 3.0 * i));
  prompts.push_back(two);
  prompts.push_back(box_prompt({10, 10, 30, 20}));
  prompts.push_back({.points = two.points, .box = Box2{0, 0, 59, 39}, .mask = {}});
  prompts.push_back({.points = {}, .box = {}, .mask = logits});
  prompts.push_back({.points = two.points, .box = Box2{0, 0, 59, 39}, .mask = logits});
  return prompts;
}

double largest_difference(const LowResLogits& a, const LowResLogits& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max<double>(largest, std::abs(a[i] - b[i]));
  return largest;
}

TEST(Predictor, GivesThreeCandidatesOrOneAtThePicturesExtent) {
  const auto three = tiny_predictor().segment(point_prompt(30, 20), MaskSet::three);
  const auto one = tiny_predictor().segment(point_prompt(30, 20), MaskSet::single);
  ASSERT_EQ(three.size(), 3U);
  ASSERT_EQ(one.size(), 1U);
  for (const ScoredMask& candidate : three) {
    EXPECT_EQ(candidate.mask.extent, (Extent2{60, 40}));
    EXPECT_EQ(candidate.low_res.size(), 65536U);
    EXPECT_TRUE(candidate.stability >= 0 && candidate.stability <= 1);
  }
  EXPECT_NE(one[0].low_res, three[0].low_res);
  const auto both = tiny_predictor().segment(point_prompt(30, 20), MaskSet::all);
  ASSERT_EQ(both.size(), 4U);
  EXPECT_EQ(both[0].low_res, one[0].low_res);
  for (std::size_t k = 0; k < 3; ++k) EXPECT_EQ(both[k + 1].low_res, three[k].low_res);
}

TEST(Predictor, AnswersInTheOrderOfThePromptsAndApartFromTheirNeighbours) {
  const std::vector<Prompt> prompts = prompts_of_many_shapes();
  const auto together = tiny_predictor().segment(prompts, MaskSet::three);
  ASSERT_EQ(together.size(), prompts.size());
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    const Prediction alone = tiny_predictor().segment(prompts[i], MaskSet::three);
    for (std::size_t k = 0; k < 3; ++k) {
      EXPECT_LT(largest_difference(alone[k].low_res, together[i][k].low_res), 1e-4) << i;
      EXPECT_NEAR(alone[k].predicted_iou, together[i][k].predicted_iou, 1e-5) << i;
    }
  }
}

TEST(Predictor, RepeatsItselfToTheBit) {
  const std::vector<Prompt> prompts = prompts_of_many_shapes();
  const auto first = tiny_predictor().segment(prompts, MaskSet::single);
  const auto second = tiny_predictor().segment(prompts, MaskSet::single);
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    EXPECT_TRUE(first[i][0].low_res == second[i][0].low_res) << i;
    EXPECT_EQ(first[i][0].mask, second[i][0].mask) << i;
  }
}

TEST(Predictor, GivesTheSameBytesWhateverTheNumberOfThreads) {
  const std::vector<Prompt> prompts = prompts_of_many_shapes();
  std::vector<std::vector<Prediction>> answers;
  for (const int threads : {1, 2, 3}) {
    const SamModel model = tiny_model(1, {.precision = Precision::fp32, .threads = threads});
    const Predictor predictor(model, embed(model, test_picture({60, 40})));
    answers.push_back(predictor.segment(prompts, MaskSet::three));
  }
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    for (std::size_t k = 0; k < 3; ++k) {
      EXPECT_TRUE(answers[0][i][k].low_res == answers[1][i][k].low_res) << i;
      EXPECT_TRUE(answers[0][i][k].low_res == answers[2][i][k].low_res) << i;
    }
  }
}

TEST(Predictor, TakesNoPromptsForAnAnswer) {
  EXPECT_TRUE(tiny_predictor().segment(std::vector<Prompt>{}, MaskSet::single).empty());
}

TEST(Predictor, RefusesAPromptThatIsInvalidAndNamesIt) {
  const auto refusal = [](const Prompt& prompt) -> std::string {
    try {
      tiny_predictor().segment(prompt, MaskSet::single);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage);
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(refusal(point_prompt(60, 5)), testing::HasSubstr("point 60,5"));
  EXPECT_THAT(refusal(point_prompt(std::nan(""), 5)), testing::HasSubstr("point"));
  EXPECT_THAT(refusal(box_prompt({5, 5, 4, 9})), testing::HasSubstr("turned round"));
  EXPECT_EQ(refusal(box_prompt({5, 5, 5, 5})), "") << "one pixel is a box";
  EXPECT_THAT(refusal({}), testing::HasSubstr("empty"));
  EXPECT_THAT(refusal({.points = {}, .box = {}, .mask = LowResLogits(7)}), testing::HasSubstr("256 x 256"));
}

TEST(Predictor, WorksOnAPictureOfOnePixel) {
  const SamModel model = tiny_model();
  const Predictor predictor(model, embed(model, {{1, 1}, {9, 9, 9}}));
  const Prediction prediction = predictor.segment(point_prompt(0, 0), MaskSet::three);
  EXPECT_EQ(prediction[0].mask.extent, (Extent2{1, 1}));
}

TEST(Predictor, AnswersFromSeveralThreadsAtOnce) {
  const Prediction expected = tiny_predictor().segment(point_prompt(30, 20), MaskSet::single);
  std::vector<Prediction> answers(4);
  std::vector<std::thread> threads;
  for (auto& answer : answers) {
    threads.emplace_back([&] { answer = tiny_predictor().segment(point_prompt(30, 20), MaskSet::single); });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& answer : answers)
    EXPECT_LT(largest_difference(answer[0].low_res, expected[0].low_res), 1e-5);
}

TEST(Predictor, ProposesFirstWhatTheModelsCardTakesAndThenTheOthersInTheDecodersOrder) {
  ModelCard card{.name = "tiny"};
  card.choice_by_prompt[PromptKind::point] = AnswerRule::second;
  const TestFolder folder;
  const auto file = folder.path() / "tiny.safetensors";
  save_safetensors(file, random_tensors(tiny_sam_sizes(), 1), {{kCardKey, card_text(card)}});
  const SamModel model = SamModel::load(file.string(), {.threads = 1});
  ASSERT_TRUE(model.card());
  EXPECT_EQ(model.answer_rules(), card.choice_by_prompt);
  const Predictor predictor(model, embed(model, test_picture({60, 40})));
  const auto expect_order = [&](const Prompt& prompt, MaskSet shown, const std::vector<std::size_t>& order) {
    const Prediction answers = predictor.segment(prompt, shown), proposed = predictor.propose(prompt);
    ASSERT_EQ(proposed.size(), order.size());
    for (std::size_t i = 0; i < order.size(); ++i) EXPECT_EQ(proposed[i].low_res, answers[order[i]].low_res);
  };
  EXPECT_EQ(predictor.rule_for(point_prompt(30, 20)), AnswerRule::second);
  expect_order(point_prompt(30, 20), MaskSet::three, {1, 0, 2});
  expect_order(box_prompt({10, 10, 30, 20}), MaskSet::all, {0, 1, 2, 3});
  EXPECT_FALSE(tiny_model().card());
  EXPECT_EQ(tiny_model().answer_rules(), AnswerRules{});
}

// Damaged weights of the right shapes pass every check of the file.
TEST(Predictor, OfANetworkThatAnswersNoNumbersStillGivesWholeMasks) {
  for (const float value :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), -3e38F}) {
    NamedTensors tensors = random_tensors(tiny_sam_sizes(), 1);
    for (auto& [name, tensor] : tensors) {
      if (is_floating_point(tensor.type))
        tensor = make_tensor(std::vector<float>(static_cast<std::size_t>(element_count(tensor)), value),
                             tensor.shape);
    }
    const TestFolder folder;
    const auto file = folder.path() / "damaged.safetensors";
    save_safetensors(file, tensors);
    for (const Precision precision : {Precision::fp32, Precision::bf16}) {
      const SamModel model = SamModel::load(file.string(), {.precision = precision});
      const Predictor predictor(model, embed(model, test_picture({60, 40})));
      for (const ScoredMask& candidate : predictor.segment(point_prompt(20, 20), MaskSet::all)) {
        EXPECT_EQ(candidate.mask.pixels.size(), 60U * 40U);
        EXPECT_EQ(candidate.low_res.size(), 256U * 256U);
      }
      segment_everything(model, test_picture({60, 40}), {.points_per_side = 2, .pred_iou_threshold = 0});
    }
  }
}

}  // namespace
}  // namespace sonde
