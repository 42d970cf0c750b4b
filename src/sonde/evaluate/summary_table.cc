// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <tuple>

#include "sonde/core/text.h"
#include "sonde/evaluate/summary.h"
#include "sonde/evaluate/text_table.h"

namespace sonde {
namespace {

constexpr std::size_t kMaxFullLabels = 6;  // more are shown as one line each
constexpr std::size_t kMaxName = 80;
constexpr std::size_t kMaxNameInList = 26;
// 110 columns hold the indent, 19 for each of up to four choices, 13 for the objects scored, and the name.
std::size_t max_name_length(std::size_t choices) { return 95 - 19 * std::min<std::size_t>(choices, 4); }

// A line of the table: modes in front of clicks.
struct Prompting {
  std::string protocol;
  int step = 1;
  bool operator<(const Prompting& other) const {
    return std::make_tuple(protocol == "clicks", std::string_view(protocol), step) <
           std::make_tuple(other.protocol == "clicks", std::string_view(other.protocol), other.step);
  }
};

// The lines of one data set, label and level.
struct Block {
  std::string dataset;
  std::optional<std::int64_t> label;
  std::string label_name;
  Level level = Level::slice;
  std::map<Prompting, std::map<Choice, const ScoreSummary*>> lines;
  std::vector<const ClickSummary*> clicks;  // to the middle threshold, by choice
};

// What the columns and lines of all blocks are.
struct Shape {
  std::set<Choice> choices;
  int last_click = 0;
};

Shape shape_of(const Summary& summary) {
  Shape shape;
  for (const ScoreSummary& line : summary.scores) {
    shape.choices.insert(line.choice);
    if (line.protocol == "clicks") shape.last_click = std::max(shape.last_click, line.step);
  }
  return shape;
}

bool is_shown(const ScoreSummary& line, const Shape& shape) {
  return line.protocol != "clicks" || line.step == 1 || line.step == 3 || line.step == shape.last_click;
}

// Lines of a block may lie apart in the summary: slices first, then volumes, for each label.
std::vector<Block> blocks_of(const Summary& summary, const Shape& shape) {
  std::vector<Block> blocks;
  const auto fits = [](const Block& block, const auto& line) {
    return block.dataset == line.dataset && block.label == line.label && block.label_name == line.label_name;
  };
  for (const ScoreSummary& line : summary.scores) {
    if (blocks.empty() || !fits(blocks.back(), line) || blocks.back().level != line.level) {
      blocks.push_back({line.dataset, line.label, line.label_name, line.level, {}, {}});
    }
    if (is_shown(line, shape)) blocks.back().lines[{line.protocol, line.step}][line.choice] = &line;
  }
  for (const ClickSummary& line : summary.clicks) {
    if (line.threshold != 0.85) continue;
    for (Block& block : blocks) {
      if (fits(block, line) && block.level == Level::slice) block.clicks.push_back(&line);
    }
  }
  return blocks;
}

std::string label_title(const std::optional<std::int64_t>& label, const std::string& name) {
  if (!label) return "all labels";
  return name.empty() ? "label " + std::to_string(*label) : name;
}

// "0.812 0.790-0.834"; a single image has no interval.
std::string estimate_cell(const Estimate& estimate) {
  if (estimate.n == 0) return "-";
  if (std::isnan(estimate.interval.low)) return fixed(estimate.mean, 3) + std::string(12, ' ');
  return fixed(estimate.mean, 3) + " " + fixed(estimate.interval.low, 3) + "-" +
         fixed(estimate.interval.high, 3);
}

// "120/124", of the choice with the fewest.
std::string scored_cell(const std::map<Choice, const ScoreSummary*>& cells) {
  const auto fewest = std::min_element(cells.begin(), cells.end(), [](const auto& a, const auto& b) {
    return a.second->iou().n < b.second->iou().n;
  });
  return std::to_string(fewest->second->iou().n) + "/" + std::to_string(fewest->second->expected);
}

// "4.2, never 12 %"
std::string clicks_cell(const ClickSummary& line) {
  if (line.clicks_needed.n == 0) return "-";
  const double never = 100.0 * static_cast<double>(line.never) / static_cast<double>(line.clicks_needed.n);
  if (line.never == line.clicks_needed.n) return "never";
  return fixed(line.clicks_needed.mean, 1) + ", never " + fixed(never, 0) + " %";
}

std::string block_text(const Block& block, const Shape& shape, std::string_view title) {
  TextTable table;
  std::vector<std::string> header{std::string(title)};
  for (const Choice choice : shape.choices) header.emplace_back(to_string(choice));
  header.emplace_back("scored");
  table.add(std::move(header));
  for (const auto& [prompting, cells] : block.lines) {
    std::vector<std::string> row{"  " + protocol_title(prompting.protocol, prompting.step)};
    for (const Choice choice : shape.choices) {
      const auto found = cells.find(choice);
      row.push_back(found == cells.end() ? "-" : estimate_cell(found->second->iou()));
    }
    row.push_back(scored_cell(cells));
    table.add(std::move(row));
  }
  if (!block.clicks.empty()) {
    std::vector<std::string> row{"  clicks to 0.85"};
    for (const Choice choice : shape.choices) {
      const auto found = std::find_if(block.clicks.begin(), block.clicks.end(),
                                      [&](const ClickSummary* line) { return line->choice == choice; });
      row.push_back(found == block.clicks.end() ? "-" : clicks_cell(**found));
    }
    table.add(std::move(row));
  }
  return table.text(2);
}

// One line a label: mean IoU of the first choice.
std::string labels_text(std::span<const Block* const> blocks, const Shape& shape) {
  const Choice choice = *shape.choices.begin();
  std::set<Prompting> promptings;
  for (const Block* block : blocks) {
    for (const auto& [prompting, cells] : block->lines) promptings.insert(prompting);
  }
  TextTable table;
  std::vector<std::string> header{"each label, " + std::string(to_string(choice))};
  for (const auto& [protocol, step] : promptings) {
    header.push_back(protocol == "clicks" ? protocol_title(protocol, step) : "mode " + protocol.substr(4));
  }
  header.emplace_back("scored");
  table.add(std::move(header));
  for (const Block* block : blocks) {
    std::vector<std::string> row{"  " +
                                 printable(label_title(block->label, block->label_name), kMaxNameInList)};
    std::string scored = "-";
    for (const Prompting& prompting : promptings) {
      const auto line = block->lines.find(prompting);
      const auto* cells = line == block->lines.end() ? nullptr : &line->second;
      row.push_back(cells == nullptr || !cells->contains(choice) ? "-"
                                                                 : fixed(cells->at(choice)->iou().mean, 3));
      if (cells != nullptr && scored == "-") scored = scored_cell(*cells);
    }
    row.push_back(std::move(scored));
    table.add(std::move(row));
  }
  return table.text(2);
}

std::string level_text(std::span<const Block> blocks, Level level, const Shape& shape) {
  std::vector<const Block*> labels;
  const Block* all = nullptr;
  for (const Block& block : blocks) {
    if (block.level != level) continue;
    if (block.label) {
      labels.push_back(&block);
    } else {
      all = &block;
    }
  }
  const auto titled = [&](const Block& block) {
    const std::string name = label_title(block.label, block.label_name);
    return "\n" + block_text(block, shape, printable(name, max_name_length(shape.choices.size())));
  };
  std::string text;
  if (all != nullptr && labels.size() != 1) text += titled(*all);
  if (labels.size() > kMaxFullLabels) return text + "\n" + labels_text(labels, shape);
  for (const Block* label : labels) text += titled(*label);
  return text;
}

std::string titled_text(const std::string& title, const std::string& text) {
  return text.empty() ? "" : "\n" + title + "\n" + text;
}

}  // namespace

std::string summary_table(const Summary& summary) {
  if (summary.scores.empty()) return "No object was scored.\n";
  const Shape shape = shape_of(summary);
  const std::vector<Block> blocks = blocks_of(summary, shape);
  std::string text =
      "Mean IoU and its 95 % interval (bootstrap over whole images); scored: objects scored of those "
      "expected.\n";
  for (std::size_t first = 0, end = 0; first < blocks.size(); first = end) {
    while (end < blocks.size() && blocks[end].dataset == blocks[first].dataset) ++end;
    const auto of_set = std::span(blocks).subspan(first, end - first);
    const std::string dataset = printable(blocks[first].dataset, kMaxName);
    text += titled_text(dataset, level_text(of_set, Level::slice, shape));
    text += titled_text(dataset + ", whole volumes", level_text(of_set, Level::volume, shape));
  }
  return text;
}

}  // namespace sonde
