// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <limits>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/data_testing.h"
#include "sonde/core/folder_testing.h"
#include "sonde/evaluate/study_folder.h"

// test/data/kept_study/ holds a journal and a study.json of sonde 0.1.0: later versions go on with both.
namespace sonde {
namespace {

std::string content_of(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

class KeptStudy : public testing::Test {
 protected:
  KeptStudy() { std::filesystem::copy(test_data_folder() / "kept_study", folder_.path()); }
  const std::filesystem::path& path() const { return folder_.path(); }

 private:
  TestFolder folder_;
};

TEST_F(KeptStudy, HasItsTasksAndTheyReadBackAsTheyAreWrittenNow) {
  const Journal journal(journal_path(path()));
  std::vector<TaskRecord> records;
  for (const std::string& key : journal.keys()) records.push_back(journal.read(key));
  ASSERT_EQ(records.size(), 3U);
  const auto slice = std::ranges::find(records, "scan.nii.gz#axial:12", &TaskRecord::image);
  ASSERT_NE(slice, records.end());
  EXPECT_EQ(slice->slice->axis, Axis::coronal);
  EXPECT_EQ(slice->content, (CaseContent{"5a", "e1"}));
  EXPECT_EQ(slice->outcomes.at(0).scores.iou, 1.0 / 3);
  EXPECT_EQ(slice->outcomes.at(1).scores.hd95, std::numeric_limits<double>::infinity());
  EXPECT_EQ(slice->outcomes.at(1).choice, Choice::single);
  EXPECT_EQ(area_px(decode_rle(slice->outcomes.at(0).mask)), 16);
  for (const TaskRecord& record : records)
    EXPECT_EQ(to_json(task_record_from_json(to_json(record))), to_json(record));
}

TEST_F(KeptStudy, IsDescribedAsItWas) {
  const auto description = read_description(path());
  ASSERT_TRUE(description);
  EXPECT_EQ(description->seed, std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(description->expected.at(0).labels.at(1).label, -1);
  const std::string before = content_of(path() / "study.json");
  write_description(path(), *description);
  EXPECT_EQ(content_of(path() / "study.json"), before);
}

}  // namespace
}  // namespace sonde
