// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <limits>

#include "sonde/core/error.h"
#include "sonde/core/json_fields.h"
#include "sonde/train/report_parts.h"
#include "sonde/train/run_reading.h"

namespace sonde {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

std::vector<StepRow> read_steps(const fs::path& file) {
  constexpr std::array<std::string_view, 10> kColumns{"step",    "loss",          "loss_mask", "loss_quality",
                                                      "iou",     "gradient_norm", "lr",        "prompt_kinds",
                                                      "seconds", "peak_rss_mb"};
  RunCsv csv(file, kColumns);
  std::vector<StepRow> rows;
  while (csv->next()) {
    rows.push_back({csv->integer(0, 0, kMax), csv->number(1), csv->number(2), csv->number(3), csv->number(4),
                    csv->number(5), csv->number(6), csv->text(7), csv->number(8), csv->number(9)});
  }
  return rows;
}

bool is_yes(RunCsv& csv, std::size_t column) {
  const std::string& word = csv->text(column);
  if (word != "yes" && word != "no") csv->fail_field(column, "yes or no");
  return word == "yes";
}

std::vector<CardGuard> read_guards(const fs::path& file) {
  constexpr std::array<std::string_view, 5> kColumns{"name", "before", "after", "limit", "passed"};
  RunCsv csv(file, kColumns);
  std::vector<CardGuard> guards;
  while (csv->next())
    guards.push_back({csv->text(0), csv->number(1), csv->number(2), csv->number(3), is_yes(csv, 4)});
  return guards;
}

auto read_split(const fs::path& file) {
  constexpr std::array<std::string_view, 2> kColumns{"dataset", "part"};
  RunCsv csv(file, kColumns);
  std::map<std::string, std::map<std::string, std::int64_t>> pictures;
  while (csv->next()) ++pictures[csv->text(0)][csv->text(1)];
  return pictures;
}

RunDescription read_description(const fs::path& file) {
  try {
    return from_json<RunDescription, Layout::stored>(read_run_json(file));
  } catch (const Error& error) {
    const std::string what = error.what();
    throw Error(error.kind(), what.starts_with(file.string()) ? what : file.string() + ": " + what);
  }
}

// As test_answers.cc writes it; what the lines hold is the page's affair.
nlohmann::ordered_json read_cases(const fs::path& file) {
  nlohmann::ordered_json cases = read_run_json(file);
  for (const char* list : {"pictures", "lines"}) {
    if (!cases.is_object() || !cases.contains(list) || !cases[list].is_array())
      throw Error(ErrorKind::corrupt_data, file.string() + ": " + list + " must be a list");
  }
  return cases;
}

}  // namespace

RunFiles read_run_files(const fs::path& run) {
  RunFiles files;
  files.description = read_description(run / "run.json");
  files.steps = read_steps(run / "train.csv");
  files.checks = read_measure_csv(run / "validation.csv");
  const auto is_there = [&](const char* name) { return fs::exists(run / name); };
  if (is_there("card.json")) files.card = read_card(run / "card.json");
  if (is_there("guard.csv")) files.guards = read_guards(run / "guard.csv");
  if (is_there("split.csv")) files.split = read_split(run / "split.csv");
  if (is_there("cases.json")) files.cases = read_cases(run / "cases.json");
  return files;
}

}  // namespace sonde
