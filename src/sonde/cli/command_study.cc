// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "sonde/cli/command_line.h"
#include "sonde/cli/commands.h"
#include "sonde/cli/exit_status.h"
#include "sonde/cli/standard_streams.h"
#include "sonde/cli/stop_on_signal.h"
#include "sonde/cli/study_options.h"
#include "sonde/cli/study_segmenter.h"
#include "sonde/cli/terminal.h"
#include "sonde/core/error.h"
#include "sonde/core/json_text.h"
#include "sonde/core/threads.h"
#include "sonde/evaluate/compare.h"
#include "sonde/evaluate/study.h"
#include "sonde/evaluate/study_changes.h"
#include "sonde/evaluate/study_folder.h"

namespace sonde {
namespace {

namespace fs = std::filesystem;

bool is_leftover(const fs::path& file) { return file.filename().string().starts_with(".sonde-"); }

// What killed runs left half-written.
void remove_leftovers(const fs::path& folder) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    if (is_leftover(entry.path())) fs::remove(entry.path(), ignored);
  }
}

// Nothing in it, or what a run that was killed at its very beginning leaves.
bool is_unused(const fs::path& folder) {
  const fs::directory_iterator entries(folder);
  return std::all_of(begin(entries), end(entries), [&](const fs::directory_entry& entry) {
    return is_leftover(entry.path()) || (entry.path() == journal_path(folder) && entry.file_size() == 0);
  });
}

void prepare_folder(const fs::path& folder, const StudyDescription& study) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw Error(ErrorKind::unavailable, folder.string() + ": " + error.message());
  if (const auto there = read_description(folder)) {
    check_same_settings(folder, *there, study);
  } else if (!is_unused(folder)) {
    throw Error(ErrorKind::usage, folder.string() + ": is not empty and holds no study; give a new --out");
  }
}

// One line a data set, which failures may not have.
std::string why_nothing(const DataSetPlan& plan) {
  if (plan.pictures_found == 0) return "there is no picture and no mask in it";
  if (plan.labels_below_area > 0)
    return "all " + std::to_string(plan.labels_below_area) + " labels are smaller than --min-area";
  return "no mask has a label that can be studied";
}

void report_empty(const std::vector<DataSetPlan>& plans) {
  for (const DataSetPlan& plan : plans) {
    if (plan.cases.empty() && plan.failures.empty())
      complain(plan.path.string() + ": nothing to study: " + why_nothing(plan));
  }
}

void report_failures(const std::vector<StudyFailure>& failures) {
  for (const StudyFailure& f : failures) {
    complain(f.dataset + ": " + f.image + ": " + std::string(to_string(f.kind)) + ": " + f.reason);
  }
}

// The first few of each data set: one habit of a tool gives a note for every file.
void report_notes(const std::vector<DataSetPlan>& plans) {
  constexpr std::size_t kMaxNotes = 10;
  for (const DataSetPlan& plan : plans) {
    for (std::size_t i = 0; i < std::min(kMaxNotes, plan.notes.size()); ++i)
      complain(plan.name + ": note: " + plan.notes[i]);
    if (plan.notes.size() > kMaxNotes)
      complain(plan.name + ": and " + std::to_string(plan.notes.size() - kMaxNotes) + " more notes");
  }
}

std::function<void(const StudyProgress&)> show_progress() {
  const LineProgress line = terminal_line();
  if (!line) return {};
  return [line](const StudyProgress& p) {
    std::string text = " " + std::to_string(p.done) + " of " + std::to_string(p.total) + " objects";
    if (p.failures > 0) text += ", " + std::to_string(p.failures) + " failed";
    if (p.seconds_left >= 0) text += ", " + in_words(p.seconds_left) + " left";
    line(p.total > 0 ? static_cast<double>(p.done) / static_cast<double>(p.total) : 1, text);
  };
}

StudyResults run_and_write(const StudyRequest& c, const std::vector<DataSetPlan>& plans,
                           const StudyDescription& study, const SamModel& model) {
  const fs::path folder = c.out;
  const int threads = c.model.options.threads > 0 ? c.model.options.threads : physical_core_count();
  const StudyRun run{.protocol = c.protocol,
                     .window = window_choice(c),
                     .threads = threads,
                     .progress = show_progress(),
                     .stop = &stop_requested()};
  const auto open_picture =
      study_segmenter(model, EmbeddingStore({.folder = {}, .values = StoredValues::fp32}), c.store);
  const std::vector<std::string> keys = task_keys(plans);
  for (const std::string& line : lines_of(drop_changed(folder, plans))) complain(line);
  StudyResults results;
  {
    Journal journal(journal_path(folder));  // from here on no other run writes to the folder
    remove_leftovers(folder);
    write_description(folder, study);
    const StopOnSignal stopping;
    std::vector<StudyFailure> failures = run_tasks(plans, run, open_picture, journal);
    clear_progress();
    for (const DataSetPlan& plan : plans) {
      failures.insert(failures.end(), plan.failures.begin(), plan.failures.end());
    }
    const auto completeness = stop_requested() ? Completeness::partial : Completeness::complete;
    results = write_results(folder, study, journal, {keys, std::move(failures), completeness});
  }
  tidy_journal(folder, keys);
  return results;
}

void print_json(const fs::path& folder) {
  std::ifstream in(folder / "summary.json");
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  std::cout << json_text(parse_ordered_json(text)) << '\n';
}

void print_result(const StudyResults& results, const fs::path& folder) {
  std::cout << summary_table(results.summary) << '\n';
  if (!results.failures.empty()) {
    const std::size_t count = results.failures.size();
    std::cout << count << (count == 1 ? " failure: " : " failures: ") << (folder / "failures.csv").string()
              << '\n';
  }
  if (results.completeness == Completeness::partial) {
    std::cout << "Stopped before the end; the same command goes on from here.\n";
  }
  std::cout << "results: " << (folder / "results.csv").string() << '\n'
            << "report:  " << fs::absolute(folder / "report.html").lexically_normal().string() << '\n';
}

