// SPDX-License-Identifier: Apache-2.0
#include "sonde/evaluate/simulate.h"

#include <cmath>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/error.h"
#include "sonde/evaluate/shapes_testing.h"

namespace sonde {
namespace {

const TaskUser kFirst{{.ties = Ties::first}, "task"};

std::string mode_text(int mode, const Mask& truth, const TaskUser& user = kFirst) {
  return prompt_text(mode_prompts(mode, truth, user));
}

// Three regions of 9, 4 and 2 pixels and a speck of 1.
const Mask kRegions = drawn({"###.......",  //
                             "###....##.",  //
                             "###....##.",  //
                             "..........",  //
                             ".##......#"});

TEST(FarthestPoint, IsTheMiddleOfASquareAndTheFirstOfEqualsInRowMajorOrder) {
  EXPECT_EQ(farthest_point(filled_box({9, 7}, {2, 1, 6, 5}), kFirst, 1)->aim, (Point2{4, 3}));
  EXPECT_EQ(farthest_point(filled_box({9, 7}, {2, 1, 7, 2}), kFirst, 1)->aim, (Point2{2, 1}));
}

TEST(FarthestPoint, TakesThePicturesEdgeForABoundary) {
  EXPECT_EQ(farthest_point(filled_box({5, 5}, {0, 0, 4, 4}), kFirst, 1)->aim, (Point2{2, 2}));
}

TEST(FarthestPoint, IsAbsentForAnEmptyRegion) { EXPECT_FALSE(farthest_point(empty_mask({4, 4}), kFirst, 1)); }

TEST(RandomPoint, IsAnyPixelOfTheRegionAndEachComesUp) {
  const Mask region = drawn({"..#", "#..", ".#."});
  std::set<std::pair<double, double>> seen;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const Point2 at = random_point(region, {{.seed = seed}, "task"}).value();
    seen.emplace(at.x, at.y);
  }
  EXPECT_THAT(seen, testing::ElementsAre(std::pair(0., 1.), std::pair(1., 2.), std::pair(2., 0.)));
  EXPECT_FALSE(random_point(empty_mask({3, 3}), kFirst));
}

TEST(JitteredBox, MovesEachSideByItsShareAndStaysInThePicture) {
  const Mask region = filled_box({400, 300}, {100, 100, 299, 199});
  double squares = 0;
  bool cuts = false;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const Box2 box = jittered_box(region, 0.05, {{.seed = seed}, "task"}).value();
    squares += (box.x0 - 100) * (box.x0 - 100);
    cuts |= box.x0 > 100 && box.y1 < 199;
    EXPECT_LE(std::abs(box.x1 - 299), 20);
    EXPECT_LE(std::abs(box.y0 - 100), 20);
  }
  EXPECT_NEAR(std::sqrt(squares / 200), 10, 1.5);  // a twentieth of the width
  EXPECT_TRUE(cuts);
  EXPECT_EQ(jittered_box(region, 0, kFirst), (Box2{100, 100, 299, 199}));
  const Mask speck = filled_box({4, 4}, {0, 3, 0, 3});
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const Box2 box = jittered_box(speck, 5, {{.seed = seed}, "task"}).value();
    EXPECT_TRUE(box.x0 >= 0 && box.x0 <= box.x1 && box.x1 <= 3 && box.y0 >= 0 && box.y0 <= box.y1 &&
                box.y1 <= 3);
  }
}

TEST(FarthestPoint, DrawsAmongEqualsBySeedAndTaskAndRepeats) {
  const Mask line = filled_box({40, 3}, {0, 1, 39, 1});
  std::set<double> drawn_x;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const TaskUser user{{.ties = Ties::random, .seed = seed}, "task"};
    const auto point = farthest_point(line, user, 1);
    EXPECT_EQ(point->aim, farthest_point(line, user, 1)->aim);
    EXPECT_EQ(point->aim.y, 1);
    drawn_x.insert(point->aim.x);
  }
  EXPECT_GT(drawn_x.size(), 10U);
  const TaskUser one{{.seed = 1}, "one"};
  const TaskUser other{{.seed = 1}, "other"};
  EXPECT_NE(farthest_point(line, one, 1)->aim, farthest_point(line, other, 1)->aim);
}

TEST(ModePrompts, AreThePapersFiveModes) {
  EXPECT_EQ(mode_text(1, kRegions), "+1,1");
  EXPECT_EQ(mode_text(2, kRegions), "+1,1;+7,1;+1,4");
  EXPECT_EQ(mode_text(3, kRegions), "0,0,2,2");
  EXPECT_EQ(mode_text(4, kRegions), "0,0,2,2;7,1,8,2;1,4,2,4");
  EXPECT_EQ(mode_text(5, kRegions), "0,0,9,4");
}

TEST(ModePrompts, SendPointsTogetherAndBoxesApart) {
  EXPECT_EQ(mode_prompts(2, kRegions, kFirst).size(), 1U);
  EXPECT_EQ(mode_prompts(4, kRegions, kFirst).size(), 3U);
}

TEST(ModePrompts, JoinRegionsThatTouchAtACorner) {
  EXPECT_EQ(mode_text(4, drawn({"##..", "##..", "..##"})), "0,0,3,2");
}

