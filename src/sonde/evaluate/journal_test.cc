// SPDX-License-Identifier: Apache-2.0
#include "sonde/evaluate/journal.h"

#include <fstream>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/error.h"
#include "sonde/core/folder_testing.h"
#include "sonde/evaluate/shapes_testing.h"

namespace sonde {
namespace {

TaskRecord some_record() {
  TaskRecord record;
  record.dataset = "set, \"one\"";
  record.image = "scan.nii.gz#axial:12";
  record.task = {7, "n\xc3\xa4me", "3", 25, "/data/labels/scan.nii.gz"};
  record.image_file = "/data/images/scan.nii.gz";
  record.slice = {Axis::coronal, 12};
  record.unit = DistanceUnit::mm;
  record.window = "brain (40, 80)";
  record.content = {"5a", "e1"};
  const Rle mask = encode_rle(filled_box({9, 6}, {2, 1, 5, 4}));
  record.outcomes = {
      {"mode1", Choice::oracle, 1, "+3,4", {1.0 / 3, 0.5, 2.25, 0.1, 0.75, -0.5}, 0.987654321, 2, mask},
      {"clicks",
       Choice::single,
       2,
       "+3,4;-1,1",
       {0, 0, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity(), 0},
       0.5,
       {},
       mask}};
  return record;
}

TEST(TaskRecord, ComesBackFromItsJsonToTheLastBit) {
  const TaskRecord record = some_record();
  const TaskRecord back = task_record_from_json(to_json(record));
  EXPECT_EQ(to_json(back), to_json(record));
  EXPECT_EQ(task_key(back), task_key(record));
  EXPECT_EQ(back.content, record.content);
  EXPECT_EQ(back.slice->slice, 12);
  EXPECT_EQ(back.slice->axis, Axis::coronal);
  EXPECT_EQ(back.outcomes[0].scores.iou, 1.0 / 3);
  EXPECT_EQ(back.outcomes[0].mask, record.outcomes[0].mask);
  EXPECT_EQ(back.outcomes[1].scores.hd95, std::numeric_limits<double>::infinity());
  EXPECT_EQ(back.outcomes[1].candidate, std::nullopt);
}

// As earlier versions wrote it: the first metrics without names.
constexpr std::string_view kOldRecord =
    R"json({"dataset":"set, \"one\"","image":"scan.nii.gz#axial:12","level":"slice",)json"
    R"json("task":{"label":7,"label_name":"n\u00e4me","object":"3","area_px":25,"truth_file":"/data/labels/scan.nii.gz"},)json"
    R"json("image_file":"/data/images/scan.nii.gz","slice":["coronal",12],"unit":"mm","window":"brain (40, 80)",)json"
    R"json("content":["5a","e1"],"size":[9,6],"outcomes":[)json"
    R"json(["mode1","oracle",1,"+3,4",[0.3333333333333333,0.5,2.25,0.1,0.75],0.987654321,2,0],)json"
    R"json(["clicks","single",2,"+3,4;-1,1",[0.0,0.0,null,null,0.0],0.5,null,0]],"masks":["MASK"]})json";

TEST(TaskRecord, IsReadAsEarlierVersionsWroteIt) {
  std::string text(kOldRecord);
  text.replace(text.find("MASK"), 4, coco_string(some_record().outcomes[0].mask));
  TaskRecord expected = some_record();
  for (Outcome& outcome : expected.outcomes) outcome.scores.relative_volume_error = kNotKnown;
  EXPECT_EQ(to_json(task_record_from_json(text)), to_json(expected));
}

TEST(TaskRecord, WritesAMaskThatOutcomesShareOnce) {
  const std::string text = to_json(some_record());
  const std::string mask = coco_string(some_record().outcomes[0].mask);
  EXPECT_EQ(text.find(mask), text.rfind(mask));
}

TEST(TaskRecord, GivesTheRowsOfItsOutcomes) {
  const auto rows = result_rows(some_record());
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].label, 7);
  EXPECT_EQ(rows[0].candidate, 2);
  EXPECT_EQ(rows[1].step, 2);
  TaskRecord volume = some_record();
  volume.level = Level::volume;
  EXPECT_EQ(result_rows(volume)[0].predicted_iou, std::nullopt);
}

TEST(TaskRecord, IsRefusedWhereItIsNone) {
  const std::string good = to_json(some_record());
  for (const std::string bad : {"", "{}", "[1,2]", "{\"dataset\":1}"})
    EXPECT_THROW(task_record_from_json(bad), Error);
  for (std::size_t cut = 1; cut < good.size(); cut += 7) {
    EXPECT_THROW(task_record_from_json(good.substr(0, cut)), Error);
  }
}

TEST(TaskKey, ChangesWithTheTruthsArea) {
  TaskRecord other = some_record();
  other.task.area_px = 26;
  EXPECT_NE(task_key(other), task_key(some_record()));
}

TEST(Journal, HoldsWhatWasAppendedAfterItIsOpenedAgain) {
  const TestFolder folder;
  const auto path = folder.path() / "journal";
  const TaskRecord record = some_record();
  {
    Journal journal(path);
    EXPECT_FALSE(journal.holds(task_key(record)));
    journal.append(record);
    EXPECT_TRUE(journal.holds(task_key(record)));
  }
  const Journal journal(path);
  EXPECT_EQ(journal.keys(), std::vector{task_key(record)});
  EXPECT_EQ(to_json(journal.read(task_key(record))), to_json(record));
}

TEST(Journal, ReadsRecordsOfVersionsThatKeptNoContent) {
  const TestFolder folder;
  const auto path = folder.path() / "journal";
  TaskRecord old = some_record();
  old.content = {};
  EXPECT_EQ(to_json(old).find("content"), std::string::npos);
  std::ofstream(path) << record_line(to_json(old));
  const Journal journal(path);
  EXPECT_EQ(journal.about(task_key(old)).image, old.image);
  EXPECT_EQ(journal.about(task_key(old)).content, CaseContent{});
}

TEST(Journal, PassesOverRecordsItDoesNotUnderstand) {
  const TestFolder folder;
  const auto path = folder.path() / "journal";
  std::ofstream(path) << record_line("{\"of\":\"another version\"}") << record_line(to_json(some_record()));
  EXPECT_EQ(Journal(path).keys().size(), 1U);
}

}  // namespace
}  // namespace sonde
