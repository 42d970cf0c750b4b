// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "sonde/train/measures.h"
#include "sonde/train/run_folder.h"
#include "sonde/weights/model_card.h"

// What write_training_report puts together. The shapes of the page's JSON are told in
// web/report/src/training/data.ts.
namespace sonde {

struct RunFiles {
  RunDescription description;  // run.json
  std::vector<StepRow> steps;
  std::vector<MeasureRow> checks;
  std::optional<ModelCard> card;                                     // once the run has come to its end
  std::vector<CardGuard> guards;                                     // of guard.csv
  std::map<std::string, std::map<std::string, std::int64_t>> split;  // pictures, by data set and part
  nlohmann::ordered_json cases;                                      // of cases.json; null: there are none
};
// Throws as write_training_report.
RunFiles read_run_files(const std::filesystem::path& run);

// The same objects, prompted alike, answered by the network that a run started from and by the one it kept:
// of the test part and of the guard sets.
struct BeforeAfter {
  struct Side {
    Estimate iou;
    double predicted_iou_error = 0;
  };
  SplitPart part = SplitPart::test;
  std::string dataset;
  CheckPrompt prompt = CheckPrompt::point;
  CheckChoice choice = CheckChoice::card;
  Side before, after;
  std::optional<double> p;  // of the paired test, where one was made
  int measured = 0;         // 2; a class is not measured before it was learned, and left out
};
// From validation.csv, in its order, with p from the card; none before the run has come to its end.
std::vector<BeforeAfter> compared(const RunFiles& run);

// The result in a few sentences: what was tuned, on what, for which prompts it is better, for which worse.
// Better and worse: p below 0.05; on guard sets: a guard that failed.
std::string training_headline(const RunFiles& run);

// The step whose weights were kept: of a run at its end what the test part or the guard sets were measured
// at, else the best so far: mean, over prompts, of the mean over data sets of the IoU on the validation part.
std::optional<std::int64_t> best_step(const std::vector<MeasureRow>& checks);

nlohmann::json training_page_json(const RunFiles& run);

}  // namespace sonde
