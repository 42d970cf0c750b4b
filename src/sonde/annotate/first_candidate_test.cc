// SPDX-License-Identifier: Apache-2.0
#include "sonde/annotate/first_candidate.h"

#include <array>

#include <gtest/gtest.h>

namespace sonde {
namespace {

const std::array kCandidates{CandidateScore{0.71, 0.90, 400}, CandidateScore{0.84, 0.95, 1600},
                             CandidateScore{0.93, 0.97, 64000}};
constexpr PointPrompt kInside{{10, 20}, PointLabel::foreground};
constexpr PointPrompt kOutside{{40, 20}, PointLabel::background};
constexpr Box2 kBox{5, 5, 30, 35};

TEST(FirstCandidate, IsTheDecodersFirstAfterAClickHoweverConfidentTheOthersAre) {
  EXPECT_EQ(first_candidate({{kInside}, {}, "auto"}, kCandidates), 0U);
}

TEST(FirstCandidate, StaysTheDecodersFirstWhenClicksCorrectIt) {
  EXPECT_EQ(first_candidate({{kInside, kOutside}, {}, "auto"}, kCandidates), 0U);
  EXPECT_EQ(first_candidate({{kInside, kOutside, kInside}, {}, "auto"}, kCandidates), 0U);
}

TEST(FirstCandidate, IsTheMostConfidentForABoxWithOrWithoutPoints) {
  EXPECT_EQ(first_candidate({{}, kBox, "auto"}, kCandidates), 2U);
  EXPECT_EQ(first_candidate({{kOutside}, kBox, "auto"}, kCandidates), 2U);
}

TEST(FirstCandidate, IsTheFirstOfEquallyConfidentOnes) {
  const std::array equals{CandidateScore{0.7, 0.9, 400}, CandidateScore{0.9, 0.9, 500},
                          CandidateScore{0.9, 0.99, 600}};
  EXPECT_EQ(first_candidate({{}, kBox, "auto"}, equals), 1U);
}

}  // namespace
}  // namespace sonde
