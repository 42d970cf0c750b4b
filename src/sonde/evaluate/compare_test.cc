// SPDX-License-Identifier: Apache-2.0
#include "sonde/evaluate/compare.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sonde/core/error.h"

namespace sonde {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

ResultRow row_of(std::string image, double iou, std::string protocol = "mode1", int step = 1) {
  ResultRow row;
  row.dataset = "set";
  row.image = std::move(image);
  row.protocol = std::move(protocol);
  row.step = step;
  row.scores.iou = iou;
  return row;
}

std::vector<ResultRow> rows_of(const std::vector<double>& ious) {
  std::vector<ResultRow> rows;
  for (std::size_t i = 0; i < ious.size(); ++i) rows.push_back(row_of(std::to_string(i) + ".png", ious[i]));
  return rows;
}

TEST(CompareRuns, SubtractsTheFirstFromTheSecond) {
  const auto lines = compare_runs(rows_of({0.1, 0.3, 0.5, 0.7}), rows_of({0.2, 0.5, 0.8, 0.6}), 1);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].dataset, "set");
  EXPECT_EQ(lines[0].difference.n, 4);
  EXPECT_NEAR(lines[0].mean_a, 0.4, 1e-12);
  EXPECT_NEAR(lines[0].mean_b, 0.525, 1e-12);
  EXPECT_NEAR(lines[0].difference.mean, 0.125, 1e-12);
  EXPECT_LT(lines[0].difference.interval.low, 0.125);
  EXPECT_GT(lines[0].difference.interval.high, 0.125);
  // Sizes 0.1, 0.2, 0.3, 0.1, whatever their last bits: ties.
  EXPECT_EQ(lines[0].p, wilcoxon_p(std::vector<double>{1, 2, 3, -1}));
  EXPECT_EQ(lines[0].p_holm, lines[0].p);
}

TEST(CompareRuns, TakesOnlyObjectsThatBothScored) {
  auto a = rows_of({0.1, 0.2, 0.3});
  auto b = rows_of({0.5, 0.5, 0.5});
  a.erase(a.begin());     // b alone has 0.png
  b[2].label_name = "x";  // another object
  b.push_back(row_of("9.png", 0.5));
  const auto lines = compare_runs(a, b, 1);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].difference.n, 1);
  EXPECT_NEAR(lines[0].difference.mean, 0.3, 1e-12);
  EXPECT_EQ(lines[0].only_a, 1);
  EXPECT_EQ(lines[0].only_b, 3);
  EXPECT_EQ(lines[0].p, 1);
}

TEST(CompareRuns, MatchEveryColumnThatNamesAnObject) {
  const ResultRow row = row_of("1.png", 0.5);
  std::vector<ResultRow> others(9, row);
  others[0].dataset = "other";
  others[1].image = "2.png";
  others[2].level = Level::volume;
  others[3].label = 2;
  others[4].label_name = "x";
  others[5].object = "1";
  others[6].protocol = "mode2";
  others[7].choice = Choice::oracle;
  others[8].step = 2;
  for (const ResultRow& other : others) EXPECT_THROW(compare_runs({row}, {other}, 1), Error);
  others.push_back(row);
  EXPECT_EQ(compare_runs({row}, others, 1).front().dataset, "other");
}

TEST(CompareRuns, WithNothingInCommonIsAnError) {
  try {
    compare_runs(rows_of({0.1}), {}, 1);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_THAT(error.what(), HasSubstr("no object in common"));
    EXPECT_THAT(error.what(), HasSubstr("1 rows in the first, 0 in the second"));
  }
}

