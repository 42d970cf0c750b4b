// SPDX-License-Identifier: Apache-2.0
#include "sonde/evaluate/report_data.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "sonde/evaluate/report_assets.h"

namespace sonde {
namespace {

using nlohmann::json;

constexpr std::size_t kFailuresShown = 500;

json estimate_json(const Estimate& estimate, int decimals) {
  if (estimate.n == 0) return 0;
  return json::array({rounded(estimate.mean, decimals), rounded(estimate.interval.low, decimals),
                      rounded(estimate.interval.high, decimals), estimate.n});
}

json distance_json(const DistanceEstimate& distance) {
  if (distance.finite.n == 0) return json::array({nullptr, nullptr, nullptr, 0, distance.infinite});
  json result = estimate_json(distance.finite, 2);
  result.push_back(distance.infinite);
  return result;
}

// Labels by themselves are shown at a few steps only: keeps the page small.
bool is_shown(const ScoreSummary& line, std::size_t column, const ReportIndex& index) {
  return !line.label || line.protocol != "clicks" || index.is_final(column) || line.step == 1 ||
         line.step == 3 || line.step == 5 || line.step == 9;
}

json scores_json(const Summary& summary, const ReportIndex& index) {
  json lines = json::array();
  for (const ScoreSummary& line : summary.scores) {
    const std::size_t column = index.column(line.protocol, line.step);
    if (!is_shown(line, column, index)) continue;
    lines.push_back(
        json::array({index.data_set(line.dataset), index.label(line), line.level == Level::volume ? 1 : 0,
                     column, index.choice(line.choice), line.expected, line.unit == DistanceUnit::mm ? 1 : 0,
                     estimate_json(line.iou, 3), estimate_json(line.dice, 3),
                     estimate_json(line.surface_dice, 3), distance_json(line.hd95), distance_json(line.asd),
                     line.size_correlation ? estimate_json(*line.size_correlation, 2) : json(0)}));
  }
  return lines;
}

json clicks_json(const Summary& summary, const ReportIndex& index) {
  json lines = json::array();
  for (const ClickSummary& line : summary.clicks)
    lines.push_back(json::array({index.data_set(line.dataset), index.label(line), index.choice(line.choice),
                                 rounded(line.threshold, 2), line.clicks,
                                 estimate_json(line.clicks_needed, 2), line.never}));
  return lines;
}

json data_sets_json(const ReportIndex& index) {
  json sets = json::array();
  for (const ReportIndex::DataSet& set : index.data_sets()) {
    json labels = json::array();
    for (const Expected::Label& label : set.labels)
      labels.push_back(json::array({label.label, label.name, label.tasks, label.volumes}));
    sets.push_back({{"name", set.name},
                    {"labels", std::move(labels)},
                    {"pictures", set.pictures},
                    {"belowArea", set.labels_below_area},
                    {"absent", set.labels_absent},
                    {"failures", set.failures}});
  }
  return sets;
}

json failures_json(const ReportInput& input, const ReportIndex& index) {
  json lines = json::array();
  for (const StudyFailure& failure : input.failures) {
    if (lines.size() == kFailuresShown) break;
    lines.push_back(json::array({index.data_set(failure.dataset), failure.image,
                                 failure.label ? json(*failure.label) : json(nullptr),
                                 to_string(failure.kind), failure.reason}));
  }
  return {{"count", input.failures.size()}, {"lines", std::move(lines)}};
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
        line.step != column.step || line.choice != choice || line.iou.n == 0)
      continue;
    result.sum += line.iou.mean;
    result.low = std::min(result.low, line.iou.mean);
    result.high = std::max(result.high, line.iou.mean);
    result.interval = line.iou.interval;
    ++result.data_sets;
    result.scored += line.iou.n;
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
    Described{"mode4", "A box round each region of an object"}, Described{"mode5", "One box per object"},
    Described{"mode3", "A box round the largest region"}, Described{"mode2", "A point in each region"},
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
    columns.push_back(json::array({column.protocol, column.step}));
  json choices = json::array();
  for (const Choice choice : index.choices()) choices.push_back(to_string(choice));
  json facts = json::array();
  for (const auto& [name, value] : input.facts) facts.push_back(json::array({name, value}));
  return {{"title", input.title},
          {"facts", std::move(facts)},
          {"columns", std::move(columns)},
          {"choices", std::move(choices)},
          {"dataSets", data_sets_json(index)},
          {"scores", scores_json(input.summary, index)},
          {"clicks", clicks_json(input.summary, index)},
          {"failures", failures_json(input, index)},
          {"published", published_json()}};
}

}  // namespace sonde