TEST(ModePrompts, TakeTheFirstOfEqualRegions) {
  EXPECT_EQ(mode_text(3, drawn({"...##", ".....", "##..."})), "3,0,4,0");
}

TEST(ModePrompts, WorkOnASinglePixel) {
  const Mask pixel = filled_box({3, 3}, {2, 2, 2, 2});
  EXPECT_EQ(mode_text(1, pixel), "+2,2");
  EXPECT_EQ(mode_text(3, pixel), "2,2,2,2");
}

TEST(ModePrompts, GrowBoxesByTheSlackAndStayInThePicture) {
  const TaskUser slack{{.ties = Ties::first, .slack = 0.5}, "task"};
  EXPECT_EQ(mode_text(5, filled_box({40, 30}, {10, 10, 19, 13}), slack), "5,8,24,15");
  EXPECT_EQ(mode_text(5, filled_box({20, 20}, {1, 1, 18, 18}), slack), "0,0,19,19");
}

TEST(ModePrompts, JitterMovesEveryCornerByAtMostThatMuchAndStaysInThePicture) {
  const Mask box = filled_box({60, 60}, {2, 20, 40, 50});
  bool moved = false;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const TaskUser user{{.ties = Ties::first, .seed = seed, .jitter_px = 4}, "task"};
    const Box2 jittered = mode_prompts(3, box, user).front().box.value();
    EXPECT_LE(std::abs(jittered.x0 - 2), 4);
    EXPECT_LE(std::abs(jittered.y0 - 20), 4);
    EXPECT_LE(std::abs(jittered.x1 - 40), 4);
    EXPECT_LE(std::abs(jittered.y1 - 50), 4);
    EXPECT_GE(jittered.x0, 0);
    EXPECT_EQ(jittered.x0, std::round(jittered.x0));
    moved = moved || jittered.x0 != 2;
  }
  EXPECT_TRUE(moved);
}

TEST(ModePrompts, JitterNeverTurnsABoxRound) {
  const Mask pixel = filled_box({30, 30}, {15, 15, 15, 15});
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const TaskUser user{{.seed = seed, .jitter_px = 10}, "task"};
    const Box2 box = mode_prompts(3, pixel, user).front().box.value();
    EXPECT_LE(box.x0, box.x1);
    EXPECT_LE(box.y0, box.y1);
  }
}

TEST(NextClick, IsPositiveIntoWhatWasMissedAndNegativeIntoWhatWasAdded) {
  const Mask truth = filled_box({20, 10}, {0, 0, 9, 9});
  const auto missed = next_click(truth, empty_mask({20, 10}), truth, kFirst, 2);
  EXPECT_EQ(missed->label, PointLabel::foreground);
  EXPECT_EQ(missed->position, (Point2{4, 4}));
  const auto added = next_click(truth, filled_box({20, 10}, {0, 0, 19, 9}), truth, kFirst, 2);
  EXPECT_EQ(added->label, PointLabel::background);
  EXPECT_EQ(added->position, (Point2{14, 4}));
}

TEST(NextClick, IsPositiveInAnotherClassWhereTheSignIsReadFromTheWholeMask) {
  const Mask truth = filled_box({20, 10}, {0, 0, 9, 9});
  const Mask any_class = filled_box({20, 10}, {0, 0, 19, 9});
  const auto click = next_click(truth, any_class, any_class, kFirst, 2);
  EXPECT_EQ(click->label, PointLabel::foreground);
  EXPECT_EQ(click->position, (Point2{14, 4}));
}

TEST(NextClick, KeepsTheSignOfItsAimWhenTheHandSlips) {
  const Mask truth = filled_box({30, 30}, {14, 14, 16, 16});
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const TaskUser user{{.seed = seed, .jitter_px = 9}, "task"};
    EXPECT_EQ(next_click(truth, empty_mask({30, 30}), truth, user, 2)->label, PointLabel::foreground);
  }
}

TEST(NextClick, IsAbsentWithoutAnError) {
  const Mask truth = filled_box({5, 5}, {1, 1, 3, 3});
  EXPECT_FALSE(next_click(truth, truth, truth, kFirst, 2));
}

TEST(PromptText, WritesPointsWithTheirSignAndBoxes) {
  const Prompt points{{{{3, 4}, PointLabel::foreground}, {{100, 2000}, PointLabel::background}}, {}, {}};
  EXPECT_EQ(prompt_text({points}), "+3,4;-100,2000");
  EXPECT_EQ(prompt_text({Prompt{{}, Box2{1, 2, 3, 4}, {}}, Prompt{{}, Box2{5, 6, 7, 8}, {}}}),
            "1,2,3,4;5,6,7,8");
}

TEST(SimulatedUser, RefusesANegativeOrUnboundedJitterOrSlack) {
  EXPECT_THROW(validate(SimulatedUser{.jitter_px = -1}), Error);
  EXPECT_THROW(validate(SimulatedUser{.jitter_px = std::nan("")}), Error);
  EXPECT_THROW(validate(SimulatedUser{.slack = -0.1}), Error);
  EXPECT_NO_THROW(validate(SimulatedUser{.jitter_px = 3, .slack = 0.1}));
}

}  // namespace
}  // namespace sonde
