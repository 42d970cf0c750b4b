// SPDX-License-Identifier: Apache-2.0
#include "sonde/inference/decoder.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sonde/inference/plain_decoder_testing.h"
#include "sonde/kernels/kernels_testing.h"
#include "sonde/weights/small_sizes_testing.h"

namespace sonde {
namespace {

constexpr auto kForeground = FramePoint::Label::foreground, kBackground = FramePoint::Label::background;

// A network whose decoder has `channels` and `heads` and whose embedding is [side][side].
SamSizes decoder_sizes(std::int64_t side, std::int64_t channels, std::int64_t heads) {
  SamSizes sizes = small_vit_sizes();
  auto& vit = std::get<VitSizes>(sizes.image_encoder);
  vit.image_size = side * vit.patch_size;
  vit.out_chans = sizes.prompt_embed_dim = channels;
  sizes.decoder_heads = heads;
  sizes.class_count = 3;
  return sizes;
}

// No bias or norm that is 0 or 1 and could be left out unnoticed.
NamedTensors tensors_without_trivial_weights(const SamSizes& sizes) {
  NamedTensors tensors = random_tensors(sizes, 7);
  unsigned seed = 0;
  for (auto& [name, tensor] : tensors) {
    if (tensor.shape.size() != 1) continue;
    std::vector<float> values = kernels::random_values(floats_of(tensor).size(), ++seed);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = floats_of(tensor)[i] + 0.2F * values[i];
    tensor = make_tensor(std::move(values), tensor.shape);
  }
  return tensors;
}

// What earlier work left in the thread's scratch must not show: a value that is read before it is written
// turns the result into NaN.
void poison_scratch() {
  constexpr std::size_t kFloats = std::size_t{1} << 20U;
  kernels::ScratchScope scratch;
  std::fill_n(scratch.take<float>(kFloats), kFloats, std::numeric_limits<float>::quiet_NaN());
}

// The decoder beside its twin, both with the same weights and image.
class Parity {
 public:
  explicit Parity(const SamSizes& sizes)
      : sizes_(sizes),
        tensors_(tensors_without_trivial_weights(sizes)),
        decoder_(fit_tensors(tensors_, sizes, "made up")),
        embedding_(kernels::random_values(positions() * static_cast<std::size_t>(sizes.prompt_embed_dim), 5)),
        mask_(kernels::random_values(16 * positions(), 6)) {
    for (float& logit : mask_) logit *= 5;
  }
  const Decoder& decoder() const { return decoder_; }
  std::shared_ptr<const Network::PreparedImage> prepare(int threads = 1) const {
    return decoder_.prepare(embedding_, threads);
  }
  std::vector<DecodedMask> decode(const FramePrompt& prompt, MaskSet tokens = MaskSet::all) const {
    const auto image = prepare();
    poison_scratch();
    return decoder_.decode(*image, {&prompt, 1}, tokens, 1).front();
  }
  // The largest difference in logits, as a share of 1 or of the largest logit, and in predicted IoU.
  double difference(const FramePrompt& prompt) const {
    const PlainDecoder::Output expected = PlainDecoder(tensors_, sizes_).decode(embedding_, prompt);
    const auto decoded = decode(prompt);
    EXPECT_EQ(decoded.size(), expected.logits.size());
    double most = 0;
    const auto take = [&most](double apart) { most = std::isnan(apart) ? apart : std::max(most, apart); };
    for (std::size_t mask = 0; mask < decoded.size() && !std::isnan(most); ++mask) {
      take(std::abs(decoded[mask].predicted_iou - expected.predicted_iou[mask]));
      EXPECT_EQ(decoded[mask].object_score.has_value(), prompt.class_index.has_value());
      if (decoded[mask].object_score) take(std::abs(*decoded[mask].object_score - expected.object_score));
      double largest = 1;
      for (const double logit : expected.logits[mask]) largest = std::max(largest, std::abs(logit));
      EXPECT_EQ(decoded[mask].logits.size(), expected.logits[mask].size());
      for (std::size_t i = 0; i < decoded[mask].logits.size() && !std::isnan(most); ++i)
        take(std::abs(decoded[mask].logits[i] - expected.logits[mask][i]) / largest);
    }
    return most;
  }

  // Points spread over the picture, every third of them background.
  std::vector<FramePoint> points(std::size_t count) const {
    std::vector<FramePoint> all;
    for (std::size_t i = 0; i < count; ++i) {
      const auto share = static_cast<float>(i) / static_cast<float>(count);
      all.push_back(
          {side_px() * share, side_px() * (1 - share * share), i % 3 == 2 ? kBackground : kForeground});
    }
    return all;
  }
  // Every kind of prompt and mixture of kinds; 0 to 50 tokens of their own.
  std::vector<FramePrompt> prompts() const {
    const std::array<float, 4> box{0.1F * side_px(), 0.2F * side_px(), 0.7F * side_px(), 0.9F * side_px()};
    return {{.points = {}, .box = {}, .mask = {}},
            {.points = points(1), .box = {}, .mask = {}},
            {.points = points(5), .box = {}, .mask = {}},
            {.points = points(50), .box = {}, .mask = {}},
            {.points = {}, .box = box, .mask = {}},
            {.points = points(2), .box = box, .mask = {}},
            {.points = {}, .box = {}, .mask = mask_},
            {.points = points(3), .box = box, .mask = mask_},
            {.points = {}, .box = {}, .mask = {}, .class_index = 0},
            {.points = points(1), .box = {}, .mask = {}, .class_index = 2},
            {.points = points(3), .box = box, .mask = mask_, .class_index = 1}};
  }

