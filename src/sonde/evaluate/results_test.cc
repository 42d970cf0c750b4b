// SPDX-License-Identifier: Apache-2.0
#include "sonde/evaluate/results.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/durable_file.h"
#include "sonde/core/error.h"
#include "sonde/core/folder_testing.h"
#include "sonde/evaluate/csv.h"

namespace sonde {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::string_view kEarlierHeader =
    "dataset,image,label,label_name,object,level,area_px,protocol,choice,step,prompt,iou,dice,hd95,asd,"
    "surface_dice,"
    "unit,predicted_iou,candidate\n";
constexpr std::string_view kHeader =
    "dataset,image,label,label_name,object,level,area_px,protocol,choice,step,prompt,iou,dice,hd95,asd,"
    "surface_dice,"
    "unit,predicted_iou,candidate,relative_volume_error\n";

ResultRow row_of(std::string dataset, std::string image) {
  ResultRow row;
  row.dataset = std::move(dataset);
  row.image = std::move(image);
  row.protocol = "mode1";
  row.prompt = "+1,2";
  row.scores = {0.5, 2.0 / 3, 1.25, 0.125, 1, -0.25};
  row.predicted_iou = 0.875;
  row.candidate = 2;
  return row;
}

template <typename Reader>
std::string error_of(const Reader& read, std::string_view text) {
  const TestFolder folder;
  const auto path = folder.path() / "broken.csv";
  write_durably(path, text);
  try {
    read(path);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::corrupt_data);
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    return error.what();
  }
  return "no error";
}
std::string results_error(std::string_view lines) {
  return error_of(read_results_csv, std::string(kEarlierHeader) + std::string(lines));
}

std::vector<ResultRow> read_back(std::string_view text) {
  const TestFolder folder;
  write_durably(folder.path() / "results.csv", text);
  return read_results_csv(folder.path() / "results.csv");
}

TEST(CsvReader, LeavesOptionalColumnsEmptyWhereTheyAreMissing) {
  constexpr std::array<std::string_view, 3> kColumns{"a", "b", "c"};
  CsvReader csv("file", "c,a\n1,2\n", kColumns, 1);
  ASSERT_TRUE(csv.next());
  EXPECT_EQ(csv.text(0) + "/" + csv.text(1) + "/" + csv.text(2), "2//1");
  EXPECT_THROW(CsvReader("file", "b,c\n", kColumns, 1), Error);
}

TEST(ComesBefore, OrdersByDataSetImageLevelLabelObjectProtocolChoiceAndStep) {
  std::vector<ResultRow> sorted(9, row_of("set2", "slice2.png"));
  sorted[1].step = 2;
  sorted[2].choice = Choice::oracle;
  sorted[3].protocol = "mode2";
  sorted[4].object = "9";
  sorted[5].object = "10";
  sorted[6].label = 11;
  sorted[7].level = Level::volume;
  sorted[8].image = "slice10.png";
  sorted.push_back(row_of("set10", "a"));
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    for (std::size_t j = 0; j < sorted.size(); ++j)
      EXPECT_EQ(comes_before(sorted[i], sorted[j]), i < j) << i << j;
  }
}

TEST(ParseChoice, KnowsThemAllAndListsThem) {
  for (const Choice choice :
       {Choice::confidence, Choice::first, Choice::oracle, Choice::single, Choice::card}) {
    EXPECT_EQ(parse_choice(to_string(choice)), choice);
  }
  try {
    parse_choice("best");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_THAT(error.what(),
                AllOf(HasSubstr("best"), HasSubstr("confidence, first, oracle, single or card")));
  }
}

TEST(ResultsCsv, HasTheHeaderAndSixDecimals) {
  EXPECT_EQ(
      results_csv({row_of("set", "1.png")}),
      std::string(kHeader) +
          "set,1.png,1,,,slice,0,mode1,confidence,1,\"+1,2\",0.500000,0.666667,1.250000,0.125000,1.000000,px,"
          "0.875000,2,-0.250000\n");
}

