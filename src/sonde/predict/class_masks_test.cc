// SPDX-License-Identifier: Apache-2.0
#include "sonde/predict/class_masks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/error.h"
#include "sonde/imaging/rle.h"
#include "sonde/predict/embedding_impl.h"
#include "sonde/predict/everything.h"
#include "sonde/predict/model_testing.h"

namespace sonde {
namespace {

Prompt class_prompt(const std::string& name) {
  return {.points = {}, .box = {}, .mask = {}, .class_name = name};
}

std::string refusal(const SamModel& model, const Prompt& prompt) {
  try {
    Predictor(model, embed(model, test_picture({64, 48}))).decode({&prompt, 1}, MaskSet::single);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    return error.what();
  }
  return "not refused";
}

TEST(ClassPrompts, AskForTheTokenOfTheirNameAndScoreItsPresence) {
  const SamModel model = tiny_model_of_classes({"liver", "spleen"});
  const Predictor predictor(model, embed(model, test_picture({64, 48})));
  const std::vector<Prompt> prompts{
      class_prompt("spleen"), class_prompt("liver"), {.points = {{{20, 20}}}, .box = {}, .mask = {}}};
  const auto answers = predictor.segment(prompts, MaskSet::single);
  std::vector<FramePrompt> framed(2);
  framed[0].class_index = 1;
  framed[1].class_index = 0;
  const auto& network = *model.impl().network;
  const auto expected = network.decode(*predictor.embedding().impl().prepared_for(model.impl().network),
                                       framed, MaskSet::single);
  for (std::size_t i = 0; i < framed.size(); ++i) {
    EXPECT_EQ(answers[i][0].low_res, expected[i][0].logits);
    ASSERT_TRUE(answers[i][0].object_score);
    EXPECT_EQ(*answers[i][0].object_score, *expected[i][0].object_score);
  }
  EXPECT_NE(answers[0][0].low_res, answers[1][0].low_res);
  EXPECT_FALSE(answers[2][0].object_score);
}

TEST(ClassPrompts, RefuseANameThatTheModelDoesNotKnow) {
  EXPECT_EQ(refusal(tiny_model_of_classes({"liver", "spleen"}), class_prompt("kidney")),
            "class kidney: the model organs knows liver, spleen");
  EXPECT_THAT(refusal(tiny_model(), class_prompt("liver")),
              testing::AllOf(testing::HasSubstr("has learned no class names"),
                             testing::HasSubstr("sonde train --prompts class")));
}

// Logits of `value` in the columns [first, last) of the low-resolution frame, -5 elsewhere.
LowResCandidate columns(std::int64_t first, std::int64_t last, float value, double object_score) {
  LowResLogits logits;
  for (std::int64_t i = 0; i < kLowResSide * kLowResSide; ++i) {
    const std::int64_t x = i % kLowResSide;
    logits.push_back(x >= first && x < last ? value : -5.0F);
  }
  return {.predicted_iou = 0.5, .logits = std::move(logits), .object_score = object_score};
}

TEST(WithoutOverlap, GivesEachPixelToTheHighestLogitAndNoneToWhatIsAbsent) {
  const SamModel model = tiny_model_of_classes({"a", "b", "c", "d"});
  const Predictor predictor(model, embed(model, test_picture({256, 256})));  // a pixel is one of the frame's
  std::vector<LowResCandidate> masks;
  masks.push_back(columns(0, 160, 2, 1.0));
  masks.push_back(columns(100, 200, 8, 0.0));
  masks.push_back(columns(0, 256, 50, -0.1));
  masks.push_back(columns(190, 256, 8, 3.0));
  const auto apart = without_overlap(predictor, masks);
  ASSERT_EQ(apart.size(), 4U);
  const auto has = [&](std::size_t mask, std::size_t x) {
    return apart[mask].mask.pixels[256 * 128 + x] != 0;
  };
  EXPECT_TRUE(has(0, 50));
  EXPECT_FALSE(has(0, 130));
  EXPECT_TRUE(has(1, 130));
  EXPECT_TRUE(has(1, 195));  // of equals the first
  EXPECT_FALSE(has(3, 195));
  EXPECT_TRUE(has(3, 230));
  EXPECT_EQ(area_px(apart[2].mask), 0);
  EXPECT_FALSE(is_present(apart[2]));
  EXPECT_TRUE(is_present(apart[1]));  // 0 is not below 0
  for (std::size_t i = 0; i < apart[0].mask.pixels.size(); ++i) {
    int owners = 0;
    for (const ScoredMask& one : apart) owners += one.mask.pixels[i];
    ASSERT_LE(owners, 1) << i;
  }
}

Mask row_of(std::int64_t first, std::int64_t last) {
  Mask mask = empty_mask({100, 1});
  for (std::int64_t x = first; x < last; ++x) mask.pixels[static_cast<std::size_t>(x)] = 1;
  return mask;
}
ScoredRle scored(const Mask& mask) { return {.rle = encode_rle(mask), .area_px = area_px(mask)}; }

TEST(NameByClass, TakesTheBestIouAndWhatIsAPart) {
  const std::vector<FoundClass> classes{{"organ", row_of(0, 60), 60}, {"lesion", row_of(40, 50), 10}};
  const auto named = [&](std::int64_t first, std::int64_t last) {
    ScoredRle mask = scored(row_of(first, last));
    name_by_class(mask, classes);
    return mask;
  };
  EXPECT_EQ(named(0, 50).class_name, "organ");
  EXPECT_DOUBLE_EQ(named(0, 50).class_iou, 50.0 / 60);
  EXPECT_EQ(named(41, 50).class_name, "lesion");  // though all of it lies in the organ
  EXPECT_EQ(named(0, 9).class_name, "organ");     // a part
  EXPECT_EQ(named(55, 75).class_name, "");        // a quarter inside
  EXPECT_EQ(named(80, 90).class_name, "");
}

TEST(Everything, NamesItsMasksAsTheClassesOfTheModelSay) {
  const SamModel model = tiny_model_of_classes({"liver", "spleen"});
  const RgbImage picture = test_picture({64, 48});
  const EverythingOptions loose{.points_per_side = 4, .pred_iou_threshold = 0, .stability_threshold = 0};
  const auto classes = find_classes(Predictor(model, embed(model, picture)));
  const auto masks = segment_everything(model, picture, loose);
  ASSERT_FALSE(masks.empty());
  for (const ScoredRle& mask : masks) {
    ScoredRle again{.rle = mask.rle, .area_px = mask.area_px};
    name_by_class(again, classes);
    EXPECT_EQ(mask.class_name, again.class_name);
    EXPECT_EQ(mask.class_iou, again.class_iou);
  }
}

}  // namespace
}  // namespace sonde
