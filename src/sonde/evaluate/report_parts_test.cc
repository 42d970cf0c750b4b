// SPDX-License-Identifier: Apache-2.0
#include "sonde/evaluate/report_parts.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/evaluate/report_testing.h"

namespace sonde {
namespace {

using ::testing::ElementsAre;

Mask mask_of(const std::vector<std::string>& rows) {
  Mask mask = empty_mask({static_cast<std::int64_t>(rows[0].size()), static_cast<std::int64_t>(rows.size())});
  for (std::size_t y = 0; y < rows.size(); ++y)
    for (std::size_t x = 0; x < rows[y].size(); ++x) mask.pixels[y * rows[y].size() + x] = rows[y][x] == '#';
  return mask;
}

TEST(OutlinePath, RunsAlongPixelEdges) {
  EXPECT_EQ(outline_path(mask_of({"..", ".."})), "");
  EXPECT_EQ(outline_path(mask_of({"..", ".#"})), "M1 1h1v1h-1z");
  EXPECT_EQ(outline_path(mask_of({"##", "##"})), "M0 0h2v2h-2z");
  EXPECT_EQ(outline_path(mask_of({"#.", "##"})), "M0 0h1v1h1v1h-2z");
}

TEST(OutlinePath, GivesAHoleItsOwnLoop) {
  EXPECT_EQ(outline_path(mask_of({"###", "#.#", "###"})), "M0 0h3v3h-3zM1 2h1v-1h-1z");
}

TEST(OutlinePath, JoinsPixelsThatTouchAtACorner) {
  EXPECT_EQ(outline_path(mask_of({"#.", ".#"})), "M0 0h1v1h1v1h-1v-1h-1z");
  EXPECT_EQ(outline_path(mask_of({".#", "#."})), "M1 0h1v1h-1v1h-1v-1h1z");
}

TEST(OutlinePath, GetsCoarserUntilItFits) {
  Mask board = empty_mask({64, 64});
  for (std::size_t i = 0; i < board.pixels.size(); ++i)
    board.pixels[i] = (i % 64 + i / 64) % 2 == 0 || i % 64 < 16;
  EXPECT_GT(outline_path(board).size(), 1000U);
  EXPECT_LE(outline_path_within(board, 1000).size(), 1000U);
  EXPECT_EQ(outline_path_within(mask_of({"##", "##"}), 3), "");  // nothing fits: given up
}

TEST(PromptMarks, ReadsPointsAndBoxes) {
  const PromptMarks prompt = parse_prompt_marks("+3,4;-5.5,6;1,2,3,4");
  EXPECT_THAT(prompt.positive, ElementsAre(Point2{3, 4}));
  EXPECT_THAT(prompt.negative, ElementsAre(Point2{5.5, 6}));
  EXPECT_THAT(prompt.boxes, ElementsAre(Box2{1, 2, 3, 4}));
}

TEST(PromptMarks, LeavesOutWhatIsNone) {
  for (const char* text :
       {"", ";", "+", "+1", "+1,", "1,2,3", "1,2,3,4,5", "+x,y", "*1,2", "+1,2,3,4", "1e999,1,1,1"}) {
    const PromptMarks prompt = parse_prompt_marks(text);
    EXPECT_TRUE(prompt.positive.empty() && prompt.negative.empty() && prompt.boxes.empty()) << text;
  }
}

std::optional<Box2> closer_look_at(const CasePicture& picture, std::string_view prompt) {
  return closer_look({{"truth", picture.truth}, {"prediction", picture.prediction}},
                     parse_prompt_marks(prompt));
}

CasePicture picture_with(Extent2 extent, const Box2& box) {
  CasePicture picture{
      {extent, std::vector<std::uint8_t>(static_cast<std::size_t>(3 * pixel_count(extent)), 0)},
      empty_mask(extent),
      empty_mask(extent)};
  for (auto y = static_cast<std::int64_t>(box.y0); y <= static_cast<std::int64_t>(box.y1); ++y)
    for (auto x = static_cast<std::int64_t>(box.x0); x <= static_cast<std::int64_t>(box.x1); ++x)
      picture.truth.pixels[static_cast<std::size_t>(y * extent.width + x)] = 1;
  return picture;
}

TEST(CloserLook, HoldsTheObjectAndItsPromptsInsideThePicture) {
  for (const Box2& object : {Box2{0, 0, 9, 9}, Box2{190, 140, 199, 149}, Box2{100, 3, 104, 20}}) {
    const auto closer = closer_look_at(picture_with({200, 150}, object), "+100,60");
    ASSERT_TRUE(closer || object.x0 != 100);
    if (!closer) continue;
    EXPECT_LE(closer->x0, std::min(object.x0, 100.0));
    EXPECT_GE(closer->y1, std::max(object.y1, 60.0));
    EXPECT_GE(closer->x0, 0);
    EXPECT_GE(closer->y0, 0);
    EXPECT_LT(closer->x1, 200);
    EXPECT_LT(closer->y1, 150);
  }
}

TEST(CloserLook, IsOnlyForSmallObjects) {
  EXPECT_FALSE(closer_look_at(picture_with({200, 150}, {10, 10, 90, 90}), ""));
  EXPECT_FALSE(closer_look_at(picture_with({200, 150}, {0, 70, 199, 72}), ""));
  EXPECT_FALSE(closer_look_at(picture_with({20, 20}, {3, 3, 4, 4}), ""));
  EXPECT_TRUE(closer_look_at(picture_with({200, 150}, {10, 10, 20, 20}), ""));
}

TEST(ChooseCases, TakesBestMedianAndWorstOfABoxModeAndTheLastClick) {
  std::vector<ResultRow> rows;
  for (int i = 0; i < 9; ++i) {
    rows.push_back(row_of("a", std::to_string(i), "mode4", 0.1 * ((4 * i) % 9)));
    rows.push_back(row_of("a", std::to_string(i), "clicks", 0.1 * i));
  }
  const ReportInput input = study_of(rows);
  const ReportIndex index(input);
  std::vector<std::string> chosen;
  for (const ChosenCase& line : choose_cases(input.rows, index))
    chosen.push_back(line.row->protocol + " " + std::string(line.rank) + " " +
                     std::to_string(line.row->scores.iou).substr(0, 3));
  EXPECT_THAT(chosen,
              ElementsAre("mode4 best 0.8", "mode4 best 0.7", "mode4 median 0.5", "mode4 median 0.4",
                          "mode4 worst 0.1", "mode4 worst 0.0", "clicks best 0.8", "clicks best 0.7",
                          "clicks median 0.5", "clicks median 0.4", "clicks worst 0.1", "clicks worst 0.0"));
}

std::vector<std::string> ranks_of(const std::vector<double>& ious) {
  std::vector<ResultRow> rows;
  for (std::size_t i = 0; i < ious.size(); ++i)
    rows.push_back(row_of("a", std::to_string(i), "mode1", ious[i]));
  const ReportInput input = study_of(std::move(rows));
  std::vector<std::string> ranks;
  for (const ChosenCase& line : choose_cases(input.rows, ReportIndex(input)))
    ranks.push_back(std::string(line.rank) + " " + line.row->image);
  return ranks;
}

TEST(ChooseCases, ShowsAnObjectOnceWhereThereAreFew) {
  EXPECT_THAT(ranks_of({0.5}), ElementsAre("only 0"));
  EXPECT_THAT(ranks_of({0.5, 0.7}), ElementsAre("best 1", "worst 0"));
  EXPECT_THAT(ranks_of({0.5, 0.7, 0.6}), ElementsAre("best 1", "median 2", "worst 0"));
  EXPECT_THAT(ranks_of({0.5, 0.8, 0.6, 0.7}), ElementsAre("best 1", "best 3", "median 2", "worst 0"));
}

TEST(ChooseCases, CallsNothingBestThatIsAsBadAsTheWorst) {
  EXPECT_THAT(ranks_of({0, 0, 0.5, 0}), ElementsAre("best 2", "median 3", "median 1", "worst 0"));
  EXPECT_THAT(ranks_of({0.9, 0.9001, 0.9, 0.9}), ElementsAre("alike 0", "alike 2", "alike 3"));
}

TEST(ChooseCases, StaysWithinItsNumber) {
  std::vector<ResultRow> rows;
  for (int set = 0; set < 30; ++set)
    for (int i = 0; i < 10; ++i)
      for (const char* protocol : {"clicks", "mode5"})
        rows.push_back(row_of("set" + std::to_string(100 + set), std::to_string(i), protocol, 0.1 * i));
  const ReportInput input = study_of(rows);
  EXPECT_EQ(choose_cases(input.rows, ReportIndex(input)).size(), kCasesInAll);
}

TEST(ReportCases, CarryPicturesOutlinesAndPrompts) {
  const ReportInput input = study_of({row_of("a", "0", "clicks", 0.5)});
  const auto cases = report_cases(input, ReportIndex(input));
  ASSERT_EQ(cases["lines"].size(), 1U);
  const auto& drawing = cases["lines"][0]["drawing"];
  EXPECT_EQ(drawing["truth"], "M3 2h2v1h-1v1h-1z");
  EXPECT_EQ(drawing["prompt"]["points"].dump(), "[[3.0,3.0,1],[0.0,1.0,0]]");
  EXPECT_EQ(cases["pictures"][0].get<std::string>().substr(0, 32), "data:image/png;base64,iVBORw0KGg");
}

TEST(ReportCases, KeepTheCaptionWhereThePictureIsGone) {
  ReportInput input = study_of({row_of("a", "0", "mode4", 0.5)});
  input.picture = [](const ResultRow&) { return std::optional<CasePicture>(); };
  EXPECT_FALSE(report_cases(input, ReportIndex(input))["lines"][0].contains("drawing"));
  input.picture = nullptr;
  EXPECT_FALSE(report_cases(input, ReportIndex(input))["lines"][0].contains("drawing"));
  input.picture = [](const ResultRow&) {
    CasePicture odd = picture_with({2, 2}, {0, 0, 1, 1});
    odd.truth = empty_mask({3, 2});
    return std::optional(odd);
  };
  EXPECT_FALSE(report_cases(input, ReportIndex(input))["lines"][0].contains("drawing"));
}

TEST(MirroredDensity, IsHighestWhereTheValuesAreAndKeepsTheEnds) {
  const auto density = mirrored_density({0.5, 0.5, 0.5, 0.52});
  EXPECT_EQ(std::ranges::max_element(density) - density.begin(), 25);
  EXPECT_NEAR(density.front(), 0, 1e-9);
  EXPECT_DOUBLE_EQ(mirrored_density({1, 1, 1}).back(), 1);
  EXPECT_EQ(mirrored_density({}).size(), static_cast<std::size_t>(kDensityPoints));
}

}  // namespace
}  // namespace sonde
