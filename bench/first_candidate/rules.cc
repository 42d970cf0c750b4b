// SPDX-License-Identifier: Apache-2.0
#include "rules.h"

#include <algorithm>
#include <utility>

namespace sonde::bench {
namespace {

using Merits = std::array<double, 3>;

std::size_t highest(const Merits& merits) {
  return static_cast<std::size_t>(std::max_element(merits.begin(), merits.end()) - merits.begin());
}

// The candidate of the highest merit, the first of equals.
template <typename MeritOf>
Rule highest_of(MeritOf merit_of) {
  return [merit_of](const Record& record) {
    Merits merits{};
    for (std::size_t k = 0; k < 3; ++k) merits[k] = merit_of(record, k);
    return record.candidates[highest(merits)].iou;
  };
}

double confidence(const Record& record, std::size_t k) { return record.candidates[k].predicted_iou; }
double stability(const Record& record, std::size_t k) { return record.candidates[k].stability; }
double area(const Record& record, std::size_t k) { return static_cast<double>(record.candidates[k].area_px); }

// How far the area is from the middle one.
double middleness(const Record& record, std::size_t k) {
  Merits areas{area(record, 0), area(record, 1), area(record, 2)};
  std::sort(areas.begin(), areas.end());
  return -std::abs(area(record, k) - areas[1]);
}

double agreement_with_others(const Record& record, std::size_t k) {
  const auto& [a01, a02, a12] = record.agreement;
  return Merits{a01 + a02, a01 + a12, a02 + a12}[k];
}

RuleFamily confidence_and_stability() {
  RuleFamily family{"predicted IoU + c * stability", {}};
  for (const double c : {0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0}) {
    family.members.push_back(
        highest_of([c](const Record& r, std::size_t k) { return confidence(r, k) + c * stability(r, k); }));
  }
  return family;
}

RuleFamily first_unless_below() {
  RuleFamily family{"0, most confident if its predicted IoU is below t", {}};
  for (int step = 0; step <= 18; ++step) {
    family.members.push_back([t = 0.05 * step, sure = most_confident_rule()](const Record& r) {
      return confidence(r, 0) < t ? sure(r) : r.candidates[0].iou;
    });
  }
  return family;
}

RuleFamily offsets() {
  RuleFamily family{"predicted IoU with an offset for each of 0 and 1", {}};
  for (int a = -2; a <= 12; ++a) {
    for (int b = -2; b <= 12; ++b) {
      const Merits offset{0.05 * a, 0.05 * b, 0};
      family.members.push_back(
          highest_of([offset](const Record& r, std::size_t k) { return confidence(r, k) + offset[k]; }));
    }
  }
  return family;
}

RuleFamily not_too_large() {
  RuleFamily family{"most confident of at most s of the picture", {}};
  for (const double share : {0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75}) {
    family.members.push_back(highest_of([share](const Record& r, std::size_t k) {
      const bool too_large = area(r, k) > share * static_cast<double>(r.picture_px);
      return confidence(r, k) - (too_large ? 1 : 0);
    }));
  }
  return family;
}

}  // namespace

Rule candidate_rule(std::size_t k) {
  return [k](const Record& record) { return record.candidates[k].iou; };
}
Rule most_confident_rule() { return highest_of(confidence); }
Rule best_of_three() {
  return highest_of([](const Record& r, std::size_t k) { return r.candidates[k].iou; });
}
PromptKind kind_of(Situation situation) {
  switch (situation) {
    case Situation::study_click:
    case Situation::person_click:
      return PromptKind::point;
    case Situation::two_clicks:
    case Situation::three_clicks:
    case Situation::four_clicks:
      return PromptKind::clicks;
    case Situation::many_clicks:
      return PromptKind::many_clicks;
    case Situation::box:
    case Situation::jittered_box:
      return PromptKind::box;
    case Situation::box_and_outside:
    case Situation::box_and_inside:
    case Situation::box_and_two:
      return PromptKind::box_with_points;
    case Situation::mask_and_click:
    case Situation::mask_and_box:
    case Situation::logits_and_click:
    case Situation::logits_and_clicks:
      break;
  }
  return PromptKind::mask;
}

Rule fixed_rule(AnswerRule rule) {
  switch (rule) {
    case AnswerRule::single:
      return [](const Record& record) { return record.single.iou; };
    case AnswerRule::first:
      return candidate_rule(0);
    case AnswerRule::second:
      return candidate_rule(1);
    case AnswerRule::third:
      return candidate_rule(2);
    case AnswerRule::confident:
      break;
  }
  return most_confident_rule();
}

Rule chosen_rule() {
  return [](const Record& record) { return fixed_rule(AnswerRules{}[kind_of(record.kind)])(record); };
}

std::vector<RuleFamily> rule_families() {
  return {{"candidate 0", {candidate_rule(0)}},
          {"candidate 1", {candidate_rule(1)}},
          {"candidate 2", {candidate_rule(2)}},
          {"most confident", {most_confident_rule()}},
          {"most stable", {highest_of(stability)}},
          confidence_and_stability(),
          offsets(),
          first_unless_below(),
          not_too_large(),
          {"smallest", {highest_of([](const Record& r, std::size_t k) { return -area(r, k); })}},
          {"middle area", {highest_of(middleness)}},
          {"largest", {highest_of(area)}},
          {"most like the other two", {highest_of(agreement_with_others)}},
          {"most like the single answer",
           {highest_of([](const Record& r, std::size_t k) { return r.with_single[k]; })}},
          {"the single answer itself", {fixed_rule(AnswerRule::single)}},
          {"shown first", {chosen_rule()}},
          {"best of the three", {best_of_three()}}};
}

}  // namespace sonde::bench
