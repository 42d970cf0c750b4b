// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <functional>
#include <iterator>
#include <span>
#include <vector>

#include "sonde/evaluate/report_assets.h"
#include "sonde/evaluate/report_parts.h"
#include "sonde/evaluate/summary_json.h"

namespace sonde {
namespace {

using nlohmann::json;

constexpr std::size_t kFailuresShown = 500;

// A column of a table: the page's tables come as their columns, so that a name stands there once.
template <typename Lines, typename Value>
json column(const Lines& lines, const Value& value) {
  json values = json::array();
  for (const auto& line : lines) values.push_back(std::invoke(value, line));
  return values;
}

// estimate: line -> Estimate.
template <typename Lines, typename Get>
json estimates(const Lines& lines, int decimals, const Get& estimate) {
  json table;
  for (const char* name : {"mean", "low", "high", "n"}) table[name] = json::array();
  for (const auto& line : lines) {
    const Estimate e = std::invoke(estimate, line);
    const auto number = [&](double value) { return e.n == 0 ? json(nullptr) : rounded(value, decimals); };
    table["mean"].push_back(number(e.mean));
    table["low"].push_back(number(e.interval.low));
    table["high"].push_back(number(e.interval.high));
    table["n"].push_back(e.n);
  }
  return table;
}

// Labels by themselves are shown at a few steps only: keeps the page small.
bool is_shown(const ScoreSummary& line, const ReportIndex& index) {
  return !line.label || line.protocol != "clicks" || index.is_final(index.column(line.protocol, line.step)) ||
         line.step == 1 || line.step == 3 || line.step == 5 || line.step == 9;
}

json metrics_json() {
  return column(kMetrics, [](const Metric& metric) {
    return json{{"name", metric.name},
                {"title", metric.title},
                {"kind", to_string(metric.kind)},
                {"decimals", metric.decimals}};
  });
}

json metric_estimates(const std::vector<ScoreSummary>& lines) {
  json tables = json::object();
  for (const Metric& metric : kMetrics) {
    const auto of = [&](const ScoreSummary& line) { return line.metrics[metric.value]; };
    const bool is_overlap = metric.kind == MetricKind::overlap;
    json& table = tables[metric.name] = estimates(lines, is_overlap ? 3 : 2, of);
    if (!is_overlap)
      table["infinite"] = column(lines, [&](const ScoreSummary& line) { return of(line).infinite; });
  }
  return tables;
}

json scores_json(const Summary& summary, const ReportIndex& index) {
  using Line = ScoreSummary;
  std::vector<Line> lines;
  std::ranges::copy_if(summary.scores, std::back_inserter(lines),
                       [&](const Line& line) { return is_shown(line, index); });
  return {{"set", column(lines, [&](const Line& line) { return index.data_set(line.dataset); })},
          {"label", column(lines, [&](const Line& line) { return index.label(line); })},
          {"volume", column(lines, [](const Line& line) { return line.level == Level::volume ? 1 : 0; })},
          {"column", column(lines, [&](const Line& line) { return index.column(line.protocol, line.step); })},
          {"choice", column(lines, [&](const Line& line) { return index.choice(line.choice); })},
          {"expected", column(lines, &Line::expected)},
          {"mm", column(lines, [](const Line& line) { return line.unit == DistanceUnit::mm ? 1 : 0; })},
          {"metrics", metric_estimates(lines)},
          {"sizeCorrelation",
           estimates(lines, 2, [](const Line& line) { return line.size_correlation.value_or(Estimate{}); })}};
}

json clicks_json(const std::vector<ClickSummary>& lines, const ReportIndex& index) {
  using Line = ClickSummary;
  return {{"set", column(lines, [&](const Line& line) { return index.data_set(line.dataset); })},
          {"label", column(lines, [&](const Line& line) { return index.label(line); })},
          {"choice", column(lines, [&](const Line& line) { return index.choice(line.choice); })},
          {"threshold", column(lines, [](const Line& line) { return rounded(line.threshold, 2); })},
          {"most", column(lines, &Line::clicks)},
          {"needed", estimates(lines, 2, &Line::clicks_needed)},
          {"never", column(lines, &Line::never)}};
}

json data_sets_json(const ReportIndex& index) {
  json sets = json::array();
  for (const ReportIndex::DataSet& set : index.data_sets()) {
    sets.push_back({{"name", set.name},
                    {"labels", column(set.labels,
                                      [](const Expected::Label& label) {
                                        return json(to_json<Layout::stored>(label));
                                      })},
                    {"pictures", set.pictures},
                    {"belowArea", set.labels_below_area},
                    {"absent", set.labels_absent},
                    {"failures", set.failures}});
  }
  return sets;
}

json failures_json(const std::vector<StudyFailure>& failures, const ReportIndex& index) {
  using Line = StudyFailure;
  const auto lines = std::span(failures).first(std::min(failures.size(), kFailuresShown));
  const json table{
      {"set", column(lines, [&](const Line& line) { return index.data_set(line.dataset); })},
      {"image", column(lines, &Line::image)},
      {"label",
       column(lines, [](const Line& line) { return line.label ? json(*line.label) : json(nullptr); })},
      {"kind", column(lines, [](const Line& line) { return to_string(line.kind); })},
      {"reason", column(lines, &Line::reason)}};
  return {{"count", failures.size()}, {"lines", table}};
}

json published_json() {
  return {{"modes", modes_asset()},
          {"mean", clicks_mean_asset()},
          {"SAM", clicks_sam_asset()},
          {"SAM (oracle)", clicks_sam_oracle_asset()},
          {"RITM", clicks_ritm_asset()},
          {"SimpleClick", clicks_simpleclick_asset()},
          {"FocalClick", clicks_focalclick_asset()}};
}

// Mean over data sets of what all labels together reach.
struct Result {
  double sum = 0, low = 1, high = 0;
  Interval interval;  // of the last data set
  std::int64_t data_sets = 0, scored = 0, expected = 0;
  double mean() const { return sum / static_cast<double>(data_sets); }
};

Result result_of(const Summary& summary, const ReportIndex::Column& column, Choice choice) {
  Result result;
  for (const ScoreSummary& line : summary.scores) {
    if (line.label || line.level != Level::slice || line.protocol != column.protocol ||
        line.step != column.step || line.choice != choice || line.iou().n == 0)
      continue;
    result.sum += line.iou().mean;
    result.low = std::min(result.low, line.iou().mean);
    result.high = std::max(result.high, line.iou().mean);
    result.interval = line.iou().interval;
    ++result.data_sets;
    result.scored += line.iou().n;
    result.expected += line.expected;
  }
  return result;
}

std::string decimals(double value) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%.2f", value);
  return text.data();
}

std::string reached(const Result& result) {
  const std::string mean = "IoU " + decimals(result.mean());
  if (result.data_sets == 1) {
    const auto [low, high] = result.interval;
    return std::isnan(low) ? mean : mean + " [" + decimals(low) + ", " + decimals(high) + "]";
  }
  return mean + " (" + decimals(result.low) + " to " + decimals(result.high) + " over " +
         std::to_string(result.data_sets) + " data sets)";
}

struct Described {
  const char* protocol;
  const char* words;
};
constexpr std::array kDescribed{
    Described{"mode4", "A box around each region of an object"}, Described{"mode5", "One box per object"},
    Described{"mode3", "A box around the largest region"}, Described{"mode2", "A point in each region"},
    Described{"mode1", "One point per object"}};

// What the first of kDescribed that was run reaches; empty if none was.
std::string mode_sentence(const Summary& summary, const ReportIndex& index) {
  for (const Described& described : kDescribed) {
    const auto column = index.find_column(described.protocol);
    if (!column) continue;
    const Result result = result_of(summary, index.columns()[*column], index.choices().front());
    if (result.data_sets == 0) continue;
    return std::string(described.words) + " reaches " + reached(result) + ", " +
           std::to_string(result.scored) + " of " + std::to_string(result.expected) + " objects scored";
  }
  return "";
}

// "5 clicks IoU 0.71 ..."; empty without clicks.
std::string clicks_sentence(const Summary& summary, const ReportIndex& index) {
  const auto column = index.find_column("clicks");
  if (!column) return "";
  const Result result = result_of(summary, index.columns()[*column], index.choices().front());
  if (result.data_sets == 0) return "";
  const int step = index.columns()[*column].step;
  return (step == 1 ? "1 click " : std::to_string(step) + " clicks ") + reached(result);
}

}  // namespace

