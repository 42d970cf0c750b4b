// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "sonde/imaging/answer_rule.h"

namespace sonde {

// What is known of a model: where it comes from, what was measured, and which of its answers to take. It
// travels in the metadata of its .safetensors file under the key kCardKey, as JSON; other files have it
// beside them, and registered models in the registry.
inline constexpr const char* kCardKey = "sonde.card";
inline constexpr std::size_t kMaxCardBytes = std::size_t{1} << 20;

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
  std::string name = {}, parent = {}, parent_sha256 = {};
  std::string tuned = {};  // a word of TunedPart; empty: not tuned by sonde
  // Of the files that the card is of, where it lies beside them; a file cannot hold its own.
  std::vector<std::string> weights_sha256{};
  AnswerRules choice_by_prompt{};
  std::vector<CardMeasure> measured{};  // what the choices rest on
  std::vector<CardComparison> test{};
  std::vector<CardGuard> guards{};
  std::vector<CardData> data{};
  std::vector<CardClass> classes{};  // in the order of their tokens
  std::vector<std::string> notes{};
};

// JSON on one line: the value for kCardKey. Throws as parse_card for what could not be read back: numbers
// that are not finite, shares outside 0 .. 1.
std::string card_text(const ModelCard& card);
// Fields of later versions are passed over, lists that are not there are empty. Throws Error{corrupt_data}
// naming `where`: no JSON, longer than kMaxCardBytes, a field of another kind, a share outside 0 .. 1, a word
// that is not known.
ModelCard parse_card(std::string_view text, const std::string& where);

// The same as a file (card.json); atomic.
void write_card(const std::filesystem::path& file, const ModelCard& card);
ModelCard read_card(const std::filesystem::path& file);  // throws as parse_card, Error{not_found}

// The name of the card's file that belongs to one file of weights: model.pth has model.card.json.
std::filesystem::path card_beside(const std::filesystem::path& weights);

}  // namespace sonde