TEST(ResultsCsv, KeepWhatEarlierVersionsDidNotKnowEmpty) {
  const std::string row =
      "set,1.png,1,,,slice,25,mode1,first,1,\"+1,2\",0.500000,0.666667,1.250000,0.125000,1.000000,px,0."
      "875000,2";
  const auto rows = read_back(std::string(kEarlierHeader) + row + "\n");
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_TRUE(std::isnan(rows[0].scores.relative_volume_error));
  const std::string again = results_csv(rows);
  EXPECT_EQ(again, std::string(kHeader) + row + ",\n");
  EXPECT_EQ(results_csv(read_back(again)), again);
}

TEST(ResultsCsv, ReadsBackWhateverTheTextIs) {
  ResultRow row = row_of("a, \"quoted\" set", "two\nlines\r\n.png");
  row.label = std::numeric_limits<std::int64_t>::max();
  row.label_name = "\xc3\xa9tat, \"\"";
  row.object = " 7 ";
  row.level = Level::volume;
  row.area_px = 12'345'678'901;
  row.protocol = "clicks";
  row.choice = Choice::single;
  row.step = 9;
  row.scores = {0, 0, kInfinity, kInfinity, 0};
  row.unit = DistanceUnit::mm;
  row.predicted_iou.reset();
  row.candidate.reset();
  const std::string text = results_csv({row_of("set", "1.png"), row});
  const auto rows = read_back(text);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(results_csv(rows), text);
  EXPECT_EQ(rows[1].dataset, row.dataset);
  EXPECT_EQ(rows[1].image, row.image);
  EXPECT_EQ(rows[1].label_name, row.label_name);
  EXPECT_EQ(rows[1].object, row.object);
  EXPECT_EQ(rows[1].scores.hd95, kInfinity);
  EXPECT_FALSE(rows[1].predicted_iou);
  EXPECT_FALSE(rows[1].candidate);
}

TEST(ResultsCsv, AreReadByColumnNamesWithCrLfByteOrderMarkAndOtherColumns) {
  const auto rows = read_back(
      "\xef\xbb\xbfremark,candidate,predicted_iou,unit,surface_dice,asd,hd95,dice,iou,prompt,step,choice,"
      "protocol,"
      "area_px,level,object,label_name,label,image,dataset\r\n\r\n"
      "\"x,y\",,,mm,1,0,inf,1,1e-2,,3,oracle,clicks,5,volume,,cord,-2,i,d");
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].dataset, "d");
  EXPECT_EQ(rows[0].label, -2);
  EXPECT_EQ(rows[0].scores.iou, 0.01);
  EXPECT_EQ(rows[0].step, 3);
}

TEST(ResultsCsv, NameFileAndLineOfWhatIsWrong) {
  const std::string good = "d,i,1,,,slice,0,mode1,first,1,,1,1,0,0,1,px,,\n";
  EXPECT_EQ(results_error(good), "no error");
  EXPECT_THAT(error_of(read_results_csv, ""), AllOf(HasSubstr("broken.csv: line 1: "), HasSubstr("header")));
  EXPECT_THAT(error_of(read_results_csv, "dataset,image\nd,i\n"), HasSubstr("no column is called \"label\""));
  EXPECT_THAT(error_of(read_results_csv, "dataset," + std::string(kHeader)), HasSubstr("two columns"));
  EXPECT_THAT(results_error(good + "d,i,1\n"), AllOf(HasSubstr("line 3: "), HasSubstr("3 fields")));
  EXPECT_THAT(results_error("\"a\n\nb\",i,1\n" + good), HasSubstr("line 2: "));
  EXPECT_THAT(results_error("\"a\nb\",i,1,,,slice,0,mode1,first,1,,1,1,0,0,1,px,,\nd,i\n"),
              HasSubstr("line 4: "));
  EXPECT_THAT(results_error(good + "\"d,i"), AllOf(HasSubstr("line 3: "), HasSubstr("never closes")));
  EXPECT_THAT(results_error("\"d\"x,i\n"), HasSubstr("after the closing quote"));
  EXPECT_THAT(results_error("d\"x\",i\n"), HasSubstr("a quote inside field 1"));
  EXPECT_THAT(results_error("d\rx,i\n"), HasSubstr("carriage return"));
  EXPECT_THAT(results_error(std::string("d\0x,i\n", 6)), HasSubstr("zero byte"));
  EXPECT_THAT(results_error(std::string(2'000'000, 'x')), HasSubstr("longer than 1 MiB"));
  EXPECT_THAT(results_error("\"" + std::string(2'000'000, 'x')), HasSubstr("longer than 1 MiB"));
  EXPECT_THAT(results_error(std::string(2000, ',')), HasSubstr("more than 1000 fields"));
}

