// SPDX-License-Identifier: Apache-2.0
#include "sonde/evaluate/summary.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>
#include <span>
#include <string_view>
#include <tuple>
#include <utility>

#include "sonde/evaluate/bootstrap.h"
#include "sonde/evaluate/clusters.h"

namespace sonde {
namespace {

constexpr std::array kThresholds{0.80, 0.85, 0.90};
constexpr int kCorrelationDraws = 500;

using Rows = std::vector<const ResultRow*>;

// What all lines of the summary share.
struct Study {
  std::set<GroupKey> groups;  // that any row is of
  std::set<Choice> click_choices;
  int clicks = 0;  // the most that were tried
  BootstrapCache samples, correlation_samples;
};

Study study_of(const Rows& rows, std::uint64_t seed) {
  Study study{{}, {}, 0, BootstrapCache(seed, kBootstrapDraws), BootstrapCache(seed, kCorrelationDraws)};
  for (const ResultRow* row : rows) {
    study.groups.insert(GroupKey(*row));
    if (row->protocol != "clicks" || row->level != Level::slice) continue;
    study.click_choices.insert(row->choice);
    study.clicks = std::max(study.clicks, row->step);
  }
  return study;
}

// The rows of a data set and label (or of all its labels), and what was expected of them.
struct Part {
  std::string dataset;
  std::optional<std::int64_t> label;
  std::string label_name;
  std::int64_t tasks = 0, volumes = 0;
  Rows rows;  // sorted
  std::int64_t expected(Level level) const { return level == Level::slice ? tasks : volumes; }
};

// All labels together, then each.
std::vector<Part> parts_of(const std::string& dataset, const Rows& rows, const Expected* expected) {
  std::map<std::pair<std::int64_t, std::string>, Part> labels;
  Part all{dataset, std::nullopt, "", 0, 0, rows};
  if (expected != nullptr) {
    for (const Expected::Label& label : expected->labels) {
      Part& part = labels[{label.label, label.name}];
      part.tasks += label.tasks;
      part.volumes += label.volumes;
      all.tasks += label.tasks;
      all.volumes += label.volumes;
    }
  }
  for (const ResultRow* row : rows) labels[{row->label, row->label_name}].rows.push_back(row);
  std::vector<Part> parts{std::move(all)};
  for (auto& [key, part] : labels) {
    part.dataset = dataset;
    part.label = key.first;
    part.label_name = key.second;
    parts.push_back(std::move(part));
  }
  return parts;
}

constexpr Estimate kNothing{kNotKnown, kNoInterval, 0};

// Objects by their image, for means that are drawn together.
template <std::size_t Values>
class ClusteredSums {
 public:
  void add(std::int64_t cluster, const std::array<double, Values>& values) {
    ClusterSums<Values>& sums = clusters_[cluster];
    for (std::size_t i = 0; i < Values; ++i) sums.sums[i] += values[i];
    sums.objects += 1;
  }

  std::array<Estimate, Values> estimates(BootstrapCache& cache) const {
    std::array<Estimate, Values> estimates;
    estimates.fill(kNothing);
    if (clusters_.empty()) return estimates;
    std::vector<ClusterSums<Values>> sums;
    ClusterSums<Values> total;
    for (const auto& [cluster, part] : clusters_) {
      sums.push_back(part);
      for (std::size_t i = 0; i < Values; ++i) total.sums[i] += part.sums[i];
      total.objects += part.objects;
    }
    const auto intervals = cache.samples(sums.size()).mean_intervals(sums);
    for (std::size_t i = 0; i < Values; ++i) {
      estimates[i] = {total.sums[i] / total.objects, intervals[i], static_cast<std::int64_t>(total.objects)};
    }
    return estimates;
  }

