// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sonde/train/draws.h"
#include "sonde/train/measures.h"
#include "sonde/train/picture_cache.h"
#include "sonde/train/run_folder.h"
#include "sonde/train/train.h"

namespace sonde {

// What a run works with; all outlive it.
struct RunParts {
  const TrainRequest& request;
  const BaseModel& base;
  std::span<const TrainPicture> pictures;
  const PictureCache& cache;
  Tuner& tuner;
  RunFolder& folder;
  const TrainHooks& hooks;
  int threads = 1;
  std::vector<std::string> class_names{};  // that the trained network has, in the order of their tokens
};

// The network that a tuner has come to, on the CPU.
std::unique_ptr<Network> checked_network(const BaseModel& base, const NamedTensors& tensors);

CheckOptions check_options(const RunParts& run, const AnswerRules& rules);

// Thrown while a check is under way and the run is to stop: what is not saved is done again.
struct StopRequested {};

// Step after step, with checks, until all are done, none gets better, or it is to stop.
class TrainLoop {
 public:
  explicit TrainLoop(const RunParts& run);
  // From where the folder's last state stands. Returns that state; `end` is empty where it was stopped.
  RunState run();

 private:
  using Clock = std::chrono::steady_clock;

  void start();
  void go_on();
  void require_true_gradient();
  void make_step(std::int64_t step);
  std::vector<TrainingExample> examples();
  void count_skipped(std::int64_t step, const StepResult& result);
  void check_state(std::int64_t step);
  void judge(std::int64_t step, const CheckFigures& figures);
  void save();
  void report(std::int64_t step, const StepResult& result);
  bool is_to_stop() const;

  RunParts run_;
  const TrainSettings& settings_;
  Draws draws_;
  std::vector<TaskRef> tasks_;  // of the checks
  RunState state_;
  std::vector<Draw> batch_;
  std::vector<ExampleResult> answers_;  // to batch_
  Clock::time_point started_ = Clock::now(), saved_ = started_;
  std::int64_t first_step_ = 1;
  TrainProgress progress_{};
};

}  // namespace sonde
