// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sonde/core/fields.h"
#include "sonde/train/checks.h"
#include "sonde/weights/model_card.h"

// What must not go wrong in a training. Each is a row of guard.csv and of the card. Where the limits come
// from: docs/train.md, "Guards".
namespace sonde {

// Of one check.
struct CheckFigures {
  double mean = 0;  // mean_over_prompts
  double box = 0, jittered_box = 0, quality_error = 0;
  double two_points = -1, outside = -1;  // below 0: no picture to measure it on
};
template <class V>
void describe(V& v, CheckFigures& figures) {
  v("mean", figures.mean);
  v("box", figures.box);
  v("jittered_box", figures.jittered_box);
  v("quality_error", figures.quality_error);
  v("two_points", figures.two_points);
  v("outside", figures.outside);
}
CheckFigures figures_of(const CheckResult& result, std::span<const TrainPicture> pictures,
                        const AnswerRules& rules);

// Whether a state listens to where points are about as well as the network that it started from.
bool stays_sensitive(const CheckFigures& before, const CheckFigures& after);

// A gradient norm beyond it is as bad as one that is not finite; 0: not enough steps to tell.
double norm_limit(std::span<const double> last_norms);
inline constexpr std::size_t kNormsKept = 50;

// Steps that were not applied. Too many: three in a row, or more than one in twenty.
struct SkippedSteps {
  std::int64_t all = 0, in_a_row = 0;
  bool too_many(std::int64_t steps) const;
};

inline constexpr double kGradientLimit = 1e-5;

CardGuard finite_guard(const SkippedSteps& skipped, std::int64_t steps);
CardGuard gradient_guard(double error);
std::vector<CardGuard> sensitivity_guards(const CheckFigures& before, const CheckFigures& after);
std::vector<CardGuard> box_guards(const CheckFigures& before, const CheckFigures& after);
CardGuard quality_guard(double before, double after);
CardGuard leakage_guard();  // of a run that was not refused
// Their names: kZeroShot, the set, ": ", the prompt.
inline constexpr std::string_view kZeroShot = "zero-shot: ";
// One a guard set and prompt (1 point, box, 3 clicks): by each network's own rules.
std::vector<CardGuard> regression_guards(std::span<const Measured> before, const AnswerRules& rules_before,
                                         std::span<const Measured> after, const AnswerRules& rules_after,
                                         std::span<const TrainPicture> pictures);

// name,before,after,limit,passed
std::string guard_csv(std::span<const CardGuard> guards);

}  // namespace sonde
