// SPDX-License-Identifier: Apache-2.0
#include "sonde/cli/study_options.h"

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "sonde/cli/command_line.h"
#include "sonde/core/error.h"

namespace sonde {
namespace {

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, ',');) parts.push_back(part);
  return parts;
}

std::vector<int> parse_modes(const std::string& text) {
  std::vector<int> modes;
  if (text == "none") return modes;
  for (const std::string& part : split(text.empty() ? "?" : text)) {
    if (part.size() != 1 || part[0] < '1' || part[0] > '5') {
      throw Error(ErrorKind::usage, "--modes " + text + ": some of 1,2,3,4,5 with commas between, or none");
    }
    modes.push_back(part[0] - '0');
  }
  return modes;
}

void declare_data(CommandLine& line, StudyRequest& c) {
  line.add("--data", c.data,
           "Data sets: folders with images/ and masks/ or labels/, COCO JSON files, or a folder of such")
      .not_empty()
      .required();
  line.add("--out", c.out, "Folder for the results; a run that was stopped there goes on")
      .not_empty()
      .required();
  line.add("--min-area", c.min_area_px, "Labels of fewer pixels on a picture are not tasks")
      .positive()
      .show_default();
  line.add("--axis", c.axis, "axial, coronal or sagittal slices of volumes; default: the finest pixels");
  line.add("--window", c.window, "As for sonde segment; default: the file's own, none for 8 bits, else auto");
  line.add("--limit", c.limit, "At most N pictures or slices a data set, spread evenly").positive();
  declare_frame_of_reference(line, c.frame_of_reference);
}

void declare_protocol(CommandLine& line, StudyRequest& c) {
  line.add("--modes", c.modes,
           "1 point, 2 a point per region, 3 box, 4 a box per region, 5 one box over all; none")
      .show_default();
  line.add("--clicks", c.protocol.clicks, "Clicks one after another, each into the largest error; 0: none")
      .within(0, 100)
      .show_default();
  line.add("--choose", c.choose,
           "Which candidate: by confidence, the first, the oracle's, the single-mask answer, or the one that "
           "the model's card takes")
      .show_default();
  line.add("--feedback", c.feedback, "none, or logits: each click also sends the last mask back")
      .show_default();
  line.add("--ties", c.ties, "Among equally good points: first, or random (by --seed)").show_default();
  line.add("--seed", c.protocol.user.seed, "For ties, jitter and intervals").integer().show_default();
  line.add("--sign", c.sign, "A click is positive inside its class, or in any class of the image")
      .show_default();
  line.add("--jitter", c.protocol.user.jitter_px, "Points and box corners move by up to this many pixels")
      .show_default();
  line.add("--slack", c.protocol.user.slack, "Boxes grow to each side by this share of their size")
      .show_default();
  line.add("--tolerance", c.protocol.tolerance, "Of the surface Dice: mm where spacing is known, else pixels")
      .show_default();
}

std::string number(double value) {
  std::ostringstream text;
  text << value;
  return text.str();
}

// As typed, without what does not change the results.
std::string command_line(Arguments args) {
  std::string line = "sonde study run";
  for (std::size_t i = 0; i < args.size(); ++i) {
    const std::string arg = args[i];
    if (arg == "--out" || arg == "--threads") {
      ++i;
      continue;
    }
    if (arg.starts_with("--out=") || arg.starts_with("--threads=") || arg == "--no-store") continue;
    const bool plain = arg.find_first_of(" \t\n\"'\\$&;|<>*?()`!#~") == std::string::npos && !arg.empty();
    line += plain ? " " + arg : " '" + arg + "'";
  }
  return line;
}

// "point first, clicks first, ...": a card may lie beside the weights, and their hash does not tell.
std::string rules_text(const AnswerRules& rules) {
  std::string text;
  for (std::size_t i = 0; i < kPromptKinds; ++i) {
    const auto kind = static_cast<PromptKind>(i);
    (text += text.empty() ? "" : ", ") += to_string(kind);
    (text += ' ') += to_string(rules[kind]);
  }
  return text;
}

}  // namespace

void declare_study(CommandLine& line, StudyRequest& c) {
  declare_data(line, c);
  declare_protocol(line, c);
  c.model.precision = "fp32";  // what figures are compared in
  declare_model(line, c.model);
  line.add_flag("--json", c.json, "Print summary.json on stdout instead of the table");
  line.add_flag(
      "--no-store", [&c] { c.store = StoreUse::none; }, "Do not keep embeddings for later runs");
  line.footer(
      "Writes results.csv, failures.csv, summary.json and report.html. --threads is the number of pictures "
      "at a\n"
      "time; results do not depend on it.\n"
      "Example: sonde study run --data us_nerve --out nerve_study --min-area 25");
}

void resolve(StudyRequest& c) {
  c.protocol.modes = parse_modes(c.modes);
  c.protocol.choices.clear();
  for (const std::string& name : split(c.choose)) c.protocol.choices.push_back(parse_choice(name));
  c.protocol.feedback = parse_feedback(c.feedback);
  c.protocol.sign = parse_sign(c.sign);
  c.protocol.user.ties = parse_ties(c.ties);
  validate(c.protocol);
  plan_options(c);
  window_choice(c);
}

PlanOptions plan_options(const StudyRequest& c) {
  PlanOptions options{
      .min_area_px = c.min_area_px, .axis = {}, .limit = c.limit, .frame_of_reference = c.frame_of_reference};
  if (!c.axis.empty()) options.axis = parse_axis(c.axis);
  return options;
}

WindowChoice window_choice(const StudyRequest& c) {
  return c.window.empty() ? WindowChoice{} : parse_window(c.window);
}

StudyDescription describe_study(const StudyRequest& c, const std::vector<DataSetPlan>& plans,
                                const SamModel& model, Arguments args) {
  StudyDescription study;
  std::string names;
  for (const DataSetPlan& plan : plans) {
    names += (names.empty() ? "" : ", ") + plan.name;
    study.expected.push_back(expected_of(plan));
  }
  study.title = names + ": " + std::filesystem::path(model.name()).filename().string();
  const ProtocolOptions& p = c.protocol;
  study.settings = {
      {"data sets", names},
      {"model", model.name() + " (" + model.architecture() + ")"},
      {"weights SHA-256", model.sha256()},
      {"precision", model.precision() == Precision::bf16 ? "bf16" : "fp32"},
      {"device", c.model.options.device},
      {"--modes", c.modes},
      {"--clicks", std::to_string(p.clicks)},
      {"--choose", c.choose},
      {"--feedback", c.feedback},
      {"--ties", c.ties},
      {"--sign", c.sign},
      {"--seed", std::to_string(p.user.seed)},
      {"--jitter", number(p.user.jitter_px)},
      {"--slack", number(p.user.slack)},
      {"--tolerance", number(p.tolerance)},
      {"--min-area", std::to_string(c.min_area_px)},
      {"--axis", c.axis.empty() ? "by default" : c.axis},
      {"--window", c.window.empty() ? "by default" : c.window},
      {"--limit", c.limit ? std::to_string(*c.limit) : "none"},
  };
  if (c.frame_of_reference == FrameOfReference::any)
    study.settings.emplace_back("--any-frame-of-reference", "yes");
  if (std::ranges::find(p.choices, Choice::card) != p.choices.end())
    study.settings.emplace_back("the card's choices", rules_text(p.rules));
  study.facts = {{"command line", command_line(args)}};
  study.window = c.window;
  study.seed = p.user.seed;
  return study;
}

}  // namespace sonde