std::string report_headline(const ReportInput& input, const ReportIndex& index) {
  if (index.choices().empty()) return "Nothing was scored.";
  const std::string modes = mode_sentence(input.summary, index);
  const std::string clicks = clicks_sentence(input.summary, index);
  if (modes.empty() && clicks.empty()) return "Nothing was scored.";
  if (modes.empty()) return "After " + clicks + ".";
  return clicks.empty() ? modes + "." : modes + "; after " + clicks + ".";
}

json report_tables(const ReportInput& input, const ReportIndex& index) {
  json columns = json::array();
  for (const ReportIndex::Column& column : index.columns())
    columns.push_back({{"protocol", column.protocol}, {"step", column.step}});
  json choices = json::array();
  for (const Choice choice : index.choices()) choices.push_back(to_string(choice));
  json facts = json::array();
  for (const auto& [name, value] : input.facts) facts.push_back(json::array({name, value}));
  return {{"title", input.title},
          {"facts", std::move(facts)},
          {"columns", std::move(columns)},
          {"choices", std::move(choices)},
          {"metrics", metrics_json()},
          {"dataSets", data_sets_json(index)},
          {"scores", scores_json(input.summary, index)},
          {"clicks", clicks_json(input.summary.clicks, index)},
          {"failures", failures_json(input.failures, index)},
          {"published", published_json()}};
}

}  // namespace sonde
