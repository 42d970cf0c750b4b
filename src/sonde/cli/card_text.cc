// SPDX-License-Identifier: Apache-2.0
#include "sonde/cli/card_text.h"

#include <vector>

#include "sonde/core/text.h"
#include "sonde/evaluate/text_table.h"

namespace sonde {
namespace {

constexpr std::size_t kIndent = 2;
constexpr std::size_t kMaxText = 200;
constexpr int kDecimals = 3;

std::string number(double value) { return fixed(value, kDecimals); }

std::string line(const std::string& title, const std::string& text) {
  constexpr std::size_t kTitleWidth = 14;
  return text.empty() ? "" : title + std::string(kTitleWidth - title.size(), ' ') + text + "\n";
}

// "0.287 0.250-0.330"; a single picture has no interval, which a card says as three equal numbers.
std::string estimate(double mean, double low, double high) {
  return number(mean) + (low == high ? "" : " " + number(low) + "-" + number(high));
}

std::string table_text(const std::string& title, const TextTable& table) {
  return title + "\n" + table.text(kIndent);
}

std::string choices_text(const AnswerRules& rules) {
  TextTable table(2);
  for (std::size_t i = 0; i < kPromptKinds; ++i) {
    const auto kind = static_cast<PromptKind>(i);
    table.add({std::string(to_string(kind)), std::string(to_string(rules[kind]))});
  }
  return table_text("answer taken of each kind of prompt:", table);
}

std::string measured_text(const std::vector<CardMeasure>& measured) {
  if (measured.empty()) return "";
  TextTable table(3);
  table.add({"data set", "prompt", "choice", "n", "IoU, 95 % interval", "predicted IoU off by"});
  for (const CardMeasure& m : measured) {
    table.add({printable(m.dataset), printable(m.prompt), printable(m.choice), std::to_string(m.n),
               estimate(m.iou, m.iou_low, m.iou_high), number(m.predicted_iou_error)});
  }
  return table_text("measured:", table);
}

std::string test_text(const std::vector<CardComparison>& test) {
  if (test.empty()) return "";
  TextTable table(3);
  table.add({"data set", "prompt", "choice", "n", "before", "after", "p", "predicted IoU off by"});
  for (const auto& [before, after, p] : test) {
    const std::string choice =
        before.choice == after.choice ? after.choice : before.choice + ", then " + after.choice;
    table.add({printable(after.dataset), printable(after.prompt), printable(choice), std::to_string(after.n),
               estimate(before.iou, before.iou_low, before.iou_high),
               estimate(after.iou, after.iou_low, after.iou_high), fixed(p, 4),
               number(before.predicted_iou_error) + ", " + number(after.predicted_iou_error)});
  }
  return table_text("IoU before and after tuning, on pictures that were not trained on:", table);
}

std::string guards_text(const std::vector<CardGuard>& guards) {
  if (guards.empty()) return "";
  TextTable table(1);
  table.add({"guard", "before", "after", "limit", ""});
  for (const CardGuard& g : guards) {
    table.add({printable(g.name), number(g.before), number(g.after), number(g.limit),
               g.passed ? "passed" : "FAILED"});
  }
  return table_text("guards:", table);
}

std::string data_text(const std::vector<CardData>& data) {
  std::string text;
  for (const CardData& d : data) {
    text += "  " + printable(d.dataset) + ": " + counted(d.pictures, "picture") + ", " +
            counted(d.objects, "object") + ", licence " +
            (d.licence.empty() ? "not known" : printable(d.licence, kMaxText)) + "\n";
    for (const std::string& more : {d.citation, d.source}) {
      if (!more.empty()) text += "    " + printable(more, kMaxText) + "\n";
    }
  }
  return text.empty() ? "" : "trained on:\n" + text;
}

std::string classes_text(const std::vector<CardClass>& classes) {
  if (classes.empty()) return "";
  TextTable table(1);
  table.add({"class", "n", "IoU, 95 % interval", "found", "n without", "found there"});
  for (const CardClass& c : classes) {
    table.add({printable(c.name), std::to_string(c.n), estimate(c.iou, c.iou_low, c.iou_high),
               number(c.found), std::to_string(c.n_absent), number(c.found_absent)});
  }
  return table_text("classes:", table);
}

std::string notes_text(const std::vector<std::string>& notes) {
  std::string text;
  for (const std::string& note : notes) text += "  " + printable(note, kMaxText) + "\n";
  return text.empty() ? "" : "notes:\n" + text;
}

}  // namespace

std::string card_for_people(const ModelCard& card) {
  std::string parent = printable(card.parent);
  if (!card.parent_sha256.empty()) parent += " (sha256 " + card.parent_sha256 + ")";
  return line("card:", printable(card.name)) + line("parent:", parent) +
         line("tuned:", printable(card.tuned)) + choices_text(card.choice_by_prompt) +
         measured_text(card.measured) + test_text(card.test) + guards_text(card.guards) +
         data_text(card.data) + classes_text(card.classes) + notes_text(card.notes);
}

}  // namespace sonde
