// SPDX-License-Identifier: Apache-2.0
#include "sonde/cli/train_options.h"

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <sys/utsname.h>

#include "sonde/cli/command_line.h"
#include "sonde/core/error.h"

namespace sonde {
namespace {

void declare_data(CommandLine& line, TrainArguments& a) {
  TrainSettings& s = a.request.settings;
  line.add("--data", a.data,
           "Data sets as for sonde study run, or folders of annotation projects (their approved objects)")
      .not_empty()
      .required();
  line.add("--out", a.out, "Folder of the run; a run that was stopped there goes on").not_empty().required();
  line.add("--guard", a.guard, "Data sets that are never trained on: how much worse does it get there?")
      .not_empty();
  line.add("--split", a.split,
           "What stays together: auto (cases where names tell them, else pictures), image, case, case:REGEX "
           "(its "
           "first group is the case) or dataset")
      .show_default();
  line.add("--validation", s.split.validation, "Share of the pictures to choose the best state by")
      .show_default();
  line.add("--test", s.split.test, "Share that is measured on at the end alone").show_default();
  line.add("--split-file", a.split_file, "A split.csv that says it all: dataset,image,case,part");
  line.add("--min-area", s.min_area_px, "Objects of fewer pixels on a picture are left out")
      .positive()
      .show_default();
  line.add("--per-image", s.per_picture, "Objects of a picture, at most").positive().show_default();
  line.add("--limit", s.limit, "At most N pictures or slices a data set, spread evenly").positive();
  line.add("--views", s.views, "Pictures made of each for training: itself, mirrored, other window, a part")
      .within(1, 100)
      .show_default();
  line.add("--axis", a.axis, "axial, coronal or sagittal slices of volumes; default: the finest pixels");
  line.add("--window", s.window, "As for sonde segment; default: the file's own, none for 8 bits, else auto");
  declare_frame_of_reference(line, a.request.frame_of_reference);
}

void declare_steps(CommandLine& line, TrainArguments& a) {
  TrainSettings& s = a.request.settings;
  line.add("--what", a.what,
           "lora (of the decoder), decoder, quality (the predicted IoU), encoder-lora, adapter (of a ViT) or "
           "full")
      .show_default();
  line.add("--lora-rank", s.lora_rank, "Rank of the additions").within(1, 256).show_default();
  line.add("--prompts", a.prompts, "What prompts are made of: some of points,box,class").show_default();
  line.add("--steps", s.steps, "Steps, at most").within(1, 10'000'000).show_default();
  line.add("--batch", s.batch, "Prompts a step").within(1, 4096).show_default();
  line.add("--lr", a.learning_rate,
           "Highest learning rate; auto: 1e-3 for lora, 1e-4 decoder, 3e-4 quality, ...")
      .show_default();
  line.add("--loss", a.loss, "Of masks: dice+bce or dice+focal").show_default();
  line.add("--jitter", s.jitter, "Sides of boxes move by this share of their length").show_default();
  line.add("--clicks", s.clicks, "Points of a prompt, at most").within(1, 20).show_default();
  line.add("--check-every", s.check_every, "Steps between checks on the validation part")
      .positive()
      .show_default();
  line.add("--patience", s.patience, "Checks without a better one, then it ends")
      .within(1, 1'000'000)
      .show_default();
  line.add("--seed", s.seed, "Of the split, the draws and what starts at random").integer().show_default();
}

void declare_ranks(CommandLine& line, TrainArguments& a) {
  line.add("--ranks", a.ranks, "Processes that train together; default: what torchrun or Slurm say, else 1")
      .within(1, 4096);
  line.add("--rank", a.rank, "Which of them this is, from 0").within(0, 4095);
  line.add("--meet", a.meet, "Where they meet: a file that all see, or HOST:PORT of rank 0");
}

std::optional<std::string> variable(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): sonde sets no environment
  return value == nullptr || *value == '\0' ? std::nullopt : std::optional<std::string>(value);
}

int whole_number(const std::string& text, const std::string& name) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0)
    throw Error(ErrorKind::usage, name + "=" + text + ": is not a whole number, 0 or more");
  return value;
}

