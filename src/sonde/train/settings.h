// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sonde/core/fields.h"
#include "sonde/imaging/window.h"
#include "sonde/train/split.h"
#include "sonde/train/tuner.h"

namespace sonde {

// What decides the result of a training, beside its data and the weights that it starts from.
struct TrainSettings {
  TunedPart part = TunedPart::lora;
  int lora_rank = 4;
  MaskLoss mask_loss = MaskLoss::dice_bce;
  std::int64_t steps = 600;
  int batch = 4;
  double learning_rate = 0;                           // 0: automatic_rate(part)
  bool points = true, boxes = true, classes = false;  // that prompts consist of
  double jitter = 0.1;                                // of boxes, as jittered_box has it
  int clicks = 3;                                     // points of a prompt, at most
  int views = 1;                                      // of each picture
  std::int64_t check_every = 50;                      // steps
  int patience = 6;                                   // checks without a better one, then it ends
  std::uint64_t seed = 1;
  std::int64_t min_area_px = 25, per_picture = 8;
  std::optional<std::int64_t> limit;  // pictures a data set
  std::optional<Axis> axis;
  std::string window;  // as asked for; empty: by default
  SplitOptions split;
};
// Throws Error{usage} naming the option.
void validate(const TrainSettings& settings);
// "points,box,class"; Error{usage}.
void parse_prompts(const std::string& text, TrainSettings& settings);

double automatic_rate(TunedPart part);
// Warm-up over max(10, 5 %) steps, then half a cosine to 0. step counts from 1.
double learning_rate(const TrainSettings& settings, std::int64_t step);

// By the names of the command line's options.
NamedTexts described(const TrainSettings& settings);

}  // namespace sonde
