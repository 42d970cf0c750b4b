// SPDX-License-Identifier: Apache-2.0
#include "sonde/evaluate/summary.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>
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

struct NameOrder {
  bool operator()(std::string_view a, std::string_view b) const { return name_before(a, b); }
};

// What is summarised apart: the columns of results.csv that are not of an object.
struct Question {
  Level level = Level::slice;
  std::string_view protocol;
  Choice choice = Choice::confidence;
  int step = 1;
  bool operator<(const Question& other) const {
    return std::tie(level, protocol, choice, step) <
           std::tie(other.level, other.protocol, other.choice, other.step);
  }
};
Question question_of(const ResultRow& row) { return {row.level, row.protocol, row.choice, row.step}; }

// What all lines of the summary share.
struct Study {
  std::set<Question> questions;  // that any row answers
  std::set<Choice> click_choices;
  int clicks = 0;  // the most that were tried
  BootstrapCache samples, correlation_samples;
};

Study study_of(const Rows& rows, std::uint64_t seed) {
  Study study{{}, {}, 0, BootstrapCache(seed, kBootstrapDraws), BootstrapCache(seed, kCorrelationDraws)};
  for (const ResultRow* row : rows) {
    study.questions.insert(question_of(*row));
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

// Objects by their image, for means that are drawn together.
class ClusteredSums {
 public:
  void add(std::int64_t cluster, const std::array<double, 3>& values) {
    ClusterSums& sums = clusters_[cluster];
    for (std::size_t i = 0; i < 3; ++i) sums.sums[i] += values[i];
    sums.objects += 1;
  }

  std::array<Estimate, 3> estimates(BootstrapCache& cache) const {
    constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
    constexpr Estimate kNothing{kNone, {kNone, kNone}, 0};
    if (clusters_.empty()) return {kNothing, kNothing, kNothing};
    std::vector<ClusterSums> sums;
    ClusterSums total;
    for (const auto& [cluster, part] : clusters_) {
      sums.push_back(part);
      for (std::size_t i = 0; i < 3; ++i) total.sums[i] += part.sums[i];
      total.objects += part.objects;
    }
    const auto intervals = cache.samples(sums.size()).mean_intervals(sums);
    std::array<Estimate, 3> estimates;
    for (std::size_t i = 0; i < 3; ++i) {
      estimates[i] = {total.sums[i] / total.objects, intervals[i], static_cast<std::int64_t>(total.objects)};
    }
    return estimates;
  }

 private:
  std::map<std::int64_t, ClusterSums> clusters_;
};

bool has_size_correlation(const Question& question, const Study& study) {
  return question.level == Level::slice && (question.protocol != "clicks" || question.step == study.clicks);
}

void fill_estimates(ScoreSummary& line, const Rows& rows, const ClusterNumbers& clusters,
                    BootstrapCache& cache) {
  const auto other_unit = [&](const ResultRow* row) { return row->unit != rows.front()->unit; };
  const bool one_unit = std::none_of(rows.begin(), rows.end(), other_unit);
  if (one_unit && !rows.empty()) line.unit = rows.front()->unit;
  ClusteredSums overlaps;
  ClusteredSums distances;
  std::int64_t infinite = 0;
  for (const ResultRow* row : rows) {
    const std::int64_t cluster = clusters.of(*row);
    const Scores scores = as_written(row->scores);
    overlaps.add(cluster, {scores.iou, scores.dice, one_unit ? scores.surface_dice : 0});
    if (!std::isfinite(scores.hd95)) {
      ++infinite;
    } else if (one_unit) {
      distances.add(cluster, {scores.hd95, scores.asd, 0});
    }
  }
  const auto [iou, dice, surface_dice] = overlaps.estimates(cache);
  const auto [hd95, asd, unused] = distances.estimates(cache);
  line.iou = iou;
  line.dice = dice;
  line.surface_dice = one_unit ? surface_dice : ClusteredSums().estimates(cache)[0];
  line.hd95 = {hd95, infinite};
  line.asd = {asd, infinite};
}

ScoreSummary score_summary(const Part& part, const Question& question, const Rows& rows,
                           const ClusterNumbers& clusters, Study& study) {
  ScoreSummary line;
  line.dataset = part.dataset;
  line.label = part.label;
  line.label_name = part.label_name;
  line.level = question.level;
  line.protocol = question.protocol;
  line.choice = question.choice;
  line.step = question.step;
  line.expected = part.expected(question.level);
  fill_estimates(line, rows, clusters, study.samples);
  if (has_size_correlation(question, study)) {
    std::vector<ClusteredPair> pairs;
    for (const ResultRow* row : rows) {
      pairs.push_back({static_cast<double>(row->area_px), as_written(row->scores).iou, clusters.of(*row)});
    }
    line.size_correlation = rank_correlation(pairs, study.correlation_samples);
  }
  return line;
}

void append_scores(Summary& summary, const Part& part, const ClusterNumbers& clusters, Study& study) {
  std::map<Question, Rows> answers;
  for (const ResultRow* row : part.rows) answers[question_of(*row)].push_back(row);
  for (const Question& question : study.questions) {
    const Rows& rows = answers[question];
    // A data set of which nothing was planned is shown all the same.
    const bool shown = part.expected(question.level) > 0 || (!part.label && question.level == Level::slice);
    if (!rows.empty() || shown)
      summary.scores.push_back(score_summary(part, question, rows, clusters, study));
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
    const double iou = as_written(row->scores).iou;
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
    ClusteredSums needed;
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
