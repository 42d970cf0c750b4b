// SPDX-License-Identifier: Apache-2.0
#include "sonde/weights/sam_tensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/error.h"
#include "sonde/weights/refusal_testing.h"
#include "sonde/weights/small_sizes_testing.h"

namespace sonde {
namespace {

WeightTensor shape_only(Shape shape, NumberType type = NumberType::f32) {
  return {.type = type, .shape = std::move(shape), .bytes = {}, .owner = nullptr};
}

void fit(const NamedTensors& tensors) { fit_tensors(tensors, sizes_from_tensors(tensors, "a.pth"), "a.pth"); }
std::string refusal(const NamedTensors& tensors) {
  return refusal_of([&] { fit(tensors); }, "a.pth");
}

TEST(FitTensors, AcceptsTheTensorsOfTheNetwork) {
  for (const auto& sizes : {small_vit_sizes(), small_tiny_vit_sizes(), vit_h_sizes(), mobile_sam_sizes()})
    EXPECT_NO_THROW(fit(shape_only_tensors(sizes)));
  EXPECT_NO_THROW(fit(random_tensors(small_tiny_vit_sizes(), 1)));
}

TEST(FitTensors, TakesOtherKindsOfFloat) {
  auto tensors = shape_only_tensors(small_vit_sizes());
  for (auto& [name, tensor] : tensors) tensor.type = NumberType::f16;
  EXPECT_NO_THROW(fit(tensors));
}

TEST(FitTensors, NamesMissingExtraAndMisshapenTensorsInOneLine) {
  auto tensors = shape_only_tensors(small_vit_sizes());
  tensors.erase("mask_decoder.iou_token.weight");
  tensors["image_encoder.adapter.weight"] = shape_only({1});
  tensors["image_encoder.neck.1.bias"] = shape_only({31});
  tensors["image_encoder.neck.1.weight"] = shape_only({32}, NumberType::i32);
  const auto text = refusal(tensors);
  EXPECT_THAT(text,
              testing::StartsWith(
                  "a.pth: the tensors do not fit a SAM of architecture vit; missing: "
                  "mask_decoder.iou_token.weight; extra: image_encoder.adapter.weight; misshapen: "
                  "image_encoder.neck.1.bias is [31], not [32], image_encoder.neck.1.weight is of type I32"));
  EXPECT_EQ(text.find('\n'), std::string::npos);
}

TEST(FitTensors, NamesFiveOfManyAndCountsTheRest) {
  auto tensors = shape_only_tensors(small_vit_sizes());
  for (int i = 0; i < 7; ++i) tensors["lora." + std::to_string(i)] = shape_only({1});
  EXPECT_THAT(refusal(tensors), testing::EndsWith("lora.4 and 2 more"));
}

TEST(FitTensors, RefusesACheckpointThatPromisesMoreThanItHolds) {
  auto sizes = small_vit_sizes();
  std::get<VitSizes>(sizes.image_encoder) = {
      .image_size = 4096, .embed_dim = 16384, .num_heads = 128, .mlp_dim = 16384, .out_chans = 32};
  auto tensors = shape_only_tensors(sizes);  // 15 GB of weights, were they there
  tensors["image_encoder.blocks.3.attn.qkv.weight"] = shape_only({1, 1});
  EXPECT_THAT(refusal(tensors),
              testing::HasSubstr("image_encoder.blocks.3.attn.qkv.weight is [1, 1], not [49152, 16384]"));
}

TEST(FitTensors, ToleratesWhatPublishedCheckpointsCarryBesides) {
  auto tensors = shape_only_tensors(small_tiny_vit_sizes());
  for (const auto* name :
       {"pixel_mean", "pixel_std", "image_encoder.norm_head.weight", "image_encoder.head.bias",
        "image_encoder.layers.1.blocks.0.attn.attention_bias_idxs"}) {
    tensors[name] = shape_only({3});
  }
  ASSERT_EQ(tensors.erase("image_encoder.patch_embed.seq.0.bn.num_batches_tracked"), 1U);
  EXPECT_NO_THROW(fit(tensors));
}

TEST(FitTensors, TakesTokensOfClassesWithTheirHeadAndNoneWithoutIt) {
  auto sizes = small_vit_sizes();
  EXPECT_FALSE(parameters_of(sizes).contains("prompt_encoder.class_embeddings.weight"));
  sizes.class_count = 3;
  const auto tensors = random_tensors(sizes, 1);
  EXPECT_EQ(sizes_from_tensors(tensors, "a.pth").class_count, 3);
  const SamTensors fitted = fit_tensors(tensors, sizes, "a.pth");
  ASSERT_TRUE(fitted.prompt_encoder.class_embeddings);
  EXPECT_EQ(fitted.prompt_encoder.class_embeddings->shape, (Shape{3, 32}));
  EXPECT_EQ(fitted.mask_decoder.object_score_head.size(), 3U);

  auto no_head = tensors, no_tokens = tensors, part_of_head = tensors, misshapen = tensors;
  for (const auto* layer : {"0", "1", "2"}) {
    for (const auto* kind : {".weight", ".bias"})
      no_head.erase(std::string("mask_decoder.object_score_head.layers.") + layer + kind);
  }
  EXPECT_THAT(refusal(no_head), testing::HasSubstr("prompt_encoder.class_embeddings.weight is there without "
                                                   "mask_decoder.object_score_head.layers.0.weight"));
  no_tokens.erase("prompt_encoder.class_embeddings.weight");
  EXPECT_THAT(refusal(no_tokens),
              testing::HasSubstr("mask_decoder.object_score_head.layers.0.weight is there without "
                                 "prompt_encoder.class_embeddings.weight"));
  part_of_head.erase("mask_decoder.object_score_head.layers.2.bias");
  EXPECT_THAT(refusal(part_of_head),
              testing::HasSubstr("missing: mask_decoder.object_score_head.layers.2.bias"));
  misshapen["prompt_encoder.class_embeddings.weight"] = shape_only({3, 31});
  EXPECT_THAT(refusal(misshapen),
              testing::HasSubstr("prompt_encoder.class_embeddings.weight is [3, 31], not [3, 32]"));
}

}  // namespace
}  // namespace sonde
