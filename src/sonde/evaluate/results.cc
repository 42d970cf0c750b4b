// SPDX-License-Identifier: Apache-2.0
#include "sonde/evaluate/results.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <compare>
#include <limits>
#include <tuple>

#include "sonde/core/bytes.h"
#include "sonde/core/error.h"
#include "sonde/evaluate/csv.h"

namespace sonde {
namespace {

enum ResultColumn : std::size_t {
  kDataset,
  kImage,
  kLabel,
  kLabelName,
  kObject,
  kLevel,
  kArea,
  kProtocol,
  kChoice,
  kStep,
  kPrompt,
  kIou,
  kDice,
  kHd95,
  kAsd,
  kSurfaceDice,
  kUnit,
  kPredictedIou,
  kCandidate
};
constexpr std::array<std::string_view, 19> kResultColumns{
    "dataset",  "image",        "label", "label_name",    "object",   "level", "area_px",
    "protocol", "choice",       "step",  "prompt",        "iou",      "dice",  "hd95",
    "asd",      "surface_dice", "unit",  "predicted_iou", "candidate"};

enum FailureColumn : std::size_t { kFailureDataset, kFailureImage, kFailureLabel, kFailureKind, kReason };
constexpr std::array<std::string_view, 5> kFailureColumns{"dataset", "image", "label", "kind", "reason"};

constexpr std::array<std::string_view, 6> kProtocols{"clicks", "mode1", "mode2", "mode3", "mode4", "mode5"};
constexpr std::array kChoices{Choice::confidence, Choice::first, Choice::oracle, Choice::single};
constexpr int kMostSteps = 1'000'000;
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view digits_at(std::string_view text, std::size_t at) {
  std::size_t stop = at;
  while (stop < text.size() && is_digit(text[stop])) ++stop;
  return text.substr(at, stop - at);
}

std::string_view without_leading_zeros(std::string_view digits) {
  return digits.substr(std::min(digits.find_first_not_of('0'), digits.size()));
}

std::strong_ordering compare_names(std::string_view a, std::string_view b) {
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.size() && j < b.size()) {
    if (is_digit(a[i]) && is_digit(b[j])) {
      const std::string_view run_a = digits_at(a, i);
      const std::string_view run_b = digits_at(b, j);
      const std::string_view value_a = without_leading_zeros(run_a);
      const std::string_view value_b = without_leading_zeros(run_b);
      if (value_a.size() != value_b.size()) return value_a.size() <=> value_b.size();
      if (value_a != value_b) return value_a <=> value_b;
      i += run_a.size();
      j += run_b.size();
    } else {
      if (a[i] != b[j]) return static_cast<unsigned char>(a[i]) <=> static_cast<unsigned char>(b[j]);
      ++i;
      ++j;
    }
  }
  if (i < a.size()) return std::strong_ordering::greater;
  if (j < b.size()) return std::strong_ordering::less;
  return a <=> b;  // "1" and "01"
}

std::string header_line(std::span<const std::string_view> columns) {
  std::string line;
  for (const std::string_view column : columns) (line += line.empty() ? "" : ",") += column;
  return line + "\n";
}

void append_integer(std::string& line, std::int64_t value) { line += std::to_string(value); }

void append_number(std::string& line, double value) {
  std::array<char, 400> text{};  // the largest double has 309 digits before the point
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed, 6);
  line.append(text.data(), end.ptr);
}

void append_row(std::string& text, const ResultRow& row) {
  const auto field = [&](std::string_view value) {
    append_csv_field(text, value);
    text += ',';
  };
  const auto integer = [&](std::int64_t value) {
    append_integer(text, value);
    text += ',';
  };
  const auto number = [&](double value) {
    append_number(text, value);
    text += ',';
  };
  field(row.dataset);
  field(row.image);
  integer(row.label);
  field(row.label_name);
  field(row.object);
  field(name_of(row.level));
  integer(row.area_px);
  field(row.protocol);
  field(name_of(row.choice));
  integer(row.step);
  field(row.prompt);
  number(row.scores.iou);
  number(row.scores.dice);
  number(row.scores.hd95);
  number(row.scores.asd);
  number(row.scores.surface_dice);
  field(name_of(row.unit));
  if (row.predicted_iou) append_number(text, *row.predicted_iou);
  text += ',';
  if (row.candidate) append_integer(text, *row.candidate);
  text += '\n';
}

template <typename T, std::size_t N>
T one_of(const CsvReader& csv, std::size_t column, const std::array<T, N>& values) {
  std::string allowed;
  for (const T value : values) {
    if (name_of(value) == csv.text(column)) return value;
    (allowed += allowed.empty() ? "" : " or ") += name_of(value);
  }
  csv.fail_field(column, allowed);
}

double share(const CsvReader& csv, std::size_t column) {
  const double value = csv.number(column);
  if (!(value >= 0 && value <= 1)) csv.fail_field(column, "a number from 0 to 1");
  return value;
}

double distance(const CsvReader& csv, std::size_t column) {
  const double value = csv.number(column);
  if (!(value >= 0)) csv.fail_field(column, "a number from 0 to inf");
  return value;
}

