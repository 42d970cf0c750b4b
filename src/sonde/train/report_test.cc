// SPDX-License-Identifier: Apache-2.0
#include "sonde/train/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sonde/core/durable_file.h"
#include "sonde/core/error.h"
#include "sonde/core/folder_testing.h"
#include "sonde/train/report_parts.h"
#include "sonde/train/test_answers.h"

namespace sonde {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Estimate estimate_of(double mean) { return {mean, {mean - 0.05, mean + 0.05}, 8}; }

MeasureRow row_of(std::int64_t step, SplitPart part, CheckPrompt prompt, CheckChoice choice, double iou) {
  return {step, part == SplitPart::guard ? "cells" : "nerve", part, prompt, choice, estimate_of(iou), 0.2};
}

CardComparison tested(CheckPrompt prompt, double p) {
  const CardMeasure measure{"nerve", std::string(to_string(prompt)), "card", 8, 0.5, 0.4, 0.6, 0.1};
  return {measure, measure, p};
}

// A run on the set "nerve" with the guard set "cells": points get better, boxes worse, cells too.
class TrainingReport : public ::testing::Test {
 protected:
  TrainingReport() {
    write("run.json",
          R"({"settings": {"--steps": "100"}, "facts": {"command line": "sonde train --data <b>"}})");
    write("train.csv",
          "step,loss,loss_mask,loss_quality,iou,gradient_norm,lr,prompt_kinds,seconds,peak_rss_mb\n"
          "1,2.5,2,0.5,0.1,3,0.001,point box,0.4,800\n2,nan,nan,0.4,0.2,inf,0.001,point,0.6,900\n");
    write("split.csv",
          "dataset,image,case,part\nnerve,1.png,1,train\nnerve,2.png,2,test\ncells,3.png,3,guard\n");
    std::vector<MeasureRow> rows;
    for (const auto& [step, iou] : {std::pair{0, 0.1}, std::pair{50, 0.5}, std::pair{100, 0.45}})
      rows.push_back(row_of(step, SplitPart::validation, CheckPrompt::point, CheckChoice::card, iou));
    for (const std::int64_t step : {0, 50}) {
      rows.push_back(
          row_of(step, SplitPart::test, CheckPrompt::point, CheckChoice::card, step == 0 ? 0.06 : 0.49));
      rows.push_back(
          row_of(step, SplitPart::test, CheckPrompt::box, CheckChoice::card, step == 0 ? 0.6 : 0.5));
      rows.push_back(row_of(step, SplitPart::test, CheckPrompt::two_clicks, CheckChoice::card, 0.3));
      rows.push_back(
          row_of(step, SplitPart::guard, CheckPrompt::point, CheckChoice::card, step == 0 ? 0.6 : 0.4));
    }
    write("validation.csv", measure_csv(rows));
    write("guard.csv",
          "name,before,after,limit,passed\nzero-shot: cells: 1 point,0.6,0.4,0.55,no\n"
          "leakage: pictures in two parts,0,0,0,yes\n");
    ModelCard card;
    card.name = "mine";
    card.parent = "mobile-sam";
    card.tuned = "lora";
    card.choice_by_prompt[PromptKind::point] = AnswerRule::confident;
    card.test = {tested(CheckPrompt::point, 0.001), tested(CheckPrompt::box, 0.01),
                 tested(CheckPrompt::two_clicks, 0.6)};
    card.data = {{"nerve", "CC0 1.0", "", "https://example.org", 2, 3}};
    write_card(run() / "card.json", card);
  }

