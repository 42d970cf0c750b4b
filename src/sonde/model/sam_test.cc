// SPDX-License-Identifier: Apache-2.0
#include "sonde/model/sam.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/error.h"
#include "sonde/model/small_networks.h"

namespace sonde {
namespace {

std::string refusal(const Checkpoint& checkpoint) {
  try {
    build_sam(checkpoint, "a.pth", torch::kCPU);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::corrupt_data);
    return error.what();
  }
  return "accepted";
}

PromptTensors three_prompts() {
  return {.point_coords = random_tensor({3, 2, 2}, 1).abs() * 20,
          .point_labels = torch::tensor({{1.F, 0.F}, {1.F, 1.F}, {1.F, -1.F}}),
          .masks = random_tensor({3, 1, 16, 16}, 2)};
}

TEST(Sam, GivesFourMasksOfFourTimesTheEmbeddingsSidePerPrompt) {
  const torch::NoGradGuard no_grad;
  for (const auto& sizes : {small_vit_sizes(), small_tiny_vit_sizes()}) {
    auto sam = small_sam(sizes);
    const auto out = sam->decode(sam->encode_image(random_tensor({1, 3, 64, 64}, 3)), three_prompts());
    EXPECT_EQ(out.low_res.sizes(), (std::vector<std::int64_t>{3, 4, 16, 16}));
    EXPECT_EQ(out.iou.sizes(), (std::vector<std::int64_t>{3, 4}));
  }
}

TEST(Sam, AnswersAPromptWhateverItsNeighboursInTheBatch) {
  const torch::NoGradGuard no_grad;
  auto sam = small_sam(small_vit_sizes());
  const auto embedding = random_tensor({1, 32, 4, 4}, 3);
  auto prompts = three_prompts();
  for (const bool with_masks : {true, false}) {
    if (!with_masks) prompts.masks = torch::Tensor();
    const auto together = sam->decode(embedding, prompts);
    for (std::int64_t i = 0; i < 3; ++i) {
      const auto one = [i](const torch::Tensor& t) { return t.defined() ? t.slice(0, i, i + 1) : t; };
      const auto alone = sam->decode(embedding, {.point_coords = one(prompts.point_coords),
                                                 .point_labels = one(prompts.point_labels),
                                                 .masks = one(prompts.masks)});
      EXPECT_LT(largest_difference(together.low_res[i], alone.low_res[0]), 1e-4);
      EXPECT_LT(largest_difference(together.iou[i], alone.iou[0]), 1e-4);
    }
  }
}

TEST(Sam, PassesGradientsToEveryParameterThatItsPromptsUse) {
  auto sam = random_sam(small_vit_sizes(), 3);
  auto prompts = three_prompts();
  const auto boxes = random_tensor({3, 4}, 4).abs() * 20;
  auto out = sam->decode(random_tensor({1, 32, 4, 4}, 3), prompts);
  prompts.boxes = boxes;
  prompts.masks = torch::Tensor();
  const auto boxed = sam->decode(random_tensor({1, 32, 4, 4}, 3), prompts);
  (out.low_res.square().mean() + out.iou.square().mean() + boxed.low_res.square().mean()).backward();
  for (const auto& item : sam->prompt_encoder->named_parameters())
    EXPECT_TRUE(item.value().grad().defined()) << item.key();
  for (const auto& item : sam->mask_decoder->named_parameters())
    EXPECT_TRUE(item.value().grad().defined()) << item.key();
}

TEST(RandomSam, DependsOnItsSeedAlone) {
  const auto a = checkpoint_of(random_sam(small_vit_sizes(), 1)),
             b = checkpoint_of(random_sam(small_vit_sizes(), 1)),
             c = checkpoint_of(random_sam(small_vit_sizes(), 2));
  for (const auto& [name, tensor] : a.tensors) EXPECT_TRUE(tensor.equal(b.tensors.at(name))) << name;
  EXPECT_FALSE(a.tensors.at("image_encoder.pos_embed").equal(c.tensors.at("image_encoder.pos_embed")));
}

TEST(BuildSam, GivesTheNetworkThatTheTensorsWereTakenFrom) {
  const torch::NoGradGuard no_grad;
  auto sam = small_sam(small_vit_sizes());
  const auto checkpoint = checkpoint_of(sam);
  auto built = build_sam(checkpoint, "a.pth", torch::kCPU);
  EXPECT_FALSE(built->is_training());
  const auto pixels = random_tensor({1, 3, 64, 64}, 3);
  EXPECT_TRUE(built->encode_image(pixels).equal(sam->encode_image(pixels)));
  const auto embedding = random_tensor({1, 32, 4, 4}, 3);
  EXPECT_TRUE(built->decode(embedding, three_prompts())
                  .low_res.equal(sam->decode(embedding, three_prompts()).low_res));
  for (const auto& item : built->named_parameters()) {
    EXPECT_FALSE(item.value().requires_grad());
    EXPECT_EQ(item.value().data_ptr(), checkpoint.tensors.at(item.key()).data_ptr())
        << "is shared, not copied";
  }
}

TEST(BuildSam, TakesOtherKindsOfFloatAsFloat) {
  auto checkpoint = checkpoint_of(small_sam(small_vit_sizes()));
  for (auto& [name, tensor] : checkpoint.tensors) tensor = tensor.to(torch::kHalf);
  for (const auto& parameter : build_sam(checkpoint, "a.pth", torch::kCPU)->parameters()) {
    EXPECT_EQ(parameter.scalar_type(), torch::kFloat);
  }
}

TEST(BuildSam, NamesMissingExtraAndMisshapenTensorsInOneLine) {
  auto checkpoint = checkpoint_of(small_sam(small_vit_sizes()));
  checkpoint.tensors.erase("mask_decoder.iou_token.weight");
  checkpoint.tensors["image_encoder.adapter.weight"] = torch::zeros({1});
  checkpoint.tensors["image_encoder.neck.1.bias"] = torch::zeros({31});
  checkpoint.tensors["image_encoder.neck.1.weight"] = torch::zeros({32}, torch::kInt);
  const auto text = refusal(checkpoint);
  EXPECT_THAT(text,
              testing::StartsWith(
                  "a.pth: the tensors do not fit a SAM of architecture vit; missing: "
                  "mask_decoder.iou_token.weight; extra: image_encoder.adapter.weight; misshapen: "
                  "image_encoder.neck.1.bias is [31], not [32], image_encoder.neck.1.weight is of type Int"));
  EXPECT_EQ(text.find('\n'), std::string::npos);
}

TEST(BuildSam, NamesFiveOfManyAndCountsTheRest) {
  auto checkpoint = checkpoint_of(small_sam(small_vit_sizes()));
  for (int i = 0; i < 7; ++i) checkpoint.tensors["lora." + std::to_string(i)] = torch::zeros({1});
  EXPECT_THAT(refusal(checkpoint), testing::EndsWith("lora.4 and 2 more"));
}

TEST(BuildSam, RefusesACheckpointThatPromisesMoreThanItHolds) {
  auto sizes = small_vit_sizes();
  std::get<VitSizes>(sizes.image_encoder) = {
      .image_size = 4096, .embed_dim = 16384, .num_heads = 128, .mlp_dim = 16384, .out_chans = 32};
  auto checkpoint = checkpoint_of(Sam(sizes));  // 15 GB of weights, were they there
  checkpoint.tensors["image_encoder.blocks.3.attn.qkv.weight"] = torch::zeros({1, 1});
  EXPECT_THAT(refusal(checkpoint),
              testing::HasSubstr("image_encoder.blocks.3.attn.qkv.weight is [1, 1], not [49152, 16384]"));
}

TEST(BuildSam, ToleratesWhatPublishedCheckpointsCarryBesides) {
  auto checkpoint = checkpoint_of(small_sam(small_tiny_vit_sizes()));
  for (const auto* name :
       {"pixel_mean", "pixel_std", "image_encoder.norm_head.weight", "image_encoder.head.bias",
        "image_encoder.layers.1.blocks.0.attn.attention_bias_idxs"}) {
    checkpoint.tensors[name] = torch::zeros({3});
  }
  ASSERT_EQ(checkpoint.tensors.erase("image_encoder.patch_embed.seq.0.bn.num_batches_tracked"), 1U);
  EXPECT_EQ(build_sam(checkpoint, "a.pth", torch::kCPU)->sizes.architecture, "vit_t");
}

}  // namespace
}  // namespace sonde
