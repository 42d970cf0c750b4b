// SPDX-License-Identifier: Apache-2.0
#include "sonde/evaluate/summary_json.h"

namespace sonde {
namespace {

Json json_of(const std::optional<std::int64_t>& label) { return label ? Json(*label) : Json(nullptr); }

Json json_of(const Estimate& estimate) {
  Json json = Json::object();
  add_estimate(json, estimate);
  return json;
}

Json correlation_of(const std::optional<Estimate>& correlation) {
  if (!correlation) return nullptr;
  return {{"rho", json_number(correlation->mean)},
          {"low", json_number(correlation->interval.low)},
          {"high", json_number(correlation->interval.high)},
          {"n", correlation->n}};
}

Json to_json(const ScoreSummary& line) {
  Json json{{"dataset", line.dataset},
            {"label", json_of(line.label)},
            {"label_name", line.label_name},
            {"level", to_string(line.level)},
            {"protocol", line.protocol},
            {"choice", to_string(line.choice)},
            {"step", line.step},
            {"n", line.iou().n},
            {"expected", line.expected}};
  for (const Metric& metric : kMetrics) {
    const MetricEstimate& estimate = line.metrics[metric.value];
    Json& own = json[metric.name] = json_of(estimate);
    if (metric.kind == MetricKind::overlap) continue;
    own["n"] = estimate.n;
    own["infinite"] = estimate.infinite;
  }
  json["unit"] = to_string(line.unit);
  json["size_correlation"] = correlation_of(line.size_correlation);
  return json;
}

Json to_json(const ClickSummary& line) {
  const Estimate& needed = line.clicks_needed;
  const double share = static_cast<double>(line.never) / static_cast<double>(needed.n);  // none of none: null
  return {{"dataset", line.dataset},
          {"label", json_of(line.label)},
          {"label_name", line.label_name},
          {"choice", to_string(line.choice)},
          {"threshold", json_number(line.threshold)},
          {"clicks", line.clicks},
          {"mean_clicks", json_number(needed.mean)},
          {"low", json_number(needed.interval.low)},
          {"high", json_number(needed.interval.high)},
          {"never", line.never},
          {"never_share", json_number(share)},
          {"n", needed.n}};
}

template <typename T>
Json list_of(const std::vector<T>& items) {
  Json list = Json::array();
  for (const T& item : items) list.push_back(to_json(item));
  return list;
}

}  // namespace

std::string summary_json(const Summary& summary) {
  return json_text(Json{{"expected", to_json<Layout::stored>(summary.expected)},
                        {"scores", list_of(summary.scores)},
                        {"clicks_to", list_of(summary.clicks)}},
                   1);
}

}  // namespace sonde