  const fs::path& run() const { return folder_.path(); }
  void write(const char* name, std::string_view text) const { write_durably(run() / name, text); }
  std::string page() const {
    write_training_report(run());
    return content_of(run() / "report.html");
  }
  nlohmann::json data() const {
    constexpr std::string_view kStart = "<script type=\"application/json\" id=\"data\">";
    const std::string html = page();
    const std::size_t start = html.find(kStart) + kStart.size();
    return nlohmann::json::parse(html.substr(start, html.find("</script>", start) - start));
  }
  std::string headline() const {
    constexpr std::string_view kStart = "<p class=\"headline\">";
    const std::string html = page();
    const std::size_t start = html.find(kStart) + kStart.size();
    return html.substr(start, html.find('<', start) - start);
  }
  // What is said when the page is asked for.
  std::string refusal() const {
    try {
      write_training_report(run());
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

 private:
  TestFolder folder_;
};

TEST_F(TrainingReport, SaysTheResultAndWhatGotWorse) {
  EXPECT_EQ(
      headline(),
      "Low-rank additions to the decoder of mobile-sam were tuned on 1 picture of nerve. On test pictures "
      "the mean IoU rises for 1 point from 0.06 to 0.49. It falls for box from 0.60 to 0.50. On sets never "
      "trained on it got worse: cells: 1 point from 0.60 to 0.40.");
}

TEST_F(TrainingReport, SaysWhereTooFewObjectsWereTested) {
  ModelCard card = read_card(run() / "card.json");
  for (CardComparison& comparison : card.test) comparison.p = 0.125;
  write_card(run() / "card.json", card);
  EXPECT_THAT(headline(),
              HasSubstr("the mean IoU rises for 1 point from 0.06 to 0.49, which so few objects do "
                        "not tell from chance. It falls for box from 0.60 to 0.50, which so few"));
}

TEST_F(TrainingReport, PutsBeforeBesideAfterWithTheTest) {
  const auto lines = data()["comparisons"];
  EXPECT_EQ(lines["prompt"], nlohmann::json({"1 point", "box", "2 clicks", "1 point"}));
  EXPECT_EQ(lines["part"], nlohmann::json({"test", "test", "test", "guard"}));
  EXPECT_EQ(lines["before"]["iou"], nlohmann::json({0.06, 0.6, 0.3, 0.6}));
  EXPECT_EQ(lines["after"]["iou"], nlohmann::json({0.49, 0.5, 0.3, 0.4}));
  EXPECT_EQ(lines["p"], nlohmann::json({0.001, 0.01, 0.6, nullptr}));
}

TEST_F(TrainingReport, MarksTheStepThatWasKeptAndTheRules) {
  const auto page_data = data();
  EXPECT_EQ(page_data["bestStep"], 50);
  EXPECT_EQ(page_data["rules"]["1 point"], "confident");
  EXPECT_EQ(page_data["steps"]["loss"].dump(), "[2.5,null]");
  EXPECT_EQ(page_data["command"], "sonde train --data <b>");
  EXPECT_EQ(page_data["facts"].dump(), R"([["--steps","100"]])");
}

TEST_F(TrainingReport, IsThePageOfARunThatHasNotComeToItsEndToo) {
  for (const char* name : {"card.json", "guard.csv"}) fs::remove(run() / name);
  EXPECT_EQ(headline(), "This run has not come to its end: 2 steps done.");
  EXPECT_TRUE(data()["comparisons"]["set"].empty());
}

TEST_F(TrainingReport, AsksTheNetworkForNothingAndTakesNamesAsText) {
  const std::string html = page();
  EXPECT_THAT(html, HasSubstr("content=\"default-src 'none'; script-src 'unsafe-inline'"));
  EXPECT_THAT(html, Not(HasSubstr("--data <b>")));
  EXPECT_EQ(html, page());
}

TEST_F(TrainingReport, RefusesADamagedRunNamingTheFile) {
  const auto damaged = [&](const char* name, const std::string& text) {
    const std::string good = content_of(run() / name);
    write(name, text);
    std::string said = refusal();
    write(name, good);
    return said;
  };
  EXPECT_THAT(damaged("run.json", "{"), HasSubstr("run.json: no valid JSON: "));
  EXPECT_THAT(damaged("run.json", "{}"), HasSubstr("run.json: settings is missing"));
  EXPECT_THAT(damaged("train.csv", "step,loss\n1,2\n"),
              HasSubstr("train.csv: line 1: no column is called \"loss_mask\""));
  EXPECT_THAT(damaged("validation.csv", "a\n"),
              HasSubstr("validation.csv: line 1: no column is called \"step\""));
  EXPECT_THAT(damaged("guard.csv", "name,before,after,limit,passed\na,1,2,3,4\n"),
              HasSubstr("guard.csv: line 2: passed is \"4\", not yes or no"));
  EXPECT_THAT(damaged("card.json", "[]"), HasSubstr("card.json: "));
  write("cases.json", "{}");
  EXPECT_THAT(refusal(), HasSubstr("cases.json: pictures must be a list"));
  fs::remove(run() / "cases.json");
  fs::remove(run() / "train.csv");
  EXPECT_THAT(refusal(), HasSubstr("train.csv"));
}

// ---- test.csv and cases.json

std::vector<TestAnswer> answers_of(int count) {
  std::vector<TestAnswer> answers;
  for (int i = 0; i < count; ++i) {
    const double after = 0.1 * ((4 * i) % 9);
    const std::string image = std::to_string(i) + ".png";
    answers.push_back({"nerve", image, "", "nerve, left", "1 point", "+3,4", "confident", i == 7 ? 0.9 : 0.05,
                       after, 0.9, 0.3});
    answers.push_back({"nerve", image, "", "nerve, left", "box", "2,2,5,5", "single", 0.06, after, 0.9, 0.3});
    answers.push_back(
        {"nerve", image, "", "nerve, left", "2 clicks", "+3,4;-9,9", "first", 0.1, after, 0.9, 0.3});
  }
  return answers;
}

TEST(TestAnswers, ShowTheWorstFirstOfAPointAndOfABox) {
  std::vector<std::string> chosen;
  const auto answers = answers_of(9);
  for (const ChosenAnswer& one : choose_test_answers(answers))
    chosen.push_back(answers[one.place].prompt_kind + " " + std::string(one.rank) + " " +
                     answers[one.place].image);
  EXPECT_THAT(chosen, ElementsAre("1 point worst 0.png", "1 point lost most 7.png", "1 point median 1.png",
                                  "1 point median 8.png", "1 point best 4.png", "1 point best 2.png",
                                  "box lost most 0.png", "box worst 7.png", "box median 1.png",
                                  "box median 8.png", "box best 4.png", "box best 2.png"));
}

TEST(TestAnswers, AreReadAsTheyWereWrittenAndDrawnWhereThePictureIsThere) {
  const TestFolder folder;
  const auto answers = answers_of(3);
  const Extent2 extent{12, 10};
  TestPicture picture;
  picture.image = {extent, std::vector<std::uint8_t>(360, 90)};
  picture.truth = picture.before = picture.after = empty_mask(extent);
  picture.truth.pixels[3 * 12 + 3] = picture.after.pixels[0] = 1;
  const std::optional<TestPicture> shown(picture), gone;
  write_test_answers(folder.path(), answers,
                     [&](std::size_t place) { return answers[place].image == "0.png" ? shown : gone; });
  EXPECT_EQ(read_test_answers(folder.path() / "test.csv"), answers);
  const auto cases = nlohmann::json::parse(content_of(folder.path() / "cases.json"));
  EXPECT_EQ(cases["pictures"].size(), 1U);
  const auto& line = cases["lines"][0];
  EXPECT_EQ(line["image"], "0.png");
  EXPECT_EQ(line["drawing"]["truth"], "M3 3h1v1h-1z");
  EXPECT_EQ(line["drawing"]["after"], "M0 0h1v1h-1z");
  EXPECT_EQ(line["drawing"]["before"], "");
  EXPECT_EQ(line["drawing"]["prompt"]["points"].dump(), "[[3.0,4.0,1]]");
  EXPECT_FALSE(cases["lines"][1].contains("drawing"));
}

}  // namespace
}  // namespace sonde
