// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstring>

#include <gtest/gtest.h>

#include "sonde/inference/decoder.h"
#include "sonde/kernels/cpu.h"
#include "sonde/model/small_networks_testing.h"

namespace sonde {
namespace {

// The decoder on kernels beside the modules that define it.
class Parity {
 public:
  Parity(const SamSizes& sizes, std::uint64_t seed)
      : side_(embedding_side(sizes)),
        sam_(sam_without_trivial_norms(sizes, seed)),
        decoder_(tensors_of(sam_)),
        embedding_(random_tensor({1, sizes.prompt_embed_dim, side_, side_}, seed)) {}

  DecoderOutput torch(const FramePrompt& prompt) {
    const torch::NoGradGuard no_grad;
    PromptTensors tensors;
    const auto N = static_cast<std::int64_t>(prompt.points.size());
    if (N > 0) {
      tensors.point_coords = torch::empty({1, N, 2});
      tensors.point_labels = torch::empty({1, N});
      for (std::int64_t i = 0; i < N; ++i) {
        const FramePoint& point = prompt.points[static_cast<std::size_t>(i)];
        tensors.point_coords[0][i][0] = point.x;
        tensors.point_coords[0][i][1] = point.y;
        tensors.point_labels[0][i] = point.label == FramePoint::Label::foreground ? 1 : 0;
      }
    }
    if (prompt.class_index) tensors.classes = torch::tensor({std::int64_t{*prompt.class_index}});
    if (prompt.box) tensors.boxes = torch::tensor(at::ArrayRef<float>(prompt.box->data(), 4)).unsqueeze(0);
    if (!prompt.mask.empty()) {
      tensors.masks = torch::tensor(at::ArrayRef<float>(prompt.mask.data(), prompt.mask.size()))
                          .view({1, 1, 4 * side_, 4 * side_});
    }
    return sam_->decode(embedding_, tensors);
  }
  // The largest difference in logits, as a share of 1 or of the largest logit, in the predicted IoU and the
  // object score.
  double difference(const FramePrompt& prompt) {
    const DecoderOutput expected = torch(prompt);
    const auto rows = embedding_.flatten(2).transpose(1, 2).contiguous();
    const auto image = decoder_.prepare({rows.data_ptr<float>(), static_cast<std::size_t>(rows.numel())}, 1);
    const auto decoded = decoder_.decode(*image, {&prompt, 1}, MaskSet::all, 1).front();
    double most = 0;
    for (std::size_t i = 0; i < decoded.size(); ++i) {
      const auto token = static_cast<std::int64_t>(i);
      const auto logits =
          torch::tensor(at::ArrayRef<float>(decoded[i].logits.data(), decoded[i].logits.size()));
      const auto reference = expected.low_res[0][token].flatten();
      const double scale = std::max(1.0, reference.abs().max().item<double>());
      most = std::max(most, largest_difference(logits, reference) / scale);
      most = std::max(most, std::abs(decoded[i].predicted_iou - expected.iou[0][token].item<double>()));
      EXPECT_EQ(decoded[i].object_score.has_value(), prompt.class_index.has_value());
      if (decoded[i].object_score)
        most = std::max(most, std::abs(*decoded[i].object_score - expected.object_score[0].item<double>()));
    }
    return most;
  }
  std::vector<float> mask(std::uint64_t seed) const {
    const auto values = random_tensor({16 * side_ * side_}, seed) * 5;
    return {values.data_ptr<float>(), values.data_ptr<float>() + values.numel()};
  }

