// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sonde/core/fields.h"
#include "sonde/evaluate/data_set.h"
#include "sonde/evaluate/journal.h"
#include "sonde/evaluate/summary.h"

namespace sonde {

// The folder of a study (docs/study.md): study.json, journal, results.csv, failures.csv, summary.json,
// report.html.

// study.json: what the study is, written before it begins.
struct StudyDescription {
  std::string title;
  NamedTexts settings;  // they decide the results: other settings are another study
  NamedTexts facts;     // more for people: command line, versions
  std::string window;   // as asked for; empty: by default
  std::uint64_t seed = 1;
  std::vector<Expected> expected;
};
template <class V>
void describe(V& v, StudyDescription& study) {
  v("title", study.title);
  v("settings", study.settings);
  v("facts", study.facts);
  v("window", study.window);
  v("seed", study.seed);
  v("expected", study.expected);
}
void write_description(const std::filesystem::path& folder, const StudyDescription& description);
// Absent where the folder holds no study. Throws Error{corrupt_data} naming the file.
std::optional<StudyDescription> read_description(const std::filesystem::path& folder);
// Throws Error{usage} naming the folder and the first setting that differs.
void check_same_settings(const std::filesystem::path& folder, const StudyDescription& there,
                         const StudyDescription& wanted);

std::filesystem::path journal_path(const std::filesystem::path& folder);

// What a data set should give.
Expected expected_of(const DataSetPlan& plan);
// Journal keys of all tasks of the plans.
std::vector<std::string> task_keys(const std::vector<DataSetPlan>& plans);

enum class Completeness { complete, partial };  // partial: stopped before every task was tried
inline constexpr const char* kPartialNotice = "Stopped before its end: these are partial results.";
struct StudyEnd {
  std::vector<std::string> keys;  // of the tasks whose results are wanted
  std::vector<StudyFailure> failures;
  Completeness completeness = Completeness::complete;
};
struct StudyResults {
  std::vector<ResultRow> rows;
  std::vector<StudyFailure> failures;
  Summary summary;
  Completeness completeness = Completeness::complete;
};
// Writes results.csv, failures.csv, summary.json and report.html, each whole or not at all, from those of the
// tasks that the journal holds. Equal journals and failures give equal bytes, in whatever order tasks were
// done.
StudyResults write_results(const std::filesystem::path& folder, const StudyDescription& description,
                           const Journal& journal, StudyEnd end);
// Of what a folder holds: complete unless its run was stopped or killed.
Completeness completeness_of(const std::filesystem::path& folder);
// Puts the journal into the order of the keys and drops the rest; it must not be open.
void tidy_journal(const std::filesystem::path& folder, const std::vector<std::string>& keys);

// summary.json and report.html anew from results.csv; a run that was killed first gets its results.csv from
// the journal. Where the journal or the images are gone, the pictures are missing. Throws Error{not_found}
// where there is neither results.csv nor journal.
StudyResults rewrite_report(const std::filesystem::path& folder);

}  // namespace sonde