TEST(CompareRuns, CorrectsForAllComparisonsThatWereMade) {
  std::vector<ResultRow> a;
  std::vector<ResultRow> b;
  for (int i = 0; i < 10; ++i) {
    for (const std::string protocol : {"mode1", "mode2"}) {
      a.push_back(row_of(std::to_string(i), 0.1, protocol));
      b.push_back(row_of(std::to_string(i), 0.2 + 0.01 * i, protocol));
    }
    a.push_back(row_of(std::to_string(i), 0.1, "mode3"));  // in one run only: no comparison
  }
  const auto lines = compare_runs(a, b, 1);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_DOUBLE_EQ(lines[0].p, 2.0 / 1024);
  EXPECT_DOUBLE_EQ(lines[0].p_holm, 4.0 / 1024);
  EXPECT_EQ(lines[2].difference.n, 0);
  EXPECT_EQ(lines[2].only_a, 10);
  EXPECT_TRUE(std::isnan(lines[2].mean_a));
  EXPECT_EQ(lines[2].p_holm, 1);
}

TEST(CompareRuns, DrawsWholeVolumes) {
  std::vector<ResultRow> a;
  std::vector<ResultRow> b;
  for (const std::string scan : {"one.nii", "two.nii"}) {
    for (int i = 0; i < 20; ++i) {
      a.push_back(row_of(scan + "#axial:" + std::to_string(i), 0.1));
      b.push_back(row_of(scan + "#axial:" + std::to_string(i), 0.01 * i));
    }
  }
  const auto lines = compare_runs(a, b, 1);
  EXPECT_EQ(lines[0].difference.interval.low, lines[0].difference.interval.high) << "two equal volumes";
}

TEST(CompareRuns, DoNotDependOnTheOrderOfTheRows) {
  auto a = rows_of({0.1, 0.3, 0.5, 0.7});
  auto b = rows_of({0.2, 0.5, 0.8, 0.6});
  const std::string json = comparison_json(compare_runs(a, b, 1));
  std::reverse(a.begin(), a.end());
  std::rotate(b.begin(), b.begin() + 1, b.end());
  EXPECT_EQ(comparison_json(compare_runs(a, b, 1)), json);
}

TEST(ComparisonJson, HasAllComparisons) {
  const auto json = nlohmann::json::parse(
      comparison_json(compare_runs({row_of("1", 0.5), row_of("1", 0.5, "mode2")}, {row_of("1", 0.25)}, 1)));
  ASSERT_EQ(json["comparisons"].size(), 2U);
  EXPECT_EQ(json["comparisons"][0]["difference"]["mean"], -0.25);
  EXPECT_EQ(json["comparisons"][0]["p_holm"], 1);
  EXPECT_TRUE(json["comparisons"][1]["mean_a"].is_null());
  EXPECT_EQ(json["comparisons"][1]["only_a"], 1);
}

TEST(ComparisonTable, ExplainsItsColumnsAndShowsTheMainSteps) {
  std::vector<ResultRow> a;
  std::vector<ResultRow> b;
  for (const Choice choice : {Choice::confidence, Choice::first, Choice::oracle, Choice::single}) {
    for (int step = 1; step <= 12; ++step) {
      for (int i = 0; i < 8; ++i) {
        a.push_back(row_of(std::to_string(i), 0.3 + 0.01 * i, "clicks", step));
        b.push_back(row_of(std::to_string(i), 0.4, "clicks", step));
        a.back().choice = b.back().choice = choice;
      }
    }
  }
  b.push_back(row_of("lone", 0.5));
  const std::string table = comparison_table(compare_runs(a, b, 1));
  for (const char* part :
       {"n: objects", "B-A: mean difference", "Wilcoxon", "Holm", "\nset (left out: 0 scores of A",
        "1 of B alone)", "1 click ", "3 clicks", "5 clicks", "9 clicks", "12 clicks", "+0.065", "0.0078",
        "of 49 comparisons are shown"}) {
    EXPECT_THAT(table, HasSubstr(part));
  }
  EXPECT_THAT(table, Not(HasSubstr(" 4 clicks")));
  std::istringstream lines(table);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 110U) << line;
}

}  // namespace
}  // namespace sonde