 private:
  std::map<std::int64_t, ClusterSums<Values>> clusters_;
};

template <MetricKind kind>
constexpr auto first_metrics_of() {
  constexpr auto kFirst = std::span(kMetrics).first(kFirstMetrics);
  std::array<Metric, std::ranges::count(kFirst, kind, &Metric::kind)> metrics{};
  std::ranges::copy_if(kFirst, metrics.begin(), [](const Metric& metric) { return metric.kind == kind; });
  return metrics;
}

// Of the rows where all of `metrics` are finite.
template <std::size_t Count>
void estimate(PerMetric<MetricEstimate>& estimates, const std::array<Metric, Count>& metrics,
              const Rows& rows, const ClusterNumbers& clusters, BootstrapCache& cache) {
  ClusteredSums<Count> sums;
  std::int64_t infinite = 0;
  for (const ResultRow* row : rows) {
    const Scores scores = rounded_as_csv(row->scores);
    std::array<double, Count> values{};
    std::ranges::transform(metrics, values.begin(),
                           [&](const Metric& metric) { return scores.*metric.value; });
    if (std::ranges::all_of(values, [](double value) { return std::isfinite(value); }))
      sums.add(clusters.of(*row), values);
    else if (std::ranges::none_of(values, [](double value) { return std::isnan(value); }))
      ++infinite;
  }
  const auto means = sums.estimates(cache);
  for (std::size_t i = 0; i < Count; ++i) estimates[metrics[i].value] = {means[i], infinite};
}

bool has_size_correlation(const GroupKey& group, const Study& study) {
  return group.level == Level::slice && (group.protocol != "clicks" || group.step == study.clicks);
}

void fill_estimates(ScoreSummary& line, const Rows& rows, const ClusterNumbers& clusters,
                    BootstrapCache& cache) {
  // Metrics of the same rows are drawn together, which is quicker; later ones some rows may lack.
  estimate(line.metrics, first_metrics_of<MetricKind::overlap>(), rows, clusters, cache);
  estimate(line.metrics, first_metrics_of<MetricKind::distance>(), rows, clusters, cache);
  for (const Metric& later : std::span(kMetrics).subspan(kFirstMetrics))
    estimate(line.metrics, std::array{later}, rows, clusters, cache);
  if (rows.empty()) return;
  line.unit = rows.front()->unit;
  if (std::ranges::all_of(rows, [&](const ResultRow* row) { return row->unit == line.unit; })) return;
  line.unit = DistanceUnit::px;
  for (const Metric& metric : kMetrics) {
    Estimate& mixed = line.metrics[metric.value];
    if (metric.scale == Metric::Scale::spacing) mixed = kNothing;
  }
}

ScoreSummary score_summary(const Part& part, const GroupKey& group, const Rows& rows,
                           const ClusterNumbers& clusters, Study& study) {
  ScoreSummary line;
  line.dataset = part.dataset;
  line.label = part.label;
  line.label_name = part.label_name;
  line.level = group.level;
  line.protocol = group.protocol;
  line.choice = group.choice;
  line.step = group.step;
  line.expected = part.expected(group.level);
  fill_estimates(line, rows, clusters, study.samples);
  if (has_size_correlation(group, study)) {
    std::vector<ClusteredPair> pairs;
    for (const ResultRow* row : rows) {
      pairs.push_back(
          {static_cast<double>(row->area_px), rounded_as_csv(row->scores).iou, clusters.of(*row)});
    }
    line.size_correlation = rank_correlation(pairs, study.correlation_samples);
  }
  return line;
}

void append_scores(Summary& summary, const Part& part, const ClusterNumbers& clusters, Study& study) {
  std::map<GroupKey, Rows> groups;
  for (const ResultRow* row : part.rows) groups[GroupKey(*row)].push_back(row);
  for (const GroupKey& group : study.groups) {
    const Rows& rows = groups[group];
    // A data set of which nothing was planned is shown all the same.
    const bool shown = part.expected(group.level) > 0 || (!part.label && group.level == Level::slice);
    if (!rows.empty() || shown) summary.scores.push_back(score_summary(part, group, rows, clusters, study));
  }
}

bool same_clicks(const ResultRow& a, const ResultRow& b) {
  return std::tie(a.image, a.label, a.label_name, a.object, a.choice) ==
         std::tie(b.image, b.label, b.label_name, b.object, b.choice);
}

// The clicks of one object and choice: for each threshold the first step that reaches it.
std::array<std::optional<int>, kThresholds.size()> clicks_until(std::span<const ResultRow* const> steps) {
  std::array<std::optional<int>, kThresholds.size()> reached;
  for (const ResultRow* row : steps) {
    const double iou = rounded_as_csv(row->scores).iou;
    for (std::size_t i = 0; i < kThresholds.size(); ++i) {
      if (iou >= kThresholds[i] && !reached[i]) reached[i] = row->step;
    }
  }
  return reached;
}

void append_clicks(Summary& summary, const Part& part, const ClusterNumbers& clusters, Study& study) {
  std::map<Choice, Rows> by_choice;
  for (const ResultRow* row : part.rows) {
    if (row->protocol == "clicks" && row->level == Level::slice) by_choice[row->choice].push_back(row);
  }
  for (const Choice choice : study.click_choices) {
    const Rows& rows = by_choice[choice];
    ClusteredSums<kThresholds.size()> needed;
    std::array<std::int64_t, kThresholds.size()> never{};
    for (std::size_t first = 0, end = 0; first < rows.size(); first = end) {
      while (end < rows.size() && same_clicks(*rows[first], *rows[end])) ++end;
      std::array<double, kThresholds.size()> clicks{};
      const auto reached = clicks_until(std::span(rows).subspan(first, end - first));
      for (std::size_t i = 0; i < reached.size(); ++i) {
        clicks[i] = reached[i].value_or(study.clicks);
        never[i] += reached[i] ? 0 : 1;
      }
      needed.add(clusters.of(*rows[first]), clicks);
    }
    const auto estimates = needed.estimates(study.samples);
    for (std::size_t i = 0; i < kThresholds.size(); ++i) {
      summary.clicks.push_back({part.dataset, part.label, part.label_name, choice, kThresholds[i],
                                study.clicks, estimates[i], never[i]});
    }
  }
}

}  // namespace

Summary summarise(const std::vector<ResultRow>& rows, const std::vector<Expected>& expected,
                  std::uint64_t seed) {
  const Rows sorted = sorted_rows(rows);
  Study study = study_of(sorted, seed);
  std::map<std::string_view, std::pair<const Expected*, Rows>, NameOrder> datasets;
  for (const Expected& plan : expected) datasets[plan.dataset].first = &plan;
  for (const ResultRow* row : sorted) datasets[row->dataset].second.push_back(row);
  Summary summary;
  summary.expected = expected;
  for (const auto& [name, contents] : datasets) {
    const ClusterNumbers clusters(contents.second);
    for (const Part& part : parts_of(std::string(name), contents.second, contents.first)) {
      append_scores(summary, part, clusters, study);
      append_clicks(summary, part, clusters, study);
    }
  }
  return summary;
}

}  // namespace sonde
