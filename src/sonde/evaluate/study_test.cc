// SPDX-License-Identifier: Apache-2.0
#include "sonde/evaluate/study.h"

#include <fstream>
#include <mutex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/error.h"
#include "sonde/core/folder_testing.h"
#include "sonde/evaluate/segmenter_testing.h"
#include "sonde/evaluate/shapes_testing.h"
#include "sonde/evaluate/study_folder.h"
#include "sonde/io/write.h"

namespace sonde {
namespace {

namespace fs = std::filesystem;

constexpr Extent2 kPicture{48, 32};

void write_pair(const fs::path& set, const std::string& id, Box2 object) {
  write_png(set / "images" / (id + ".png"),
            {kPicture, std::vector<std::uint8_t>(static_cast<std::size_t>(pixel_count(kPicture)) * 3, 90)});
  write_mask_png(set / "masks" / (id + ".png"), filled_box(kPicture, object));
}

// Five pictures with an object each.
fs::path picture_set(const fs::path& folder) {
  const fs::path set = folder / "set";
  fs::create_directories(set / "images");
  fs::create_directories(set / "masks");
  for (int i = 0; i < 5; ++i) {
    const double x = 3 + 4 * i;
    write_pair(set, "p" + std::to_string(i), {x, 5, x + 10 + i, 20});
  }
  return set;
}

Affine3 oblique() {
  Affine3 affine;
  affine.columns = {Vec3{0.6, 0.1, 0}, Vec3{-0.1, 0.6, 0}, Vec3{0, 0, 3}};
  return affine;
}

// A box of 6 x 5 voxels on slices 2 to 4 of seven.
fs::path volume_set(const fs::path& folder) {
  const fs::path set = folder / "volumes";
  fs::create_directories(set / "images");
  fs::create_directories(set / "labels");
  ImageGeometry like;
  like.extent = {20, 16, 7};
  like.mm_from_voxel = oblique();
  BinaryVolume mask{like.extent,
                    std::vector<std::uint8_t>(static_cast<std::size_t>(voxel_count(like.extent)), 0)};
  for (std::int64_t z = 2; z <= 4; ++z) {
    for (std::int64_t y = 5; y < 10; ++y) {
      for (std::int64_t x = 7; x < 13; ++x) mask.voxels[static_cast<std::size_t>((z * 16 + y) * 20 + x)] = 1;
    }
  }
  write_mask_volume(set / "images" / "scan.nii.gz", mask, like);
  write_mask_volume(set / "labels" / "scan_box.nii.gz", mask, like);
  return set;
}

std::vector<DataSetPlan> plan(const fs::path& set) { return plan_data_sets(std::vector{set}, {}); }

StudyRun quick_run() {
  StudyRun run;
  run.protocol.clicks = 3;
  run.protocol.choices = {Choice::confidence, Choice::oracle};
  return run;
}

StudyDescription described(const std::vector<DataSetPlan>& plans) {
  StudyDescription study{"title", {{"--clicks", "3"}}, {}, {}, 1, {}};
  for (const DataSetPlan& p : plans) study.expected.push_back(expected_of(p));
  return study;
}

// Runs to the end and writes everything; what the folder then holds.
std::string finish(const std::vector<DataSetPlan>& plans, const StudyRun& run, FakeModel& model,
                   const fs::path& out) {
  fs::create_directories(out);
  const auto keys = task_keys(plans);
  {
    Journal journal(journal_path(out));
    const auto failures = run_tasks(plans, run, model.open(), journal);
    write_results(out, described(plans), journal, {keys, failures, Completeness::complete});
  }
  tidy_journal(out, keys);
  std::string all;
  for (const char* name : {"results.csv", "failures.csv", "summary.json", "report.html", "journal"}) {
    EXPECT_TRUE(fs::exists(out / name)) << name;
    all += content_of(out / name);
  }
  return all;
}

TEST(RunTasks, EncodesEveryPictureOnceAndScoresEveryObject) {
  const TestFolder folder;
  const auto plans = plan(picture_set(folder.path()));
  FakeModel model;
  Journal journal(folder.path() / "journal");
  EXPECT_TRUE(run_tasks(plans, quick_run(), model.open(), journal).empty());
  EXPECT_EQ(model.pictures, 5);
  EXPECT_EQ(journal.keys().size(), 5U);
  EXPECT_EQ(result_rows(journal.read(journal.keys().front())).size(), 5U * 2 + 3 * 2);
}

TEST(RunTasks, GivesTheSameBytesWhateverTheNumberOfThreads) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "under AddressSanitizer a child forked beside other threads may hang";
#endif
  const TestFolder folder;
  const auto plans = plan(picture_set(folder.path()));
  FakeModel model;
  StudyRun run = quick_run();
  const std::string one = finish(plans, run, model, folder.path() / "one");
  run.threads = 4;
  EXPECT_EQ(finish(plans, run, model, folder.path() / "four"), one);
}

TEST(RunTasks, GoesOnFromAJournalCutAnywhereAndEndsInTheSameBytes) {
  const TestFolder folder;
  const auto plans = plan(picture_set(folder.path()));
  FakeModel model;
  const std::string unbroken = finish(plans, quick_run(), model, folder.path() / "unbroken");
  const std::string journal = content_of(folder.path() / "unbroken" / "journal");
  for (std::size_t cut = 0; cut <= journal.size(); cut += journal.size() / 9) {
    const fs::path out = folder.path() / ("cut" + std::to_string(cut));
    fs::create_directories(out);
    std::ofstream(out / "journal", std::ios::binary) << journal.substr(0, cut);
    EXPECT_EQ(finish(plans, quick_run(), model, out), unbroken) << cut;
  }
}

TEST(RunTasks, AsksForNothingThatIsDone) {
  const TestFolder folder;
  const auto plans = plan(picture_set(folder.path()));
  FakeModel model;
  finish(plans, quick_run(), model, folder.path() / "out");
  model.pictures = 0;
  finish(plans, quick_run(), model, folder.path() / "out");
  EXPECT_EQ(model.pictures, 0);
}

TEST(RunTasks, StopsBetweenObjectsAndLeavesWhatIsDone) {
  const TestFolder folder;
  const auto plans = plan(picture_set(folder.path()));
  FakeModel model;
  std::atomic<bool> stop{false};
  StudyRun run = quick_run();
  run.stop = &stop;
  run.progress = [&](const StudyProgress& p) { stop = p.done >= 2; };
  Journal journal(folder.path() / "journal");
  run_tasks(plans, run, model.open(), journal);
  EXPECT_EQ(journal.keys().size(), 2U);
}

TEST(RunTasks, ReportsWhatCannotBeReadOrSegmentedAndScoresTheRest) {
  const TestFolder folder;
  const fs::path set = picture_set(folder.path());
  const auto plans = plan(set);
  std::ofstream(set / "images" / "p1.png") << "no picture";
  int opened = 0;
  FakeModel model;
  const OpenPicture failing = [&](const RgbImage& image) -> Segmenter {
    if (++opened == 2)
      return [](auto, auto) -> std::vector<Answer> { throw std::runtime_error("no memory"); };
    return model.open()(image);
  };
  Journal journal(folder.path() / "journal");
  const auto failures = run_tasks(plans, quick_run(), failing, journal);
  ASSERT_EQ(failures.size(), 2U);
  EXPECT_EQ(failures[0].image, "p1.png");
  EXPECT_EQ(failures[0].kind, FailureKind::unreadable_image);
  EXPECT_EQ(failures[1].image, "p2.png");
  EXPECT_EQ(failures[1].kind, FailureKind::not_segmented);
  EXPECT_THAT(failures[1].reason, testing::HasSubstr("no memory"));
  EXPECT_EQ(journal.keys().size(), 3U);
}

TEST(RunTasks, TriesAgainAloneWhatDidNotFitIntoMemory) {
  const TestFolder folder;
  const auto plans = plan(picture_set(folder.path()));
  int opened = 0;
  FakeModel model;
  const OpenPicture first_fails = [&](const RgbImage& image) -> Segmenter {
    if (++opened == 1) throw std::bad_alloc();
    return model.open()(image);
  };
  StudyProgress last;
  StudyRun run = quick_run();
  run.progress = [&](const StudyProgress& progress) { last = progress; };
  Journal journal(folder.path() / "journal");
  EXPECT_THAT(run_tasks(plans, run, first_fails, journal), testing::IsEmpty());
  EXPECT_EQ(journal.keys().size(), static_cast<std::size_t>(task_count(plans)));
  EXPECT_EQ(last.done, last.total);
}

TEST(RunTasks, FailsWhatNeverFitsAndEndsWhereNothingDoes) {
  const TestFolder folder;
  const auto plans = plan(picture_set(folder.path()));
  int opened = 0;
  FakeModel model;
  const OpenPicture one_fits = [&](const RgbImage& image) -> Segmenter {
    if (++opened > 1) throw std::bad_alloc();
    return model.open()(image);
  };
  Journal journal(folder.path() / "journal");
  const auto failures = run_tasks(plans, quick_run(), one_fits, journal);
  ASSERT_FALSE(failures.empty());
  EXPECT_THAT(failures[0].reason, testing::HasSubstr(".png: not enough memory"));
  const OpenPicture nothing_fits = [](const RgbImage&) -> Segmenter { throw std::bad_alloc(); };
  Journal another(folder.path() / "another");
  EXPECT_THROW(run_tasks(plans, quick_run(), nothing_fits, another), std::bad_alloc);
}

TEST(RunTasks, CountsEveryTaskInItsProgressAndKnowsTheTimeLeft) {
  const TestFolder folder;
  const auto plans = plan(picture_set(folder.path()));
  FakeModel model;
  StudyRun run = quick_run();
  StudyProgress last;
  run.progress = [&](const StudyProgress& p) {
    EXPECT_GE(p.done, last.done);
    last = p;
  };
  Journal journal(folder.path() / "journal");
  run_tasks(plans, run, model.open(), journal);
  EXPECT_EQ(last.done, 5);
  EXPECT_EQ(last.total, 5);
  EXPECT_NEAR(last.seconds_left, 0, 1e-9);
}

TEST(RunTasks, ScoresSlicesInMillimetresAndTheVolumeAsAWhole) {
  const TestFolder folder;
  const auto plans = plan(volume_set(folder.path()));
  FakeModel model;
  Journal journal(folder.path() / "journal");
  StudyRun run = quick_run();
  run.protocol.modes = {5};
  run.protocol.clicks = 0;
  run.protocol.choices = {Choice::first};
  EXPECT_TRUE(run_tasks(plans, run, model.open(), journal).empty());
  const auto keys = journal.keys();
  ASSERT_EQ(keys.size(), 4U) << "three slices and the volume";
  int volumes = 0;
  for (const std::string& key : keys) {
    const ResultRow row = result_rows(journal.read(key)).front();
    EXPECT_EQ(row.scores.iou, 1) << "the fake answers a box with the box";
    EXPECT_EQ(row.unit, DistanceUnit::mm);
    EXPECT_EQ(row.area_px, row.level == Level::volume ? 90 : 30);
    volumes += row.level == Level::volume ? 1 : 0;
  }
  EXPECT_EQ(volumes, 1);
}

TEST(RunTasks, LeavesAVolumeUnscoredWhereASliceFailed) {
  const TestFolder folder;
  const auto plans = plan(volume_set(folder.path()));
  int opened = 0;
  FakeModel model;
  const OpenPicture failing = [&](const RgbImage& image) -> Segmenter {
    if (++opened == 2) throw std::runtime_error("no memory");
    return model.open()(image);
  };
  Journal journal(folder.path() / "journal");
  EXPECT_EQ(run_tasks(plans, quick_run(), failing, journal).size(), 1U);
  EXPECT_EQ(journal.keys().size(), 2U);
}

TEST(StudyFolder, RefusesOtherSettingsByName) {
  const TestFolder folder;
  const StudyDescription there{"t", {{"--clicks", "9"}, {"--ties", "first"}}, {{"command line", "x"}}, {}, 1,
                               {}};
  write_description(folder.path(), there);
  StudyDescription wanted = *read_description(folder.path());
  EXPECT_NO_THROW(check_same_settings(folder.path(), there, wanted));
  wanted.settings[1].second = "random";
  try {
    check_same_settings(folder.path(), there, wanted);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_THAT(error.what(), testing::HasSubstr("--ties was first, is now random"));
  }
}

TEST(StudyFolder, WritesItsReportAnewInTheSameBytes) {
  const TestFolder folder;
  const auto plans = plan(picture_set(folder.path()));
  FakeModel model;
  const fs::path out = folder.path() / "out";
  finish(plans, quick_run(), model, out);
  write_description(out, described(plans));
  const std::string report = content_of(out / "report.html");
  const std::string summary = content_of(out / "summary.json");
  fs::remove(out / "report.html");
  rewrite_report(out);
  EXPECT_EQ(content_of(out / "report.html"), report);
  EXPECT_EQ(content_of(out / "summary.json"), summary);
}

TEST(StudyFolder, MakesAReportOfResultsAloneAndOfAJournalAlone) {
  const TestFolder folder;
  const auto plans = plan(picture_set(folder.path()));
  FakeModel model;
  const fs::path out = folder.path() / "out";
  finish(plans, quick_run(), model, out);
  const fs::path bare = folder.path() / "bare";
  fs::create_directories(bare);
  fs::copy_file(out / "results.csv", bare / "results.csv");
  EXPECT_EQ(rewrite_report(bare).rows.size(), 5U * 16);
  EXPECT_TRUE(fs::exists(bare / "report.html"));
  const fs::path killed = folder.path() / "killed";
  fs::create_directories(killed);
  fs::copy_file(out / "journal", killed / "journal");
  rewrite_report(killed);
  EXPECT_EQ(content_of(killed / "results.csv"), content_of(out / "results.csv"));
  EXPECT_THAT(content_of(killed / "summary.json"), testing::HasSubstr("\"complete\": false"));
  EXPECT_THROW(rewrite_report(folder.path() / "set"), Error);
}

}  // namespace
}  // namespace sonde
