// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <fstream>
#include <functional>
#include <iomanip>
#include <iostream>
#include <string>
#include <sys/resource.h>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

#include "sonde/cli/command_line.h"
#include "sonde/cli/commands.h"
#include "sonde/cli/exit_status.h"
#include "sonde/cli/outputs.h"
#include "sonde/cli/shared_options.h"
#include "sonde/cli/terminal.h"
#include "sonde/core/json_text.h"
#include "sonde/core/stopwatch.h"
#include "sonde/core/threads.h"
#include "sonde/predict/everything.h"
#include "sonde/predict/predictor.h"

namespace sonde {
namespace {

using Json = nlohmann::ordered_json;

struct BenchOptions {
  std::string what;
  int runs = 10, prompts = 1;
  Extent2 picture{1024, 1024};
  std::int64_t points_per_side = 32;
  bool json = false;
  ModelArguments model;
};

// Smooth blobs over noise: no window of it is constant, as in a scan.
RgbImage test_picture(Extent2 extent) {
  RgbImage image{extent, {}};
  std::uint32_t noise = 1;
  for (std::int64_t y = 0; y < extent.height; ++y) {
    for (std::int64_t x = 0; x < extent.width; ++x) {
      noise = noise * 1664525U + 1013904223U;
      const bool inside = ((x / 128 + y / 128) % 2) == 0;
      const auto grey = static_cast<std::uint8_t>((inside ? 150 : 60) + (noise >> 27));
      image.pixels.insert(image.pixels.end(), 3, grey);
    }
  }
  return image;
}

std::vector<double> time_runs(const BenchOptions& options, const std::function<void()>& work) {
  const Progress progress = terminal_progress();
  work();  // the first run pays for first touches
  std::vector<double> ms;
  for (int run = 0; run < options.runs; ++run) {
    if (progress) progress({options.what, run, options.runs});
    Stopwatch watch;
    work();
    ms.push_back(watch.lap_ms());
  }
  if (progress) clear_progress();
  std::sort(ms.begin(), ms.end());
  return ms;
}

// Nearest rank of sorted values.
double quantile(const std::vector<double>& sorted, double share) {
  return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1) + 0.5)];
}

std::string machine_name() {
  std::ifstream cpuinfo("/proc/cpuinfo");
  for (std::string line; std::getline(cpuinfo, line);) {
    if (line.starts_with("model name")) {
      return line.substr(line.find(':') + 2) + ", " + std::to_string(std::thread::hardware_concurrency()) +
             " CPUs";
    }
  }
  return "unknown";
}

double peak_rss_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;  // KiB on Linux
}

// A point each, on a grid of 8 x 8.
std::vector<Prompt> test_prompts(const BenchOptions& options) {
  constexpr int kSide = 8;
  std::vector<Prompt> prompts;
  for (int i = 0; i < options.prompts; ++i) {
    const int column = i % kSide;
    const int row = i / kSide % kSide;
    Prompt prompt;
    prompt.points = {{{(column + 0.5) / kSide * static_cast<double>(options.picture.width),
                       (row + 0.5) / kSide * static_cast<double>(options.picture.height)},
                      PointLabel::foreground}};
    prompts.push_back(prompt);
  }
  return prompts;
}

struct Work {
  std::function<void()> run;
  int prompts = 0;  // decoded by one run; 0: not about prompts
};

Work work_of(const BenchOptions& options, const SamModel& model, const RgbImage& picture) {
  if (options.what == "encoder") return {[&] { embed(model, picture); }, 0};
  if (options.what == "everything") {
    const auto side = static_cast<int>(options.points_per_side);
    return {[&] { segment_everything(model, picture, {.points_per_side = options.points_per_side}); },
            side * side};
  }
  const Predictor predictor(model, embed(model, picture));
  return {[predictor, prompts = test_prompts(options)] { predictor.segment(prompts, MaskSet::three); },
          options.prompts};
}

void declare(CommandLine& line, BenchOptions& options) {
  line.add("what", options.what,
           "encoder: picture to embedding; decoder: prompts to masks; everything: a grid of points")
      .required()
      .one_of({"encoder", "decoder", "everything"});
  line.add("--runs", options.runs, "Timed runs, after one that is not counted")
      .within(1, 100000)
      .show_default();
  line.add("--prompts", options.prompts, "decoder: points in a run").within(1, 4096).show_default();
  line.add("--points-per-side", options.points_per_side, "everything: side of the grid")
      .within(1, 1024)
      .show_default();
  line.add("--width", options.picture.width, "Of the made-up picture and of its masks, pixels")
      .within(8, 16384)
      .show_default();
  line.add("--height", options.picture.height, "Of the made-up picture and of its masks, pixels")
      .within(8, 16384)
      .show_default();
  declare_model(line, options.model);
  line.add_flag("--json", options.json, "Print one JSON object");
  line.footer("Example: sonde bench encoder --runs 20 --threads 2");
}

}  // namespace

int run_bench(Arguments args) {
  BenchOptions options;
  CommandLine line("How fast the network runs on this machine", "sonde bench");
  declare(line, options);
  if (line.parse(args) == Parsed::helped) return kDone;
  const SamModel model = load_model(options.model);
  const RgbImage picture = test_picture(options.picture);
  const Work work = work_of(options, model, picture);
  const auto ms = time_runs(options, work.run);
  const double median = quantile(ms, 0.5);
  const int threads =
      options.model.options.threads > 0 ? options.model.options.threads : physical_core_count();
  const std::string precision = model.precision() == Precision::bf16 ? "bf16" : "fp32";
  const double prompts_per_s = work.prompts / median * 1000;
  if (options.json) {
    Json json{{"what", options.what},
              {"model", model.name()},
              {"precision", precision},
              {"threads", threads},
              {"runs", options.runs},
              {"ms", {{"median", median}, {"p05", quantile(ms, 0.05)}, {"p95", quantile(ms, 0.95)}}},
              {"prompts_per_s", work.prompts > 0 ? Json(prompts_per_s) : Json(nullptr)},
              {"peak_rss_mb", peak_rss_mb()},
              {"machine", machine_name()}};
    std::cout << json_text(json) << '\n';
    return kDone;
  }
  std::cout << std::fixed << std::setprecision(1) << options.what << " of " << model.name() << ", "
            << precision << ", " << threads << " threads, " << options.runs << " runs on " << machine_name()
            << "\n  median " << median << " ms, 5 % " << quantile(ms, 0.05) << " ms, 95 % "
            << quantile(ms, 0.95) << " ms";
  if (work.prompts > 0) std::cout << ", " << prompts_per_s << " prompts/s";
  std::cout << "\n  peak memory " << peak_rss_mb() << " MB\n";
  return kDone;
}

}  // namespace sonde
