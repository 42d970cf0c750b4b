// SPDX-License-Identifier: Apache-2.0
#include "sonde/imaging/answer_rule.h"

#include <algorithm>

#include "sonde/core/error.h"

namespace sonde {

std::size_t answer_index(AnswerRule rule, MaskSet masks, std::span<const double> predicted_iou) {
  const bool has_single = masks != MaskSet::three, has_candidates = masks != MaskSet::single;
  if (!(rule == AnswerRule::single ? has_single : has_candidates) ||
      predicted_iou.size() != mask_count(masks)) {
    throw Error(ErrorKind::internal, "the answer of a rule was not decoded");
  }
  if (rule == AnswerRule::single) return 0;
  const std::size_t first = has_single ? 1 : 0;
  if (rule == AnswerRule::second) return first + 1;
  if (rule == AnswerRule::third) return first + 2;
  if (rule == AnswerRule::first) return first;
  const auto candidates = predicted_iou.subspan(first);
  return first + static_cast<std::size_t>(std::ranges::max_element(candidates) - candidates.begin());
}

PromptKind kind_of(const Prompt& prompt) {
  constexpr std::size_t kFew = 4;
  if (prompt.class_name) return PromptKind::class_name;
  if (prompt.mask) return PromptKind::mask;
  if (prompt.box) return prompt.points.empty() ? PromptKind::box : PromptKind::box_with_points;
  if (prompt.points.size() == 1) return PromptKind::point;
  return prompt.points.size() <= kFew ? PromptKind::clicks : PromptKind::many_clicks;
}

}  // namespace sonde