 private:
  // Norms and biases are not mere ones and zeros.
  static Sam sam_without_trivial_norms(const SamSizes& sizes, std::uint64_t seed) {
    const torch::NoGradGuard no_grad;
    auto sam = small_sam(sizes);
    for (auto& parameter : sam->parameters()) {
      if (parameter.dim() == 1) parameter.add_(random_tensor(parameter.sizes(), ++seed) * 0.2);
    }
    return sam;
  }
  std::int64_t side_;
  Sam sam_;
  Decoder decoder_;
  torch::Tensor embedding_;
};

constexpr auto kForeground = FramePoint::Label::foreground, kBackground = FramePoint::Label::background;

std::vector<FramePoint> points(std::size_t count, float side) {
  std::vector<FramePoint> all;
  for (std::size_t i = 0; i < count; ++i) {
    const auto share = static_cast<float>(i) / static_cast<float>(count);
    all.push_back({side * share, side * (1 - share * share), i % 3 == 2 ? kBackground : kForeground});
  }
  return all;
}

// Of a network whose pictures have this side; `mask` is kept by the caller.
std::vector<FramePrompt> prompts_of_all_kinds(float side, std::span<const float> mask) {
  const std::array<float, 4> box{0.1F * side, 0.2F * side, 0.7F * side, 0.9F * side};
  return {{.points = points(1, side), .box = {}, .mask = {}},
          {.points = points(5, side), .box = {}, .mask = {}},
          {.points = {}, .box = box, .mask = {}},
          {.points = points(2, side), .box = box, .mask = {}},
          {.points = {}, .box = {}, .mask = mask},
          {.points = points(3, side), .box = box, .mask = mask},
          {.points = {}, .box = {}, .mask = {}},
          {.points = points(50, side), .box = {}, .mask = {}}};
}

// With and without what may stand beside a class; of a network that knows three.
std::vector<FramePrompt> prompts_with_classes(float side, std::span<const float> mask) {
  std::vector<FramePrompt> prompts = prompts_of_all_kinds(side, mask);
  for (std::size_t i = 0; i < prompts.size(); ++i) prompts[i].class_index = static_cast<int>(i % 3);
  return prompts;
}

TEST(DecoderParity, AgreesWithTheModulesForSmallNetworksOnEveryInstructionSet) {
  const auto best = kernels::instruction_set();
  for (const auto set : kernels::available_instruction_sets()) {
    kernels::use_instruction_set(set);
    for (const std::int64_t depth : {1, 2, 3}) {
      auto sizes = small_vit_sizes();
      sizes.decoder_depth = depth;
      Parity parity(sizes, 7);
      const auto mask = parity.mask(3);
      for (const FramePrompt& prompt : prompts_of_all_kinds(64, mask))
        EXPECT_LT(parity.difference(prompt), 2e-5) << "depth " << depth << ", " << kernels::to_string(set);
    }
  }
  kernels::use_instruction_set(best);
}

TEST(DecoderParity, AgreesWithTheModulesForClassesAloneAndBesideOtherPrompts) {
  auto sizes = small_vit_sizes();
  sizes.class_count = 3;
  Parity parity(sizes, 10);
  const auto mask = parity.mask(6);
  for (const FramePrompt& prompt : prompts_of_all_kinds(64, mask)) EXPECT_LT(parity.difference(prompt), 2e-5);
  for (const FramePrompt& prompt : prompts_with_classes(64, mask)) EXPECT_LT(parity.difference(prompt), 2e-5);
}

TEST(DecoderParity, AgreesWithTheModulesForManyPositionsThatFillNoBlock) {
  auto sizes = small_vit_sizes();
  std::get<VitSizes>(sizes.image_encoder).image_size = 16 * 19;  // 361 positions
  Parity parity(sizes, 8);
  const auto mask = parity.mask(4);
  for (const FramePrompt& prompt : prompts_of_all_kinds(16 * 19, mask))
    EXPECT_LT(parity.difference(prompt), 2e-5);
}

TEST(DecoderParity, AgreesWithTheModulesAtPublishedSizes) {
  Parity parity(mobile_sam_sizes(), 9);
  const auto mask = parity.mask(5);
  for (const FramePrompt& prompt : prompts_of_all_kinds(1024, mask))
    EXPECT_LT(parity.difference(prompt), 5e-5) << prompt.points.size() << " points";
}

}  // namespace
}  // namespace sonde
