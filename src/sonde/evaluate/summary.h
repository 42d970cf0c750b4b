// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sonde/evaluate/results.h"
#include "sonde/evaluate/statistics.h"

namespace sonde {

// What a data set should give: stands beside every mean.
struct Expected {
  std::string dataset;
  std::int64_t pictures = 0;  // found
  std::int64_t labels_below_area = 0, labels_absent = 0;
  struct Label {
    std::int64_t label = 1;
    std::string name;
    std::int64_t tasks = 0;    // on slices and pictures
    std::int64_t volumes = 0;  // of 3D pairs
  };
  std::vector<Label> labels;
};
template <class V>
void describe(V& v, Expected::Label& label) {
  v("label", label.label);
  v("name", label.name);
  v("tasks", label.tasks);
  v("volumes", label.volumes);
}
template <class V>
void describe(V& v, Expected& expected) {
  v("dataset", expected.dataset);
  v("pictures", expected.pictures);
  v("labels_below_area", expected.labels_below_area);
  v("labels_absent", expected.labels_absent);
  v("labels", expected.labels);
}

// Of a metric over the rows where it is finite.
struct MetricEstimate : Estimate {
  std::int64_t infinite = 0;  // rows with one empty mask: counted, not averaged
};

// One line of the summary. label absent: all labels of the data set together.
struct ScoreSummary {
  std::string dataset;
  std::optional<std::int64_t> label;
  std::string label_name;
  Level level = Level::slice;
  std::string protocol;
  Choice choice = Choice::confidence;
  int step = 1;
  std::int64_t expected = 0;  // tasks; iou().n of them are scored
  PerMetric<MetricEstimate> metrics;
  // px if rows of both units are in it: what depends on the size of pixels then stays empty (n 0).
  DistanceUnit unit = DistanceUnit::px;
  std::optional<Estimate> size_correlation;  // of area with IoU, Spearman
  const Estimate& iou() const { return metrics[&Scores::iou]; }
};

// Clicks until an IoU is reached for the first time, over the objects of a data set and label.
struct ClickSummary {
  std::string dataset;
  std::optional<std::int64_t> label;
  std::string label_name;
  Choice choice = Choice::confidence;
  double threshold = 0.8;
  int clicks = 0;          // the most that were tried
  Estimate clicks_needed;  // objects that never get there count as `clicks`, as is usual (NoC)
  std::int64_t never = 0;  // of clicks_needed.n
};

struct Summary {
  std::vector<Expected> expected;
  std::vector<ScoreSummary> scores;  // in the order of results.csv, all labels together first
  std::vector<ClickSummary> clicks;  // thresholds 0.80, 0.85, 0.90
};
// Scores count as results.csv writes them; the order of the rows does not matter. Images are the clusters (a
// volume's slices are one cluster).
Summary summarise(const std::vector<ResultRow>& rows, const std::vector<Expected>& expected,
                  std::uint64_t seed);

// The objects "expected", "scores" and "clicks" of summary.json, as text of one JSON object; numbers with six
// decimals, not-a-number as null.
std::string summary_json(const Summary& summary);

// The table that ends a run: for each data set and label a line per protocol (clicks 1, 3 and last) with the
// mean IoU and interval of each choice and n / expected; of more than six labels one line each with the means
// of the first choice. Plain text, aligned, at most 110 columns, 129 of five choices.
std::string summary_table(const Summary& summary);

}  // namespace sonde
