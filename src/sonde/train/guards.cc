// SPDX-License-Identifier: Apache-2.0
#include "sonde/train/guards.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>
#include <sstream>

#include "sonde/evaluate/csv.h"
#include "sonde/train/measures.h"

namespace sonde {
namespace {

constexpr double kSensitivityRise = 0.05, kRegression = 0.05, kBoxLoss = 0.02, kQualityError = 0.15;
constexpr std::string_view kTwoPoints = "prompt sensitivity: IoU of the masks of two objects' points",
                           kOutside = "prompt sensitivity: share covered for a point outside";

double mean_or_none(std::span<const double> values) {
  if (values.empty()) return -1;
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

bool rises_little(double before, double after) { return before < 0 || after <= before + kSensitivityRise; }

CardGuard at_least(const std::string& name, double before, double after, double loss) {
  return {name, before, after, before - loss, after >= before - loss};
}

double mean_error(std::span<const Measured> measured, const AnswerRules& rules) {
  double sum = 0;
  for (const Measured& one : measured) {
    sum += quality_error(one, chosen(one, CheckChoice::card, rules));
  }
  return measured.empty() ? 0 : sum / static_cast<double>(measured.size());
}

std::string number(double value) {
  std::ostringstream text;
  text << value;
  return text.str();
}

}  // namespace

CheckFigures figures_of(const CheckResult& result, std::span<const TrainPicture> pictures,
                        const AnswerRules& rules) {
  const auto mean_of = [&](CheckPrompt prompt) {
    return mean_of_prompt(prompt, result.measured, pictures, CheckChoice::card, rules);
  };
  return {mean_over_prompts(result.measured, pictures, rules),
          mean_of(CheckPrompt::box),
          mean_of(CheckPrompt::jittered_box),
          mean_error(result.measured, rules),
          mean_or_none(result.sensitivity.two_points),
          mean_or_none(result.sensitivity.outside)};
}

bool stays_sensitive(const CheckFigures& before, const CheckFigures& after) {
  return rises_little(before.two_points, after.two_points) && rises_little(before.outside, after.outside);
}

double norm_limit(std::span<const double> last_norms) {
  constexpr std::size_t kMinNorms = 10;
  constexpr double kTimesMedian = 100;
  if (last_norms.size() < kMinNorms) return 0;
  std::vector<double> sorted(last_norms.begin(), last_norms.end());
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  return kTimesMedian * *middle;
}

bool SkippedSteps::too_many(std::int64_t steps) const {
  constexpr std::int64_t kInARow = 3, kOneIn = 20;
  return in_a_row >= kInARow || (steps >= kOneIn && all * kOneIn > steps);
}

CardGuard finite_guard(const SkippedSteps& skipped, std::int64_t steps) {
  return {"finite: share of steps that were not", 0,
          static_cast<double>(skipped.all) / static_cast<double>(std::max<std::int64_t>(steps, 1)), 0.05,
          !skipped.too_many(steps)};
}

CardGuard gradient_guard(double error) {
  return {"gradient: relative error", 0, error, kGradientLimit, error < kGradientLimit};
}

std::vector<CardGuard> sensitivity_guards(const CheckFigures& before, const CheckFigures& after) {
  std::vector<CardGuard> guards;
  const auto add = [&](std::string_view name, double was, double is) {
    if (was < 0) return;
    CardGuard& guard = guards.emplace_back();
    guard.name = name;
    guard.before = was;
    guard.after = is;
    guard.limit = was + kSensitivityRise;
    guard.passed = rises_little(was, is);
  };
  add(kTwoPoints, before.two_points, after.two_points);
  add(kOutside, before.outside, after.outside);
  return guards;
}

std::vector<CardGuard> box_guards(const CheckFigures& before, const CheckFigures& after) {
  return {at_least("box kept: IoU", before.box, after.box, kBoxLoss),
          at_least("box kept: IoU of jittered boxes", before.jittered_box, after.jittered_box, kBoxLoss)};
}

CardGuard quality_guard(double before, double after) {
  return {"quality honest: error of the predicted IoU", before, after, kQualityError, after <= kQualityError};
}

CardGuard leakage_guard() { return {"leakage: pictures in two parts", 0, 0, 0, true}; }

std::vector<CardGuard> regression_guards(std::span<const Measured> before, const AnswerRules& rules_before,
                                         std::span<const Measured> after, const AnswerRules& rules_after,
                                         std::span<const TrainPicture> pictures) {
  std::map<std::string, std::pair<std::vector<Measured>, std::vector<Measured>>> sets;
  for (const Measured& one : before) sets[pictures[one.picture].dataset].first.push_back(one);
  for (const Measured& one : after) sets[pictures[one.picture].dataset].second.push_back(one);
  std::vector<CardGuard> guards;
  for (const auto& [name, measured] : sets) {
    for (const CheckPrompt prompt : {CheckPrompt::point, CheckPrompt::box, CheckPrompt::three_clicks}) {
      guards.push_back(at_least(
          std::string(kZeroShot) + name + ": " + std::string(to_string(prompt)),
          mean_of_prompt(prompt, measured.first, pictures, CheckChoice::card, rules_before),
          mean_of_prompt(prompt, measured.second, pictures, CheckChoice::card, rules_after), kRegression));
    }
  }
  return guards;
}

std::string guard_csv(std::span<const CardGuard> guards) {
  std::string text = "name,before,after,limit,passed\n";
  for (const CardGuard& guard : guards) {
    append_csv_field(text, guard.name);
    for (const double value : {guard.before, guard.after, guard.limit}) text += ',' + number(value);
    text += guard.passed ? ",yes\n" : ",no\n";
  }
  return text;
}

}  // namespace sonde
