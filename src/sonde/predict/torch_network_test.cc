// SPDX-License-Identifier: Apache-2.0
// The library libsonde-torch.so, loaded as the program loads it, on the CPU.
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/error.h"
#include "sonde/imaging/prompt.h"
#include "sonde/inference/cpu_network.h"
#include "sonde/predict/model_testing.h"
#include "sonde/predict/torch_plugin.h"

namespace sonde {
namespace {

std::unique_ptr<Network> torch_network(const NamedTensors& tensors) {
  return load_torch_plugin("cpu").make_network(tensors, "tiny", {.cuda_index = -1, .threads = 1});
}

FramePixels frame_of(const RgbImage& image) {
  return {.rgb = image.pixels.data(), .width = image.extent.width, .height = image.extent.height};
}

std::vector<FramePrompt> prompts_of_many_shapes(const LowResLogits& mask) {
  const FramePoint inside{.x = 300, .y = 200},
      outside{.x = 900, .y = 50, .label = FramePoint::Label::background};
  std::vector<FramePrompt> prompts(8);
  prompts[0].points = {inside};
  prompts[1].points = {inside, outside};
  prompts[2].box = {100, 110, 500, 600};
  prompts[3].points = {outside};
  prompts[4].box = {100, 110, 500, 600};
  prompts[4].points = {inside};
  prompts[5].points = {inside};
  prompts[5].mask = mask;
  prompts[6].class_index = 1;
  prompts[7].points = {inside};
  prompts[7].class_index = 0;
  return prompts;
}

TEST(TorchNetwork, AnswersAsTheNetworkOnTheCpuDoes) {
  SamSizes sizes = tiny_sam_sizes();
  sizes.class_count = 2;
  const NamedTensors tensors = random_tensors(sizes, 1);
  const auto expected = torch_network(tensors);
  const auto network = make_cpu_network(fit_tensors(tensors, sizes, "random"), {});
  const RgbImage image = test_picture({1024, 700});
  const auto features = network->encode(frame_of(image)),
             expected_features = expected->encode(frame_of(image));
  ASSERT_EQ(features.size(), expected_features.size());
  for (std::size_t i = 0; i < features.size(); ++i) ASSERT_NEAR(features[i], expected_features[i], 1e-3) << i;

  const LowResLogits mask(256 * 256, 1.5F);
  const auto prompts = prompts_of_many_shapes(mask);
  for (const auto wanted : {MaskSet::single, MaskSet::three, MaskSet::all}) {
    const auto masks = network->decode(*network->prepare(expected_features), prompts, wanted);
    const auto expected_masks = expected->decode(*expected->prepare(expected_features), prompts, wanted);
    ASSERT_EQ(masks.size(), prompts.size());
    for (std::size_t i = 0; i < prompts.size(); ++i) {
      ASSERT_EQ(masks[i].size(), mask_count(wanted));
      ASSERT_EQ(expected_masks[i].size(), mask_count(wanted));
      for (std::size_t k = 0; k < masks[i].size(); ++k) {
        EXPECT_NEAR(masks[i][k].predicted_iou, expected_masks[i][k].predicted_iou, 1e-3);
        EXPECT_EQ(masks[i][k].object_score.has_value(), prompts[i].class_index.has_value());
        ASSERT_EQ(masks[i][k].object_score.has_value(), expected_masks[i][k].object_score.has_value());
        EXPECT_NEAR(masks[i][k].object_score.value_or(0), expected_masks[i][k].object_score.value_or(0),
                    1e-3);
        double worst = 0;
        for (std::size_t at = 0; at < masks[i][k].logits.size(); ++at)
          worst = std::max<double>(worst, std::abs(masks[i][k].logits[at] - expected_masks[i][k].logits[at]));
        EXPECT_LT(worst, 1e-3) << "prompt " << i << " mask " << k;
      }
    }
  }
}

TEST(TorchNetwork, ThrowsErrorsThatArriveAsTheyAre) {
  try {
    torch_network({});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::corrupt_data);
    EXPECT_THAT(error.what(), testing::HasSubstr("tiny: is not a SAM checkpoint"));
  }
}

TEST(TorchNetwork, KnowsNoDeviceOfAHighNumber) {
  try {
    load_torch_plugin("cuda:77").check_device("cuda:77", 77);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::unavailable);
    EXPECT_THAT(error.what(), testing::HasSubstr("device cuda:77"));
  }
}

}  // namespace
}  // namespace sonde
