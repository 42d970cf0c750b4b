// SPDX-License-Identifier: Apache-2.0
#include "sonde/evaluate/results.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <tuple>

#include "sonde/core/bytes.h"
#include "sonde/core/error.h"
#include "sonde/core/text.h"
#include "sonde/evaluate/csv.h"

namespace sonde {
namespace {

// The columns beside the metrics'. The first metrics stand before the unit, later ones behind all: who reads
// by position stays right.
struct ResultColumn {
  enum : std::size_t {
    dataset,
    image,
    label,
    label_name,
    object,
    level,
    area_px,
    protocol,
    choice,
    step,
    prompt,
    unit,
    predicted_iou,
    candidate,
    count
  };
};
constexpr std::array<std::string_view, ResultColumn::count> kOtherColumns{
    "dataset",  "image",  "label", "label_name", "object", "level",         "area_px",
    "protocol", "choice", "step",  "prompt",     "unit",   "predicted_iou", "candidate"};

constexpr std::span kMetricsBeforeUnit = std::span(kMetrics).first(kFirstMetrics);
constexpr std::span kMetricsAtEnd = std::span(kMetrics).subspan(kFirstMetrics);

struct FailureColumn {
  enum : std::size_t { dataset, image, label, kind, reason };
};
constexpr std::array<std::string_view, 5> kFailureColumns{"dataset", "image", "label", "kind", "reason"};

constexpr std::array<std::string_view, 6> kProtocols{"clicks", "mode1", "mode2", "mode3", "mode4", "mode5"};
constexpr int kMaxSteps = 1'000'000;
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

std::string header_line(std::span<const std::string_view> columns) {
  std::string line;
  for (const std::string_view column : columns) (line += line.empty() ? "" : ",") += column;
  return line + "\n";
}

std::string results_header() {
  std::vector<std::string_view> columns(kOtherColumns.begin(), kOtherColumns.end());
  columns.resize(kOtherColumns.size() + kMetrics.size());
  const auto behind = columns.begin() + kOtherColumns.size();
  std::ranges::transform(kMetrics, behind, &Metric::name);
  std::rotate(columns.begin() + ResultColumn::unit, behind, behind + kFirstMetrics);
  return header_line(columns);
}

void append_integer(std::string& line, std::int64_t value) { line += std::to_string(value); }

using NumberText = std::array<char, 400>;  // the largest double has 309 digits before the point

std::string_view write_number(NumberText& text, double value) {
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed, 6);
  return {text.data(), static_cast<std::size_t>(end.ptr - text.data())};
}

void append_number(std::string& line, double value) {
  NumberText text;
  line += write_number(text, value);
}

// Through the text, since products such as 1e6 times the value round ties their own way.
double rounded_as_csv(double value) {
  NumberText text;
  const std::string_view number = write_number(text, value);
  std::from_chars(number.data(), number.data() + number.size(), value);
  return value;
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
  field(to_string(row.level));
  integer(row.area_px);
  field(row.protocol);
  field(to_string(row.choice));
  integer(row.step);
  field(row.prompt);
  for (const Metric& metric : kMetricsBeforeUnit) number(row.scores.*metric.value);
  field(to_string(row.unit));
  if (row.predicted_iou) append_number(text, *row.predicted_iou);
  text += ',';
  if (row.candidate) append_integer(text, *row.candidate);
  for (const Metric& metric : kMetricsAtEnd) {
    text += ',';
    if (const double value = row.scores.*metric.value; !std::isnan(value)) append_number(text, value);
  }
  text += '\n';
}

template <typename T, std::size_t N>
T one_of(const CsvReader& csv, std::size_t column, const std::array<T, N>& values) {
  std::string allowed;
  for (const T value : values) {
    if (to_string(value) == csv.text(column)) return value;
    (allowed += allowed.empty() ? "" : " or ") += to_string(value);
  }
  csv.fail_field(column, allowed);
}

Choice choice_in(const CsvReader& csv) {
  if (const auto choice = from_word<Choice>(csv.text(ResultColumn::choice))) return *choice;
  csv.fail_field(ResultColumn::choice, listed(words(Choice{}).list, " or "));
}

// The metrics' columns are counted behind the others.
double read_metric(const CsvReader& csv, std::size_t number) {
  const Metric& metric = kMetrics[number];
  const std::size_t column = ResultColumn::count + number;
  if (number >= kFirstMetrics && csv.text(column).empty()) return kNotKnown;
  const double value = csv.number(column);
  if (value >= metric.lowest && value <= metric.highest) return value;
  const auto limit = [](double v) { return std::isinf(v) ? "inf" : std::to_string(std::lround(v)); };
  csv.fail_field(column, "a number from " + limit(metric.lowest) + " to " + limit(metric.highest));
}

ResultRow read_row(const CsvReader& csv) {
  ResultRow row;
  row.dataset = csv.text(ResultColumn::dataset);
  row.image = csv.text(ResultColumn::image);
  row.label = csv.integer(ResultColumn::label, -kMax, kMax);
  row.label_name = csv.text(ResultColumn::label_name);
  row.object = csv.text(ResultColumn::object);
  row.level = one_of(csv, ResultColumn::level, std::array{Level::slice, Level::volume});
  row.area_px = csv.integer(ResultColumn::area_px, 0, kMax);
  row.protocol = csv.text(ResultColumn::protocol);
  if (std::find(kProtocols.begin(), kProtocols.end(), row.protocol) == kProtocols.end()) {
    csv.fail_field(ResultColumn::protocol, "mode1 to mode5 or clicks");
  }
  row.choice = choice_in(csv);
  row.step = static_cast<int>(csv.integer(ResultColumn::step, 1, kMaxSteps));
  row.prompt = csv.text(ResultColumn::prompt);
  for (std::size_t i = 0; i < kMetrics.size(); ++i) row.scores.*kMetrics[i].value = read_metric(csv, i);
  row.unit = one_of(csv, ResultColumn::unit, std::array{DistanceUnit::px, DistanceUnit::mm});
  if (!csv.text(ResultColumn::predicted_iou).empty())
    row.predicted_iou = csv.number(ResultColumn::predicted_iou);
  if (!csv.text(ResultColumn::candidate).empty())
    row.candidate = static_cast<int>(csv.integer(ResultColumn::candidate, 0, 2));
  return row;
}

FailureKind read_kind(const CsvReader& csv) {
  for (int kind = 0; kind <= static_cast<int>(FailureKind::not_segmented); ++kind) {
    if (to_string(static_cast<FailureKind>(kind)) == csv.text(FailureColumn::kind))
      return static_cast<FailureKind>(kind);
  }
  csv.fail_field(FailureColumn::kind, "a kind of failure");
}

std::string_view as_text(const MappedFile& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

}  // namespace

Choice parse_choice(std::string_view text) {
  if (const auto choice = from_word<Choice>(text)) return *choice;
  throw Error(ErrorKind::usage,
              "choice is \"" + std::string(text) + "\", not " + listed(words(Choice{}).list, " or "));
}

std::string_view to_string(Level level) { return level == Level::slice ? "slice" : "volume"; }

bool comes_before(const ResultRow& a, const ResultRow& b) {
  if (const auto order = compare_names(a.dataset, b.dataset); std::is_neq(order)) return std::is_lt(order);
  if (const auto order = compare_names(a.image, b.image); std::is_neq(order)) return std::is_lt(order);
  if (std::tie(a.level, a.label) != std::tie(b.level, b.label)) {
    return std::tie(a.level, a.label) < std::tie(b.level, b.label);
  }
  if (const auto order = compare_names(a.label_name, b.label_name); std::is_neq(order))
    return std::is_lt(order);
  if (const auto order = compare_names(a.object, b.object); std::is_neq(order)) return std::is_lt(order);
  return std::tie(a.protocol, a.choice, a.step) < std::tie(b.protocol, b.choice, b.step);
}

Scores rounded_as_csv(Scores scores) {
  for (const Metric& metric : kMetrics) scores.*metric.value = rounded_as_csv(scores.*metric.value);
  return scores;
}

std::string results_csv(const std::vector<ResultRow>& rows) {
  std::string text = results_header();
  for (const ResultRow& row : rows) append_row(text, row);
  return text;
}

std::vector<ResultRow> read_results_csv(const std::filesystem::path& path) {
  const MappedFile file(path);
  std::vector<std::string_view> columns(kOtherColumns.begin(), kOtherColumns.end());
  for (const Metric& metric : kMetrics) columns.push_back(metric.name);
  CsvReader csv(path.string(), as_text(file), columns, ResultColumn::count + kFirstMetrics);
  std::vector<ResultRow> rows;
  while (csv.next()) rows.push_back(read_row(csv));
  return rows;
}

std::string failures_csv(const std::vector<StudyFailure>& failures) {
  std::string text = header_line(kFailureColumns);
  for (const StudyFailure& failure : failures) {
    const std::string label = failure.label ? std::to_string(*failure.label) : "";
    for (const std::string_view field : {std::string_view(failure.dataset), std::string_view(failure.image),
                                         std::string_view(label), to_string(failure.kind)}) {
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
  CsvReader csv(path.string(), as_text(file), kFailureColumns);
  std::vector<StudyFailure> failures;
  while (csv.next()) {
    StudyFailure failure;
    failure.dataset = csv.text(FailureColumn::dataset);
    failure.image = csv.text(FailureColumn::image);
    if (!csv.text(FailureColumn::label).empty())
      failure.label = csv.integer(FailureColumn::label, -kMax, kMax);
    failure.kind = read_kind(csv);
    failure.reason = csv.text(FailureColumn::reason);
    failures.push_back(std::move(failure));
  }
  return failures;
}

}  // namespace sonde
