// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "sonde/core/progress.h"
#include "sonde/server/wire.h"

namespace sonde {

// What a job says of itself while it runs.
struct JobReport {
  Progress progress;                         // throws when the job is to stop
  std::function<void(std::string)> preview;  // what there is to see so far, as it is answered
};

// What waits for what: seconds or minutes of this process's work; and trainings, which another process does
// meanwhile.
enum class JobLane { work, training };

// Long work, one job a lane at a time, each on a thread of low priority. Safe to use from several threads.
class Jobs {
 public:
  // Returns the result.
  using Work = std::function<wire::JobResult(const JobReport&)>;

  explicit Jobs(std::chrono::seconds remembered = std::chrono::hours(1));
  Jobs(const Jobs&) = delete;
  Jobs& operator=(const Jobs&) = delete;
  ~Jobs();  // asks those that run to stop and waits for them

  // Throws Error{unavailable} while too many wait.
  wire::JobFacts start(std::string kind, Work work, JobLane lane = JobLane::work);
  // Throw Error{not_found}: there is no such job, or it is forgotten.
  wire::JobFacts find(std::int64_t id);
  wire::JobFacts stop(std::int64_t id);
  std::vector<wire::JobFacts> all();  // that are not forgotten, oldest first
  // Absent before the first and after the job's end.
  std::optional<std::string> preview(std::int64_t id);

 private:
  using Clock = std::chrono::steady_clock;
  struct Job {
    wire::JobFacts facts;
    Work work;
    JobLane lane = JobLane::work;
    std::optional<std::string> preview;
    bool stopping = false;
    Clock::time_point ended;
  };
  bool has_ended(const Job& job) const;
  void forget_old();
  Job& at(std::int64_t id);
  void run(JobLane lane);
  void work_on(std::int64_t id, const Work& work);
  void report(std::int64_t id, const ProgressUpdate& update);
  void show(std::int64_t id, std::string preview);
  void end(std::int64_t id, wire::JobState state, const std::string& message, wire::JobResult result);

  std::chrono::seconds remembered_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::int64_t, Job> jobs_;
  std::int64_t last_;  // begins at the time: a page follows no job of another start of the server as its own
  bool ending_ = false;
  std::thread worker_, trainer_;
};

}  // namespace sonde
