// SPDX-License-Identifier: Apache-2.0
#include "sonde/train/draws.h"

#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/error.h"
#include "sonde/evaluate/shapes_testing.h"
#include "sonde/evaluate/simulate.h"

namespace sonde {
namespace {

constexpr std::int64_t kSide = 64;  // of the frame

TrainPicture picture(const std::string& dataset, const std::vector<Box2>& boxes) {
  TrainPicture one;
  one.dataset = dataset;
  one.image = "x.png";
  one.extent = {40, 30};
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    const Mask mask = filled_box(one.extent, boxes[i]);
    one.objects.push_back({i == 0 ? "cord" : "nerve", std::to_string(i), area_px(mask), encode_rle(mask)});
    one.tasks.push_back(i);
  }
  return one;
}
// Nine pictures of one set and one of another, which shows no nerve.
std::vector<TrainPicture> ten_pictures() {
  std::vector<TrainPicture> all(9, picture("many", {{2, 3, 9, 11}, {20, 10, 35, 25}}));
  all.push_back(picture("few", {{5, 5, 30, 20}}));
  return all;
}
std::string text_of(const Draw& draw) {
  return std::to_string(draw.picture) + '/' + std::to_string(draw.object) + ' ' + prompt_text({draw.prompt});
}
// As if everything left of x = 20 had been found.
ExampleResult left_half() {
  ExampleResult answer;
  for (auto& logits : answer.logits)
    for (int i = 0; i < 16 * 16; ++i) logits.push_back(i % 16 < 8 ? 1.0F : -1.0F);
  return answer;
}

TEST(Draws, AreAFunctionOfSeedStepAndSlot) {
  const auto all = ten_pictures();
  const Draws draws(all, {.seed = 3}), again(all, {.seed = 3}), other(all, {.seed = 4});
  std::set<std::string> seen;
  int differ = 0;
  for (std::int64_t step = 20; step >= 1; --step) {
    for (int slot = 0; slot < 4; ++slot) {
      EXPECT_EQ(text_of(draws.draw(step, slot)), text_of(again.draw(step, slot)));
      differ += text_of(draws.draw(step, slot)) != text_of(other.draw(step, slot)) ? 1 : 0;
      seen.insert(text_of(draws.draw(step, slot)));
    }
  }
  EXPECT_GT(seen.size(), 60U);
  EXPECT_GT(differ, 70);
}

TEST(Draws, TakeSetsEquallyAndEachKindAQuarter) {
  const auto all = ten_pictures();
  const Draws draws(all, {});
  std::map<std::string, int> sets;
  std::map<DrawnKind, int> kinds;
  constexpr int kDraws = 1200;
  for (int i = 1; i <= kDraws; ++i) {
    const Draw draw = draws.draw(i, 0);
    ++sets[all[draw.picture].dataset];
    ++kinds[draw.kind];
    ASSERT_NO_THROW(validate(draw.prompt, all[draw.picture].extent));
  }
  EXPECT_NEAR(sets["few"], kDraws / 2, 60);
  for (const DrawnKind kind :
       {DrawnKind::point, DrawnKind::random_point, DrawnKind::box, DrawnKind::jittered_box})
    EXPECT_NEAR(kinds[kind], kDraws / 4, 60) << to_string(kind);
}

TEST(Draws, GoOnWithHalfOfTheStepsAndBeginAnewAfterEachCheck) {
  const auto all = ten_pictures();
  for (const int clicks : {1, 2, 3, 5}) {
    const Draws draws(all, {.clicks = clicks, .chain_limit = 50});
    int on = 0, longest = 0;
    constexpr int kSteps = 1000;
    for (std::int64_t step = 1; step <= kSteps; ++step) {
      const int position = draws.position(step);
      const int before = step % 50 == 1 ? -1 : draws.position(step - 1);
      EXPECT_TRUE(position == 0 || (before >= 0 && position == before + 1)) << step;
      on += position > 0 ? 1 : 0;
      longest = std::max(longest, position);
    }
    EXPECT_EQ(longest, clicks - 1);
    EXPECT_NEAR(on, clicks == 1 ? 0 : kSteps / 2, 60) << clicks;
  }
}

TEST(Draws, AddAClickOnTheErrorOfThePrediction) {
  const auto all = ten_pictures();
  const Draws draws(all, {.clicks = 2});
  for (int slot = 0; slot < 20; ++slot) {
    const Draw before = draws.draw(1, slot);
    const Draw after = draws.with_click(before, left_half(), 2, slot, kSide);
    ASSERT_EQ(after.prompt.points.size(), before.prompt.points.size() + 1);
    const PointPrompt click = after.prompt.points.back();
    const Mask truth = draws.truth_of(after);
    const auto at = static_cast<std::size_t>(click.position.y * 40 + click.position.x);
    const bool is_inside = truth.pixels[at] != 0, was_found = click.position.x < 20;
    EXPECT_NE(is_inside, was_found);
    EXPECT_EQ(click.label, is_inside ? PointLabel::foreground : PointLabel::background);
    if (after.prompt.points.size() < 2) continue;
    EXPECT_EQ(text_of(draws.with_click(after, left_half(), 3, slot, kSide)), text_of(after));  // no third
  }
}

TEST(Draws, OfClassesAreSometimesOfOneThatIsNotThere) {
  const auto all = ten_pictures();
  const Draws draws(all, {.points = false, .boxes = true, .classes = true, .class_names = {"cord", "nerve"}});
  int alone = 0, beside = 0, absent = 0;
  for (int i = 1; i <= 400; ++i) {
    const Draw draw = draws.draw(i, 0);
    if (!draw.class_index) continue;
    (draw.kind == DrawnKind::class_name ? alone : beside) += 1;
    EXPECT_EQ(draw.prompt.box.has_value(), draw.kind != DrawnKind::class_name);
    if (draw.present) {
      EXPECT_EQ(all[draw.picture].objects[draw.object].class_name, *draw.class_index == 0 ? "cord" : "nerve");
      EXPECT_GT(area_px(draws.truth_of(draw)), 0);
      continue;
    }
    ++absent;
    EXPECT_EQ(all[draw.picture].dataset, "few");
    EXPECT_EQ(*draw.class_index, 1);
    EXPECT_EQ(area_px(draws.truth_of(draw)), 0);
  }
  EXPECT_GT(alone, 100);
  EXPECT_GT(beside, 30);
  EXPECT_GT(absent, 5);
}

TEST(Draws, OfPairsAreTwoObjectsOfOnePicture) {
  const auto all = ten_pictures();
  const Draws draws(all, {.pairs = true});
  for (std::int64_t step = 1; step <= 40; ++step) {
    const Draw first = draws.draw(step, 2), second = draws.draw(step, 3);
    if (all[first.picture].tasks.size() < 2) continue;
    EXPECT_EQ(first.picture, second.picture);
    EXPECT_NE(first.object, second.object);
  }
}

TEST(Draws, BecomeExamplesInTheFrame) {
  const auto all = ten_pictures();
  const Draws draws(all, {});
  Draw draw;
  draw.picture = 9;
  draw.prompt.points = {{{20, 15}, PointLabel::foreground}};
  const TrainingExample example = example_of(draw, draws, all[9], nullptr, kSide);
  EXPECT_FLOAT_EQ(example.prompt.points[0].x, 32);  // 40 pixels are 64
  EXPECT_EQ(example.width, 16);
  EXPECT_EQ(example.height, 12);
  ASSERT_EQ(example.target.size(), 256U);
  EXPECT_FLOAT_EQ(example.target[5 * 16 + 5],
                  1);  // cells of 2.5 pixels: x 12.5 to 15 of the object's 5 to 30
  EXPECT_FLOAT_EQ(example.target[5 * 16 + 1], 0);
  EXPECT_FLOAT_EQ(example.target[8 * 16 + 5], 0.4F);  // y 20 to 22.5, of which the object has a pixel
}

TEST(Draws, NeedAnObjectToTrainOn) {
  std::vector<TrainPicture> none{picture("a", {})};
  EXPECT_THROW(Draws(none, {}), Error);
}

}  // namespace
}  // namespace sonde
