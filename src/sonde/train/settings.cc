// SPDX-License-Identifier: Apache-2.0
#include "sonde/train/settings.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <sstream>

#include "sonde/core/error.h"

namespace sonde {
namespace {

std::string number(double value) {
  std::ostringstream text;
  text << value;
  return text.str();
}

std::string prompts_text(const TrainSettings& settings) {
  std::string text;
  const auto add = [&](bool wanted, const char* word) {
    if (wanted) text += std::string(text.empty() ? "" : ",") + word;
  };
  add(settings.points, "points");
  add(settings.boxes, "box");
  add(settings.classes, "class");
  return text;
}

std::string split_text(const SplitOptions& split) {
  std::string text(to_string(split.by));
  return split.pattern.empty() ? text : text + ':' + split.pattern;
}

}  // namespace

void validate(const TrainSettings& s) {
  const auto require = [](bool holds, const char* message) {
    if (!holds) throw Error(ErrorKind::usage, message);
  };
  require(s.steps >= 1 && s.steps <= 10'000'000, "--steps is 1 to 10000000");
  require(s.batch >= 1 && s.batch <= 4096, "--batch is 1 to 4096 prompts");
  require(s.lora_rank >= 1 && s.lora_rank <= 256, "--lora-rank is 1 to 256");
  require(s.learning_rate >= 0 && s.learning_rate < 1, "--lr is auto, or a number above 0 and below 1");
  require(s.jitter >= 0 && s.jitter <= 1, "--jitter is a share of the box, 0 to 1");
  require(s.clicks >= 1 && s.clicks <= 20, "--clicks is 1 to 20");
  require(s.views >= 1 && s.views <= 100, "--views is 1 to 100");
  require(s.check_every >= 1, "--check-every is 1 step or more");
  require(s.patience >= 1, "--patience is 1 check or more");
  require(s.per_picture >= 1, "--per-image is 1 object or more");
  require(s.points || s.boxes || s.classes, "--prompts names no prompt");
  require(s.split.validation >= 0 && s.split.test >= 0 && s.split.validation + s.split.test < 1,
          "--validation and --test are shares, 0 or more and together less than 1");
}

void parse_prompts(const std::string& text, TrainSettings& settings) {
  settings.points = settings.boxes = settings.classes = false;
  std::istringstream in(text);
  for (std::string word; std::getline(in, word, ',');) {
    bool& wanted = word == "points" ? settings.points : word == "box" ? settings.boxes : settings.classes;
    if ((word != "points" && word != "box" && word != "class") || wanted)
      throw Error(ErrorKind::usage, "--prompts " + text + ": some of points,box,class with commas between");
    wanted = true;
  }
  if (!settings.points && !settings.boxes && !settings.classes)
    throw Error(ErrorKind::usage, "--prompts " + text + ": some of points,box,class with commas between");
}

double automatic_rate(TunedPart part) {
  switch (part) {
    case TunedPart::lora:
      return 1e-3;
    case TunedPart::quality:
      return 3e-4;
    case TunedPart::decoder:
    case TunedPart::encoder_lora:
    case TunedPart::adapter:
      return 1e-4;
    case TunedPart::full:
      return 1e-5;
  }
  return 1e-4;
}

double learning_rate(const TrainSettings& settings, std::int64_t step) {
  constexpr double kMinWarmUp = 10, kShare = 0.05;
  const double highest = settings.learning_rate > 0 ? settings.learning_rate : automatic_rate(settings.part);
  const auto steps = static_cast<double>(settings.steps), at = static_cast<double>(step);
  const double warm_up = std::min(std::max(kMinWarmUp, std::round(kShare * steps)), steps);
  if (at <= warm_up) return highest * at / warm_up;
  return highest * 0.5 * (1 + std::cos(std::numbers::pi * (at - warm_up) / (steps - warm_up + 1)));
}

NamedTexts described(const TrainSettings& s) {
  return {{"--what", std::string(to_string(s.part))},
          {"--lora-rank", std::to_string(s.lora_rank)},
          {"--loss", std::string(to_string(s.mask_loss))},
          {"--steps", std::to_string(s.steps)},
          {"--batch", std::to_string(s.batch)},
          {"--lr", s.learning_rate > 0 ? number(s.learning_rate) : "auto"},
          {"--prompts", prompts_text(s)},
          {"--jitter", number(s.jitter)},
          {"--clicks", std::to_string(s.clicks)},
          {"--views", std::to_string(s.views)},
          {"--check-every", std::to_string(s.check_every)},
          {"--patience", std::to_string(s.patience)},
          {"--seed", std::to_string(s.seed)},
          {"--min-area", std::to_string(s.min_area_px)},
          {"--per-image", std::to_string(s.per_picture)},
          {"--limit", s.limit ? std::to_string(*s.limit) : "none"},
          {"--axis", s.axis ? std::string(to_string(*s.axis)) : "by default"},
          {"--window", s.window.empty() ? "by default" : s.window},
          {"--split", split_text(s.split)},
          {"--validation", number(s.split.validation)},
          {"--test", number(s.split.test)}};
}

}  // namespace sonde
