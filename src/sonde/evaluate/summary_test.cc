// SPDX-License-Identifier: Apache-2.0
#include "sonde/evaluate/summary.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sonde/core/durable_file.h"
#include "sonde/core/folder_testing.h"
#include "sonde/evaluate/clusters.h"
#include "sonde/evaluate/statistics_testing.h"

namespace sonde {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Where {
  std::string image;
  std::int64_t label = 1;
  std::string protocol = "mode1";
  int step = 1;
  Choice choice = Choice::confidence;
  std::string dataset = "set";
};

ResultRow row_of(const Where& where, double iou) {
  ResultRow row;
  row.dataset = where.dataset;
  row.image = where.image;
  row.label = where.label;
  row.label_name = where.label == 1 ? "cord" : "matter";
  row.protocol = where.protocol;
  row.step = where.step;
  row.choice = where.choice;
  row.area_px = 100;
  row.scores = {iou, 2 * iou / (1 + iou), 10 * (1 - iou), 5 * (1 - iou), iou};
  return row;
}

Expected expected_of(std::vector<Expected::Label> labels, std::string dataset = "set") {
  return {std::move(dataset), 3, 0, 0, std::move(labels)};
}

const ScoreSummary& line_of(const Summary& summary, std::optional<std::int64_t> label,
                            const std::string& protocol, int step = 1, Level level = Level::slice) {
  const auto found =
      std::find_if(summary.scores.begin(), summary.scores.end(), [&](const ScoreSummary& line) {
        return line.label == label && line.protocol == protocol && line.step == step && line.level == level;
      });
  if (found == summary.scores.end()) throw std::runtime_error("no such line");
  return *found;
}

TEST(ClusterName, IsTheFileOfASlice) {
  EXPECT_EQ(cluster_name("a/scan.nii.gz#axial:12"), "a/scan.nii.gz");
  EXPECT_EQ(cluster_name("scan#1.nii#sagittal:0"), "scan#1.nii");
  for (const std::string_view whole :
       {"17.png", "a#axial:", "a#axial:1x", "a#axial12", "a#oblique:3", "#", ""}) {
    EXPECT_EQ(cluster_name(whole), whole);
  }
}

TEST(ClusterNumbers, AreFilesOrTheSlicesOfASingleVolume) {
  const auto row_on = [](const std::string& image) {
    ResultRow row;
    row.image = image;
    return row;
  };
  const ResultRow a1 = row_on("a.nii#axial:1");
  const ResultRow a2 = row_on("a.nii#axial:2");
  const ResultRow b1 = row_on("b.nii#axial:1");
  const std::vector<const ResultRow*> two{&a1, &a2, &b1};
  const ClusterNumbers files(two);
  EXPECT_EQ(files.of(a1), files.of(a2));
  EXPECT_NE(files.of(a1), files.of(b1));
  const std::vector<const ResultRow*> one{&a1, &a2};
  const ClusterNumbers slices(one);
  EXPECT_NE(slices.of(a1), slices.of(a2));
}

TEST(Summarise, PutsAllLabelsTogetherFirstThenEachLabel) {
  const Summary summary =
      summarise({row_of({"1.png"}, 0.5), row_of({"1.png", 2}, 0.7), row_of({"2.png"}, 0.9)},
                {expected_of({{1, "cord", 3, 0}, {2, "matter", 1, 0}})}, 1);
  ASSERT_EQ(summary.scores.size(), 3U);
  const ScoreSummary& all = summary.scores[0];
  EXPECT_FALSE(all.label);
  EXPECT_EQ(all.expected, 4);
  EXPECT_EQ(all.iou().n, 3);
  EXPECT_NEAR(all.iou().mean, 0.7, 1e-12);
  EXPECT_EQ(summary.scores[1].label, 1);
  EXPECT_EQ(summary.scores[1].label_name, "cord");
  EXPECT_EQ(summary.scores[1].expected, 3);
  EXPECT_EQ(summary.scores[1].iou().n, 2);
  EXPECT_EQ(summary.scores[2].label, 2);
  EXPECT_NEAR(summary.scores[2].iou().mean, 0.7, 1e-12);
}

TEST(Summarise, GivesTheIntervalsOfClusteredMean) {
  std::mt19937 random(1);
  std::vector<ResultRow> rows;
  std::vector<ClusteredValue> values;
  for (int i = 0; i < 60; ++i) {
    const double iou = static_cast<double>(random() % 100) / 100;
    rows.push_back(row_of({"scan" + std::to_string(i / 10) + ".nii#axial:" + std::to_string(i)}, iou));
    values.push_back({iou, i / 10});
  }
  const Summary summary = summarise(rows, {}, 7);
  const Estimate expected = clustered_mean(values, 7);
  const Estimate& iou = summary.scores[0].iou();
  EXPECT_NEAR(iou.mean, expected.mean, 1e-12);
  EXPECT_NEAR(iou.interval.low, expected.interval.low, 1e-12);
  EXPECT_NEAR(iou.interval.high, expected.interval.high, 1e-12);
  std::shuffle(rows.begin(), rows.end(), random);
  EXPECT_EQ(summary_json(summarise(rows, {}, 7)), summary_json(summary));
}

TEST(Summarise, IsTheSameForRowsReadBackFromTheFile) {
  std::vector<ResultRow> rows;
  for (int i = 1; i < 50; ++i) rows.push_back(row_of({std::to_string(i), 1, "clicks"}, 1.0 / (1 + 1e-6 / i)));
  for (int i = 50; i < 99; ++i)
    rows.push_back(row_of({std::to_string(i), 1, "clicks"}, 0.9 - 4e-7 + i * 1e-8));
  const TestFolder folder;
  write_durably(folder.path() / "results.csv", results_csv(rows));
  EXPECT_EQ(summary_json(summarise(read_results_csv(folder.path() / "results.csv"), {}, 1)),
            summary_json(summarise(rows, {}, 1)));
}

TEST(Summarise, CountsInfiniteDistancesApart) {
  ResultRow missed = row_of({"2.png"}, 0);
  missed.scores.hd95 = missed.scores.asd = kInfinity;
  const Summary summary = summarise({row_of({"1.png"}, 0.8), missed}, {}, 1);
  const ScoreSummary& line = summary.scores[0];
  EXPECT_EQ(line.iou().n, 2);
  EXPECT_EQ(line.metrics[&Scores::hd95].n, 1);
  EXPECT_EQ(line.metrics[&Scores::hd95].infinite, 1);
  EXPECT_NEAR(line.metrics[&Scores::hd95].mean, 2, 1e-12);
  EXPECT_NEAR(line.metrics[&Scores::asd].mean, 1, 1e-12);
}

TEST(Summarise, DoesNotMixPixelsWithMillimetres) {
  ResultRow in_mm = row_of({"1.png"}, 0.8);
  in_mm.unit = DistanceUnit::mm;
  EXPECT_EQ(summarise({in_mm}, {}, 1).scores[0].unit, DistanceUnit::mm);
  const Summary mixed = summarise({in_mm, row_of({"2.png"}, 0.5)}, {}, 1);
  EXPECT_EQ(mixed.scores[0].unit, DistanceUnit::px);
  EXPECT_EQ(mixed.scores[0].iou().n, 2);
  EXPECT_EQ(mixed.scores[0].metrics[&Scores::hd95].n, 0);
  EXPECT_EQ(mixed.scores[0].metrics[&Scores::surface_dice].n, 0);
}

TEST(Summarise, ShowsWhatWasExpectedAndNotScored) {
  const Summary summary =
      summarise({row_of({"1.png"}, 0.5)},
                {expected_of({{1, "cord", 2, 0}, {2, "matter", 2, 0}, {3, "small", 0, 0}}),
                 expected_of({{1, "lost", 5, 0}}, "other"), expected_of({}, "unreadable")},
                1);
  EXPECT_EQ(line_of(summary, 2, "mode1").iou().n, 0);
  EXPECT_EQ(line_of(summary, 2, "mode1").expected, 2);
  std::vector<std::string> lines;
  for (const ScoreSummary& line : summary.scores) {
    lines.push_back(line.dataset + ":" + line.label_name + " " + std::to_string(line.iou().n) + "/" +
                    std::to_string(line.expected));
  }
  EXPECT_THAT(lines, ::testing::ElementsAre("other: 0/5", "other:lost 0/5", "set: 1/4", "set:cord 1/2",
                                            "set:matter 0/2", "unreadable: 0/0"));
}

TEST(Summarise, KeepsVolumesApartFromSlices) {
  ResultRow whole = row_of({"scan.nii"}, 0.9);
  whole.level = Level::volume;
  const Summary summary =
      summarise({whole, row_of({"scan.nii#axial:1"}, 0.5), row_of({"scan.nii#axial:2"}, 0.6)},
                {expected_of({{1, "cord", 2, 1}, {2, "matter", 3, 0}})}, 1);
  EXPECT_NEAR(line_of(summary, 1, "mode1").iou().mean, 0.55, 1e-12);
  EXPECT_EQ(line_of(summary, 1, "mode1", 1, Level::volume).iou().mean, 0.9);
  EXPECT_EQ(line_of(summary, 1, "mode1", 1, Level::volume).expected, 1);
  EXPECT_THROW(line_of(summary, 2, "mode1", 1, Level::volume), std::runtime_error);  // none was planned
}

TEST(Summarise, CountsClicksUntilAThreshold) {
  std::vector<ResultRow> rows;
  const auto add = [&](const std::string& image, std::vector<double> ious) {
    for (std::size_t i = 0; i < ious.size(); ++i) {
      rows.push_back(row_of({image, 1, "clicks", static_cast<int>(i) + 1}, ious[i]));
    }
  };
  add("1.png", {0.5, 0.8, 0.84});
  add("2.png", {0.9, 0.7, 0.95});  // reached at once, lost again
  add("3.png", {0.1, 0.2, 0.3});
  const Summary summary = summarise(rows, {expected_of({{1, "cord", 3, 0}})}, 1);
  ASSERT_EQ(summary.clicks.size(), 6U);
  const ClickSummary& first = summary.clicks[0];
  EXPECT_EQ(first.threshold, 0.80);
  EXPECT_EQ(first.clicks, 3);
  EXPECT_NEAR(first.clicks_needed.mean, (2 + 1 + 3) / 3.0, 1e-12);
  EXPECT_EQ(first.clicks_needed.n, 3);
  EXPECT_EQ(first.never, 1);
  EXPECT_EQ(summary.clicks[1].never, 2);
  EXPECT_NEAR(summary.clicks[2].clicks_needed.mean, (3 + 1 + 3) / 3.0, 1e-12);
  EXPECT_EQ(summary.clicks[3].label, 1);
}

TEST(Summarise, CorrelatesSizeWithIouForModesAndTheLastClickOnly) {
  std::vector<ResultRow> rows;
  for (int i = 0; i < 6; ++i) {
    const std::string image = std::to_string(i) + ".png";
    for (const ResultRow& row : {row_of({image}, 0.1 * i), row_of({image, 1, "clicks", 1}, 0.1 * i),
                                 row_of({image, 1, "clicks", 2}, 1 - 0.1 * i)}) {
      rows.push_back(row);
      rows.back().area_px = 10 * i;
    }
  }
  const Summary summary = summarise(rows, {}, 1);
  EXPECT_EQ(line_of(summary, 1, "mode1").size_correlation->mean, 1);
  EXPECT_EQ(line_of(summary, 1, "mode1").size_correlation->n, 6);
  EXPECT_FALSE(line_of(summary, 1, "clicks", 1).size_correlation);
  EXPECT_EQ(line_of(summary, 1, "clicks", 2).size_correlation->mean, -1);
}

TEST(Summary, AveragesLaterMetricsOverTheRowsThatKnowThem) {
  std::vector<ResultRow> rows{row_of({"1.png"}, 0.5), row_of({"2.png"}, 0.5), row_of({"3.png"}, 0.5)};
  rows[0].scores.relative_volume_error = -1;
  rows[1].scores.relative_volume_error = 0.5;
  rows[2].scores.relative_volume_error = kNotKnown;
  const Summary summary = summarise(rows, {}, 1);
  const MetricEstimate& error = summary.scores[0].metrics[&Scores::relative_volume_error];
  EXPECT_EQ(error.mean, -0.25);
  EXPECT_EQ(error.n, 2);
  EXPECT_EQ(error.infinite, 0);
}

TEST(SummaryJson, HasEveryLineAndNullForWhatIsNoNumber) {
  ResultRow missed = row_of({"1.png", 1, "clicks"}, 0);
  missed.scores.hd95 = missed.scores.asd = kInfinity;
  missed.dataset = "bad \xff \"name\"\n";
  const auto json =
      nlohmann::json::parse(summary_json(summarise({missed}, {expected_of({{1, "cord", 2, 1}})}, 1)));
  EXPECT_EQ(json["expected"][0]["labels"][0]["tasks"], 2);
  const auto& line = json["scores"][0];
  EXPECT_EQ(line["dataset"], "bad \xef\xbf\xbd \"name\"\n");
  EXPECT_TRUE(line["label"].is_null());
  EXPECT_TRUE(line["hd95"]["mean"].is_null());
  EXPECT_EQ(line["hd95"]["infinite"], 1);
  EXPECT_EQ(line["n"], 1);
  EXPECT_EQ(line["iou"]["mean"], 0);
  EXPECT_TRUE(line["size_correlation"].is_null());
  EXPECT_EQ(json["clicks_to"][0]["never_share"], 1);
  EXPECT_TRUE(json["clicks_to"].back()["mean_clicks"].is_null());
  const auto empty = nlohmann::json::parse(summary_json(summarise({}, {}, 1)));
  EXPECT_TRUE(empty["scores"].empty());
}

std::size_t widest_line(const std::string& text) {
  std::istringstream lines(text);
  std::size_t widest = 0;
  for (std::string line; std::getline(lines, line);) widest = std::max(widest, line.size());
  return widest;
}

TEST(SummaryTable, ShowsMeansIntervalsAndCounts) {
  const std::string table = summary_table(
      summarise({row_of({"1.png"}, 0.5), row_of({"2.png"}, 0.75), row_of({"1.png", 1, "mode3"}, 1)},
                {expected_of({{1, "cord", 4, 0}})}, 1));
  EXPECT_THAT(table, HasSubstr("\nset\n"));
  EXPECT_THAT(table, HasSubstr("1 point  0.625 0.500-0.750     2/4\n"));
  EXPECT_THAT(table, HasSubstr("box      1.000                 1/4\n"));
  EXPECT_THAT(table, Not(HasSubstr("all labels")));  // there is one only
  EXPECT_EQ(summary_table(summarise({}, {}, 1)), "No object was scored.\n");
}

TEST(SummaryTable, FitsATerminalWhateverTheNames) {
  std::vector<ResultRow> rows;
  for (std::int64_t label = 1; label <= 9; ++label) {
    for (const Choice choice :
         {Choice::card, Choice::confidence, Choice::first, Choice::oracle, Choice::single}) {
      for (int step = 1; step <= 9; ++step)
        rows.push_back(row_of({"1.png", label, "clicks", step, choice}, 0.1));
      for (const char mode : {'1', '2', '3', '4', '5'}) {
        rows.push_back(row_of({"1.png", label, std::string("mode") + mode, 1, choice}, 0.9));
      }
    }
  }
  for (ResultRow& row : rows) row.label_name = "\x1b[31m" + std::string(200, 'x') + std::to_string(row.label);
  for (const std::int64_t labels : {9, 2}) {
    std::erase_if(rows, [&](const ResultRow& row) { return row.label > labels; });
    std::vector<Expected::Label> expected;
    for (std::int64_t label = 1; label <= labels; ++label) {
      const auto row =
          std::find_if(rows.begin(), rows.end(), [&](const ResultRow& r) { return r.label == label; });
      expected.push_back({label, row->label_name, 12345, 0});
    }
    const std::string table = summary_table(summarise(rows, {expected_of(expected)}, 1));
    EXPECT_LE(widest_line(table), 129U) << table;
    EXPECT_THAT(table, HasSubstr("1/12345"));
    EXPECT_THAT(table, HasSubstr("x..."));
    EXPECT_THAT(table, Not(HasSubstr("\x1b")));
  }
}

}  // namespace
}  // namespace sonde
