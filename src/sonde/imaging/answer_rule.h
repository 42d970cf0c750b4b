// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "sonde/core/fields.h"
#include "sonde/imaging/mask_set.h"
#include "sonde/imaging/prompt.h"

namespace sonde {

// What a prompt consists of, as far as it decides which of the decoder's masks is the right one.
enum class PromptKind {
  point,            // one point
  clicks,           // two to four points
  many_clicks,      // more than four points
  box,              // a box alone
  box_with_points,  //
  mask,             // a mask to start from, with whatever else
  class_name        // a class, with whatever else
};
constexpr auto words(PromptKind) {
  return Words{"PromptKind", "point", "clicks", "many_clicks", "box", "box_with_points", "mask", "class"};
}
inline constexpr std::size_t kPromptKinds = words(PromptKind{}).list.size();

// Which of the decoder's four masks answers a prompt: the single mask token, one of the three candidates, or
// of these the most confident.
enum class AnswerRule { single, first, second, third, confident };
constexpr auto words(AnswerRule) {
  return Words{"AnswerRule", "single", "first", "second", "third", "confident"};
}

// The masks among which a rule chooses.
constexpr MaskSet masks_for(AnswerRule rule) {
  return rule == AnswerRule::single ? MaskSet::single : MaskSet::three;
}
// Place of a rule's answer among `masks`, whose predicted IoUs are given in the decoder's order; of equally
// confident candidates the first. Throws Error{internal} for masks that the rule does not choose among.
std::size_t answer_index(AnswerRule rule, MaskSet masks, std::span<const double> predicted_iou);
template <class Answer>
requires requires(const Answer& answer) { answer.predicted_iou; }
std::size_t answer_index(AnswerRule rule, MaskSet masks, const std::vector<Answer>& answers) {
  std::vector<double> predicted_iou;
  for (const Answer& answer : answers) predicted_iou.push_back(answer.predicted_iou);
  return answer_index(rule, masks, predicted_iou);
}

// Of a model, measured on objects that it was not trained on: part of its card. By default what holds for
// the published weights: points leave open how much is meant, and the first candidate, nearly always the
// smallest, is the best guess; a box, a mask or a class leave little open, and the single mask is made for
// that. Source: docs/annotate.md, "Which candidate comes first"; bench/first_candidate.
struct AnswerRules {
  std::array<AnswerRule, kPromptKinds> of_kind{AnswerRule::first,  AnswerRule::first,  AnswerRule::first,
                                               AnswerRule::single, AnswerRule::single, AnswerRule::single,
                                               AnswerRule::single};
  AnswerRule operator[](PromptKind kind) const { return of_kind.at(static_cast<std::size_t>(kind)); }
  AnswerRule& operator[](PromptKind kind) { return of_kind.at(static_cast<std::size_t>(kind)); }
  bool operator==(const AnswerRules&) const = default;
};

// prompt: not empty.
PromptKind kind_of(const Prompt& prompt);

}  // namespace sonde
