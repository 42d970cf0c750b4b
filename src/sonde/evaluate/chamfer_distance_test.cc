// SPDX-License-Identifier: Apache-2.0
#include "sonde/evaluate/chamfer_distance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/evaluate/shapes_testing.h"

namespace sonde {
namespace {

using ::testing::ElementsAre;

constexpr float kCorner = 91750 / 65536.0F, kKnight = 143976 / 65536.0F;

TEST(ChamferDistance, IsTheShortestWayOutInStepsWithinFiveByFive) {
  const Mask mask = drawn({"#.###",  //
                           "#####",  //
                           "#####",  //
                           "#####",  //
                           "#####"});
  EXPECT_THAT(chamfer_distance(mask, {0, 0, 4, 4}), ElementsAre(1, 0, 1, 1, 1,        //
                                                                1, 1, kCorner, 2, 1,  //
                                                                1, 2, kKnight, 2, 1,  //
                                                                1, 2, 2, 2, 1,        //
                                                                1, 1, 1, 1, 1));
}

TEST(ChamferDistance, TakesTheEdgeOfTheBoxForABoundary) {
  EXPECT_THAT(chamfer_distance(filled_box({5, 3}, {0, 0, 4, 2}), {0, 0, 4, 2}),
              ElementsAre(1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1));
  EXPECT_THAT(chamfer_distance(filled_box({5, 3}, {2, 1, 2, 1}), {0, 0, 4, 2}),
              ElementsAre(0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0));
}

}  // namespace
}  // namespace sonde
