// SPDX-License-Identifier: Apache-2.0
#include "sonde/weights/variants.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/error.h"
#include "sonde/weights/refusal_testing.h"
#include "sonde/weights/small_sizes_testing.h"

namespace sonde {
namespace {

std::string refusal(const NamedTensors& tensors) {
  return refusal_of([&] { sizes_from_tensors(tensors, "a.pth"); }, "a.pth");
}

WeightTensor shape_only(Shape shape) {
  return {.type = NumberType::f32, .shape = std::move(shape), .bytes = {}, .owner = nullptr};
}

TEST(SizesFromTensors, AreThoseTheNetworkWasBuiltFrom) {
  auto tiny = small_tiny_vit_sizes();
  std::get<TinyVitSizes>(tiny.image_encoder).image_size = 1024;  // tensors do not tell it
  for (const auto& sizes :
       {vit_b_sizes(), vit_l_sizes(), vit_h_sizes(), mobile_sam_sizes(), small_vit_sizes(), tiny}) {
    EXPECT_EQ(sizes_from_tensors(shape_only_tensors(sizes), "a.pth"), sizes) << sizes.architecture;
  }
}

TEST(SizesFromTensors, CountsThePublishedNumberOfParameters) {
  const auto count = [](const SamSizes& sizes) {
    std::int64_t n = 0;
    for (const auto& [name, parameter] : parameters_of(sizes)) {
      std::int64_t elements = 1;
      for (const auto extent : parameter.shape) elements *= extent;
      if (!name.ends_with("positional_encoding_gaussian_matrix")) n += elements;  // which is not learned
    }
    return n;
  };
  EXPECT_EQ(count(vit_b_sizes()), 93735472);  // as published: 91M, 308M and 636M without the positions
  EXPECT_EQ(count(vit_l_sizes()), 312342832);
  EXPECT_EQ(count(vit_h_sizes()), 641090608);
}

TEST(SizesFromTensors, KnowsAVariantAtAnotherImageSize) {
  auto sizes = vit_b_sizes();
  std::get<VitSizes>(sizes.image_encoder).image_size = 256;
  EXPECT_EQ(sizes_from_tensors(shape_only_tensors(sizes), "a.pth").architecture, "vit_b");
  EXPECT_EQ(embedding_side(sizes_from_tensors(shape_only_tensors(sizes), "a.pth")), 16);
}

TEST(SizesFromTensors, NamesTheFirstTensorThatANonSamLacks) {
  EXPECT_THAT(
      refusal({{"fc.weight", shape_only({2, 2})}}),
      testing::HasSubstr(
          "a.pth: is not a SAM checkpoint: there is no tensor image_encoder.patch_embed.proj.weight"));
}

TEST(SizesFromTensors, RefusesSizesBeyondAnyUse) {
  auto tensors = shape_only_tensors(small_vit_sizes());
  tensors["image_encoder.pos_embed"] = shape_only({1, 8000, 8000, 24});
  EXPECT_THAT(refusal(tensors), testing::HasSubstr("image_encoder.pos_embed is [1, 8000, 8000, 24]"));
  tensors["image_encoder.pos_embed"] = shape_only({1, 1L << 40, 1, 24});
  EXPECT_THAT(refusal(tensors), testing::HasSubstr("image_encoder.pos_embed has a side of 1099511627776"));
  tensors["image_encoder.pos_embed"] = shape_only({4, 24});
  EXPECT_THAT(refusal(tensors), testing::HasSubstr("image_encoder.pos_embed has 2 dimensions, not 4"));
}

TEST(SizesFromTensors, RefusesAZeroSide) {
  auto tensors = shape_only_tensors(small_tiny_vit_sizes());
  tensors["image_encoder.layers.1.blocks.0.attn.attention_biases"] = shape_only({0, 9});
  EXPECT_THAT(refusal(tensors), testing::HasSubstr("attention_biases has a side of 0"));
}

TEST(SizesFromTensors, RefusesRelativePositionsOfTwoWindowSizes) {
  auto tensors = shape_only_tensors(small_vit_sizes());
  tensors["image_encoder.blocks.2.attn.rel_pos_h"] = shape_only({3, 12});
  EXPECT_THAT(refusal(tensors),
              testing::HasSubstr("blocks.2.attn.rel_pos_h has 3 relative positions, allowed are 7 and 5"));
}

TEST(SizesFromTensors, RefusesHeadsThatDoNotDivideTheChannels) {
  auto tensors = shape_only_tensors(small_tiny_vit_sizes());
  tensors["image_encoder.layers.1.blocks.0.attn.attention_biases"] = shape_only({5, 9});
  EXPECT_THAT(refusal(tensors), testing::HasSubstr("has 5 heads, which do not divide 12"));
}

TEST(SizesFromTensors, RefusesAnEncoderThatDoesNotFitTheDecoder) {
  auto sizes = small_vit_sizes();
  std::get<VitSizes>(sizes.image_encoder).out_chans = 16;
  EXPECT_THAT(refusal(shape_only_tensors(sizes)),
              testing::HasSubstr("gives 16 channels, the decoder takes 32"));
}

}  // namespace
}  // namespace sonde
