// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sonde/core/fields.h"
#include "sonde/imaging/answer_rule.h"
#include "sonde/train/guards.h"
#include "sonde/train/measures.h"
#include "sonde/weights/tensor.h"

namespace sonde {

// The folder of a run (docs/train.md): run.json, split.csv, train.csv, validation.csv, guard.csv, state/,
// pictures/ while it runs; model.safetensors, adapter.safetensors and card.json once it is done, card.json
// last.

// run.json, written before the first step.
struct RunDescription {
  NamedTexts settings;  // they decide the result: other settings are another run
  NamedTexts facts;     // more for people: command line, version, machine
};
template <class V>
void describe(V& v, RunDescription& run) {
  v("settings", run.settings);
  v("facts", run.facts);
}

// All that a run needs beside the tensors to go on from a step to the same bytes: state/step_N.json.
struct RunState {
  std::int64_t step = 0;                       // the last one done
  std::int64_t checked_step = 0;               // of the last check
  std::string tensors_sha256;                  // of the file beside it
  std::int64_t best_step = 0;                  // 0: the network it started from
  std::vector<std::string> best_rules, rules;  // words of AnswerRule: of the best state, in force
  CheckFigures before, best;
  std::int64_t checks_without_better = 0, insensitive_checks = 0;
  std::int64_t skipped = 0, skipped_in_a_row = 0;
  std::vector<double> norms;  // of the last steps
  double gradient_error = 0;
  std::string end;  // why no further step is made; empty: there are more
};
template <class V>
void describe(V& v, RunState& state) {
  v("step", state.step);
  v("checked_step", state.checked_step);
  v("tensors_sha256", state.tensors_sha256);
  v("best_step", state.best_step);
  v("best_rules", state.best_rules);
  v("rules", state.rules);
  v("before", state.before);
  v("best", state.best);
  v("checks_without_better", state.checks_without_better);
  v("insensitive_checks", state.insensitive_checks);
  v("skipped", state.skipped);
  v("skipped_in_a_row", state.skipped_in_a_row);
  v("norms", state.norms);
  v("gradient_error", state.gradient_error);
  v("end", state.end);
}
std::vector<std::string> words_of(const AnswerRules& rules);
AnswerRules rules_of(const std::vector<std::string>& words, const std::string& file);  // Error{corrupt_data}

// A line of train.csv.
struct StepRow {
  std::int64_t step = 0;
  double loss = 0, loss_mask = 0, loss_quality = 0, iou = 0, gradient_norm = 0, learning_rate = 0;
  std::string prompt_kinds;
  double seconds = 0, peak_rss_mb = 0;
};

class RunFolder {
 public:
  // Creates it, or goes on in one of the same settings and split. Nobody else may use it meanwhile. Throws
  // Error: usage (what is there is no run; the first setting that differs, by its name; another split; in use
  // by another process), unavailable.
  RunFolder(std::filesystem::path folder, const RunDescription& run, const std::string& split_csv);
  // Of another rank than the first, which reads where the run stands and leaves all writing to the first.
  RunFolder(std::filesystem::path folder, int rank);
  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;

  const std::filesystem::path& path() const { return folder_; }
  std::filesystem::path pictures() const { return folder_ / ("pictures" + rank_); }
  std::filesystem::path best_file(std::int64_t step) const;

  // The last state that is whole; absent: the run is at its beginning.
  struct Saved {
    RunState state;
    NamedTensors tensors;
    std::filesystem::path file;  // of the tensors
  };
  std::optional<Saved> last_state() const;
  // Tensors first, then the JSON that makes them count; the last two are kept, and their best ones.
  void save(RunState state, const NamedTensors& tensors);
  void save_best(std::int64_t step, const NamedTensors& tensors);

  // Lines after `step`, and of checks after `checked_step`, are dropped: the run goes on from there. Absent:
  // nothing has been checked, not even what it starts from.
  void rewind(std::int64_t step, std::optional<std::int64_t> checked_step);
  void append(const StepRow& row);
  void append(const std::vector<MeasureRow>& rows);
  void write_bad_step(std::int64_t step, const std::string& json);

  // What only a running training needs.
  void remove_pictures() const;

 private:
  void lock();
  void check_same(const RunDescription& run, const std::string& split_csv) const;
  std::vector<std::int64_t> saved_steps() const;  // newest first

  bool writes() const { return rank_.empty(); }

  std::filesystem::path folder_, state_;
  std::string rank_;  // "_1" of another one than the first
  // Held as long as it lives.
  struct Lock {
    int descriptor = -1;
    Lock() = default;
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;
    ~Lock();
  } lock_;
  std::vector<MeasureRow> measures_;
};

// card.json is there: the run is done.
bool is_done(const std::filesystem::path& folder);

}  // namespace sonde
