// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>

#include "sonde/core/words.h"
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

// Of a model, measured on objects that it was not trained on: part of its card.
struct AnswerRules {
  std::array<AnswerRule, kPromptKinds> of_kind;
  AnswerRule operator[](PromptKind kind) const { return of_kind.at(static_cast<std::size_t>(kind)); }
  AnswerRule& operator[](PromptKind kind) { return of_kind.at(static_cast<std::size_t>(kind)); }
  bool operator==(const AnswerRules&) const = default;
};

// prompt: not empty.
PromptKind kind_of(const Prompt& prompt);

}  // namespace sonde
