// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sonde/imaging/answer_rule.h"

namespace sonde {

// What is known of a model: where it comes from, what was measured, and which of its answers to take. It
// travels in the metadata of its .safetensors file under the key "sonde.card", as JSON; train/ writes the
// same JSON to card.json.

struct CardMeasure {
  std::string dataset, prompt, choice;  // choice: a word of AnswerRule, "oracle" or "card"
  std::int64_t n = 0;
  double iou = 0, iou_low = 0, iou_high = 0;  // mean and its 95 % interval
  double predicted_iou_error = 0;             // mean of |predicted - true|
};
struct CardComparison {
  CardMeasure before, after;
  double p = 1;  // paired test
};
struct CardGuard {
  std::string name;
  double before = 0, after = 0, limit = 0;
  bool passed = true;
};
struct CardData {
  std::string dataset, licence, citation, source;
  std::int64_t pictures = 0, objects = 0;
};
struct CardClass {
  std::string name;
  std::int64_t n = 0, n_absent = 0;           // pictures of the test part with and without it
  double iou = 0, iou_low = 0, iou_high = 0;  // where it is present
  double found = 0, found_absent = 0;         // share of pictures where the object score says present
};

struct ModelCard {
  std::string name, parent, parent_sha256, tuned;  // tuned: a word of TunedPart; empty: not tuned by sonde
  AnswerRules choice_by_prompt;
  std::vector<CardComparison> test;
  std::vector<CardGuard> guards;
  std::vector<CardData> data;
  std::vector<CardClass> classes;  // in the order of their tokens
  std::vector<std::string> notes;
};

}  // namespace sonde
