// SPDX-License-Identifier: Apache-2.0
#include "sonde/server/jobs.h"

#include <atomic>
#include <future>

#include <gtest/gtest.h>

#include "sonde/core/error.h"

namespace sonde {
namespace {

using wire::JobResult;
using wire::JobState;

wire::JobFacts wait_for(Jobs& jobs, std::int64_t id, JobState state) {
  for (int i = 0; i < 5000; ++i) {
    const wire::JobFacts facts = jobs.find(id);
    if (facts.state == state) return facts;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  ADD_FAILURE() << "job " << id << " never came to the state";
  return jobs.find(id);
}

TEST(Jobs, RunOneAfterAnotherAndGiveTheirResults) {
  Jobs jobs;
  std::promise<void> go;
  std::shared_future<void> gone = go.get_future().share();
  const auto first = jobs.start("export", [gone](const JobReport& report) -> JobResult {
    report.progress({"disc.png", 1, 2});
    gone.wait();
    return wire::ExportedResult{"", 2, {}};
  });
  const auto second = jobs.start("everything", [](const JobReport&) -> JobResult {
    return wire::EverythingResult{58, 3};
  });
  EXPECT_EQ(first.state, JobState::waiting);
  wait_for(jobs, first.job, JobState::running);
  while (jobs.find(first.job).done == 0) std::this_thread::yield();
  EXPECT_EQ(jobs.find(first.job).message, "disc.png");
  EXPECT_EQ(jobs.find(first.job).total, 2);
  EXPECT_EQ(jobs.find(second.job).state, JobState::waiting);
  go.set_value();
  EXPECT_EQ(std::get<wire::ExportedResult>(*wait_for(jobs, first.job, JobState::done).result).files, 2U);
  EXPECT_EQ(std::get<wire::EverythingResult>(*wait_for(jobs, second.job, JobState::done).result).proposals,
            3);
}

TEST(Jobs, OfOneLaneDoNotWaitForThoseOfTheOther) {
  Jobs jobs;
  std::promise<void> go;
  std::shared_future<void> gone = go.get_future().share();
  const auto training = jobs.start(
      "training",
      [gone](const JobReport&) -> JobResult {
        gone.wait();
        return wire::TrainedResult{1};
      },
      JobLane::training);
  const auto other = jobs.start("export", [](const JobReport&) -> JobResult { return {}; });
  wait_for(jobs, other.job, JobState::done);
  ASSERT_EQ(jobs.all().size(), 2u);
  EXPECT_EQ(jobs.all().front().job, training.job);
  EXPECT_EQ(jobs.all().front().state, JobState::running);
  go.set_value();
  wait_for(jobs, training.job, JobState::done);
}

TEST(Jobs, SayWhyTheyFailed) {
  Jobs jobs;
  const auto job = jobs.start("export", [](const JobReport&) -> JobResult {
    throw Error(ErrorKind::unavailable, "the disk is full");
  });
  EXPECT_EQ(wait_for(jobs, job.job, JobState::failed).message, "the disk is full");
}

TEST(Jobs, StopWhenAsked) {
  Jobs jobs;
  std::atomic<int> reports = 0;
  const auto endless = [&](const JobReport& report) -> JobResult {
    for (;;) {
      ++reports;
      report.progress({"crop 1", 0, 0});
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  };
  const auto running = jobs.start("everything", endless);
  const auto waiting = jobs.start("everything", endless);
  while (reports == 0) std::this_thread::yield();
  EXPECT_EQ(jobs.stop(waiting.job).state, JobState::cancelled);
  jobs.stop(running.job);
  wait_for(jobs, running.job, JobState::cancelled);
}

TEST(Jobs, ShowWhatThereIsSoFarUntilTheirEnd) {
  Jobs jobs;
  std::promise<void> go;
  std::shared_future<void> gone = go.get_future().share();
  const auto job = jobs.start("everything", [gone](const JobReport& report) -> JobResult {
    report.preview("one");
    report.preview("two");
    report.progress({"crop 1", 2, 4});
    gone.wait();
    return {};
  });
  while (jobs.find(job.job).done == 0) std::this_thread::yield();
  EXPECT_EQ(jobs.find(job.job).preview, 2);
  EXPECT_EQ(jobs.preview(job.job), "two");
  go.set_value();
  EXPECT_EQ(wait_for(jobs, job.job, JobState::done).preview, 0);
  EXPECT_EQ(jobs.preview(job.job), std::nullopt);
  EXPECT_THROW(jobs.preview(99), Error);
}

TEST(Jobs, AreStoppedWithTheServer) {
  std::atomic<int> reports = 0;
  {
    Jobs jobs;
    jobs.start("everything", [&](const JobReport& report) -> JobResult {
      for (;;) {
        ++reports;
        report.progress({"crop 1", 0, 0});
      }
    });
    while (reports == 0) std::this_thread::yield();
  }
  const int then = reports;
  EXPECT_EQ(reports, then);
}

TEST(Jobs, AreForgottenSomeTimeAfterTheirEnd) {
  Jobs jobs(std::chrono::seconds(-1));  // at once
  const auto job = jobs.start("export", [](const JobReport&) -> JobResult { return {}; });
  const auto is_forgotten = [&] {
    try {
      jobs.find(job.job);
      return false;
    } catch (const Error& error) {
      return error.kind() == ErrorKind::not_found;
    }
  };
  for (int i = 0; i < 5000 && !is_forgotten(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_TRUE(is_forgotten());
  EXPECT_THROW(jobs.stop(99), Error);
}

TEST(Jobs, AreRefusedWhenTooManyWait) {
  Jobs jobs;
  std::promise<void> go;
  std::shared_future<void> gone = go.get_future().share();
  const auto wait = [gone](const JobReport&) -> JobResult {
    gone.wait();
    return {};
  };
  const auto first = jobs.start("export", wait);
  wait_for(jobs, first.job, JobState::running);
  for (int i = 0; i < 32; ++i) jobs.start("export", wait);
  EXPECT_THROW(jobs.start("export", wait), Error);
  go.set_value();
}

}  // namespace
}  // namespace sonde
