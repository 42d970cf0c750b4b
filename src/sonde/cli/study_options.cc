// SPDX-License-Identifier: Apache-2.0
#include "sonde/cli/study_options.h"

#include <filesystem>
#include <sstream>

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

CLI::Validator not_empty() {
  return CLI::Validator(
      [](std::string& text) { return text.empty() ? std::string("is empty") : std::string(); }, "PATH");
}

// A count of at least one.
CLI::Validator positive() {
  CLI::Range range(std::int64_t{1}, std::int64_t{1} << 40);
  range.description(">= 1");
  return range;
}

void declare_data(CLI::App& app, StudyRequest& c) {
  app.add_option(
         "--data", c.data,
         "Data sets: folders with images/ and masks/ or labels/, COCO JSON files, or a folder of such")
      ->check(not_empty())
      ->required();
  app.add_option("--out", c.out, "Folder for the results; a run that was stopped there goes on")
      ->check(not_empty())
      ->required();
  app.add_option("--min-area", c.min_area_px, "Labels of fewer pixels on a picture are no task")
      ->check(positive())
      ->capture_default_str();
  app.add_option("--axis", c.axis,
                 "axial, coronal or sagittal slices of volumes; default: the finest pixels");
  app.add_option("--window", c.window,
                 "As for sonde segment; default: the file's own, none for 8 bits, else auto");
  app.add_option("--limit", c.limit, "At most N pictures or slices a data set, spread evenly")
      ->check(positive());
}

void declare_protocol(CLI::App& app, StudyRequest& c) {
  app.add_option("--modes", c.modes,
                 "1 point, 2 a point per region, 3 box, 4 a box per region, 5 one box over all; none")
      ->capture_default_str();
  app.add_option("--clicks", c.protocol.clicks,
                 "Clicks one after another, each into the largest error; 0: none")
      ->check(CLI::Range(0, 100))
      ->capture_default_str();
  app.add_option("--choose", c.choose,
                 "Which candidate: by confidence, the first, the oracle's, the single-mask answer")
      ->capture_default_str();
  app.add_option("--feedback", c.feedback, "none, or logits: each click also sends the last mask back")
      ->capture_default_str();
  app.add_option("--ties", c.ties, "Among equally good points: first, or random (by --seed)")
      ->capture_default_str();
  app.add_option("--seed", c.protocol.hand.seed, "For ties, jitter and intervals")
      ->check(whole_number())
      ->capture_default_str();
  app.add_option("--sign", c.sign, "A click is positive inside its class, or in any class of the image")
      ->capture_default_str();
  app.add_option("--jitter", c.protocol.hand.jitter_px,
                 "Points and box corners move by up to this many pixels")
      ->capture_default_str();
  app.add_option("--slack", c.protocol.hand.slack, "Boxes grow to each side by this share of their size")
      ->capture_default_str();
  app.add_option("--tolerance", c.protocol.tolerance,
                 "Of the surface Dice: mm where spacing is known, else pixels")
      ->capture_default_str();
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

}  // namespace

CLI::Validator whole_number() {
  return CLI::Validator(
      [](std::string& text) {
        constexpr std::size_t kMostDigits = 18;
        const bool fits = !text.empty() && text.size() <= kMostDigits &&
                          text.find_first_not_of("0123456789") == std::string::npos;
        return fits ? std::string() : "\"" + text + "\" is no whole number of up to 18 digits";
      },
      "0..999999999999999999");
}

void declare_study(CLI::App& app, StudyRequest& c) {
  declare_data(app, c);
  declare_protocol(app, c);
  c.model.precision = "fp32";  // what figures are compared in
  declare_model(app, c.model);
  app.add_flag("--json", c.json, "Print summary.json on stdout instead of the table");
  app.add_flag_callback(
      "--no-store", [&c] { c.store = StoreUse::none; }, "Do not keep embeddings for later runs");
  app.footer(
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
  c.protocol.hand.ties = parse_ties(c.ties);
  validate(c.protocol);
  plan_options(c);
  window_choice(c);
}

PlanOptions plan_options(const StudyRequest& c) {
  PlanOptions options{.min_area_px = c.min_area_px, .axis = {}, .limit = c.limit};
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
      {"--seed", std::to_string(p.hand.seed)},
      {"--jitter", number(p.hand.jitter_px)},
      {"--slack", number(p.hand.slack)},
      {"--tolerance", number(p.tolerance)},
      {"--min-area", std::to_string(c.min_area_px)},
      {"--axis", c.axis.empty() ? "by default" : c.axis},
      {"--window", c.window.empty() ? "by default" : c.window},
      {"--limit", c.limit ? std::to_string(*c.limit) : "none"},
  };
  study.facts = {{"command line", command_line(args)}};
  study.window = c.window;
  study.seed = p.hand.seed;
  return study;
}

}  // namespace sonde
