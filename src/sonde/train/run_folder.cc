// SPDX-License-Identifier: Apache-2.0
#include "sonde/train/run_folder.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string_view>
#include <sys/file.h>
#include <system_error>
#include <unistd.h>

#include "sonde/core/bytes.h"
#include "sonde/core/durable_file.h"
#include "sonde/core/error.h"
#include "sonde/core/json_fields.h"
#include "sonde/evaluate/csv.h"
#include "sonde/weights/checkpoint.h"

namespace sonde {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kStatesKept = 2;
constexpr const char* kStepColumns =
    "step,loss,loss_mask,loss_quality,iou,gradient_norm,lr,prompt_kinds,seconds,peak_rss_mb";

std::string text_of(const fs::path& file) {
  const MappedFile mapped(file);
  return {reinterpret_cast<const char*>(mapped.bytes().data()),
          mapped.bytes().size()};  // NOLINT: bytes as text
}

template <class T>
T read_described(const fs::path& file) {
  try {
    return from_json<T, Layout::stored>(parse_ordered_json(text_of(file)));
  } catch (const Json::exception& error) {
    throw Error(ErrorKind::corrupt_data, file.string() + ": " + error.what());
  } catch (const Error& error) {
    throw Error(error.kind(), file.string() + ": " + error.what());
  }
}

template <class T>
void write_described(const fs::path& file, const T& value) {
  write_durably(file, json_text(to_json<Layout::stored>(value), 1) + '\n');
}

std::string number(double value) {
  std::array<char, 32> text{};
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::general, 6);
  return {text.data(), end.ptr};
}

std::string line_of(const StepRow& row) {
  std::string line = std::to_string(row.step);
  for (const double value :
       {row.loss, row.loss_mask, row.loss_quality, row.iou, row.gradient_norm, row.learning_rate})
    line += ',' + number(value);
  line += ',';
  append_csv_field(line, row.prompt_kinds);
  return line + ',' + number(row.seconds) + ',' + number(row.peak_rss_mb) + '\n';
}

// The number in "step_37.json"; absent for other names.
std::optional<std::int64_t> step_in(const std::string& name, std::string_view prefix,
                                    std::string_view extension) {
  if (!name.starts_with(prefix) || !name.ends_with(extension) ||
      name.size() <= prefix.size() + extension.size())
    return std::nullopt;
  const char* end = name.data() + name.size() - extension.size();
  std::int64_t step = 0;
  const auto [stopped, error] = std::from_chars(name.data() + prefix.size(), end, step);
  return error == std::errc() && stopped == end ? std::optional(step) : std::nullopt;
}

void remove_leftovers(const fs::path& folder) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored))
    if (entry.path().filename().string().starts_with(".sonde-")) fs::remove(entry.path(), ignored);
}

bool is_unused(const fs::path& folder) {
  const fs::directory_iterator entries(folder);
  return std::all_of(begin(entries), end(entries), [](const fs::directory_entry& entry) {
    return entry.path().filename().string().starts_with(".sonde-") || entry.path().filename() == "lock";
  });
}

void create(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw Error(ErrorKind::unavailable, folder.string() + ": " + error.message());
}

}  // namespace

std::vector<std::string> words_of(const AnswerRules& rules) {
  std::vector<std::string> all;
  for (const AnswerRule rule : rules.of_kind) all.emplace_back(to_string(rule));
  return all;
}

AnswerRules rules_of(const std::vector<std::string>& list, const std::string& file) {
  AnswerRules rules{};
  if (list.size() != rules.of_kind.size()) throw Error(ErrorKind::corrupt_data, file + ": rules are missing");
  for (std::size_t i = 0; i < list.size(); ++i) {
    const auto rule = from_word<AnswerRule>(list[i]);
    if (!rule) throw Error(ErrorKind::corrupt_data, file + ": " + list[i] + " is not a rule");
    rules.of_kind.at(i) = *rule;
  }
  return rules;
}

RunFolder::RunFolder(fs::path folder, const RunDescription& run, const std::string& split_csv)
    : folder_(std::move(folder)), state_(folder_ / "state") {
  create(folder_);
  lock();
  const fs::path description = folder_ / "run.json";
  if (fs::exists(description)) {
    check_same(run, split_csv);
  } else if (!is_unused(folder_)) {
    throw Error(ErrorKind::usage,
                folder_.string() + ": is not empty and holds no training; give a new --out");
  }
  if (!fs::exists(description)) write_described(description, run);  // from here on the folder is a run's
  write_durably(folder_ / "split.csv", split_csv);
  for (const fs::path& one : {folder_, state_, pictures()}) {
    create(one);
    remove_leftovers(one);
  }
}

RunFolder::RunFolder(fs::path folder, int rank)
    : folder_(std::move(folder)), state_(folder_ / "state"), rank_("_" + std::to_string(rank)) {
  create(pictures());
}

RunFolder::Lock::~Lock() {
  if (descriptor >= 0) ::close(descriptor);
}

void RunFolder::lock() {
  const fs::path file = folder_ / "lock";
  lock_.descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);  // NOLINT: POSIX
  if (lock_.descriptor < 0)
    throw Error(ErrorKind::unavailable, file.string() + ": " + std::generic_category().message(errno));
  if (::flock(lock_.descriptor, LOCK_EX | LOCK_NB) != 0)
    throw Error(ErrorKind::usage, folder_.string() + ": another process trains in it");
}

