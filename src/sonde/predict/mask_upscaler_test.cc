// SPDX-License-Identifier: Apache-2.0
#include "sonde/predict/mask_upscaler.h"

#include <algorithm>
#include <cmath>
#include <string>

#include <gtest/gtest.h>

#include "sonde/model/torch.h"
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
  const auto cropped = frame.slice(2, 0, resized.height).slice(3, 0, resized.width);
  return interpolate(cropped, picture).view({picture.height, picture.width}).contiguous();
}

std::vector<float> values(const torch::Tensor& tensor) {
  const auto flat = tensor.contiguous();
  return {flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel()};
}

std::vector<float> constant(float value) { return std::vector<float>(256 * 256, value); }

class UpscaleToExtent : public testing::TestWithParam<Extent2> {};

TEST_P(UpscaleToExtent, GivesTheLogitsOfThePublishedTwoSteps) {
  torch::manual_seed(1);
  const auto low_res = torch::randn({256, 256}) * 8;
  const auto expected = values(published(low_res, GetParam()));
  const auto logits = MaskUpscaler(GetParam(), kSide).logits(values(low_res));
  ASSERT_EQ(logits.size(), expected.size());
  float worst = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) worst = std::max(worst, std::abs(logits[i] - expected[i]));
  EXPECT_LT(worst, 2e-3F);  // torch's own positions are rounded to 1e-4 of a pixel
}

TEST_P(UpscaleToExtent, GivesThePublishedMaskAndStability) {
  torch::manual_seed(2);
  const auto low_res = torch::randn({256, 256}) * 8;
  const auto expected = published(low_res, GetParam());
  const ScoredMask thresholded = MaskUpscaler(GetParam(), kSide).threshold(values(low_res));
  const auto mask = torch::from_blob(const_cast<std::uint8_t*>(thresholded.mask.pixels.data()),
                                     {GetParam().height, GetParam().width}, torch::kByte);
  const auto differing = (mask.to(torch::kBool) != (expected > 0)).logical_and(expected.abs() > 2e-3);
  EXPECT_EQ(differing.sum().item<std::int64_t>(), 0);
  const double plus = (expected > 1).sum().item<double>(), minus = (expected > -1).sum().item<double>();
  EXPECT_NEAR(thresholded.stability, plus / std::max(minus, 1.0), 1e-3);
}

TEST_P(UpscaleToExtent, GivesRunLengthsOfTheSameMask) {
  torch::manual_seed(3);
  const MaskUpscaler upscaler(GetParam(), kSide);
  for (const double offset : {-4.0, 0.0, 4.0, 100.0}) {  // the last fills the mask
    const auto low_res = values(at::avg_pool2d(torch::randn({1, 1, 280, 280}) * 60, 25, 1) + offset);
    const ScoredMask thresholded = upscaler.threshold(low_res);
    const auto box = bounding_box(thresholded.mask);
    const auto runs = upscaler.threshold_to_runs(low_res, {.picture = GetParam()}, 0);
    ASSERT_EQ(runs.has_value(), box.has_value());
    if (!runs) continue;
    EXPECT_EQ(runs->rle, encode_rle(thresholded.mask));
    EXPECT_EQ(runs->area_px, area_px(thresholded.mask));
    EXPECT_EQ(runs->stability, thresholded.stability);
    EXPECT_EQ(runs->box.x0, box->x0);
    EXPECT_EQ(runs->box.y0, box->y0);
    EXPECT_EQ(runs->box.x1, box->x1);
    EXPECT_EQ(runs->box.y1, box->y1);
  }
}

INSTANTIATE_TEST_SUITE_P(Extents, UpscaleToExtent,
                         testing::Values(Extent2{512, 512}, Extent2{225, 155}, Extent2{181, 217},
                                         Extent2{1024, 1024}, Extent2{3000, 17}, Extent2{1, 1},
                                         Extent2{7, 1500}, Extent2{2500, 1}),
                         [](const auto& test) {
                           return std::to_string(test.param.width) + "x" + std::to_string(test.param.height);
                         });

TEST(MaskUpscaler, KeepsAConstant) {
  for (const float logit : MaskUpscaler({33, 77}, kSide).logits(constant(2.5F)))
    EXPECT_NEAR(logit, 2.5F, 1e-5F);
}

TEST(MaskUpscaler, CallsAMaskStableThatIsTheSameAtBothThresholds) {
  const ScoredMask thresholded = MaskUpscaler({20, 10}, kSide).threshold(constant(3));
  EXPECT_EQ(thresholded.stability, 1.0);
  EXPECT_EQ(area_px(thresholded.mask), 200);
}

TEST(MaskUpscaler, CallsAnEmptyMaskUnstable) {
  const ScoredMask thresholded = MaskUpscaler({20, 10}, kSide).threshold(constant(-3));
  EXPECT_EQ(thresholded.stability, 0.0);
  EXPECT_EQ(area_px(thresholded.mask), 0);
}

// Rows of a mask pasted into a larger picture.
Mask pasted(const Mask& mask, const Paste& paste) {
  Mask whole = empty_mask(paste.picture);
  for (std::int64_t y = 0; y < mask.extent.height; ++y) {
    std::copy_n(mask.pixels.begin() + y * mask.extent.width, mask.extent.width,
                whole.pixels.begin() + (y + paste.y0) * paste.picture.width + paste.x0);
  }
  return whole;
}

TEST(MaskUpscaler, GivesRunLengthsInTheLargerPictureWhereverTheMaskStands) {
  const Extent2 extent{20, 10};
  const MaskUpscaler upscaler(extent, kSide);
  torch::manual_seed(4);
  const auto speckled = values(torch::randn({256, 256}) * 8);
  for (const auto& low_res : {speckled, constant(3)}) {
    const ScoredMask thresholded = upscaler.threshold(low_res);
    for (const Paste& paste : {Paste{{20, 10}, 0, 0}, Paste{{25, 10}, 3, 0}, Paste{{25, 10}, 5, 0},
                               Paste{{20, 14}, 0, 0}, Paste{{20, 14}, 0, 4}, Paste{{30, 15}, 4, 2}}) {
      const auto runs = upscaler.threshold_to_runs(low_res, paste, 0);
      ASSERT_TRUE(runs);
      EXPECT_EQ(runs->rle, encode_rle(pasted(thresholded.mask, paste))) << paste.x0 << ", " << paste.y0;
      EXPECT_EQ(runs->box, bounding_box(runs->rle));
    }
  }
}

TEST(MaskUpscaler, GivesNoRunLengthsOfAMaskThatIsEmptyOrNotStableEnough) {
  const MaskUpscaler upscaler({20, 10}, kSide);
  EXPECT_FALSE(upscaler.threshold_to_runs(constant(-3), {.picture = {20, 10}}, 0));
  EXPECT_FALSE(upscaler.threshold_to_runs(constant(0.5F), {.picture = {20, 10}}, 0.1));
  EXPECT_TRUE(upscaler.threshold_to_runs(constant(3), {.picture = {20, 10}}, 1));
}

TEST(MaskUpscaler, LeavesALogitOfZeroOutside) {
  EXPECT_EQ(area_px(MaskUpscaler({8, 8}, kSide).threshold(constant(0)).mask), 0);
}

}  // namespace
}  // namespace sonde
