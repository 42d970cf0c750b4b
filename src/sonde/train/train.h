// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "sonde/core/fields.h"
#include "sonde/evaluate/task.h"
#include "sonde/predict/sam_model.h"
#include "sonde/train/settings.h"
#include "sonde/train/tuner.h"
#include "sonde/weights/model_card.h"
#include "sonde/weights/tensor.h"
#include "sonde/weights/variants.h"

namespace sonde {

// Where a training starts from.
struct BaseModel {
  SamModel model;  // encodes pictures
  std::string file;
  NamedTensors tensors;
  SamSizes sizes;
  AnswerRules rules;  // of its card, else those of the published weights
};
// Throws as SamModel::load.
BaseModel load_base_model(const std::string& name_or_path, const ModelOptions& options);

struct TrainRequest {
  std::vector<std::filesystem::path> data, guard;  // as read_training_data takes them
  std::filesystem::path out;
  TrainSettings settings;
  int threads = 0;  // 0: physical cores
  // Embeddings are taken from the store of all commands and kept there.
  enum class Store { use, leave } store = Store::use;
  RankOptions ranks;
  FrameOfReference frame_of_reference = FrameOfReference::same;
  NamedTexts facts;  // for run.json: command line, version
};

struct TrainProgress {
  std::string_view what;             // a data set, "pictures", "views", "step"
  std::int64_t done = 0, total = 0;  // of `what`
  std::int64_t step = 0;             // of training; 0: it has not begun
  double loss = 0, iou = 0;          // smoothed over some twenty steps
  double validation_iou = -1;        // of the last check; below 0: none
  double seconds_left = -1;          // below 0: nothing is known yet
};
struct TrainHooks {
  std::function<void(const TrainProgress&)> progress{};
  std::function<void(const std::string&)> note{};  // a line for people: what was decided, what is odd
  const std::atomic<bool>* stop = nullptr;         // set: the run is saved, and ends
};

struct TrainResult {
  // done: all files are there. done_before: they were, nothing was done. stopped: the same request goes on.
  // followed: all steps are made, and rank 0 measures and writes what became of them.
  enum class End { done, done_before, stopped, followed } end = End::done;
  std::int64_t steps = 0, best_step = 0;
  ModelCard card;
  std::vector<StudyFailure> failures;  // of the data
  // Of a state that had to be given up: which guard, in words; empty: none.
  std::string gave_up;
  std::size_t notes_told = 0;  // of the card's, the first ones: TrainHooks::note has told them
};

// Trains on `data`, measures, and writes the folder of a run (docs/train.md). The same request for the same
// folder goes on where it was stopped, at any moment, to the same bytes. Throws Error: usage (data, options
// or folder do not do; pictures in two parts), corrupt_data (the gradient self-test, or too many steps that
// are not finite; the last good state is kept), unavailable (the folder cannot be written, a rank does not
// answer).
TrainResult train(const TrainRequest& request, const BaseModel& base, const TrainPlugin& plugin,
                  const TrainHooks& hooks = {});

}  // namespace sonde
