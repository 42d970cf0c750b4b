// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sonde/annotate/project.h"
#include "sonde/server/image_service.h"
#include "sonde/server/jobs.h"

namespace sonde {

struct TrainingOptions {
  // Program and first arguments: of `sonde train`, with the model to start from. --data, --out, --what,
  // --steps, --seed and --json-progress follow.
  std::vector<std::string> command;
  std::string missing;  // why nothing can be trained here; empty: it can
  // Weights of a training, computed with as the first model is.
  std::function<SamModel(const std::filesystem::path&)> load;
};

// Training on the approved objects of a project, in its folder training/:
//   N/          the run, as `sonde train` leaves it
//   N.json      what was asked for
//   N.copy/     the project as it was then, until the run is done: what is approved later changes nothing
// Each runs in a process of its own; and which of their weights answer. Safe to use from several threads.
class Trainings {
 public:
  Trainings(Project& project, ImageService& service, TrainingOptions options);

  wire::TrainingList list() const;

  // The right to run one: nobody else may while it lives.
  class Turn;
  // Throws Error: usage (too little is approved; one to go on with that is done), conflict (another one
  // runs), not_found, unavailable (nothing can be trained here).
  std::shared_ptr<const Turn> begin(const wire::TrainingRequest& request);
  // Until its end. Throws what `report` throws, then with all saved that is needed to go on;
  // Error{unavailable} with what the program said last.
  wire::TrainedResult run(const Turn& turn, const JobReport& report);

  // Throws Error{not_found} where that training is not done.
  SamModel model_of(std::int64_t training);
  std::filesystem::path report_of(std::int64_t training) const;
  // Makes its weights answer, or those of the beginning, and puts it into the history.
  void choose(std::optional<std::int64_t> training);
  // What was chosen when the project was open last. Returns why it cannot answer, a line for people.
  std::optional<std::string> choose_again();
  wire::ModelFacts model_facts() const;

 private:
  void leave(std::int64_t training);
  std::filesystem::path run_folder(std::int64_t training) const;
  wire::TrainingFacts facts_of(std::int64_t training) const;
  std::optional<std::string> missing() const;

  Project& project_;
  ImageService& service_;
  TrainingOptions options_;
  std::filesystem::path folder_;
  mutable std::mutex mutex_;
  std::optional<std::int64_t> running_, chosen_;
  std::optional<std::pair<std::int64_t, SamModel>> loaded_;  // the last one
};

class Trainings::Turn {
 public:
  Turn(Trainings& of, std::int64_t training) : of_(of), training_(training) {}
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() { of_.leave(training_); }
  std::int64_t training() const { return training_; }

 private:
  Trainings& of_;
  std::int64_t training_;
};

}  // namespace sonde
