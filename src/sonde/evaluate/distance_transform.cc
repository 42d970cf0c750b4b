// SPDX-License-Identifier: Apache-2.0
#include "sonde/evaluate/distance_transform.h"

#include <algorithm>
#include <cstdlib>
#include <limits>

namespace sonde {
namespace {

constexpr double kFar = std::numeric_limits<double>::infinity();

std::size_t as_size(std::int64_t value) { return static_cast<std::size_t>(value); }

// The lowest of the parabolas heights[p] + step2 (x - p)^2 over the line, p and x in cells.
class LowerEnvelope {
 public:
  void build(std::span<const double> heights, double step2) {
    heights_ = heights;
    step2_ = step2;
    parts_.clear();
    for (std::size_t p = 0; p < heights.size(); ++p) {
      if (heights[p] != kFar) add(p);
    }
  }

  // Values at offset, offset + 1, ...
  void evaluate(std::int64_t offset, std::span<double> values) const {
    if (parts_.empty()) {
      std::fill(values.begin(), values.end(), kFar);
      return;
    }
    auto part = parts_.begin();
    auto x = static_cast<double>(offset);
    for (double& value : values) {
      while (part + 1 != parts_.end() && part[1].begin < x) ++part;
      const double away = x - static_cast<double>(part->vertex);
      value = heights_[part->vertex] + step2_ * away * away;
      x += 1;
    }
  }

 private:
  struct Part {  // lowest from `begin` to the next part's
    std::size_t vertex = 0;
    double begin = 0;
  };

  void add(std::size_t p) {
    double begin = -kFar;
    while (!parts_.empty()) {
      begin = crossing(parts_.back().vertex, p);
      if (begin > parts_.back().begin) break;
      parts_.pop_back();
      begin = -kFar;
    }
    parts_.push_back({p, begin});
  }

  double crossing(std::size_t p, std::size_t q) const {
    const double apart = step2_ * static_cast<double>(q - p);
    return 0.5 * ((heights_[q] - heights_[p]) / apart + static_cast<double>(q + p));
  }

  std::span<const double> heights_;
  double step2_ = 1;
  std::vector<Part> parts_;
};

// Along x: for every row of `from`, the distance within the row. Returns [from.z][from.y][to.x].
std::vector<double> along_rows(std::span<const Cell> sources, const CellBox& from, const CellBox& to,
                               double step) {
  const auto width = as_size(to.size(0));
  std::vector<double> values(as_size(from.size(2)) * as_size(from.size(1)) * width, kFar);
  for (auto source = sources.begin(); source != sources.end();) {
    const std::int32_t y = (*source)[1];
    const std::int32_t z = (*source)[2];
    const auto row_end =
        std::find_if(source, sources.end(), [&](const Cell& cell) { return cell[1] != y || cell[2] != z; });
    double* value =
        values.data() + (as_size(z - from.low[2]) * as_size(from.size(1)) + as_size(y - from.low[1])) * width;
    for (std::int64_t x = to.low[0]; x < to.high[0]; ++x) {
      while (source + 1 != row_end && std::abs(source[1][0] - x) <= std::abs((*source)[0] - x)) ++source;
      const double away = step * static_cast<double>((*source)[0] - x);
      *value++ = away * away;
    }
    source = row_end;
  }
  return values;
}

// How an axis of the transform lies in memory: lines of `count` values, `stride` apart, starting at
// 0 .. stride - 1 of each of `blocks` blocks.
struct Lines {
  std::size_t count = 0, stride = 0, blocks = 0;
};

// Some lines side by side are taken at once: a cache line holds eight values of neighbouring lines.
constexpr std::size_t kLinesAtOnce = 8;

std::vector<double> along_axis(const std::vector<double>& values, const Lines& lines, std::size_t new_count,
                               std::int64_t offset, double step) {
  std::vector<double> result(lines.blocks * new_count * lines.stride);
  std::vector<double> heights(kLinesAtOnce * lines.count);
  std::vector<double> distances(kLinesAtOnce * new_count);
  LowerEnvelope envelope;
  for (std::size_t block = 0; block < lines.blocks; ++block) {
    const double* in = values.data() + block * lines.count * lines.stride;
    double* out = result.data() + block * new_count * lines.stride;
    for (std::size_t first = 0; first < lines.stride; first += kLinesAtOnce) {
      const std::size_t at_once = std::min(kLinesAtOnce, lines.stride - first);
      for (std::size_t i = 0; i < lines.count; ++i) {
        for (std::size_t k = 0; k < at_once; ++k)
          heights[k * lines.count + i] = in[i * lines.stride + first + k];
      }
      for (std::size_t k = 0; k < at_once; ++k) {
        envelope.build(std::span<const double>(heights).subspan(k * lines.count, lines.count), step * step);
        envelope.evaluate(offset, std::span<double>(distances).subspan(k * new_count, new_count));
      }
      for (std::size_t i = 0; i < new_count; ++i) {
        for (std::size_t k = 0; k < at_once; ++k)
          out[i * lines.stride + first + k] = distances[k * new_count + i];
      }
    }
  }
  return result;
}

}  // namespace

std::vector<double> squared_distances(std::span<const Cell> sources, const CellBox& from, const CellBox& to,
                                      const std::array<double, 3>& spacing) {
  const auto width = as_size(to.size(0));
  std::vector<double> values = along_rows(sources, from, to, spacing[0]);
  values = along_axis(values, {as_size(from.size(1)), width, as_size(from.size(2))}, as_size(to.size(1)),
                      to.low[1] - from.low[1], spacing[1]);
  if (from.size(2) == 1 && to.size(2) == 1 && from.low[2] == to.low[2]) return values;
  return along_axis(values, {as_size(from.size(2)), width * as_size(to.size(1)), 1}, as_size(to.size(2)),
                    to.low[2] - from.low[2], spacing[2]);
}

}  // namespace sonde