int study_run(Arguments args) {
  StudyRequest c;
  CommandLine line("How well a model segments the objects of data sets, from simulated prompts",
                   "sonde study run");
  declare_study(line, c);
  if (line.parse(args) == Parsed::helped) return kDone;
  resolve(c);
  const std::vector<fs::path> data(c.data.begin(), c.data.end());
  const std::vector<DataSetPlan> plans = plan_data_sets(data, plan_options(c), terminal_progress());
  clear_progress();
  report_notes(plans);
  report_empty(plans);
  ModelArguments one_thread = c.model;
  one_thread.options.threads = 1;  // pictures run in parallel
  const SamModel model = load_model(one_thread);
  c.protocol.rules = model.answer_rules();
  const StudyDescription study = describe_study(c, plans, model, args);
  prepare_folder(c.out, study);
  const StudyResults results = run_and_write(c, plans, study, model);
  report_failures(results.failures);
  if (c.json) {
    print_json(c.out);
  } else {
    print_result(results, c.out);
  }
  constexpr int kBySignal = 128;  // as shells have it
  if (results.completeness == Completeness::partial) return kBySignal + stop_signal();
  if (results.rows.empty()) return kNothingDone;
  return results.failures.empty() ? kDone : kSomeFailed;
}

int study_report(Arguments args) {
  std::string folder;
  CommandLine line("The report of a study, anew", "sonde study report");
  line.add("DIR", folder, "Folder of a study").required();
  line.footer("Example: sonde study report nerve_study");
  if (line.parse(args) == Parsed::helped) return kDone;
  if (!fs::is_directory(folder)) throw Error(ErrorKind::not_found, folder + ": there is no such folder");
  const StudyResults results = rewrite_report(folder);
  std::cout << summary_table(results.summary) << '\n';
  if (results.completeness == Completeness::partial) std::cout << kPartialNotice << '\n';
  std::cout << "report: " << fs::absolute(fs::path(folder) / "report.html").lexically_normal().string()
            << '\n';
  return kDone;
}

std::vector<ResultRow> rows_in(const std::string& folder) {
  const fs::path file = fs::is_directory(folder) ? fs::path(folder) / "results.csv" : fs::path(folder);
  if (!fs::exists(file)) throw Error(ErrorKind::not_found, file.string() + ": there is no such file");
  return read_results_csv(file);
}

std::optional<StudyDescription> description_in(const std::string& folder) {
  return fs::is_directory(folder) ? read_description(folder) : std::nullopt;
}

// What a reader must know before the figures: which settings differ, and whether a run is whole.
std::string preface(const std::string& a, const std::string& b) {
  std::string text = "A: " + a + "\nB: " + b + "\n";
  for (const std::string& folder : {a, b}) {
    if (fs::is_directory(folder) && completeness_of(folder) == Completeness::partial) {
      text += folder + ": " + kPartialNotice + '\n';
    }
  }
  const auto of_a = description_in(a);
  const auto of_b = description_in(b);
  if (!of_a || !of_b) return text + "What differs between the runs is not known: study.json is missing.\n\n";
  const std::map<std::string, std::string> settings_b(of_b->settings.begin(), of_b->settings.end());
  std::string differences;
  for (const auto& [name, value] : of_a->settings) {
    const auto other = settings_b.find(name);
    if (other == settings_b.end() || other->second == value) continue;
    differences += (differences.empty() ? "" : "; ") + name + ' ' + value + " / " + other->second;
  }
  return text + "Differs: " + (differences.empty() ? "no setting" : differences) + "\n\n";
}

int study_compare(Arguments args) {
  std::string a, b;
  std::uint64_t seed = 1;
  bool json = false;
  CommandLine line("Two studies over the objects that both scored", "sonde study compare");
  line.add("DIR_A", a, "Folder of a study").required();
  line.add("DIR_B", b, "Folder of another; differences are B - A").required();
  line.add("--seed", seed, "For the intervals").integer().show_default();
  line.add_flag("--json", json, "Print one JSON object");
  line.footer("Example: sonde study compare nerve_mobile_sam nerve_vit_b");
  if (line.parse(args) == Parsed::helped) return kDone;
  const std::vector<ResultRow> rows_a = rows_in(a);
  const auto comparisons = compare_runs(rows_a, rows_in(b), seed);
  std::cout << (json ? comparison_json(comparisons) + '\n' : preface(a, b) + comparison_table(comparisons));
  return kDone;
}

}  // namespace

int run_study(Arguments args) {
  const std::string_view name = args.empty() ? "" : args.front();
  if (name == "run") return study_run(args.subspan(1));
  if (name == "report") return study_report(args.subspan(1));
  if (name == "compare") return study_compare(args.subspan(1));
  const std::string help =
      "Usage: sonde study run --data DIR|FILE... --out DIR [OPTIONS]\n"
      "       sonde study report DIR\n"
      "       sonde study compare DIR_A DIR_B\n\n"
      "How well a model segments objects whose outline is known, from simulated points, boxes and clicks.\n"
      "Each has --help with its options and an example.\n"
      "Example: sonde study run --data us_nerve --out nerve_study --min-area 25\n";
  if (name == "--help" || name == "-h" || name == "help") {
    std::cout << help;
    return kDone;
  }
  if (name.empty()) {
    std::cerr << help;
    return kBadUsage;
  }
  throw Error(ErrorKind::usage, "study " + std::string(name) + ": run, report or compare");
}

}  // namespace sonde
