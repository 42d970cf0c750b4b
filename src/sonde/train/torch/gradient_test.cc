// SPDX-License-Identifier: Apache-2.0
// Gradients of what is tuned, against double precision.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/train/torch/tuner_testing.h"
#include "sonde/train/torch/twin_testing.h"

namespace sonde {
namespace {

torch::Tensor tensor(const NamedTensors& tensors, const std::string& name) {
  return to_torch(tensors.at(name)).to(torch::kDouble);
}
std::string without(const std::string& name, const std::string& suffix) {
  return name.substr(0, name.size() - suffix.size());
}

// What a slice's gradient must be, by that of the network's tensor.
torch::Tensor expected_gradient(const std::string& slice, const NamedTensors& tuned,
                                std::map<std::string, torch::Tensor>& twin) {
  const auto of = [&](const std::string& name) { return twin.at(name); };
  if (slice.ends_with(".lora_a")) {
    const std::string name = without(slice, ".lora_a");
    return at::matmul(tensor(tuned, name + ".lora_b").t(), of(name));
  }
  if (slice.ends_with(".lora_b")) {
    const std::string name = without(slice, ".lora_b");
    return at::matmul(of(name), tensor(tuned, name + ".lora_a").t());
  }
  const auto end = [&](const std::string& name, std::int64_t dimension) {
    const auto count = tensor(tuned, slice).size(dimension), all = of(name).size(dimension);
    return of(name).narrow(dimension, all - count, count);
  };
  if (slice.ends_with("adapter.down.weight"))
    return end(without(slice, "adapter.down.weight") + "mlp.lin1.weight", 0);
  if (slice.ends_with("adapter.down.bias"))
    return end(without(slice, "adapter.down.bias") + "mlp.lin1.bias", 0);
  if (slice.ends_with("adapter.up.weight"))
    return end(without(slice, "adapter.up.weight") + "mlp.lin2.weight", 1);
  return of(slice);
}

// Random weights whose biases are not 0: a norm of a picture's padding would have no spread otherwise.
NamedTensors with_biases(const SamSizes& sizes) {
  NamedTensors tensors = random_tensors(sizes, 3);
  Random random(5);
  for (auto& [name, weight] : tensors) {
    if (weight.shape.size() != 1) continue;
    const auto numbers = floats_of(weight);
    std::vector<float> changed(numbers.begin(), numbers.end());
    for (float& number : changed) number += static_cast<float>(0.4 * random.uniform() - 0.2);
    weight = make_tensor(std::move(changed), weight.shape);
  }
  return tensors;
}

struct Case {
  std::string name;
  SamSizes sizes;
  TunerOptions options;
};
class Gradients : public testing::TestWithParam<Case> {};

// AdamW's running mean tells the gradient: after a step it is 0.9 of the one before and 0.1 of the gradient.
TEST_P(Gradients, AreThoseOfDoublePrecision) {
  TunerOptions options = GetParam().options;
  options.max_gradient_norm = 1e9;
  const auto tuner = small_tuner(with_biases(GetParam().sizes), options);
  const auto mask = small_mask();
  auto batch = small_batch(mask);
  if (!options.class_names.empty()) {
    batch[0].class_index = 1;
    batch[1].class_index = 0;
    batch[1].present = false;
    batch[2].class_index = 1;
    batch[2].prompt = {};
  }
  // TinyViT's frame is the published one: tensors do not tell it.
  if (GetParam().sizes.architecture == "vit_t") {
    batch.resize(2);  // each runs an encoder in double precision
    for (TrainingExample& example : batch) enlarge(example, 16);
  }
  tuner->step(batch, {.learning_rate = 1e-2});  // so that no low-rank addition is 0
  const auto before = tuner->state(), weights = tuner->network(), tuned = tuner->tuned();
  const StepResult result = tuner->step(batch, {.learning_rate = 1e-2});
  ASSERT_TRUE(result.applied);
  const auto after = tuner->state();

  Twin twin(weights, options, keeps_encoder(options.part) ? Twin::Encoder::is_cached : Twin::Encoder::runs);
  auto expected = twin.gradients(batch);
  EXPECT_NEAR(result.loss, twin.loss(), 1e-4);
  double largest = 0, square = 0;
  std::map<std::string, double> differences;
  for (const auto& [slice, value] : tuned) {
    const std::string mean = "optimiser.mean." + slice;
    const auto gradient = (tensor(after, mean) - 0.9 * tensor(before, mean)) / 0.1;
    const auto wanted = expected_gradient(slice, tuned, expected);
    if (!wanted.defined()) {  // no example has a mask
      EXPECT_EQ(gradient.abs().max().item<double>(), 0) << slice;
      continue;
    }
    largest = std::max(largest, wanted.abs().max().item<double>());
    square += wanted.pow(2).sum().item<double>();
    differences[slice] = (gradient - wanted).abs().max().item<double>();
  }
  EXPECT_GT(largest, 1e-2);
  EXPECT_NEAR(result.gradient_norm, std::sqrt(square), 1e-3 * std::sqrt(square));
  for (const auto& [slice, difference] : differences) EXPECT_LT(difference, 1e-4 * largest) << slice;
  EXPECT_GT(differences.size(), 3);
}

INSTANTIATE_TEST_SUITE_P(
    Parts, Gradients,
    testing::Values(
        Case{"lora", small_vit_sizes(), {.part = TunedPart::lora, .lora_rank = 2}},
        Case{"focal", small_vit_sizes(), {.part = TunedPart::lora, .mask_loss = MaskLoss::dice_focal}},
        Case{"decoder", small_vit_sizes(), {.part = TunedPart::decoder, .candidate_share = 0.3}},
        Case{"quality", small_vit_sizes(), {.part = TunedPart::quality}},
        Case{"classes", small_vit_sizes(), {.part = TunedPart::lora, .class_names = {"a", "b"}}},
        Case{"encoder_lora_vit", small_vit_sizes(), {.part = TunedPart::encoder_lora}},
        Case{"encoder_lora_tiny_vit", small_tiny_vit_sizes(), {.part = TunedPart::encoder_lora}},
        Case{"adapter", small_vit_sizes(), {.part = TunedPart::adapter}},
        Case{"full_vit", small_vit_sizes(), {.part = TunedPart::full}},
        Case{"full_tiny_vit", small_tiny_vit_sizes(), {.part = TunedPart::full}}),
    [](const auto& part) { return part.param.name; });

}  // namespace
}  // namespace sonde
