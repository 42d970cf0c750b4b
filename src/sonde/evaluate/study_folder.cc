// SPDX-License-Identifier: Apache-2.0
#include "sonde/evaluate/study_folder.h"

#include <algorithm>
#include <map>

#include "sonde/core/bytes.h"
#include "sonde/core/durable_file.h"
#include "sonde/core/error.h"
#include "sonde/core/json_fields.h"
#include "sonde/evaluate/case_loader.h"
#include "sonde/evaluate/report.h"
#include "sonde/evaluate/summary_json.h"

namespace sonde {
namespace {

namespace fs = std::filesystem;

std::string file_text(const Json& json) { return json_text(json, 1) + '\n'; }

Json read_json(const fs::path& path) {
  const MappedFile file(path);
  const ByteView bytes = file.bytes();
  const auto* text = reinterpret_cast<const char*>(bytes.data());  // NOLINT: bytes as text
  try {
    return parse_ordered_json({text, bytes.size()});
  } catch (const Json::exception& error) {
    throw Error(ErrorKind::corrupt_data, path.string() + ": " + error.what());
  }
}

// Of results.csv alone: what is there is all that is known to be wanted.
std::vector<Expected> expected_from(const std::vector<ResultRow>& rows) {
  std::vector<Expected> all;
  std::map<std::string, std::size_t> places;
  std::string last_task;
  for (const ResultRow& row : rows) {
    const std::string task = row.image + '\n' + std::string(to_string(row.level)) + '\n' +
                             std::to_string(row.label) + '\n' + row.label_name + '\n' + row.object;
    const auto [found, is_new] = places.emplace(row.dataset, all.size());
    if (is_new) all.push_back({.dataset = row.dataset, .labels = {}});
    if (!is_new && task == last_task) continue;
    last_task = task;
    auto& labels = all[found->second].labels;
    auto label = std::find_if(labels.begin(), labels.end(), [&](const Expected::Label& l) {
      return l.label == row.label && l.name == row.label_name;
    });
    if (label == labels.end()) label = labels.insert(labels.end(), {row.label, row.label_name, 0, 0});
    ++(row.level == Level::volume ? label->volumes : label->tasks);
  }
  return all;
}

std::string key_of(const ResultRow& row) {
  TaskRecord record;
  record.dataset = row.dataset;
  record.image = row.image;
  record.level = row.level;
  record.task = {row.label, row.label_name, row.object, row.area_px, {}};
  return task_key(record);
}

// The picture of a row from the journal and the data set's files.
std::optional<CasePicture> case_picture(const Journal& journal, const CaseLoader& loader,
                                        const ResultRow& row) {
  const std::string key = key_of(row);
  if (!journal.holds(key)) return std::nullopt;
  const TaskRecord record = journal.read(key);
  const auto outcome = std::find_if(record.outcomes.begin(), record.outcomes.end(), [&](const Outcome& o) {
    return o.protocol == row.protocol && o.choice == row.choice && o.step == row.step;
  });
  if (outcome == record.outcomes.end() || outcome->mask.extent == Extent2{}) return std::nullopt;
  auto loaded = loader.load(StudyCase{.dataset = record.dataset,
                                      .image = record.image,
                                      .image_file = record.image_file,
                                      .slice = record.slice,
                                      .tasks = {record.task},
                                      .truth_files = {record.task.truth_file}});
  auto* picture = std::get_if<LoadedCase>(&loaded);
  if (picture == nullptr || picture->image.extent != outcome->mask.extent) return std::nullopt;
  return CasePicture{std::move(picture->image), std::move(picture->truths.front()),
                     decode_rle(outcome->mask)};
}

// "none", or "auto (40, 400) and 12 more" where pictures differ.
std::string windows_used(const Journal& journal, const std::vector<ResultRow>& rows) {
  std::map<std::string, std::string> of_image;  // one task tells
  for (const ResultRow& row : rows) {
    if (row.level != Level::slice) continue;
    const std::string image = row.dataset + '\n' + row.image;
    if (of_image.count(image) > 0 || !journal.holds(key_of(row))) continue;
    of_image[image] = journal.read(key_of(row)).window;
  }
  std::map<std::string, int> counts;
  for (const auto& [image, window] : of_image) ++counts[window];
  constexpr std::size_t kMax = 3;
  std::string text;
  std::size_t listed = 0;
  for (const auto& [window, count] : counts) {
    if (listed++ == kMax) return text + " and " + std::to_string(counts.size() - kMax) + " more";
    text += (text.empty() ? "" : "; ") + window;
    if (counts.size() > 1) text += " (" + std::to_string(count) + " pictures)";
  }
  return text;
}

std::string summary_file(const StudyDescription& description, const StudyResults& results) {
  Json json{{"title", description.title},
            {"complete", results.completeness == Completeness::complete},
            {"settings", to_json<Layout::stored>(description.settings)},
            {"facts", to_json<Layout::stored>(description.facts)}};
  json.update(parse_ordered_json(summary_json(results.summary)));
  return file_text(json);
}

void write_summary_and_report(const fs::path& folder, StudyDescription description, const Journal* journal,
                              const StudyResults& results) {
  if (journal != nullptr)
    description.facts.emplace_back("windows used", windows_used(*journal, results.rows));
  write_durably(folder / "summary.json", summary_file(description, results));
  const CaseLoader loader(description.window.empty() ? WindowChoice{} : parse_window(description.window));
  ReportInput input{.title = description.title,
                    .facts = description.settings,
                    .rows = results.rows,
                    .summary = results.summary,
                    .failures = results.failures,
                    .picture = {}};
  input.facts.insert(input.facts.end(), description.facts.begin(), description.facts.end());
  if (results.completeness == Completeness::partial) input.notice = kPartialNotice;
  if (journal != nullptr) {
    input.picture = [&](const ResultRow& row) { return case_picture(*journal, loader, row); };
  } else {
    input.picture = [](const ResultRow&) { return std::optional<CasePicture>(); };
  }
  write_durably(folder / "report.html", report_html(input));
}

std::vector<ResultRow> rows_of(const Journal& journal, const std::vector<std::string>& keys) {
  std::vector<ResultRow> rows;
  for (const std::string& key : keys) {
    if (!journal.holds(key)) continue;
    auto more = result_rows(journal.read(key));
    std::move(more.begin(), more.end(), std::back_inserter(rows));
  }
  std::sort(rows.begin(), rows.end(), comes_before);
  return rows;
}

}  // namespace

fs::path journal_path(const fs::path& folder) { return folder / "journal"; }

void write_description(const fs::path& folder, const StudyDescription& description) {
  write_durably(folder / "study.json", file_text(to_json<Layout::stored>(description)));
}

std::optional<StudyDescription> read_description(const fs::path& folder) {
  const fs::path path = folder / "study.json";
  if (!fs::exists(path)) return std::nullopt;
  const Json json = read_json(path);
  try {
    return from_json<StudyDescription, Layout::stored>(json);
  } catch (const Error& error) {
    throw Error(ErrorKind::corrupt_data, path.string() + ": " + error.what());
  }
}

void check_same_settings(const fs::path& folder, const StudyDescription& there,
                         const StudyDescription& wanted) {
  const auto other = std::mismatch(there.settings.begin(), there.settings.end(), wanted.settings.begin(),
                                   wanted.settings.end());
  if (other.first == there.settings.end() && other.second == wanted.settings.end()) return;
  std::string difference = "its settings are of another kind";
  if (other.first != there.settings.end() && other.second != wanted.settings.end()) {
    difference = other.first->first + " was " + other.first->second + ", is now " + other.second->second;
  }
  throw Error(ErrorKind::usage, folder.string() + " holds another study: " + difference +
                                    "; give another --out, or remove the folder");
}

Expected expected_of(const DataSetPlan& plan) {
  Expected expected{.dataset = plan.name,
                    .pictures = plan.pictures_found,
                    .labels_below_area = plan.labels_below_area,
                    .labels_absent = plan.labels_absent,
                    .labels = {}};
  std::map<std::pair<std::int64_t, std::string>, Expected::Label> labels;
  const auto label_of = [&](const StudyTask& task) -> Expected::Label& {
    auto& label = labels[{task.label, task.label_name}];
    label.label = task.label;
    label.name = task.label_name;
    return label;
  };
  for (const StudyCase& c : plan.cases) {
    for (const StudyTask& task : c.tasks) ++label_of(task).tasks;
  }
  for (const VolumeTask& volume : plan.volumes) ++label_of(volume.task).volumes;
  // A label or annotation that could not be used is wanted all the same.
  for (const StudyFailure& failure : plan.failures) {
    if (!failure.label) continue;
    const auto known = std::find_if(labels.begin(), labels.end(),
                                    [&](const auto& entry) { return entry.first.first == *failure.label; });
    ++(known != labels.end() ? known->second : label_of({*failure.label, "", "", 0, {}})).tasks;
  }
  for (auto& [key, label] : labels) expected.labels.push_back(std::move(label));
  return expected;
}

std::vector<std::string> task_keys(const std::vector<DataSetPlan>& plans) {
  std::vector<std::string> keys;
  for (const DataSetPlan& plan : plans) {
    for (const StudyCase& c : plan.cases) {
      for (const StudyTask& task : c.tasks) {
        keys.push_back(task_key(pending_record(c, task)));
      }
    }
    for (const VolumeTask& volume : plan.volumes) keys.push_back(task_key(pending_record(volume)));
  }
  return keys;
}

StudyResults write_results(const fs::path& folder, const StudyDescription& description,
                           const Journal& journal, StudyEnd end) {
  StudyResults results{rows_of(journal, end.keys), std::move(end.failures), {}, end.completeness};
  std::sort(results.failures.begin(), results.failures.end());
  results.summary = summarise(results.rows, description.expected, description.seed);
  write_durably(folder / "results.csv", results_csv(results.rows));
  results.rows = read_results_csv(folder / "results.csv");  // rounded, as a report made anew finds them
  write_durably(folder / "failures.csv", failures_csv(results.failures));
  write_summary_and_report(folder, description, &journal, results);
  return results;
}

Completeness completeness_of(const fs::path& folder) {
  // A killed run has no results yet; results alone, of whatever origin, are taken as they are.
  if (!fs::exists(folder / "results.csv")) return Completeness::partial;
  if (!fs::exists(folder / "summary.json")) {
    return fs::exists(journal_path(folder)) ? Completeness::partial : Completeness::complete;
  }
  const Json summary = read_json(folder / "summary.json");
  const bool stopped = summary.is_object() && summary.contains("complete") && summary["complete"] == false;
  return stopped ? Completeness::partial : Completeness::complete;
}

void tidy_journal(const fs::path& folder, const std::vector<std::string>& keys) {
  const fs::path path = journal_path(folder);
  const Journal journal(path);
  DurableFile file(path);
  for (const std::string& key : keys) {
    if (!journal.holds(key)) continue;
    const std::string line = record_line(to_json(journal.read(key)));
    file.write(std::as_bytes(std::span(line)));
  }
  file.commit();
}

StudyResults rewrite_report(const fs::path& folder) {
  const bool has_rows = fs::exists(folder / "results.csv");
  const bool has_journal = fs::exists(journal_path(folder));
  if (!has_rows && !has_journal) {
    throw Error(ErrorKind::not_found, folder.string() + ": holds no study: neither results.csv nor journal");
  }
  const std::optional<Journal> journal =
      has_journal ? std::optional<Journal>(std::in_place, journal_path(folder)) : std::nullopt;
  StudyResults results;
  if (fs::exists(folder / "failures.csv")) results.failures = read_failures_csv(folder / "failures.csv");
  if (has_rows) {
    results.rows = read_results_csv(folder / "results.csv");
    std::sort(results.rows.begin(), results.rows.end(), comes_before);
  } else {
    results.rows = rows_of(*journal, journal->keys());
    write_durably(folder / "results.csv", results_csv(results.rows));
  }
  StudyDescription description =
      read_description(folder).value_or(StudyDescription{folder.filename().string(), {}, {}, {}, 1, {}});
  if (description.expected.empty()) description.expected = expected_from(results.rows);
  results.summary = summarise(results.rows, description.expected, description.seed);
  results.completeness = completeness_of(folder);
  write_summary_and_report(folder, description, journal ? &*journal : nullptr, results);
  return results;
}

}  // namespace sonde
