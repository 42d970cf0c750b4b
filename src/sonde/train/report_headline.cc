// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>
#include <set>

#include "sonde/core/text.h"
#include "sonde/train/report_parts.h"
#include "sonde/train/tuner.h"

namespace sonde {
namespace {

constexpr double kClear = 0.05;  // of p

// "Low-rank additions to the decoder of mobile-sam were tuned"
std::string tuned_text(std::string_view tuned, const std::string& parent) {
  struct Part {
    const char *name, *verb;
  };
  const auto part_of = [](TunedPart part) -> Part {
    switch (part) {
      case TunedPart::lora:
        return {"Low-rank additions to the decoder", "were"};
      case TunedPart::decoder:
        return {"The decoder", "was"};
      case TunedPart::quality:
        return {"The quality head", "was"};
      case TunedPart::encoder_lora:
        return {"Low-rank additions to encoder and decoder", "were"};
      case TunedPart::adapter:
        return {"Adapters in the encoder", "were"};
      case TunedPart::full:
        break;
    }
    return {"All weights", "were"};
  };
  const Part part = part_of(from_word<TunedPart>(tuned).value_or(TunedPart::full));
  return std::string(part.name) + (parent.empty() ? "" : " of " + parent) + " " + part.verb + " tuned";
}

std::string two_decimals(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f", value);
  return text.data();
}

// "A, B and C"; of many the first, and how many more.
std::string listed_names(std::vector<std::string> names, std::size_t most) {
  if (names.size() > most + 1) {
    const std::size_t more = names.size() - most;
    names.resize(most);
    names.push_back(std::to_string(more) + " more");
  }
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i)
    text += (i == 0 ? "" : i + 1 == names.size() ? " and " : ", ") + names[i];
  return text;
}

std::string trained_sets(const RunFiles& run) {
  std::vector<std::string> names;
  std::int64_t pictures = 0;
  for (const auto& [name, parts] : run.split) {
    const auto found = parts.find("train");
    if (found == parts.end()) continue;
    names.push_back(name);
    pictures += found->second;
  }
  if (names.empty()) return "";
  return " on " + counted(pictures, "picture") + " of " + listed_names(names, 4);
}

// One kind of prompt, over the data sets for which it went one way.
struct Change {
  CheckPrompt prompt = CheckPrompt::point;
  double before = 0, after = 0;  // means over the sets
  std::vector<std::string> sets;
};

std::vector<Change> changes_by_prompt(const std::vector<BeforeAfter>& comparisons) {
  std::vector<Change> changes;
  for (const BeforeAfter& one : comparisons) {
    auto found = std::ranges::find(changes, one.prompt, &Change::prompt);
    if (found == changes.end()) found = changes.insert(found, {one.prompt, 0, 0, {}});
    const auto n = static_cast<double>(found->sets.size());
    found->before = (found->before * n + one.before.iou.mean) / (n + 1);
    found->after = (found->after * n + one.after.iou.mean) / (n + 1);
    found->sets.push_back(one.dataset);
  }
  return changes;
}

std::string from_to(double before, double after) {
  return "from " + two_decimals(before) + " to " + two_decimals(after);
}

// "for 1 point from 0.06 to 0.49 and for box from 0.53 to 0.58"; set_count: of the whole test; sets are named
// where it is not all of them.
std::string changes_text(const std::vector<BeforeAfter>& comparisons, std::size_t set_count) {
  std::vector<std::string> parts;
  for (const Change& change : changes_by_prompt(comparisons)) {
    std::string text =
        "for " + std::string(to_string(change.prompt)) + " " + from_to(change.before, change.after);
    const std::size_t count = change.sets.size();
    if (count < set_count) {
      text += count <= 2 ? " (" + listed_names(change.sets, 2) + ")"
                         : " (" + std::to_string(count) + " of " + std::to_string(set_count) + " sets)";
    }
    parts.push_back(std::move(text));
  }
  return listed_names(std::move(parts), 4);
}

// What rises, or falls: that which is clear, else that which is more than a little.
struct Direction {
  std::vector<BeforeAfter> clear, unclear;
  void add(const BeforeAfter& one, double change) {
    constexpr double kLittle = 0.05;
    if (one.p && *one.p < kClear && change > 0) clear.push_back(one);
    if (change > kLittle) unclear.push_back(one);
  }
  // none: what is said where there is nothing.
  std::string text(const std::string& begin, std::size_t set_count, const std::string& none) const {
    if (!clear.empty()) return begin + changes_text(clear, set_count) + ".";
    if (unclear.empty()) return none;
    return begin + changes_text(unclear, set_count) + ", which so few objects do not tell from chance.";
  }
};

std::string test_text(const std::vector<BeforeAfter>& comparisons) {
  std::set<std::string> sets;
  Direction up, down;
  for (const BeforeAfter& one : comparisons) {
    if (one.part != SplitPart::test || one.choice != CheckChoice::card) continue;
    sets.insert(one.dataset);
    const double change = one.after.iou.mean - one.before.iou.mean;
    up.add(one, change);
    down.add(one, -change);
  }
  if (sets.empty()) return " There was no test part to measure it on.";
  return up.text(" On test pictures the mean IoU rises ", sets.size(),
                 " On test pictures the IoU of no kind of prompt clearly rises.") +
         down.text(" It falls ", sets.size(), " None clearly falls.");
}

// Of the guards of sets that were not trained on: "zero-shot: cells: 1 point".
std::string guard_text(const std::vector<CardGuard>& guards) {
  constexpr std::string_view kZeroShot = "zero-shot: ";
  std::vector<std::string> worse;
  bool has_sets = false;
  for (const CardGuard& guard : guards) {
    if (!guard.name.starts_with(kZeroShot)) continue;
    has_sets = true;
    if (guard.passed) continue;
    worse.push_back(guard.name.substr(kZeroShot.size()) + " " + from_to(guard.before, guard.after));
  }
  if (!has_sets) return "";
  return worse.empty() ? " Sets never trained on got no worse than their limit."
                       : " On sets never trained on it got worse: " + listed_names(worse, 4) + ".";
}

}  // namespace

std::string training_headline(const RunFiles& run) {
  if (!run.card) {
    return "This run has not come to its end: " +
           (run.steps.empty() ? "no step is done yet." : counted(run.steps.back().step, "step") + " done.");
  }
  const ModelCard& card = *run.card;
  return tuned_text(card.tuned, card.parent) + trained_sets(run) + "." + test_text(compared(run)) +
         guard_text(run.guards);
}

}  // namespace sonde
