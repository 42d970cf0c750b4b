// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sonde/core/folder_testing.h"
#include "sonde/core/random.h"
#include "sonde/evaluate/data_set_testing.h"
#include "sonde/inference/cpu_network.h"
#include "sonde/predict/sam_model_impl.h"
#include "sonde/train/train.h"
#include "sonde/weights/small_sizes_testing.h"

// What tests of training share: tiny pictures, a small network, and a tuner whose arithmetic anybody can
// follow and which needs no LibTorch.
namespace sonde {

inline BaseModel small_base(std::uint64_t seed = 1) {
  const SamSizes sizes = small_vit_sizes();
  NamedTensors tensors = random_tensors(sizes, seed);
  auto impl = std::make_shared<SamModel::Impl>();
  impl->name = "small";
  impl->sha256 = std::string(64, 'a');
  impl->sizes = sizes;
  impl->network = make_cpu_network(fit_tensors(tensors, sizes, "small"), {.threads = 1});
  return {SamModel(std::move(impl)), "small.safetensors", std::move(tensors), sizes, {}};
}

// A picture of 24 x 20 with a bright square and a dark one, whose places follow from `number`; labels 1
// and 2.
inline void write_square_picture(const std::filesystem::path& set, const std::string& name, int number) {
  constexpr std::int64_t kWidth = 24, kHeight = 20, kSide = 6;
  std::vector<std::uint8_t> grey(kWidth * kHeight, static_cast<std::uint8_t>(90 + number % 20)),
      labels(grey.size(), 0);
  const auto square = [&](std::int64_t x0, std::int64_t y0, std::uint8_t shade, std::uint8_t label) {
    for (std::int64_t y = y0; y < y0 + kSide; ++y) {
      for (std::int64_t x = x0; x < x0 + kSide; ++x) {
        grey[static_cast<std::size_t>(y * kWidth + x)] = shade;
        labels[static_cast<std::size_t>(y * kWidth + x)] = label;
      }
    }
  };
  square(1 + number % 5, 1 + number % 7, 230, 1);
  square(13 + number % 4, 10 + number % 3, 20, 2);
  write_grey(set / "images" / (name + ".png"), kWidth, grey);
  write_grey(set / "masks" / (name + ".png"), kWidth, labels);
}
inline std::filesystem::path write_square_set(const std::filesystem::path& set, int pictures, int first = 0) {
  for (int i = first; i < first + pictures; ++i)
    write_square_picture(set, "im" + std::string(1, static_cast<char>('a' + i)), i);
  return set;
}

// Moves the last bias of the IoU head by what the batches hold, so that every draw shows in the result. Its
// answers are the targets with a stripe missing, so that there are errors to click on.
class PlainTuner : public Tuner {
 public:
  static constexpr const char* kName = "mask_decoder.iou_prediction_head.layers.2.bias";
  // What a test may do to a step before it is given back.
  static std::function<void(std::int64_t step, StepResult&)>& disturb() {
    static std::function<void(std::int64_t, StepResult&)> function;
    return function;
  }
  static double& gradient_fault() {
    static double fault = 0;
    return fault;
  }

  explicit PlainTuner(NamedTensors weights, double rate) : weights_(std::move(weights)), rate_(rate) {
    const auto values = floats_of(weights_.at(kName));
    values_.assign(values.begin(), values.end());
  }

  StepResult step(std::span<const TrainingExample> batch, const StepOptions& options) override {
    StepResult result;
    double sum = 0;
    for (const TrainingExample& example : batch) {
      for (const FramePoint& point : example.prompt.points) sum += point.x + 3 * point.y;
      if (example.prompt.box) sum += (*example.prompt.box)[0] + 2 * (*example.prompt.box)[3];
      for (const float share : example.target) sum += share;
      for (std::size_t i = 0; i < example.picture->embedding.size(); i += 97)
        sum += example.picture->embedding[i];
      ExampleResult& one = result.examples.emplace_back();
      for (std::size_t k = 0; k < one.logits.size(); ++k) {
        for (std::size_t i = 0; i < example.target.size(); ++i)
          one.logits.at(k).push_back(example.target[i] > 0.5F && i % (k + 3) != 0 ? 1.0F : -1.0F);
        one.iou.at(k) = one.predicted_iou.at(k) = 0.5F;
      }
    }
    result.loss = result.mask_loss = std::abs(std::sin(sum));
    result.gradient_norm = 1 + result.loss;
    if (disturb()) disturb()(steps_ + 1, result);
    result.applied = std::isfinite(result.gradient_norm) &&
                     (options.norm_limit == 0 || result.gradient_norm <= options.norm_limit);
    ++steps_;
    if (!result.applied) return result;
    for (std::size_t i = 0; i < values_.size(); ++i)
      values_[i] +=
          static_cast<float>(rate_ * options.learning_rate * std::sin(sum + static_cast<double>(i)));
    return result;
  }
  double gradient_error(std::span<const TrainingExample> /*batch*/) override { return gradient_fault(); }
  NamedTensors network() const override {
    NamedTensors all = weights_;
    all[kName] = make_tensor(values_, weights_.at(kName).shape);
    return all;
  }
  NamedTensors tuned() const override { return {{"bias", make_tensor(values_, weights_.at(kName).shape)}}; }
  NamedTensors state() const override {
    NamedTensors all = tuned();
    all["steps"] = make_tensor({static_cast<float>(steps_)}, {1});
    return all;
  }
  void restore(const NamedTensors& state, const std::string& /*file*/) override {
    const auto values = floats_of(state.at("bias"));
    values_.assign(values.begin(), values.end());
    steps_ = static_cast<std::int64_t>(floats_of(state.at("steps"))[0]);
  }
  std::int64_t parameter_count() const override { return static_cast<std::int64_t>(values_.size()); }

 private:
  NamedTensors weights_;
  double rate_;
  std::vector<float> values_;
  std::int64_t steps_ = 0;
};
inline const TrainPlugin kPlainPlugin{.make_tuner = [](const NamedTensors& weights,
                                                       const std::string& /*file*/,
                                                       const TunerOptions& /*options*/) {
  return std::unique_ptr<Tuner>(std::make_unique<PlainTuner>(weights, 10));
}};

// Fourteen steps on little pictures, a check every four.
inline TrainRequest small_request(const std::filesystem::path& data, const std::filesystem::path& out) {
  TrainRequest request;
  request.data = {data};
  request.out = out;
  request.settings.steps = 14;
  request.settings.check_every = 4;
  request.settings.batch = 2;
  request.settings.min_area_px = 4;
  request.threads = 1;
  request.store = TrainRequest::Store::leave;
  return request;
}

}  // namespace sonde