TEST(ResultsCsv, RefuseValuesThatCannotBe) {
  const auto with = [](std::string from, const std::string& to) {
    std::string line = "d,i,1,,,slice,25,mode1,first,4,,0.5,0.75,6,7,0.25,px,0.9,2\n";
    line.replace(line.find(from), from.size(), to);
    return results_error(line);
  };
  EXPECT_THAT(with(",1,", ",one,"), HasSubstr("line 2: label is \"one\", not a whole number"));
  EXPECT_THAT(with(",1,", ",99999999999999999999,"), HasSubstr("label is"));
  EXPECT_THAT(with("slice", "frame"), HasSubstr("level is \"frame\", not slice or volume"));
  EXPECT_THAT(with("25", "-25"), HasSubstr("area_px"));
  EXPECT_THAT(with("mode1", "mode6"), HasSubstr("protocol"));
  EXPECT_THAT(with("first", "best"), HasSubstr("confidence, first, oracle, single or card"));
  EXPECT_THAT(with(",4,", ",0,"), HasSubstr("step"));
  EXPECT_THAT(with("0.5,", "1.5,"), HasSubstr("iou is \"1.5\", not a number from 0 to 1"));
  EXPECT_THAT(with("0.5,", "nan,"), HasSubstr("iou"));
  EXPECT_THAT(with("0.75", "0.75x"), HasSubstr("dice"));
  EXPECT_THAT(with(",6,", ",-6,"), HasSubstr("hd95"));
  EXPECT_THAT(with(",7,", ",,"), HasSubstr("asd"));
  EXPECT_THAT(with("px", "cm"), HasSubstr("unit"));
  EXPECT_THAT(with("0.9", "1..2"), HasSubstr("predicted_iou"));
  EXPECT_THAT(with(",2\n", ",3\n"), HasSubstr("candidate"));
  EXPECT_THAT(with("slice", std::string(500, 'x')), ::testing::SizeIs(::testing::Lt(250)));
}

TEST(AsWritten, IsWhatIsReadBack) {
  std::vector<ResultRow> rows;
  for (int area = 1; area <= 1280; ++area) {  // 1/128 and 1/640 lie between two numbers of six decimals
    rows.push_back(row_of("set", "1.png"));
    rows.back().scores = {1.0 / area, 7.0 / 1280, kInfinity, 1e5 / area, 1 - 1.0 / area};
  }
  const auto read = read_back(results_csv(rows));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Scores scores = rounded_as_csv(rows[i].scores);
    EXPECT_EQ(scores.iou, read[i].scores.iou);
    EXPECT_EQ(scores.dice, read[i].scores.dice);
    EXPECT_EQ(scores.hd95, read[i].scores.hd95);
    EXPECT_EQ(scores.asd, read[i].scores.asd);
    EXPECT_EQ(scores.surface_dice, read[i].scores.surface_dice);
  }
}

TEST(FailuresCsv, ReadBackWhateverTheTextIs) {
  std::vector<StudyFailure> failures;
  for (int kind = 0; kind <= static_cast<int>(FailureKind::not_segmented); ++kind) {
    failures.push_back({"set", "im,age \"1\"", std::nullopt, static_cast<FailureKind>(kind), "it\nbroke"});
  }
  failures.push_back({"set", "2.png", 255, FailureKind::unnamed_label, ""});
  const TestFolder folder;
  const auto path = folder.path() / "failures.csv";
  write_durably(path, failures_csv(failures));
  EXPECT_EQ(read_failures_csv(path), failures);
}

TEST(FailuresCsv, NameFileAndLineOfWhatIsWrong) {
  const std::string header = "dataset,image,label,kind,reason\n";
  EXPECT_EQ(failures_csv({}), header);
  EXPECT_THAT(error_of(read_failures_csv, header + "d,i,,lost,r\n"),
              AllOf(HasSubstr("line 2: "), HasSubstr("lost")));
  EXPECT_THAT(error_of(read_failures_csv, header + "d,i,x,empty_mask,r\n"), HasSubstr("label"));
  EXPECT_THAT(error_of(read_failures_csv, "dataset,image,label,kind\n"), HasSubstr("reason"));
}

}  // namespace
}  // namespace sonde
