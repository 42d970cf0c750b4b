// SPDX-License-Identifier: Apache-2.0
#include "sonde/evaluate/report.h"

#include <algorithm>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sonde/evaluate/report_testing.h"

namespace sonde {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::size_t count_of(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

nlohmann::json data_of(const std::string& html) {
  constexpr std::string_view kStart = "<script type=\"application/json\" id=\"data\">";
  const std::size_t start = html.find(kStart) + kStart.size();
  return nlohmann::json::parse(html.substr(start, html.find("</script>", start) - start));
}

// Of the first line of a table of estimates: [mean, low, high, n], of distances with the infinite ones
// behind.
nlohmann::json first_estimate(const nlohmann::json& table) {
  nlohmann::json estimate = nlohmann::json::array();
  for (const char* name : {"mean", "low", "high", "n", "infinite"})
    if (table.contains(name)) estimate.push_back(table[name].at(0));
  return estimate;
}

ReportInput small_study() {
  std::vector<ResultRow> rows;
  for (int i = 0; i < 5; ++i) {
    const std::string image = std::to_string(i) + ".png";
    rows.push_back(row_of("spine", image, "mode4", 0.5 + 0.1 * i));
    for (int step = 1; step <= 3; ++step) {
      rows.push_back(row_of("spine", image, "clicks", 0.2 * step));
      rows.back().step = step;
    }
  }
  return study_of(std::move(rows));
}

std::string headline_of(const std::string& html) {
  constexpr std::string_view kStart = "<p class=\"headline\">";
  const std::size_t start = html.find(kStart) + kStart.size();
  return html.substr(start, html.find('<', start) - start);
}

TEST(Report, SaysTheResultInASentence) {
  const ReportInput input = small_study();
  EXPECT_EQ(headline_of(report_html(input)),
            "A box around each region of an object reaches IoU 0.70 [0.70, 0.70], 5 of 5 objects scored; "
            "after 3 clicks IoU 0.60 [0.60, 0.60].");
  auto rows = input.rows;
  rows.push_back(row_of("tail", "0.png", "mode4", 0.9));
  rows.push_back(row_of("tail", "0.png", "clicks", 0.8));
  rows.back().step = 3;
  EXPECT_EQ(headline_of(report_html(study_of(rows))),
            "A box around each region of an object reaches IoU 0.80 (0.70 to 0.90 over 2 data sets), 6 of 6 "
            "objects scored; after 3 clicks IoU 0.70 (0.60 to 0.80 over 2 data sets).");
}

TEST(Report, SaysTheClicksAloneWhereThereAreNoModes) {
  EXPECT_EQ(headline_of(report_html(study_of({row_of("a", "0", "clicks", 0.5)}))),
            "After 1 click IoU 0.50 [0.50, 0.50].");
}

TEST(Report, SaysNoIntervalWhereAllIsOfOneImage) {
  ReportInput input = study_of({row_of("a", "0", "mode5", 0.99)});
  for (ScoreSummary& line : input.summary.scores) {
    line.metrics[&Scores::iou].interval = kNoInterval;
    line.size_correlation = Estimate{0.5, kNoInterval, 3};
  }
  input.summary.clicks = {{"a", std::nullopt, "", Choice::confidence, 0.8, 3, {1, kNoInterval, 2}, 0}};
  const std::string html = report_html(input);
  EXPECT_EQ(headline_of(html), "One box per object reaches IoU 0.99, 1 of 1 objects scored.");
  const auto data = data_of(html);
  EXPECT_EQ(first_estimate(data["scores"]["metrics"]["iou"]).dump(), "[0.99,null,null,1]");
  EXPECT_EQ(first_estimate(data["scores"]["sizeCorrelation"]).dump(), "[0.5,null,null,3]");
  EXPECT_EQ(first_estimate(data["clicks"]["needed"]).dump(), "[1.0,null,null,2]");
}

TEST(Report, ShowsItsNoticeAsText) {
  ReportInput input = small_study();
  EXPECT_THAT(report_html(input), Not(HasSubstr("<p class=\"notice\">")));
  input.notice = "Stopped <b>early</b>.";
  EXPECT_THAT(report_html(input), HasSubstr("<p class=\"notice\">Stopped &lt;b&gt;early&lt;/b&gt;.</p>"));
}

TEST(Report, IsTheSameBytesForTheSameStudy) {
  EXPECT_EQ(report_html(small_study()), report_html(small_study()));
}

TEST(Report, AsksTheNetworkForNothing) {
  const std::string html = report_html(small_study());
  EXPECT_THAT(html, HasSubstr("content=\"default-src 'none'; script-src 'unsafe-inline'; style-src "
                              "'unsafe-inline'; img-src data:;"));
  for (const char* reference : {"src=\"http", "href=\"http", "url(", "@import", "unsafe-eval"})
    EXPECT_EQ(count_of(html.substr(0, html.find("<script")), reference), 0U) << reference;
}

TEST(Report, TakesNamesFromFilesAsTextOnly) {
  const std::string nasty = "<b>x</b></script><!-- \"'& \xe2\x80\xa8 \xc3\xa4";
  auto rows = small_study().rows;
  for (ResultRow& row : rows) row.dataset = row.image = row.label_name = row.object = nasty;
  ReportInput input = study_of(rows);
  input.title = nasty;
  input.facts = {{nasty, nasty}};
  input.failures = {{nasty, nasty, std::nullopt, FailureKind::empty_mask, nasty}};
  const std::string html = report_html(input);
  EXPECT_THAT(html, Not(HasSubstr("<b>x")));
  EXPECT_EQ(count_of(html, "</script"), 3U);
  EXPECT_EQ(count_of(html, "<!--"), count_of(report_html(small_study()), "<!--"));
  const auto data = data_of(html);
  EXPECT_EQ(data["dataSets"][0]["name"], nasty);
  EXPECT_EQ(data["dataSets"][0]["labels"][0]["name"], nasty);
  EXPECT_EQ(data["failures"]["lines"]["reason"][0], nasty);
  EXPECT_EQ(data["facts"][0][0], nasty);
  EXPECT_EQ(data["title"], nasty);
}

TEST(Report, SurvivesBytesThatAreNoUtf8) {
  auto rows = small_study().rows;
  for (ResultRow& row : rows) row.image = row.label_name = "\xff\xfe";
  ReportInput input = study_of(rows);
  input.title = "\xc3";
  const std::string html = report_html(input);
  EXPECT_THAT(html, HasSubstr("<title>\xef\xbf\xbd</title>"));
  EXPECT_EQ(data_of(html)["cases"]["lines"][0]["image"], "\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(Report, OfNothingIsAPageToo) {
  const std::string html = report_html({});
  EXPECT_THAT(html, HasSubstr("Nothing was scored."));
  EXPECT_TRUE(data_of(html)["scores"]["set"].empty());
}

TEST(Report, OfFailuresAloneNamesTheirDataSet) {
  ReportInput input;
  input.failures = {{"liver", "1.png", 3, FailureKind::size_mismatch, "masks/1.png: 3 x 4, not 5 x 6"}};
  const auto data = data_of(report_html(input));
  EXPECT_EQ(data["dataSets"][0]["name"], "liver");
  EXPECT_EQ(data["dataSets"][0]["failures"], 1);
  EXPECT_EQ(data["failures"]["lines"], nlohmann::json::parse(R"({
    "set": [0], "image": ["1.png"], "label": [3], "kind": ["size_mismatch"],
    "reason": ["masks/1.png: 3 x 4, not 5 x 6"]})"));
}

TEST(Report, ShowsTheFirstFailuresAndCountsAll) {
  ReportInput input = small_study();
  input.failures.resize(1234, {"spine", "1.png", std::nullopt, FailureKind::missing_mask, "none"});
  const auto data = data_of(report_html(input));
  EXPECT_EQ(data["failures"]["count"], 1234);
  EXPECT_EQ(data["failures"]["lines"]["reason"].size(), 500U);
}

TEST(Report, CountsInfiniteDistancesBesideTheMeanOfTheOthers) {
  ReportInput input = small_study();
  input.summary.scores[0].metrics[&Scores::hd95] = {{4.25, {3, 5.5}, 4}, 1};
  input.summary.scores[0].metrics[&Scores::asd] = {{std::numeric_limits<double>::quiet_NaN(), {}, 0}, 5};
  const auto metrics = data_of(report_html(input))["scores"]["metrics"];
  EXPECT_EQ(first_estimate(metrics["hd95"]).dump(), "[4.25,3.0,5.5,4,1]");
  EXPECT_EQ(first_estimate(metrics["asd"]).dump(), "[null,null,null,0,5]");
}

TEST(Report, CarriesThePublishedFigures) {
  const auto published = data_of(report_html({}))["published"];
  EXPECT_THAT(published["modes"].get<std::string>(), HasSubstr("MRI-Spine: GM"));
  EXPECT_THAT(published["mean"].get<std::string>(),
              HasSubstr("Num of points,SAM,SAM (oracle),RITM,SimpleClick,FocalClick\n1,0.4595"));
  EXPECT_EQ(count_of(published["modes"].get<std::string>(), "\n"), 29U);  // a header and 28 tasks
}

TEST(Report, StaysLightWithAHundredThousandRows) {
  std::vector<ResultRow> rows;
  for (int i = 0; i < 25'000; ++i)
    for (int k = 0; k < 4; ++k) {
      rows.push_back(row_of("set", std::to_string(i) + ".png",
                            k == 3 ? "clicks" : "mode" + std::to_string(k + 1),
                            static_cast<double>((7919 * i + k) % 1000) / 1000));
      rows.back().area_px = 10 + i;
    }
  const std::string html = report_html(study_of(std::move(rows)));
  EXPECT_LT(html.size(), 2'000'000U);
  const auto data = data_of(html);
  EXPECT_FALSE(data["series"].empty());
  for (const auto& line : data["series"]) {
    EXPECT_EQ(line["n"], 25'000);
    EXPECT_EQ(line["sample"]["area"].size(), 2000U);
    EXPECT_EQ(line["bySize"]["median"].size(), 10U);
  }
}

}  // namespace
}  // namespace sonde
