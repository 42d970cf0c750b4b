// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "sonde/core/json_text.h"
#include "sonde/evaluate/report_page.h"
#include "sonde/train/report_parts.h"

namespace sonde {
namespace {

using nlohmann::json;

constexpr int kDecimals = 4;
constexpr std::string_view kCommandFact = "command line";  // of run.json

// A column of a table: the page's tables come as their columns, so that a name stands there once.
template <typename Lines, typename Value>
json column(const Lines& lines, const Value& value) {
  json values = json::array();
  for (const auto& line : lines) values.push_back(std::invoke(value, line));
  return values;
}

json number(double value) { return rounded(value, kDecimals); }

// Six significant digits, for losses and norms of any size.
json any_number(double value) {
  if (!std::isfinite(value) || value == 0) return std::isfinite(value) ? json(0) : json(nullptr);
  return rounded(value, 5 - static_cast<int>(std::floor(std::log10(std::abs(value)))));
}

// At most so many: of more, neighbours are averaged.
std::vector<StepRow> thinned(const std::vector<StepRow>& steps) {
  constexpr std::size_t kDrawn = 800;
  if (steps.size() <= kDrawn) return steps;
  std::vector<StepRow> drawn;
  for (std::size_t group = 0; group < kDrawn; ++group) {
    const std::size_t begin = group * steps.size() / kDrawn, end = (group + 1) * steps.size() / kDrawn;
    StepRow& mean = drawn.emplace_back(steps[end - 1]);
    for (double StepRow::*value : {&StepRow::loss, &StepRow::loss_mask, &StepRow::loss_quality, &StepRow::iou,
                                   &StepRow::gradient_norm}) {
      double sum = 0;
      for (std::size_t i = begin; i < end; ++i) sum += steps[i].*value;
      mean.*value = sum / static_cast<double>(end - begin);
    }
  }
  return drawn;
}

json steps_json(const std::vector<StepRow>& steps) {
  const auto of = [&](double StepRow::*value) {
    return column(steps, [value](const StepRow& row) { return any_number(row.*value); });
  };
  return {{"step", column(steps, &StepRow::step)},
          {"loss", of(&StepRow::loss)},
          {"mask", of(&StepRow::loss_mask)},
          {"quality", of(&StepRow::loss_quality)},
          {"iou", of(&StepRow::iou)},
          {"norm", of(&StepRow::gradient_norm)}};
}

json checks_json(const std::vector<MeasureRow>& checks) {
  const auto words_of_column = [&](auto MeasureRow::*value) {
    return column(checks, [value](const MeasureRow& row) { return to_string(row.*value); });
  };
  const auto numbers = [&](auto value) {
    return column(checks, [value](const MeasureRow& row) { return number(value(row)); });
  };
  return {{"step", column(checks, &MeasureRow::step)},
          {"set", column(checks, &MeasureRow::dataset)},
          {"part", words_of_column(&MeasureRow::part)},
          {"prompt", words_of_column(&MeasureRow::prompt)},
          {"choice", words_of_column(&MeasureRow::choice)},
          {"n", column(checks, [](const MeasureRow& row) { return row.iou.n; })},
          {"iou", numbers([](const MeasureRow& row) { return row.iou.mean; })},
          {"low", numbers([](const MeasureRow& row) { return row.iou.interval.low; })},
          {"high", numbers([](const MeasureRow& row) { return row.iou.interval.high; })},
          {"error", numbers([](const MeasureRow& row) { return row.predicted_iou_error; })}};
}

json measures_json(const std::vector<BeforeAfter>& lines, BeforeAfter::Side BeforeAfter::*side) {
  const auto of = [&](auto value) {
    return column(lines, [side, value](const BeforeAfter& line) { return number(value(line.*side)); });
  };
  return {{"iou", of([](const BeforeAfter::Side& s) { return s.iou.mean; })},
          {"low", of([](const BeforeAfter::Side& s) { return s.iou.interval.low; })},
          {"high", of([](const BeforeAfter::Side& s) { return s.iou.interval.high; })},
          {"error", of([](const BeforeAfter::Side& s) { return s.predicted_iou_error; })}};
}

json comparisons_json(const std::vector<BeforeAfter>& lines) {
  return {
      {"part", column(lines, [](const BeforeAfter& line) { return to_string(line.part); })},
      {"set", column(lines, &BeforeAfter::dataset)},
      {"prompt", column(lines, [](const BeforeAfter& line) { return to_string(line.prompt); })},
      {"choice", column(lines, [](const BeforeAfter& line) { return to_string(line.choice); })},
      {"n", column(lines, [](const BeforeAfter& line) { return line.after.iou.n; })},
      {"p", column(lines, [](const BeforeAfter& line) { return line.p ? json(*line.p) : json(nullptr); })},
      {"before", measures_json(lines, &BeforeAfter::before)},
      {"after", measures_json(lines, &BeforeAfter::after)}};
}

json guards_json(const std::vector<CardGuard>& guards) {
  return column(guards, [](const CardGuard& guard) {
    return json{{"name", guard.name},
                {"before", any_number(guard.before)},
                {"after", any_number(guard.after)},
                {"limit", any_number(guard.limit)},
                {"passed", guard.passed}};
  });
}

json classes_json(const std::vector<CardClass>& classes) {
  return column(classes, [](const CardClass& one) {
    return json{
        {"name", one.name},       {"present", one.n},           {"absent", one.n_absent},
        {"iou", number(one.iou)}, {"low", number(one.iou_low)}, {"high", number(one.iou_high)},
        {"error", nullptr},       {"found", number(one.found)}, {"foundAbsent", number(one.found_absent)}};
  });
}

// Of the card; of sets that it leaves out, as guard sets, what the split tells.
json sets_json(const RunFiles& run) {
  json sets = json::array();
  auto split = run.split;
  const auto add = [&](const CardData& data, const json& objects) {
    sets.push_back({{"name", data.dataset},
                    {"licence", data.licence},
                    {"citation", data.citation},
                    {"source", data.source},
                    {"pictures", data.pictures},
                    {"objects", objects},
                    {"parts", split[data.dataset]}});
  };
  if (run.card) {
    for (const CardData& data : run.card->data) {
      add(data, data.objects);
      split.erase(data.dataset);
    }
  }
  for (const auto& [name, parts] : split) {
    CardData data{name, "", "", "", 0, 0};
    for (const auto& [part, pictures] : parts) data.pictures += pictures;
    add(data, nullptr);
  }
  return sets;
}

// What each prompt of the checks is answered by, as the card has it.
json rules_json(const RunFiles& run) {
  json rules = json::object();
  if (!run.card) return rules;
  for (const MeasureRow& row : run.checks)
    rules[std::string(to_string(row.prompt))] = to_string(run.card->choice_by_prompt[kind_of(row.prompt)]);
  return rules;
}

json facts_json(const RunDescription& run) {
  json facts = json::array();
  for (const NamedTexts* texts : {&run.facts, &run.settings})
    for (const auto& [name, text] : *texts)
      if (name != kCommandFact) facts.push_back({name, text});
  return facts;
}

std::string command_of(const RunDescription& run) {
  const auto found = std::ranges::find(run.facts, kCommandFact, [](const auto& fact) { return fact.first; });
  return found == run.facts.end() ? "" : found->second;
}

std::string minutes(double seconds) {
  const auto whole = static_cast<std::int64_t>(std::lround(seconds));
  return whole < 120 ? std::to_string(whole) + " s" : std::to_string((whole + 30) / 60) + " min";
}

json counts_json(const RunFiles& run) {
  json counts = json::array();
  if (run.steps.empty()) return counts;
  counts.push_back({"steps done", std::to_string(run.steps.back().step)});
  if (const auto step = best_step(run.checks)) counts.push_back({"step kept", std::to_string(*step)});
  const double seconds = std::accumulate(run.steps.begin(), run.steps.end(), 0.0,
                                         [](double sum, const StepRow& row) { return sum + row.seconds; });
  counts.push_back({"time in steps", minutes(seconds)});
  const auto peak = std::ranges::max_element(run.steps, {}, &StepRow::peak_rss_mb);
  counts.push_back({"peak memory", std::to_string(std::lround(peak->peak_rss_mb)) + " MB"});
  return counts;
}

}  // namespace

std::optional<std::int64_t> best_step(const std::vector<MeasureRow>& checks) {
  // What was kept is what was measured at the end.
  const auto measured = std::ranges::find_if(checks.rbegin(), checks.rend(), [](const MeasureRow& row) {
    return row.part == SplitPart::test || row.part == SplitPart::guard;
  });
  if (measured != checks.rend()) return measured->step;
  std::map<std::int64_t, std::map<CheckPrompt, std::vector<double>>> by_step;
  for (const MeasureRow& row : checks)
    if (row.choice == CheckChoice::card) by_step[row.step][row.prompt].push_back(row.iou.mean);
  const auto mean = [](const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  };
  std::optional<std::int64_t> best;
  double highest = -1;
  for (const auto& [step, prompts] : by_step) {
    std::vector<double> means;
    for (const auto& [prompt, ious] : prompts) means.push_back(mean(ious));
    if (mean(means) <= highest) continue;
    highest = mean(means);
    best = step;
  }
  return best;
}

json training_page_json(const RunFiles& run) {
  const auto best = best_step(run.checks);
  return {{"command", command_of(run.description)},
          {"facts", facts_json(run.description)},
          {"counts", counts_json(run)},
          {"notes", run.card ? json(run.card->notes) : json::array()},
          {"guards", guards_json(run.guards)},
          {"comparisons", comparisons_json(compared(run))},
          {"steps", steps_json(thinned(run.steps))},
          {"checks", checks_json(run.checks)},
          {"bestStep", best ? json(*best) : json(nullptr)},
          {"rules", rules_json(run)},
          {"cases", json::parse(json_text(run.cases))},
          {"classes", classes_json(run.card ? run.card->classes : std::vector<CardClass>{})},
          {"sets", sets_json(run)}};
}

}  // namespace sonde
