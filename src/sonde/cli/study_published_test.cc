// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <string>
#include <tuple>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sonde/cli/study_segmenter.h"
#include "sonde/core/data_testing.h"
#include "sonde/core/folder_testing.h"
#include "sonde/core/threads.h"
#include "sonde/evaluate/study.h"
#include "sonde/evaluate/study_folder.h"

namespace sonde {
namespace {

namespace fs = std::filesystem;

using Setting = std::tuple<std::string, std::string, int>;  // choice, protocol, step
struct Mean {
  double published = 0, ours = 0;
  int count = 0;
};

using Published = std::map<std::tuple<std::string, std::int64_t, Setting>, double>;  // image, label

Published read_published(const fs::path& path) {
  std::ifstream in(path);
  Published published;
  for (const auto& task : nlohmann::json::parse(in)) {
    const auto image = task.at("id").get<std::string>();
    const auto label = task.at("label").get<std::int64_t>();
    for (const char* choice : {"confidence", "first", "oracle", "single"}) {
      for (int mode = 1; mode <= 5; ++mode) {
        const std::string name = "mode" + std::to_string(mode);
        published[{image, label, {choice, name, 1}}] = task.at(choice).at(name).get<double>();
      }
      int step = 0;
      for (const auto& click : task.at(choice).at("clicks")) {
        published[{image, label, {choice, "clicks", ++step}}] = click.get<double>();
      }
    }
  }
  return published;
}

std::vector<ResultRow> score(const fs::path& set) {
  const TestFolder folder;
  const auto plans = plan_data_sets(std::vector{set}, {.min_area_px = 25, .axis = {}, .limit = {}});
  StudyRun run;
  run.protocol.clicks = 5;
  run.protocol.user.ties = Ties::first;
  run.threads = physical_core_count();
  const SamModel model = SamModel::load("mobile-sam", {.precision = Precision::fp32, .threads = 1});
  Journal journal(folder.path() / "journal");
  EXPECT_TRUE(
      run_tasks(plans, run, study_segmenter(model, EmbeddingStore(), StoreUse::none), journal).empty());
  std::vector<ResultRow> rows;
  for (const std::string& key : journal.keys()) {
    for (ResultRow& row : result_rows(journal.read(key))) rows.push_back(std::move(row));
  }
  return rows;
}

// Paths of clicks part where an early tie is broken by the last bit.
double tolerance(const Setting& setting) {
  if (std::get<1>(setting) != "clicks") return 0.005;
  return std::get<2>(setting) <= 3 ? 0.01 : 0.03;
}

class PublishedStudy : public testing::TestWithParam<const char*> {};

TEST_P(PublishedStudy, HasTheSameMeansForEveryModeChoiceAndClick) {
  const auto shared = shared_folder();
  if (!shared) GTEST_SKIP() << "SKIPPED: the published answers are absent";
  const std::string name = GetParam();
  const Published published = read_published(*shared / "golden" / ("protocol_" + name + ".json"));
  std::map<Setting, Mean> means;
  std::size_t matched = 0;
  double row_off_by = 0, mean_off_by = 0;
  for (const ResultRow& row : score(*shared / "data" / "images2d" / name)) {
    const Setting setting{std::string(to_string(row.choice)), row.protocol, row.step};
    const auto found = published.find({row.image, row.label, setting});
    ASSERT_NE(found, published.end()) << row.image << " " << row.label;
    ++matched;
    Mean& mean = means[setting];
    mean.published += found->second;
    mean.ours += row.scores.iou;
    ++mean.count;
    row_off_by = std::max(row_off_by, std::abs(row.scores.iou - found->second));
  }
  EXPECT_EQ(matched, published.size());
  for (const auto& [setting, mean] : means) {
    mean_off_by = std::max(mean_off_by, std::abs(mean.ours - mean.published) / mean.count);
    EXPECT_NEAR(mean.ours / mean.count, mean.published / mean.count, tolerance(setting))
        << std::get<0>(setting) << " " << std::get<1>(setting) << " " << std::get<2>(setting);
  }
  RecordProperty("row_off_by", std::to_string(row_off_by));
  RecordProperty("mean_off_by", std::to_string(mean_off_by));
}

INSTANTIATE_TEST_SUITE_P(Sets, PublishedStudy,
                         testing::Values("ct_sammed2d_demo", "mri_spinalcord_gm_sct", "us_nerve_usgra"),
                         [](const auto& set) { return std::string(set.param); });

}  // namespace
}  // namespace sonde