ResultRow read_row(const CsvReader& csv) {
  ResultRow row;
  row.dataset = csv.text(kDataset);
  row.image = csv.text(kImage);
  row.label = csv.integer(kLabel, -kMost, kMost);
  row.label_name = csv.text(kLabelName);
  row.object = csv.text(kObject);
  row.level = one_of(csv, kLevel, std::array{Level::slice, Level::volume});
  row.area_px = csv.integer(kArea, 0, kMost);
  row.protocol = csv.text(kProtocol);
  if (std::find(kProtocols.begin(), kProtocols.end(), row.protocol) == kProtocols.end()) {
    csv.fail_field(kProtocol, "mode1 to mode5 or clicks");
  }
  row.choice = one_of(csv, kChoice, kChoices);
  row.step = static_cast<int>(csv.integer(kStep, 1, kMostSteps));
  row.prompt = csv.text(kPrompt);
  row.scores = {share(csv, kIou), share(csv, kDice), distance(csv, kHd95), distance(csv, kAsd),
                share(csv, kSurfaceDice)};
  row.unit = one_of(csv, kUnit, std::array{DistanceUnit::px, DistanceUnit::mm});
  if (!csv.text(kPredictedIou).empty()) row.predicted_iou = csv.number(kPredictedIou);
  if (!csv.text(kCandidate).empty()) row.candidate = static_cast<int>(csv.integer(kCandidate, 0, 2));
  return row;
}

FailureKind read_kind(const CsvReader& csv) {
  for (int kind = 0; kind <= static_cast<int>(FailureKind::not_segmented); ++kind) {
    if (name_of(static_cast<FailureKind>(kind)) == csv.text(kFailureKind))
      return static_cast<FailureKind>(kind);
  }
  csv.fail_field(kFailureKind, "a kind of failure");
}

std::string_view text_of(const MappedFile& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

}  // namespace

std::string_view name_of(Choice choice) {
  switch (choice) {
    case Choice::confidence:
      return "confidence";
    case Choice::first:
      return "first";
    case Choice::oracle:
      return "oracle";
    case Choice::single:
      return "single";
  }
  throw Error(ErrorKind::internal, "no such choice");
}

Choice parse_choice(std::string_view text) {
  for (const Choice choice : kChoices) {
    if (name_of(choice) == text) return choice;
  }
  throw Error(ErrorKind::usage,
              "choice is \"" + std::string(text) + "\", not confidence, first, oracle or single");
}

std::string_view name_of(Level level) { return level == Level::slice ? "slice" : "volume"; }

bool name_before(std::string_view a, std::string_view b) { return compare_names(a, b) < 0; }

bool comes_before(const ResultRow& a, const ResultRow& b) {
  if (const auto order = compare_names(a.dataset, b.dataset); order != 0) return order < 0;
  if (const auto order = compare_names(a.image, b.image); order != 0) return order < 0;
  if (std::tie(a.level, a.label) != std::tie(b.level, b.label)) {
    return std::tie(a.level, a.label) < std::tie(b.level, b.label);
  }
  if (const auto order = compare_names(a.label_name, b.label_name); order != 0) return order < 0;
  if (const auto order = compare_names(a.object, b.object); order != 0) return order < 0;
  return std::tie(a.protocol, a.choice, a.step) < std::tie(b.protocol, b.choice, b.step);
}

std::string results_csv(const std::vector<ResultRow>& rows) {
  std::string text = header_line(kResultColumns);
  for (const ResultRow& row : rows) append_row(text, row);
  return text;
}

std::vector<ResultRow> read_results_csv(const std::filesystem::path& path) {
  const MappedFile file(path);
  CsvReader csv(path.string(), text_of(file), kResultColumns);
  std::vector<ResultRow> rows;
  while (csv.next()) rows.push_back(read_row(csv));
  return rows;
}

std::string failures_csv(const std::vector<StudyFailure>& failures) {
  std::string text = header_line(kFailureColumns);
  for (const StudyFailure& failure : failures) {
    const std::string label = failure.label ? std::to_string(*failure.label) : "";
    for (const std::string_view field : {std::string_view(failure.dataset), std::string_view(failure.image),
                                         std::string_view(label), name_of(failure.kind)}) {
      append_csv_field(text, field);
      text += ',';
    }
    append_csv_field(text, failure.reason);
    text += '\n';
  }
  return text;
}

std::vector<StudyFailure> read_failures_csv(const std::filesystem::path& path) {
  const MappedFile file(path);
  CsvReader csv(path.string(), text_of(file), kFailureColumns);
  std::vector<StudyFailure> failures;
  while (csv.next()) {
    StudyFailure failure;
    failure.dataset = csv.text(kFailureDataset);
    failure.image = csv.text(kFailureImage);
    if (!csv.text(kFailureLabel).empty()) failure.label = csv.integer(kFailureLabel, -kMost, kMost);
    failure.kind = read_kind(csv);
    failure.reason = csv.text(kReason);
    failures.push_back(std::move(failure));
  }
  return failures;
}

}  // namespace sonde
