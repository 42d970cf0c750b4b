// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <map>

#include "sonde/core/json_text.h"
#include "sonde/core/text.h"
#include "sonde/evaluate/compare.h"
#include "sonde/evaluate/summary_json.h"
#include "sonde/evaluate/text_table.h"

namespace sonde {
namespace {

constexpr std::size_t kMaxLinesInFull = 40;
constexpr std::size_t kMaxName = 60;

constexpr std::string_view kLegend =
    "n: objects that both runs scored. A, B: mean IoU over them. B-A: mean difference with its 95 % "
    "interval\n"
    "(bootstrap over whole images). p: Wilcoxon signed-rank test, two-sided; Holm: corrected for all "
    "comparisons\n"
    "made, * below 0.05.\n";

std::string signed_number(double value) { return (value < 0 ? "" : "+") + fixed(value, 3); }

std::string p_text(double p) { return p < 0.0001 ? "<0.0001" : fixed(p, 4); }

std::vector<std::string> row_of(const Comparison& line) {
  const Interval& interval = line.difference.interval;
  const std::string title = "  " + protocol_title(line.protocol, line.step);
  return {
      line.level == Level::volume ? title + ", volumes" : title,
      std::string(to_string(line.choice)),
      std::to_string(line.difference.n),
      fixed(line.mean_a, 3),
      fixed(line.mean_b, 3),
      signed_number(line.difference.mean),
      std::isnan(interval.low) ? "-" : signed_number(interval.low) + " to " + signed_number(interval.high),
      p_text(line.p),
      p_text(line.p_holm) + (line.p_holm < 0.05 ? "*" : " ")};
}

// The last step of clicks in each data set.
std::map<std::string, int> last_clicks(const std::vector<Comparison>& comparisons) {
  std::map<std::string, int> last;
  for (const Comparison& line : comparisons) {
    if (line.protocol == "clicks" && line.difference.n > 0) {
      last[line.dataset] = std::max(last[line.dataset], line.step);
    }
  }
  return last;
}

std::vector<const Comparison*> shown_lines(const std::vector<Comparison>& comparisons) {
  const auto last = last_clicks(comparisons);
  std::vector<const Comparison*> lines;
  for (const Comparison& line : comparisons) {
    if (line.difference.n == 0) continue;
    const bool main_step = line.protocol != "clicks" || line.step == 1 || line.step == 3 || line.step == 5 ||
                           line.step == 9 || line.step == last.at(line.dataset);
    if (main_step || comparisons.size() <= kMaxLinesInFull) lines.push_back(&line);
  }
  const auto before = [](const Comparison* a, const Comparison* b) {
    return std::make_tuple(a->level, a->protocol == "clicks") <
           std::make_tuple(b->level, b->protocol == "clicks");
  };
  for (auto first = lines.begin(); first != lines.end();) {
    const auto end = std::find_if(first, lines.end(),
                                  [&](const Comparison* line) { return line->dataset != (*first)->dataset; });
    std::stable_sort(first, end, before);  // modes, then clicks
    first = end;
  }
  return lines;
}

// "; 3 scores of A only, 1 of B only"
std::string unpaired_text(const std::vector<Comparison>& comparisons, const std::string& dataset) {
  std::int64_t only_a = 0;
  std::int64_t only_b = 0;
  for (const Comparison& line : comparisons) {
    if (line.dataset != dataset) continue;
    only_a += line.only_a;
    only_b += line.only_b;
  }
  if (only_a + only_b == 0) return "";
  return " (left out: " + std::to_string(only_a) + " scores of A alone, " + std::to_string(only_b) +
         " of B alone)";
}

Json json_of(const Comparison& line) {
  return {{"dataset", line.dataset},
          {"level", to_string(line.level)},
          {"protocol", line.protocol},
          {"choice", to_string(line.choice)},
          {"step", line.step},
          {"n", line.difference.n},
          {"only_a", line.only_a},
          {"only_b", line.only_b},
          {"mean_a", json_number(line.mean_a)},
          {"mean_b", json_number(line.mean_b)},
          {"difference",
           {{"mean", json_number(line.difference.mean)},
            {"low", json_number(line.difference.interval.low)},
            {"high", json_number(line.difference.interval.high)}}},
          {"p", line.p},
          {"p_holm", line.p_holm}};
}

}  // namespace

std::string comparison_table(const std::vector<Comparison>& comparisons) {
  const auto lines = shown_lines(comparisons);
  TextTable table(2);
  table.add({"", "choice", "n", "A", "B", "B-A", "95 % interval", "p", "Holm "});
  for (const Comparison* line : lines) table.add(row_of(*line));
  // Data sets stand between the lines of one table, whose columns are the same for all.
  const std::string body = table.text(2);
  std::size_t at = body.find('\n') + 1;
  std::string text = std::string(kLegend) + "\n" + body.substr(0, at);
  const std::string* dataset = nullptr;
  for (const Comparison* line : lines) {
    if (dataset == nullptr || *dataset != line->dataset) {
      text += printable(line->dataset, kMaxName) + unpaired_text(comparisons, line->dataset) + "\n";
    }
    dataset = &line->dataset;
    const std::size_t end = body.find('\n', at) + 1;
    text += body.substr(at, end - at);
    at = end;
  }
  if (lines.size() < comparisons.size()) {
    text += "\n" + std::to_string(lines.size()) + " of " + std::to_string(comparisons.size()) +
            " comparisons are shown; the JSON output has all.\n";
  }
  return text;
}

std::string comparison_json(const std::vector<Comparison>& comparisons) {
  Json list = Json::array();
  for (const Comparison& line : comparisons) list.push_back(json_of(line));
  return json_text(Json{{"comparisons", std::move(list)}}, 1);
}

}  // namespace sonde