 private:
  std::size_t positions() const {
    return static_cast<std::size_t>(embedding_side(sizes_) * embedding_side(sizes_));
  }
  float side_px() const { return static_cast<float>(image_size(sizes_)); }

  SamSizes sizes_;
  NamedTensors tensors_;
  Decoder decoder_;
  std::vector<float> embedding_, mask_;
};

void expect_parity(const SamSizes& sizes) {
  const Parity parity(sizes);
  for (const FramePrompt& prompt : parity.prompts()) {
    EXPECT_LT(parity.difference(prompt), 2e-5)
        << prompt.points.size() << " points, " << (prompt.box ? "a box, " : "") << prompt.mask.size()
        << " logits; " << sizes.decoder_depth << " layers of " << sizes.prompt_embed_dim << " channels";
  }
}

bool are_same(const std::vector<DecodedMask>& a, const std::vector<DecodedMask>& b) {
  return std::ranges::equal(a, b, [](const DecodedMask& x, const DecodedMask& y) {
    return x.predicted_iou == y.predicted_iou && x.logits == y.logits;
  });
}

using DecoderOnEveryInstructionSet = kernels::EveryInstructionSet;

// Two channels a head: more tokens than that, so the image's features are each head's mixture of values.
TEST_P(DecoderOnEveryInstructionSet, AgreesWithThePublishedStepsInDoublePrecision) {
  expect_parity(decoder_sizes(4, 32, 8));
}

// Twelve channels a head: with few tokens the features are the weights of attention, with many the mixture.
TEST_P(DecoderOnEveryInstructionSet, AgreesWhetherTokensAreFewerOrMoreThanAHeadsChannels) {
  expect_parity(decoder_sizes(4, 48, 2));
}

TEST_P(DecoderOnEveryInstructionSet, AgreesWhereNeitherPositionsNorChannelsFillTheirBlocks) {
  expect_parity(decoder_sizes(9, 40, 4));  // 81 positions; 5 channels a head, 10 and 5 upscaled
}

TEST_P(DecoderOnEveryInstructionSet, AgreesForAnyNumberOfLayers) {
  for (const std::int64_t layers : {1, 3}) {
    SamSizes sizes = decoder_sizes(5, 32, 1);
    sizes.decoder_depth = layers;
    expect_parity(sizes);
  }
}

INSTANTIATE_TEST_SUITE_P(Cpu, DecoderOnEveryInstructionSet,
                         testing::ValuesIn(kernels::available_instruction_sets().begin(),
                                           kernels::available_instruction_sets().end()),
                         kernels::set_name);

// Groups of positions, of which the last is not full, are merged.
TEST(Decoding, AgreesWithThePublishedStepsForManyPositions) { expect_parity(decoder_sizes(19, 32, 2)); }

TEST(Decoding, GivesTheSameBytesForAnyThreadsAndNeighbours) {
  const Parity parity(decoder_sizes(64, 256, 8));  // as published
  const auto prompts = parity.prompts();
  const auto together = parity.decoder().decode(*parity.prepare(), prompts, MaskSet::three, 2);
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    for (const int threads : {1, 3}) {
      const auto alone =
          parity.decoder().decode(*parity.prepare(threads), {&prompts[i], 1}, MaskSet::three, threads);
      EXPECT_TRUE(are_same(together[i], alone.front())) << i << " with " << threads << " threads";
    }
  }
}

TEST(Decoding, GivesTheTokensThatAreAskedFor) {
  const Parity parity(decoder_sizes(4, 32, 8));
  const FramePrompt prompt{.points = parity.points(2), .box = {}, .mask = {}};
  const auto all = parity.decode(prompt, MaskSet::all);
  ASSERT_EQ(all.size(), 4U);
  EXPECT_TRUE(are_same(parity.decode(prompt, MaskSet::single), {all[0]}));
  EXPECT_TRUE(are_same(parity.decode(prompt, MaskSet::three), {all[1], all[2], all[3]}));
}

TEST(Decoding, LeavesOutMasksThatArePredictedToBeWorseThanAsked) {
  const Parity parity(decoder_sizes(4, 32, 8));
  FramePrompt prompt{.points = parity.points(1), .box = {}, .mask = {}};
  const auto all = parity.decode(prompt);
  for (const DecodedMask& limit : all) {
    prompt.above_iou = limit.predicted_iou;
    const auto some = parity.decode(prompt);
    for (std::size_t i = 0; i < all.size(); ++i) {
      EXPECT_EQ(some[i].predicted_iou, all[i].predicted_iou);
      const bool is_better = all[i].predicted_iou > limit.predicted_iou;
      EXPECT_EQ(some[i].logits, is_better ? all[i].logits : std::vector<float>());
    }
  }
}

TEST(Decoding, AnswersNothingToNoPrompts) {
  const Parity parity(decoder_sizes(4, 32, 8));
  EXPECT_TRUE(parity.decoder().decode(*parity.prepare(), {}, MaskSet::all, 4).empty());
}

}  // namespace
}  // namespace sonde