void RunFolder::check_same(const RunDescription& run, const std::string& split_csv) const {
  const auto there = read_described<RunDescription>(folder_ / "run.json");
  std::map<std::string, std::string> old(there.settings.begin(), there.settings.end());
  for (const auto& [name, value] : run.settings) {
    const auto found = old.find(name);
    const std::string was = found == old.end() ? "not set" : found->second;
    if (was != value)
      throw Error(ErrorKind::usage, folder_.string() + ": is a run with another " + name + ": " + was +
                                        ", not " + value + "; give a new --out, or the same again");
  }
  std::error_code absent;
  if (fs::is_regular_file(folder_ / "split.csv", absent) && text_of(folder_ / "split.csv") != split_csv)
    throw Error(ErrorKind::usage, folder_.string() + ": split.csv is another split than that of these data");
}

fs::path RunFolder::best_file(std::int64_t step) const {
  return state_ / ("best_" + std::to_string(step) + ".safetensors");
}

std::vector<std::int64_t> RunFolder::saved_steps() const {
  std::vector<std::int64_t> steps;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(state_, ignored))
    if (const auto step = step_in(entry.path().filename().string(), "step_", ".json")) steps.push_back(*step);
  std::ranges::sort(steps, std::ranges::greater{});
  return steps;
}

std::optional<RunFolder::Saved> RunFolder::last_state() const {
  for (const std::int64_t step : saved_steps()) {
    const fs::path stem = state_ / ("step_" + std::to_string(step));
    const fs::path file = stem.string() + ".safetensors";
    auto state = read_described<RunState>(stem.string() + ".json");
    std::error_code absent;
    if (!fs::is_regular_file(file, absent)) continue;
    Checkpoint tensors = load_checkpoint(file);
    if (tensors.sha256 != state.tensors_sha256) continue;  // damaged: the one before serves
    if (state.best_step > 0 && !fs::is_regular_file(best_file(state.best_step), absent)) continue;
    return Saved{std::move(state), std::move(tensors.tensors), file};
  }
  return std::nullopt;
}

void RunFolder::save_best(std::int64_t step, const NamedTensors& tensors) {
  if (writes()) save_safetensors(best_file(step), tensors);
}

void RunFolder::save(RunState state, const NamedTensors& tensors) {
  if (!writes()) return;
  const std::string stem = "step_" + std::to_string(state.step);
  const fs::path file = state_ / (stem + ".safetensors");
  save_safetensors(file, tensors);
  state.tensors_sha256 = sha256_hex(MappedFile(file).bytes());
  write_described(state_ / (stem + ".json"), state);
  std::vector<std::int64_t> steps = saved_steps(), bests{state.best_step};
  std::error_code ignored;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const fs::path old = state_ / ("step_" + std::to_string(steps[i]));
    if (i < kStatesKept) {
      bests.push_back(read_described<RunState>(old.string() + ".json").best_step);
      continue;
    }
    fs::remove(old.string() + ".json", ignored);
    fs::remove(old.string() + ".safetensors", ignored);
  }
  for (const auto& entry : fs::directory_iterator(state_, ignored)) {
    const std::string name = entry.path().filename().string();
    const auto best = step_in(name, "best_", ".safetensors"), step = step_in(name, "step_", ".safetensors");
    const bool is_old = (best && std::ranges::find(bests, *best) == bests.end()) ||
                        (step && std::ranges::find(steps, *step) == steps.end());
    if (is_old) fs::remove(entry.path(), ignored);
  }
}

void RunFolder::rewind(std::int64_t step, std::optional<std::int64_t> checked_step) {
  if (!writes()) return;
  const fs::path steps = folder_ / "train.csv", measures = folder_ / "validation.csv";
  std::string kept = std::string(kStepColumns) + '\n';
  std::error_code absent;
  if (fs::is_regular_file(steps, absent)) {
    std::istringstream in(text_of(steps));
    std::string line;
    std::getline(in, line);
    for (std::int64_t next = 1; next <= step && std::getline(in, line); ++next) kept += line + '\n';
  }
  write_durably(steps, kept);
  measures_.clear();
  if (fs::is_regular_file(measures, absent)) {
    measures_ = read_measure_csv(measures);
    std::erase_if(measures_, [&](const MeasureRow& row) {
      return !checked_step || row.step > *checked_step || row.part != SplitPart::validation;
    });
  }
  write_durably(measures, measure_csv(measures_));
}

void RunFolder::append(const StepRow& row) {
  if (!writes()) return;
  const fs::path file = folder_ / "train.csv";
  std::ofstream out(file, std::ios::binary | std::ios::app);
  out << line_of(row);
  out.flush();
  if (!out) throw Error(ErrorKind::unavailable, file.string() + ": cannot be written: is the disk full?");
}

void RunFolder::append(const std::vector<MeasureRow>& rows) {
  if (!writes()) return;
  measures_.insert(measures_.end(), rows.begin(), rows.end());
  write_durably(folder_ / "validation.csv", measure_csv(measures_));
}

void RunFolder::write_bad_step(std::int64_t step, const std::string& json) {
  if (!writes()) return;
  write_durably(state_ / ("bad_" + std::to_string(step) + ".json"), json);
}

void RunFolder::remove_pictures() const {
  std::error_code ignored;
  fs::remove_all(pictures(), ignored);
}

bool is_done(const fs::path& folder) {
  std::error_code absent;
  return fs::is_regular_file(folder / "card.json", absent);
}

}  // namespace sonde
