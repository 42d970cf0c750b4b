// SPDX-License-Identifier: Apache-2.0
#include "sonde/server/jobs.h"

#include <algorithm>
#include <exception>
#include <sys/resource.h>
#include <unistd.h>
#include <utility>

#include "sonde/core/cause.h"
#include "sonde/core/error.h"
#include "sonde/core/start_thread.h"

namespace sonde {
namespace {

constexpr std::ptrdiff_t kMaxWaiting = 32;
constexpr int kNice = 10;

// Thrown through the work of a job that is to stop.
struct Stopped {};

}  // namespace

Jobs::Jobs(std::chrono::seconds remembered)
    : remembered_(remembered),
      last_(std::chrono::duration_cast<std::chrono::milliseconds>(
                std::chrono::system_clock::now().time_since_epoch())
                .count()),
      worker_(start_thread([this] { run(JobLane::work); })),
      trainer_(start_thread([this] { run(JobLane::training); })) {}

Jobs::~Jobs() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  worker_.join();
  trainer_.join();
}

bool Jobs::has_ended(const Job& job) const {
  return job.facts.state != wire::JobState::waiting && job.facts.state != wire::JobState::running;
}

void Jobs::forget_old() {
  std::erase_if(jobs_, [&](const auto& entry) {
    return has_ended(entry.second) && Clock::now() - entry.second.ended > remembered_;
  });
}

Jobs::Job& Jobs::at(std::int64_t id) {
  forget_old();
  const auto found = jobs_.find(id);
  if (found == jobs_.end()) throw Error(ErrorKind::not_found, "there is no job " + std::to_string(id));
  return found->second;
}

wire::JobFacts Jobs::start(std::string kind, Work work, JobLane lane) {
  const std::lock_guard lock(mutex_);
  forget_old();
  const auto waiting = std::count_if(jobs_.begin(), jobs_.end(), [](const auto& entry) {
    return entry.second.facts.state == wire::JobState::waiting;
  });
  if (waiting >= kMaxWaiting) throw Error(ErrorKind::unavailable, "32 jobs are waiting already");
  Job& job = jobs_[++last_];
  job.facts.job = last_;
  job.facts.kind = std::move(kind);
  job.work = std::move(work);
  job.lane = lane;
  changed_.notify_all();
  return job.facts;
}

wire::JobFacts Jobs::find(std::int64_t id) {
  const std::lock_guard lock(mutex_);
  return at(id).facts;
}

std::vector<wire::JobFacts> Jobs::all() {
  const std::lock_guard lock(mutex_);
  forget_old();
  std::vector<wire::JobFacts> all;
  for (const auto& [id, job] : jobs_) all.push_back(job.facts);
  return all;
}

wire::JobFacts Jobs::stop(std::int64_t id) {
  const std::lock_guard lock(mutex_);
  Job& job = at(id);
  job.stopping = true;
  if (job.facts.state == wire::JobState::waiting) {
    job.facts.state = wire::JobState::cancelled;
    job.ended = Clock::now();
    job.work = {};
  }
  return job.facts;
}

std::optional<std::string> Jobs::preview(std::int64_t id) {
  const std::lock_guard lock(mutex_);
  return at(id).preview;
}

void Jobs::run(JobLane lane) {
  setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNice);  // of this thread alone
  std::unique_lock lock(mutex_);
  for (;;) {
    const auto next = std::find_if(jobs_.begin(), jobs_.end(), [&](const auto& entry) {
      return entry.second.facts.state == wire::JobState::waiting && entry.second.lane == lane;
    });
    if (ending_) return;
    if (next == jobs_.end()) {
      changed_.wait(lock);
      continue;
    }
    next->second.facts.state = wire::JobState::running;
    const std::int64_t id = next->first;
    const Work work = std::move(next->second.work);
    lock.unlock();
    work_on(id, work);
    lock.lock();
  }
}

void Jobs::work_on(std::int64_t id, const Work& work) {
  try {
    wire::JobResult result =
        work({.progress = [this, id](const ProgressUpdate& update) { report(id, update); },
              .preview = [this, id](std::string preview) { show(id, std::move(preview)); }});
    end(id, wire::JobState::done, "", std::move(result));
  } catch (const Stopped&) {
    end(id, wire::JobState::cancelled, "", {});
  } catch (const std::exception& error) {
    end(id, wire::JobState::failed, cause_of(error), {});
  }
}

void Jobs::report(std::int64_t id, const ProgressUpdate& update) {
  const std::lock_guard lock(mutex_);
  Job& job = jobs_.at(id);
  if (job.stopping || ending_) throw Stopped();
  job.facts.done = update.done;
  job.facts.total = update.total;
  job.facts.message = update.what;
}

void Jobs::show(std::int64_t id, std::string preview) {
  const std::lock_guard lock(mutex_);
  Job& job = jobs_.at(id);
  job.preview = std::move(preview);
  ++job.facts.preview;
}

void Jobs::end(std::int64_t id, wire::JobState state, const std::string& message, wire::JobResult result) {
  const std::lock_guard lock(mutex_);
  Job& job = jobs_.at(id);
  job.facts.state = state;
  job.facts.message = message;
  job.facts.result = std::move(result);
  job.facts.preview = 0;
  job.preview.reset();
  job.ended = Clock::now();
}

}  // namespace sonde
