// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sonde/evaluate/results.h"
#include "sonde/evaluate/scores.h"
#include "sonde/evaluate/segmenter.h"
#include "sonde/evaluate/simulate.h"
#include "sonde/imaging/answer_rule.h"
#include "sonde/imaging/rle.h"

namespace sonde {

enum class Feedback { none, logits };
Feedback parse_feedback(std::string_view text);  // Error{usage}
std::string_view to_string(Feedback feedback);

enum class ClickSign { target, any_class };   // a click is positive inside the object, or inside any label
ClickSign parse_sign(std::string_view text);  // "class", "image"; Error{usage}
std::string_view to_string(ClickSign sign);

struct ProtocolOptions {
  std::vector<int> modes{1, 2, 3, 4, 5};
  int clicks = 9;  // 0: none
  std::vector<Choice> choices{Choice::confidence, Choice::first, Choice::oracle, Choice::single};
  AnswerRules rules;  // for Choice::card: the model's
  Feedback feedback = Feedback::none;
  ClickSign sign = ClickSign::target;
  SimulatedUser user;
  double tolerance = 2;  // of the surface Dice, in the picture's unit
};
// Error{usage} naming the option: a mode outside 1..5 or twice, clicks outside 0..100, a choice twice,
// nothing to do.
void validate(const ProtocolOptions& options);

// One object on one picture, ready to be prompted for.
struct ProtocolTask {
  std::string name;                     // unique in the study: names the random draws
  Mask truth;                           // not empty
  const Mask* any_class = nullptr;      // for ClickSign::any_class
  std::array<double, 2> spacing{1, 1};  // between pixels along x and y, mm or px
};

// One prompt answered and scored.
struct Outcome {
  std::string protocol;  // "mode1" .. "mode5", "clicks"
  Choice choice = Choice::confidence;
  int step = 1;
  std::string prompt;
  Scores scores;
  double predicted_iou = 0;      // mode 4: of all boxes added
  std::optional<int> candidate;  // absent for the single mask
  Rle mask;
};
// All modes and clicks for all choices: modes first, by choice, then clicks. Each round of clicks is one call
// of the segmenter for all choices; a prompt that several modes or choices ask for is sent once. Source:
// Mazurowski et al. 2023, five modes of use and iterative prompts; docs/study.md.
std::vector<Outcome> run_protocol(const ProtocolTask& task, const Segmenter& segmenter,
                                  const ProtocolOptions& options);

}  // namespace sonde
