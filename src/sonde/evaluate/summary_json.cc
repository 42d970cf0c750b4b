// SPDX-License-Identifier: Apache-2.0
#include "sonde/core/json_text.h"
#include "sonde/evaluate/json_numbers.h"
#include "sonde/evaluate/summary.h"

namespace sonde {
namespace {

Json json_of(const Expected& expected) {
  Json labels = Json::array();
  for (const Expected::Label& label : expected.labels) {
    labels.push_back(
        {{"label", label.label}, {"name", label.name}, {"tasks", label.tasks}, {"volumes", label.volumes}});
  }
  return {{"dataset", expected.dataset},
          {"pictures", expected.pictures},
          {"labels_below_area", expected.labels_below_area},
          {"labels_absent", expected.labels_absent},
          {"labels", std::move(labels)}};
}

Json json_of(const std::optional<std::int64_t>& label) { return label ? Json(*label) : Json(nullptr); }

Json json_of(const Estimate& estimate) {
  Json json = Json::object();
  add_estimate(json, estimate);
  return json;
}

Json json_of(const DistanceEstimate& distance) {
  Json json = json_of(distance.finite);
  json["n"] = distance.finite.n;
  json["infinite"] = distance.infinite;
  return json;
}

Json correlation_of(const std::optional<Estimate>& correlation) {
  if (!correlation) return nullptr;
  return {{"rho", json_number(correlation->mean)},
          {"low", json_number(correlation->interval.low)},
          {"high", json_number(correlation->interval.high)},
          {"n", correlation->n}};
}

Json json_of(const ScoreSummary& line) {
  return {{"dataset", line.dataset},
          {"label", json_of(line.label)},
          {"label_name", line.label_name},
          {"level", to_string(line.level)},
          {"protocol", line.protocol},
          {"choice", to_string(line.choice)},
          {"step", line.step},
          {"n", line.iou.n},
          {"expected", line.expected},
          {"iou", json_of(line.iou)},
          {"dice", json_of(line.dice)},
          {"hd95", json_of(line.hd95)},
          {"asd", json_of(line.asd)},
          {"surface_dice", json_of(line.surface_dice)},
          {"unit", to_string(line.unit)},
          {"size_correlation", correlation_of(line.size_correlation)}};
}

Json json_of(const ClickSummary& line) {
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
  for (const T& item : items) list.push_back(json_of(item));
  return list;
}

}  // namespace

std::string summary_json(const Summary& summary) {
  return json_text(Json{{"expected", list_of(summary.expected)},
                        {"scores", list_of(summary.scores)},
                        {"clicks_to", list_of(summary.clicks)}},
                   1);
}

}  // namespace sonde
