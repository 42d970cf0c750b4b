// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "sonde/cli/commands.h"
#include "sonde/cli/shared_options.h"
#include "sonde/train/train.h"

namespace sonde {

class CommandLine;

// What `sonde train` is asked for, before it is understood.
struct TrainArguments {
  std::vector<std::string> data, guard;
  std::string out;
  std::string what = "lora", loss = "dice+bce", learning_rate = "auto", prompts = "points,box";
  std::string split = "auto", split_file, axis;
  std::int64_t ranks = 1, rank = 0;
  std::string meet;
  TrainRequest request;
  ModelArguments model;
  bool json = false, json_progress = false, strict = false, resume = false;
};
void declare_train(CommandLine& line, TrainArguments& arguments);
// Fills `request` from the texts, and from what torchrun or Slurm say of ranks where --ranks is not given.
// Throws Error{usage} naming the option. args: as typed, for run.json.
void resolve(TrainArguments& arguments, Arguments args);

}  // namespace sonde
