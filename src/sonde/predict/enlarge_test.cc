// SPDX-License-Identifier: Apache-2.0
#include "sonde/predict/enlarge.h"

#include <cmath>
#include <string>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "sonde/predict/preprocess.h"

namespace sonde {
namespace {

constexpr std::int64_t kSide = 1024;

torch::Tensor interpolate(const torch::Tensor& x, Extent2 to) {
  return at::upsample_bilinear2d(x, {to.height, to.width}, /*align_corners=*/false);
}

// Sam.postprocess_masks as published, by torch.
torch::Tensor published(const torch::Tensor& low_res, Extent2 picture) {
  const Extent2 resized = resized_extent(picture, kSide);
  const auto frame = interpolate(low_res.view({1, 1, 256, 256}), {kSide, kSide});
  const auto cut = frame.slice(2, 0, resized.height).slice(3, 0, resized.width);
  return interpolate(cut, picture).view({picture.height, picture.width}).contiguous();
}

std::vector<float> values(const torch::Tensor& tensor) {
  const auto flat = tensor.contiguous();
  return {flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel()};
}

std::vector<float> constant(float value) { return std::vector<float>(256 * 256, value); }

class EnlargeToExtent : public testing::TestWithParam<Extent2> {};

TEST_P(EnlargeToExtent, GivesTheLogitsOfThePublishedTwoSteps) {
  torch::manual_seed(1);
  const auto low_res = torch::randn({256, 256}) * 8;
  const auto expected = values(published(low_res, GetParam()));
  const auto logits = Enlarger(GetParam(), kSide).logits(values(low_res));
  ASSERT_EQ(logits.size(), expected.size());
  float worst = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) worst = std::max(worst, std::abs(logits[i] - expected[i]));
  EXPECT_LT(worst, 2e-3F);  // torch's own positions are rounded to 1e-4 of a pixel
}

TEST_P(EnlargeToExtent, CutsTheSameMaskAndStability) {
  torch::manual_seed(2);
  const auto low_res = torch::randn({256, 256}) * 8;
  const auto expected = published(low_res, GetParam());
  const CutMask cut = Enlarger(GetParam(), kSide).cut(values(low_res));
  const auto mask = torch::from_blob(const_cast<std::uint8_t*>(cut.mask.pixels.data()),
                                     {GetParam().height, GetParam().width}, torch::kByte);
  const auto differing = (mask.to(torch::kBool) != (expected > 0)).logical_and(expected.abs() > 2e-3);
  EXPECT_EQ(differing.sum().item<std::int64_t>(), 0);
  const double plus = (expected > 1).sum().item<double>(), minus = (expected > -1).sum().item<double>();
  EXPECT_NEAR(cut.stability, plus / std::max(minus, 1.0), 1e-3);
}

INSTANTIATE_TEST_SUITE_P(Extents, EnlargeToExtent,
                         testing::Values(Extent2{512, 512}, Extent2{225, 155}, Extent2{181, 217},
                                         Extent2{1024, 1024}, Extent2{3000, 17}, Extent2{1, 1},
                                         Extent2{7, 1500}, Extent2{2500, 1}),
                         [](const auto& test) {
                           return std::to_string(test.param.width) + "x" + std::to_string(test.param.height);
                         });

TEST(Enlarge, KeepsAConstant) {
  for (const float logit : Enlarger({33, 77}, kSide).logits(constant(2.5F))) EXPECT_NEAR(logit, 2.5F, 1e-5F);
}

TEST(Enlarge, CallsAMaskStableThatIsTheSameAtBothCuts) {
  const CutMask cut = Enlarger({20, 10}, kSide).cut(constant(3));
  EXPECT_EQ(cut.stability, 1.0);
  EXPECT_EQ(area_px(cut.mask), 200);
}

TEST(Enlarge, CallsAnEmptyMaskUnstable) {
  const CutMask cut = Enlarger({20, 10}, kSide).cut(constant(-3));
  EXPECT_EQ(cut.stability, 0.0);
  EXPECT_EQ(area_px(cut.mask), 0);
}

TEST(Enlarge, LeavesALogitOfZeroOutside) {
  EXPECT_EQ(area_px(Enlarger({8, 8}, kSide).cut(constant(0)).mask), 0);
}

}  // namespace
}  // namespace sonde
