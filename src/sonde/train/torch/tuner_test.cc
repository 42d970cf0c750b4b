// SPDX-License-Identifier: Apache-2.0
// The library libsonde-train.so, loaded as the program loads it.
#include "sonde/train/tuner.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/error.h"
#include "sonde/weights/small_sizes_testing.h"

namespace sonde {
namespace {

constexpr std::int64_t kSide = 16;  // of the low-resolution frame of small_vit_sizes

std::shared_ptr<const TrainingPicture> picture(std::uint64_t seed) {
  struct Owned : TrainingPicture {
    std::vector<float> numbers;
  };
  auto owned = std::make_shared<Owned>();
  Random random(seed);
  owned->numbers.resize(4 * 4 * 32);
  for (float& number : owned->numbers) number = static_cast<float>(random.uniform() - 0.5);
  owned->name = "picture";
  owned->embedding = owned->numbers;
  return owned;
}

TrainingExample example(const std::shared_ptr<const TrainingPicture>& of) {
  TrainingExample example;
  example.picture = of;
  example.target.resize(kSide * kSide);
  example.width = kSide;
  example.height = 12;
  example.prompt.points.push_back({.x = 30, .y = 20});
  for (std::int64_t y = 3; y < 8; ++y)
    for (std::int64_t x = 5; x < 10; ++x) example.target[static_cast<std::size_t>(y * kSide + x)] = 1;
  return example;
}

std::unique_ptr<Tuner> tuner(TunedPart part) {
  return load_train_plugin().make_tuner(random_tensors(small_vit_sizes(), 1), "small", {.part = part});
}

TEST(Tuner, LearnsAnObject) {
  for (const auto part : {TunedPart::lora, TunedPart::decoder}) {
    const auto tuned = tuner(part);
    std::vector<TrainingExample> batch(1);
    batch[0] = example(picture(1));
    const auto first = tuned->step(batch, {.learning_rate = 1e-2});
    EXPECT_TRUE(first.applied);
    StepResult last;
    for (int i = 0; i < 100; ++i) last = tuned->step(batch, {.learning_rate = 1e-2});
    EXPECT_LT(last.mask_loss, 0.5 * first.mask_loss);
    EXPECT_GT(last.examples[0].iou[0], 0.8);
    EXPECT_LT(tuned->gradient_error(batch), 1e-5);
  }
}

}  // namespace
}  // namespace sonde
