// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstring>

#include <gtest/gtest.h>

#include "sonde/inference/decoder.h"
#include "sonde/kernels/cpu.h"
#include "sonde/model/small_networks.h"

namespace sonde {
namespace {

// The decoder on kernels beside the modules that define it.
class Twins {
 public:
  Twins(const SamSizes& sizes, std::uint64_t seed)
      : side_(embedding_side(sizes)),
        sam_(sam_with_lively_norms(sizes, seed)),
        decoder_(checkpoint_of(sam_).tensors, sizes),
        embedding_(random_tensor({1, sizes.prompt_embed_dim, side_, side_}, seed)) {}

  std::shared_ptr<const Network::PreparedImage> prepare(int threads = 1) const {
    const auto rows = embedding_.flatten(2).transpose(1, 2).contiguous();
    return decoder_.prepare({rows.data_ptr<float>(), static_cast<std::size_t>(rows.numel())}, threads);
  }
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
    if (prompt.box) tensors.boxes = torch::tensor(at::ArrayRef<float>(prompt.box->data(), 4)).unsqueeze(0);
    if (!prompt.mask.empty()) {
      tensors.masks = torch::tensor(at::ArrayRef<float>(prompt.mask.data(), prompt.mask.size()))
                          .view({1, 1, 4 * side_, 4 * side_});
    }
    return sam_->decode(embedding_, tensors);
  }
  // The largest difference in logits, as a share of 1 or of the largest logit, and in the predicted IoU.
  double difference(const FramePrompt& prompt) {
    const DecoderOutput expected = torch(prompt);
    const auto decoded = decoder_.decode(*prepare(), {&prompt, 1}, MaskTokens::all, 1).front();
    double most = 0;
    for (std::size_t i = 0; i < decoded.size(); ++i) {
      const auto token = static_cast<std::int64_t>(i);
      const auto logits =
          torch::tensor(at::ArrayRef<float>(decoded[i].logits.data(), decoded[i].logits.size()));
      const auto reference = expected.low_res[0][token].flatten();
      const double scale = std::max(1.0, reference.abs().max().item<double>());
      most = std::max(most, largest_difference(logits, reference) / scale);
      most = std::max(most, std::abs(decoded[i].predicted_iou - expected.iou[0][token].item<double>()));
    }
    return most;
  }
  const Decoder& decoder() const { return decoder_; }
  std::vector<float> mask(std::uint64_t seed) const {
    const auto values = random_tensor({16 * side_ * side_}, seed) * 5;
    return {values.data_ptr<float>(), values.data_ptr<float>() + values.numel()};
  }

 private:
  // Norms and biases are not mere ones and zeros.
  static Sam sam_with_lively_norms(const SamSizes& sizes, std::uint64_t seed) {
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

bool are_same(const std::vector<DecodedMask>& a, const std::vector<DecodedMask>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i].predicted_iou != b[i].predicted_iou || a[i].logits != b[i].logits) return false;
  }
  return true;
}

TEST(DecoderTwin, AgreesWithTheModulesForSmallNetworksOnEveryInstructionSet) {
  const auto best = kernels::instruction_set();
  for (const auto set : kernels::available_instruction_sets()) {
    kernels::use_instruction_set(set);
    for (const std::int64_t depth : {1, 2, 3}) {
      auto sizes = small_vit_sizes();
      sizes.decoder_depth = depth;
      Twins twins(sizes, 7);
      const auto mask = twins.mask(3);
      for (const FramePrompt& prompt : prompts_of_all_kinds(64, mask))
        EXPECT_LT(twins.difference(prompt), 2e-5) << "depth " << depth << ", " << kernels::to_string(set);
    }
  }
  kernels::use_instruction_set(best);
}

TEST(DecoderTwin, AgreesWithTheModulesForManyPositionsThatFillNoBlock) {
  auto sizes = small_vit_sizes();
  std::get<VitSizes>(sizes.image_encoder).image_size = 16 * 19;  // 361 positions
  Twins twins(sizes, 8);
  const auto mask = twins.mask(4);
  for (const FramePrompt& prompt : prompts_of_all_kinds(16 * 19, mask))
    EXPECT_LT(twins.difference(prompt), 2e-5);
}

TEST(DecoderTwin, AgreesWithTheModulesAtPublishedSizes) {
  Twins twins(mobile_sam_sizes(), 9);
  const auto mask = twins.mask(5);
  for (const FramePrompt& prompt : prompts_of_all_kinds(1024, mask))
    EXPECT_LT(twins.difference(prompt), 5e-5) << prompt.points.size() << " points";
}

TEST(DecoderTwin, GivesTheSameBytesForAnyThreadsAndNeighbours) {
  Twins twins(mobile_sam_sizes(), 10);
  const auto mask = twins.mask(6);
  const auto prompts = prompts_of_all_kinds(1024, mask);
  const auto image = twins.prepare(1);
  const auto together = twins.decoder().decode(*image, prompts, MaskTokens::three, 2);
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    for (const int threads : {1, 3}) {
      const auto alone =
          twins.decoder().decode(*twins.prepare(threads), {&prompts[i], 1}, MaskTokens::three, threads);
      EXPECT_TRUE(are_same(together[i], alone.front())) << i << " with " << threads << " threads";
    }
  }
}

TEST(DecoderTwin, GivesTheTokensThatAreAskedFor) {
  Twins twins(small_vit_sizes(), 11);
  const auto image = twins.prepare();
  const FramePrompt prompt{.points = points(2, 64), .box = {}, .mask = {}};
  const auto decode = [&](MaskTokens tokens) {
    return twins.decoder().decode(*image, {&prompt, 1}, tokens, 1).front();
  };
  const auto all = decode(MaskTokens::all);
  ASSERT_EQ(all.size(), 4U);
  EXPECT_TRUE(are_same(decode(MaskTokens::single), {all[0]}));
  EXPECT_TRUE(are_same(decode(MaskTokens::three), {all[1], all[2], all[3]}));
}

TEST(DecoderTwin, LeavesOutMasksThatArePredictedToBeWorseThanAsked) {
  Twins twins(small_vit_sizes(), 13);
  const auto image = twins.prepare();
  FramePrompt prompt{.points = points(1, 64), .box = {}, .mask = {}};
  const auto decode = [&] {
    return twins.decoder().decode(*image, {&prompt, 1}, MaskTokens::all, 1).front();
  };
  const auto all = decode();
  for (const DecodedMask& least : all) {
    prompt.above_iou = least.predicted_iou;
    const auto some = decode();
    for (std::size_t i = 0; i < all.size(); ++i) {
      EXPECT_EQ(some[i].predicted_iou, all[i].predicted_iou);
      const bool is_better = all[i].predicted_iou > least.predicted_iou;
      EXPECT_EQ(some[i].logits, is_better ? all[i].logits : std::vector<float>());
    }
  }
}

TEST(DecoderTwin, AnswersNothingToNoPrompts) {
  Twins twins(small_vit_sizes(), 12);
  EXPECT_TRUE(twins.decoder().decode(*twins.prepare(), {}, MaskTokens::all, 4).empty());
}

}  // namespace
}  // namespace sonde
