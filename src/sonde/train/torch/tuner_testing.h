// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sonde/core/random.h"
#include "sonde/train/tuner.h"
#include "sonde/weights/small_sizes_testing.h"

namespace sonde {

// For tests: what is trained on, for networks of small_sizes_testing.h that take 64 x 64 pixels.
constexpr std::int64_t kSmallEmbedding = 4, kSmallFrame = 16, kSmallWidth = 64, kSmallHeight = 52;

struct OwnedPicture : TrainingPicture {
  std::vector<float> numbers;
  std::vector<std::uint8_t> bytes;
};
inline std::shared_ptr<const TrainingPicture> small_picture(std::uint64_t seed) {
  auto picture = std::make_shared<OwnedPicture>();
  Random random(seed);
  picture->numbers.resize(kSmallEmbedding * kSmallEmbedding * 32);
  for (float& number : picture->numbers) number = static_cast<float>(random.uniform() - 0.5);
  picture->bytes.resize(kSmallWidth * kSmallHeight * 3);
  for (auto& byte : picture->bytes) byte = static_cast<std::uint8_t>(random.below(256));
  picture->name = "picture " + std::to_string(seed);
  picture->embedding = picture->numbers;
  picture->pixels = {.rgb = picture->bytes.data(), .width = kSmallWidth, .height = kSmallHeight};
  return picture;
}

// A point in a rectangle of the low-resolution frame, whose edge has half pixels.
inline TrainingExample small_example(const std::shared_ptr<const TrainingPicture>& picture, int x0 = 5) {
  TrainingExample example;
  example.picture = picture;
  example.width = kSmallFrame;
  example.height = 13;
  example.prompt.points.push_back({.x = static_cast<float>(4 * x0 + 8), .y = 22});
  example.target.resize(kSmallFrame * kSmallFrame);
  for (std::int64_t y = 3; y < 8; ++y) {
    for (std::int64_t x = x0; x < x0 + 5; ++x)
      example.target[static_cast<std::size_t>(y * kSmallFrame + x)] = x == x0 ? 0.5F : 1.0F;
  }
  return example;
}
// Prompts of every kind; `mask` must live as long.
inline std::vector<TrainingExample> small_batch(std::span<const float> mask) {
  const auto one = small_picture(1), two = small_picture(2);
  std::vector<TrainingExample> batch;
  for (int i = 0; i < 4; ++i) batch.push_back(small_example(i == 2 ? two : one, 3 + i));
  batch[1].prompt.points.clear();
  batch[1].prompt.box = {14, 11, 38, 33};
  batch[2].prompt.points.push_back({.x = 50, .y = 5, .label = FramePoint::Label::background});
  batch[3].prompt.mask = mask;
  return batch;
}
inline std::vector<float> small_mask() {
  std::vector<float> mask(kSmallFrame * kSmallFrame, -3);
  for (std::size_t i = 50; i < 130; ++i) mask[i] = 2;
  return mask;
}

// The same for a frame of `times` the side, without its mask.
inline void enlarge(TrainingExample& example, std::int64_t times) {
  const auto side = kSmallFrame * times;
  std::vector<float> target(static_cast<std::size_t>(side * side));
  for (std::int64_t y = 0; y < side; ++y) {
    for (std::int64_t x = 0; x < side; ++x)
      target[static_cast<std::size_t>(y * side + x)] =
          example.target[static_cast<std::size_t>(y / times * kSmallFrame + x / times)];
  }
  example.target = std::move(target);
  example.width *= times;
  example.height *= times;
  const auto factor = static_cast<float>(times);
  for (FramePoint& point : example.prompt.points) {
    point.x *= factor;
    point.y *= factor;
  }
  if (example.prompt.box)
    for (float& corner : *example.prompt.box) corner *= factor;
  example.prompt.mask = {};
}

inline std::unique_ptr<Tuner> small_tuner(const NamedTensors& weights, const TunerOptions& options) {
  return load_train_plugin().make_tuner(weights, "small", options);
}

}  // namespace sonde
