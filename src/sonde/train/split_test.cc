// SPDX-License-Identifier: Apache-2.0
#include "sonde/train/split.h"

#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/error.h"
#include "sonde/core/folder_testing.h"
#include "sonde/evaluate/data_set_testing.h"

namespace sonde {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TrainPicture picture(const std::string& dataset, const std::string& image) {
  TrainPicture one;
  one.dataset = dataset;
  one.image = image;
  one.whole = image.substr(0, image.find('#'));
  one.file = "/data/" + dataset + '/' + image;
  one.pixels_sha256 = dataset + image;
  return one;
}
std::vector<TrainPicture> pictures(const std::string& dataset, const std::vector<std::string>& images) {
  std::vector<TrainPicture> all;
  for (const std::string& image : images) all.push_back(picture(dataset, image));
  return all;
}
std::vector<std::string> numbered(int count, const std::string& prefix) {
  std::vector<std::string> names;
  for (int i = 0; i < count; ++i) names.push_back(prefix + std::to_string(i) + ".png");
  return names;
}
std::map<SplitPart, int> sizes_of(const std::vector<TrainPicture>& all) {
  std::map<SplitPart, int> sizes;
  for (const TrainPicture& one : all) ++sizes[one.part];
  return sizes;
}
std::string refusal(std::vector<TrainPicture> all, const SplitOptions& options) {
  try {
    split(all, options);
  } catch (const Error& error) {
    EXPECT_NE(error.kind(), ErrorKind::internal);
    return error.what();
  }
  ADD_FAILURE() << "nothing was refused";
  return "";
}

TEST(CaseNames, AreFolderWordOrWhatStandsBeforeTheLastNumber) {
  const auto cases = [](const std::vector<std::string>& names) {
    const auto found = cases_of_names(names);
    return found ? found->cases : std::vector<std::string>{};
  };
  EXPECT_THAT(cases({"p1/1.png", "p1/2.png", "p2/1.png", "p3/1.png"}), ElementsAre("p1", "p1", "p2", "p3"));
  EXPECT_THAT(
      cases({"Patient1_seq1_0001.png", "Patient1_seq2_0110_l.png", "patient12_a.png", "patient3.png"}),
      ElementsAre("Patient1", "Patient1", "patient12", "patient3"));
  EXPECT_THAT(cases({"10008_12.png", "10008_18.png", "10009_11.png", "10010_slice3.png"}),
              ElementsAre("10008", "10008", "10009", "10010"));
  EXPECT_THAT(cases({"train_0001.png", "train_0002.png", "train_0003.png"}), ElementsAre());  // one word
  EXPECT_THAT(cases({"120018.png", "121025.png", "123010.png"}), ElementsAre());              // numbers alone
  EXPECT_THAT(cases({"10008_12.png", "10009_18.png", "10010_11.png", "other.png"}),
              ElementsAre());  // not all
}

TEST(Split, GivesEachPartItsShareOfEachSetAndRepeats) {
  std::vector<TrainPicture> all = pictures("a", numbered(20, "x")), more = pictures("b", numbered(10, "y"));
  all.insert(all.end(), more.begin(), more.end());
  split(all, {.seed = 7});
  EXPECT_EQ(
      sizes_of({all.begin(), all.begin() + 20}),
      (std::map<SplitPart, int>{{SplitPart::train, 12}, {SplitPart::validation, 4}, {SplitPart::test, 4}}));
  EXPECT_EQ(
      sizes_of({all.begin() + 20, all.end()}),
      (std::map<SplitPart, int>{{SplitPart::train, 6}, {SplitPart::validation, 2}, {SplitPart::test, 2}}));
  std::vector<TrainPicture> again = all;
  split(again, {.seed = 7});
  EXPECT_EQ(split_csv(all), split_csv(again));
  split(again, {.seed = 8});
  EXPECT_NE(split_csv(all), split_csv(again));
}

TEST(Split, KeepsCasesAndSlicesOfAVolumeTogether) {
  std::vector<std::string> names;
  for (int volume = 0; volume < 6; ++volume)
    for (int slice = 0; slice < 5; ++slice)
      names.push_back("v" + std::to_string(volume) + ".nii.gz#axial:" + std::to_string(slice));
  for (const SplitBy by : {SplitBy::automatic, SplitBy::image, SplitBy::case_name}) {
    std::vector<TrainPicture> all = pictures("volumes", names);
    split(all, {.by = by});
    std::map<std::string, std::set<SplitPart>> parts;
    for (const TrainPicture& one : all) parts[one.whole].insert(one.part);
    for (const auto& [whole, of_whole] : parts) EXPECT_EQ(of_whole.size(), 1U) << whole;
    EXPECT_EQ(sizes_of(all).size(), 3U);
  }
  std::vector<TrainPicture> all = pictures("a", {"10_1.png", "10_2.png", "11_1.png", "12_1.png", "13_1.png"});
  EXPECT_THAT(split(all, {}), ElementsAre(HasSubstr("a: cases are what stands before the last number")));
  EXPECT_EQ(all[0].part, all[1].part);
  EXPECT_EQ(all[0].case_name, "10");
}

TEST(Split, SaysWhereNamesTellNoCases) {
  std::vector<TrainPicture> all = pictures("a", numbered(6, "x"));
  EXPECT_THAT(split(all, {}), ElementsAre(HasSubstr("a: its names tell no cases")));
  EXPECT_THAT(refusal(all, {.by = SplitBy::case_name}), HasSubstr("a: its names tell no cases"));
}

TEST(Split, TakesTheFirstGroupOfAPatternForTheCase) {
  SplitOptions options;
  parse_split("case:^(.)", options);
  std::vector<TrainPicture> all = pictures("a", {"p1.png", "p2.png", "q1.png", "r1.png", "s1.png"});
  split(all, options);
  EXPECT_EQ(all[0].part, all[1].part);
  EXPECT_THAT(split_csv(all), HasSubstr("a,q1.png,q,"));
  all.push_back(picture("a", "9.png"));
  options.pattern = "^([a-z])";
  EXPECT_THAT(refusal(all, options), HasSubstr("does not fit a/9.png"));
  options.pattern = "^[a-z]";
  EXPECT_THAT(refusal(all, options), HasSubstr("group"));
  options.pattern = "(";
  EXPECT_THAT(refusal(all, options), HasSubstr("regular expression"));
}

TEST(Split, DividesWholeDataSets) {
  std::vector<TrainPicture> all;
  for (const char* name : {"a", "b", "c", "d", "e"})
    for (TrainPicture& one : pictures(name, numbered(4, "x"))) all.push_back(std::move(one));
  split(all, {.by = SplitBy::dataset});
  std::map<std::string, std::set<SplitPart>> parts;
  for (const TrainPicture& one : all) parts[one.dataset].insert(one.part);
  for (const auto& [name, of_set] : parts) EXPECT_EQ(of_set.size(), 1U) << name;
  EXPECT_EQ(sizes_of(all)[SplitPart::test], 4);
  EXPECT_THAT(refusal(pictures("a", numbered(9, "x")), {.by = SplitBy::dataset}),
              HasSubstr("too few data sets"));
}

TEST(Split, NamesAPartThatStaysEmpty) {
  EXPECT_THAT(refusal(pictures("a", {"x.png"}), {}), HasSubstr("the validation part is empty"));
  EXPECT_THAT(refusal(pictures("a", {"x.png", "y.png"}), {}), HasSubstr("the test part is empty"));
  std::vector<TrainPicture> two = pictures("a", {"x.png", "y.png"});
  split(two, {.test = 0});
  EXPECT_EQ(sizes_of(two), (std::map<SplitPart, int>{{SplitPart::train, 1}, {SplitPart::validation, 1}}));
}

TEST(Split, FollowsAFileAndRefusesWhatItDoesNotSay) {
  const TestFolder folder;
  const auto file = folder.path() / "split.csv";
  std::vector<TrainPicture> all = pictures("a", {"v.nii#axial:1", "v.nii#axial:2", "w.png"});
  const auto wrote = [&](const std::string& rows) {
    write_text(file, "dataset,image,case,part\n" + rows);
    return SplitOptions{.file = file};
  };
  const std::string rows =
      "a,v.nii#axial:1,v,train\na,v.nii#axial:2,v,train\na,w.png,w,test\na,gone.png,,test\n";
  EXPECT_THAT(split(all, wrote(rows)), ElementsAre(HasSubstr("1 picture that the data does not have")));
  EXPECT_EQ(all[2].part, SplitPart::test);
  EXPECT_THAT(refusal(all, wrote("a,w.png,w,train\n")), HasSubstr("does not list a/v.nii#axial:1"));
  EXPECT_THAT(refusal(all, wrote("a,v.nii#axial:1,v,train\na,v.nii#axial:2,v,test\na,w.png,w,test\n")),
              HasSubstr("slices of one volume into two parts"));
  EXPECT_THAT(refusal(all, wrote("a,w.png,w,learn\n")), HasSubstr("split.csv: line 2"));
  EXPECT_THAT(refusal(all, wrote("a,w.png,w,test\na,w.png,w,train\n")), HasSubstr("is there twice"));
}

TEST(Leakage, IsTheSamePixelsInTwoPartsAndNamesBothFiles) {
  std::vector<TrainPicture> all = pictures("a", numbered(3, "x"));
  all[2].pixels_sha256 = all[0].pixels_sha256;
  check_leakage(all);  // in one part
  all[2].part = SplitPart::test;
  try {
    check_leakage(all);
    FAIL() << "nothing was refused";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::AllOf(HasSubstr("/data/a/x0.png"), HasSubstr("/data/a/x2.png")));
  }
}

}  // namespace
}  // namespace sonde