// torchrun's variables, else Slurm's.
void take_ranks_from_environment(RankOptions& ranks) {
  struct Names {
    const char *ranks, *rank;
  };
  for (const Names& names : {Names{"WORLD_SIZE", "RANK"}, Names{"SLURM_NTASKS", "SLURM_PROCID"}}) {
    const auto count = variable(names.ranks), own = variable(names.rank);
    if (!count || !own) continue;
    ranks.ranks = whole_number(*count, names.ranks);
    ranks.rank = whole_number(*own, names.rank);
    const auto host = variable("MASTER_ADDR"), port = variable("MASTER_PORT");
    if (ranks.meet.empty() && host) ranks.meet = *host + ':' + port.value_or("29500");
    return;
  }
}

void resolve_ranks(const TrainArguments& a, bool given, RankOptions& ranks) {
  ranks.meet = a.meet;
  if (given) {
    ranks.ranks = static_cast<int>(a.ranks);
    ranks.rank = static_cast<int>(a.rank);
  } else {
    take_ranks_from_environment(ranks);
  }
  if (ranks.ranks < 1 || ranks.rank >= ranks.ranks)
    throw Error(ErrorKind::usage, "--rank " + std::to_string(ranks.rank) + ": ranks are 0 to " +
                                      std::to_string(ranks.ranks - 1));
  if (ranks.ranks > 1 && ranks.meet.empty())
    throw Error(ErrorKind::usage,
                "--meet: where do the ranks meet? a file that all see, or HOST:PORT of rank 0");
}

double parse_rate(const std::string& text) {
  if (text == "auto") return 0;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value > 0 && value < 1))
    throw Error(ErrorKind::usage, "--lr " + text + ": auto, or a number above 0 and below 1");
  return value;
}

std::string typed(Arguments args) {
  std::string line = "sonde train";
  for (const char* arg : args) {
    const std::string text(arg);
    const bool plain = text.find_first_of(" \t\n\"'\\$&;|<>*?()`!#~") == std::string::npos && !text.empty();
    line += plain ? " " + text : " '" + text + "'";
  }
  return line;
}

std::string machine() {
  utsname names{};
  if (::uname(&names) != 0) return "";
  return std::string(names.sysname) + ' ' + names.release + ' ' + names.machine;
}

template <Enumerated T>
T parse_word(const std::string& option, const std::string& text) {
  if (const auto value = from_word<T>(text)) return *value;
  std::string list;
  for (const std::string_view word : words(T{}).list) list += (list.empty() ? "" : ", ") + std::string(word);
  throw Error(ErrorKind::usage, option + ' ' + text + ": one of " + list);
}

}  // namespace

void declare_train(CommandLine& line, TrainArguments& a) {
  declare_data(line, a);
  declare_steps(line, a);
  declare_ranks(line, a);
  declare_model(line, a.model);
  line.add_flag("--resume", a.resume, "Only go on with what is in --out; refuse a new folder");
  line.add_flag("--strict", a.strict, "Exit with 1 if any guard has failed");
  line.add_flag("--json", a.json, "Print card.json on stdout instead of the table");
  line.add_flag("--json-progress", a.json_progress,
                "Print how far it is on stderr, a line of JSON each: for programs");
  line.add_flag(
      "--no-store", [&a] { a.request.store = TrainRequest::Store::leave; },
      "Do not take embeddings from other commands, nor keep them for these");
  line.footer(
      "Writes the trained network, model.safetensors, with what was measured of it (docs/train.md). The "
      "same\n"
      "command again, or --resume, goes on where a run was stopped.\n"
      "Example: sonde train --data us_nerve --out nerve_run --steps 200");
}

void resolve(TrainArguments& a, Arguments args) {
  TrainRequest& request = a.request;
  TrainSettings& s = request.settings;
  request.data.assign(a.data.begin(), a.data.end());
  request.guard.assign(a.guard.begin(), a.guard.end());
  request.out = a.out;
  request.threads = a.model.options.threads;
  s.part = parse_word<TunedPart>("--what", a.what);
  s.mask_loss = parse_word<MaskLoss>("--loss", a.loss);
  s.learning_rate = parse_rate(a.learning_rate);
  parse_prompts(a.prompts, s);
  parse_split(a.split, s.split);
  if (!a.split_file.empty()) s.split.file = a.split_file;
  if (!a.axis.empty()) s.axis = parse_axis(a.axis);
  if (!s.window.empty()) parse_window(s.window);
  resolve_ranks(a, is_given(args, "--ranks"), request.ranks);
  validate(s);
  if (a.resume && !std::filesystem::exists(request.out / "run.json"))
    throw Error(ErrorKind::usage, "--resume: there is no training in " + a.out);
  request.facts = {{"command line", typed(args)}, {"version", SONDE_VERSION}, {"machine", machine()}};
}

}  // namespace sonde
