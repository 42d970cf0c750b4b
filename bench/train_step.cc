// SPDX-License-Identifier: Apache-2.0
// train_step MODEL.safetensors PART THREADS STEPS: steps of training on a batch of four points in one
// picture's embedding, as train_step_peer.py makes them. Prints JSON: the first step's losses, to see that
// both train the same, and the seconds of a step and of all threads' processor time.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <string>
#include <sys/resource.h>

#include "sonde/core/error.h"
#include "sonde/train/tuner.h"
#include "sonde/weights/checkpoint.h"

namespace {

using namespace sonde;  // NOLINT: a program of one file

constexpr int kEmbedding = 64, kChannels = 256, kFrame = 256, kBatch = 4, kWarmUp = 2;

// Numbers about as large as a real embedding's, the same in both programs.
std::vector<float> made_up_embedding() {
  std::vector<float> numbers(static_cast<std::size_t>(kEmbedding) * kEmbedding * kChannels);
  for (std::size_t i = 0; i < numbers.size(); ++i)
    numbers[i] = static_cast<float>(0.1 * std::sin(static_cast<double>(i * i % 100003)));
  return numbers;
}

// A disc of 20 pixels about a point of the low-resolution frame.
TrainingExample disc(const std::shared_ptr<const TrainingPicture>& picture, int index) {
  const int x0 = 60 + 40 * index, y0 = 200 - 40 * index;
  TrainingExample example;
  example.picture = picture;
  example.prompt.points.push_back({.x = 4.0F * static_cast<float>(x0), .y = 4.0F * static_cast<float>(y0)});
  example.width = kFrame;
  example.height = 192 + 16;
  example.target.resize(kFrame * kFrame);
  for (int y = 0; y < kFrame; ++y) {
    for (int x = 0; x < kFrame; ++x) {
      const bool is_inside = (x - x0) * (x - x0) + (y - y0) * (y - y0) < 400;
      example.target[static_cast<std::size_t>(y * kFrame + x)] = is_inside ? 1.0F : 0.0F;
    }
  }
  return example;
}

double peak_rss_mb() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

int run(const std::string& model, const std::string& part, int threads, int steps) {
  const auto embedding = made_up_embedding();
  const auto picture = std::make_shared<const TrainingPicture>(
      TrainingPicture{.name = "made up", .embedding = embedding, .pixels = {}});
  std::vector<TrainingExample> batch;
  for (int i = 0; i < kBatch; ++i) batch.push_back(disc(picture, i));
  const auto tuner = load_train_plugin().make_tuner(
      load_checkpoint(model).tensors, model,
      {.part = part == "decoder" ? TunedPart::decoder : TunedPart::lora, .threads = threads});
  std::vector<double> seconds;
  StepResult first;
  std::clock_t before = 0;
  for (int i = 0; i < kWarmUp + steps; ++i) {
    if (i == kWarmUp) before = std::clock();
    const auto start = std::chrono::steady_clock::now();
    StepResult result = tuner->step(batch, {.learning_rate = 1e-4});
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    if (i == 0) first = std::move(result);
    if (i >= kWarmUp) seconds.push_back(took.count());
  }
  const double cpu = static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC / steps;
  std::ranges::sort(seconds);
  std::cout << R"({"mask_loss": )" << first.mask_loss << R"(, "quality_loss": )" << first.quality_loss
            << R"(, "gradient_norm": )" << first.gradient_norm << R"(, "best": )" << seconds.front()
            << R"(, "peak_rss_mb": )" << peak_rss_mb() << R"(, "cpu": )" << cpu << R"(, "median": )"
            << seconds[seconds.size() / 2] << "}\n";
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::cerr << "usage: train_step MODEL.safetensors lora|decoder THREADS STEPS\n";
    return 2;
  }
  try {
    return run(argv[1], argv[2], std::atoi(argv[3]), std::atoi(argv[4]));
  } catch (const sonde::Error& error) {
    std::cerr << "train_step: " << error.what() << '\n';
    return 3;
  }
}
