// SPDX-License-Identifier: Apache-2.0
#include "sonde/model/sam.h"

#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/error.h"
#include "sonde/model/small_networks_testing.h"

namespace sonde {
namespace {

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
  const auto equal = [](const WeightTensor& x, const WeightTensor& y) {
    return to_torch(x).equal(to_torch(y));
  };
  for (const auto& [name, tensor] : a.tensors) EXPECT_TRUE(equal(tensor, b.tensors.at(name))) << name;
  EXPECT_FALSE(equal(a.tensors.at("image_encoder.pos_embed"), c.tensors.at("image_encoder.pos_embed")));
}

TEST(BuildSam, GivesTheNetworkThatTheTensorsWereTakenFrom) {
  const torch::NoGradGuard no_grad;
  auto sam = small_sam(small_vit_sizes());
  const auto checkpoint = checkpoint_of(sam);
  auto built = build_sam(checkpoint.tensors, "a.pth", torch::kCPU);
  EXPECT_FALSE(built->is_training());
  const auto pixels = random_tensor({1, 3, 64, 64}, 3);
  EXPECT_TRUE(built->encode_image(pixels).equal(sam->encode_image(pixels)));
  const auto embedding = random_tensor({1, 32, 4, 4}, 3);
  EXPECT_TRUE(built->decode(embedding, three_prompts())
                  .low_res.equal(sam->decode(embedding, three_prompts()).low_res));
  for (const auto& item : built->named_parameters()) {
    EXPECT_FALSE(item.value().requires_grad());
    EXPECT_EQ(item.value().data_ptr(), checkpoint.tensors.at(item.key()).bytes.data())
        << "is shared, not copied";
  }
}

TEST(BuildSam, TakesOtherKindsOfFloatAsFloat) {
  auto checkpoint = checkpoint_of(small_sam(small_vit_sizes()));
  for (auto& [name, tensor] : checkpoint.tensors) tensor = from_torch(to_torch(tensor).to(torch::kHalf));
  for (const auto& parameter : build_sam(checkpoint.tensors, "a.pth", torch::kCPU)->parameters()) {
    EXPECT_EQ(parameter.scalar_type(), torch::kFloat);
  }
}

TEST(BuildSam, RefusesWhatDoesNotFit) {
  auto checkpoint = checkpoint_of(small_sam(small_vit_sizes()));
  checkpoint.tensors["image_encoder.neck.1.bias"] = make_tensor(std::vector<float>(31), {31});
  try {
    build_sam(checkpoint.tensors, "a.pth", torch::kCPU);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::corrupt_data);
    EXPECT_THAT(error.what(), testing::HasSubstr("image_encoder.neck.1.bias is [31], not [32]"));
  }
}

TEST(BuildSam, DoesWithoutCountsOfBatches) {
  auto checkpoint = checkpoint_of(small_sam(small_tiny_vit_sizes()));
  ASSERT_EQ(checkpoint.tensors.erase("image_encoder.patch_embed.seq.0.bn.num_batches_tracked"), 1U);
  EXPECT_EQ(build_sam(checkpoint.tensors, "a.pth", torch::kCPU)->sizes.architecture, "vit_t");
}

TEST(ParametersOf, AreThoseOfTheNetwork) {
  for (const auto& sizes : {small_vit_sizes(), small_tiny_vit_sizes(), vit_b_sizes(), vit_l_sizes(),
                            vit_h_sizes(), mobile_sam_sizes()}) {
    const Sam sam(sizes);
    std::map<std::string, Shape> expected, floats;
    const auto add = [&](const std::string& name, const torch::Tensor& tensor) {
      expected[name] = tensor.sizes().vec();
      if (tensor.is_floating_point()) floats[name] = expected[name];
    };
    for (const auto& item : sam->named_parameters()) add(item.key(), item.value());
    for (const auto& item : sam->named_buffers()) add(item.key(), item.value());
    std::map<std::string, Shape> listed, listed_floats;
    for (const auto& [name, parameter] : parameters_of(sizes)) {
      listed[name] = parameter.shape;
      if (is_floating_point(parameter.type)) listed_floats[name] = parameter.shape;
    }
    EXPECT_EQ(listed, expected) << sizes.architecture;
    EXPECT_EQ(listed_floats, floats) << sizes.architecture;
  }
}

}  // namespace
}  // namespace sonde
