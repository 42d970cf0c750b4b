// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <tuple>

#include "sonde/evaluate/report_parts.h"

namespace sonde {
namespace {

using nlohmann::json;

struct ObjectScore {
  std::int64_t area = 0;
  double iou = 0;
};

// Of sorted values, linear between them.
double quantile(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

// Silverman 1986, equation 3.31, within what can be drawn.
double kernel_width(const std::vector<double>& sorted) {
  if (sorted.empty()) return 1;
  const auto n = static_cast<double>(sorted.size());
  const double mean = std::accumulate(sorted.begin(), sorted.end(), 0.0) / n;
  const double squares = std::accumulate(sorted.begin(), sorted.end(), 0.0, [&](double sum, double value) {
    return sum + (value - mean) * (value - mean);
  });
  const double quartiles = (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / 1.34;
  const double deviation = std::sqrt(squares / n);
  return std::clamp(0.9 * (quartiles > 0 ? std::min(deviation, quartiles) : deviation) * std::pow(n, -0.2),
                    0.01, 0.08);
}

// Objects evenly spaced in the order of the results.
json sample_json(const std::vector<ObjectScore>& objects, std::size_t most) {
  json areas = json::array();
  json ious = json::array();
  const std::size_t count = std::min(objects.size(), most);
  for (std::size_t i = 0; i < count; ++i) {
    const ObjectScore& object = objects[i * objects.size() / count];
    areas.push_back(object.area);
    ious.push_back(static_cast<int>(std::lround(1000 * object.iou)));
  }
  return {{"area", std::move(areas)}, {"iou", std::move(ious)}};
}

// Quartiles of the IoU in groups of neighbouring size, with the mean of the logarithm of the area.
json size_groups_json(std::vector<ObjectScore> objects) {
  json groups{
      {"logArea", json::array()}, {"low", json::array()}, {"median", json::array()}, {"high", json::array()}};
  const std::size_t count = std::min<std::size_t>(10, objects.size() / 10);
  if (count < 3) return groups;
  std::ranges::stable_sort(objects, {}, &ObjectScore::area);
  for (std::size_t group = 0; group < count; ++group) {
    std::vector<double> ious;
    double log_area = 0;
    const std::size_t end = (group + 1) * objects.size() / count;
    for (std::size_t i = group * objects.size() / count; i < end; ++i) {
      ious.push_back(objects[i].iou);
      log_area += std::log10(static_cast<double>(std::max<std::int64_t>(1, objects[i].area)));
    }
    std::ranges::sort(ious);
    groups["logArea"].push_back(rounded(log_area / static_cast<double>(ious.size()), 3));
    groups["low"].push_back(rounded(quantile(ious, 0.25), 3));
    groups["median"].push_back(rounded(quantile(ious, 0.5), 3));
    groups["high"].push_back(rounded(quantile(ious, 0.75), 3));
  }
  return groups;
}

json series_json(const std::vector<ObjectScore>& objects, std::size_t sample_size) {
  std::vector<double> ious(objects.size());
  std::ranges::transform(objects, ious.begin(), &ObjectScore::iou);
  const double mean = std::accumulate(ious.begin(), ious.end(), 0.0) / static_cast<double>(ious.size());
  std::ranges::sort(ious);
  json quantiles;
  for (const int percent : {5, 25, 50, 75, 95})
    quantiles["q" + std::to_string(percent)] = rounded(quantile(ious, percent / 100.0), 3);
  json density = json::array();
  for (const double value : mirrored_density(ious))
    density.push_back(static_cast<int>(std::lround(100 * value)));
  return {{"n", objects.size()},
          {"mean", rounded(mean, 3)},
          {"quantiles", quantiles},
          {"density", density},
          {"sample", sample_json(objects, sample_size)},
          {"bySize", size_groups_json(objects)}};
}

}  // namespace

std::vector<double> mirrored_density(const std::vector<double>& sorted) {
  constexpr int kBins = 400;
  std::array<double, kBins> histogram{};
  for (const double value : sorted)
    histogram[static_cast<std::size_t>(std::clamp(static_cast<int>(value * kBins), 0, kBins - 1))] += 1;
  const double width = kernel_width(sorted);
  std::vector<double> density(kDensityPoints, 0.0);
  for (int i = 0; i < kDensityPoints; ++i)
    for (int bin = 0; bin < kBins; ++bin) {
      const double count = histogram[static_cast<std::size_t>(bin)];
      if (count == 0) continue;
      const double at = static_cast<double>(i) / (kDensityPoints - 1);
      const double from = (bin + 0.5) / kBins;
      for (const double image : {from, -from, 2 - from})
        density[static_cast<std::size_t>(i)] += count * std::exp(-0.5 * std::pow((at - image) / width, 2));
    }
  const double highest = std::max(1e-12, *std::ranges::max_element(density));
  for (double& value : density) value /= highest;
  return density;
}

json report_series(const std::vector<ResultRow>& rows, const ReportIndex& index) {
  constexpr std::size_t kSampledInAll = 45000;  // pairs of numbers, some ten bytes each
  std::map<std::tuple<std::size_t, std::size_t, std::size_t>, std::vector<ObjectScore>> series;
  for (const ResultRow& row : rows) {
    const std::size_t column = index.column(row.protocol, row.step);
    if (row.level != Level::slice || !index.is_final(column)) continue;
    series[{index.data_set(row.dataset), column, index.choice(row.choice)}].push_back(
        {row.area_px, row.scores.iou});
  }
  const std::size_t sample_size =
      std::clamp<std::size_t>(kSampledInAll / std::max<std::size_t>(1, series.size()), 100, 2000);
  json lines = json::array();
  for (const auto& [key, objects] : series) {
    json line = series_json(objects, sample_size);
    std::tie(line["set"], line["column"], line["choice"]) = key;
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace sonde
