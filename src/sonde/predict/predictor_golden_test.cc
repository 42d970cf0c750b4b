// SPDX-License-Identifier: Apache-2.0
// Whole predictions against the published implementation's, on the same weights.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sonde/core/data_testing.h"
#include "sonde/core/error.h"
#include "sonde/model/torch.h"
#include "sonde/predict/embedding_impl.h"
#include "sonde/predict/golden_testing.h"
#include "sonde/predict/predictor.h"
#include "sonde/weights/registry.h"

namespace sonde {
namespace {

LowResLogits best_low_res(const GoldenCase& golden) {
  const auto best = golden.low_res[golden.iou.argmax().item<std::int64_t>()].contiguous();
  return {best.data_ptr<float>(), best.data_ptr<float>() + best.numel()};
}

Prompt prompt_of(const GoldenCase& golden, const GoldenImage& image) {
  Prompt prompt;
  for (std::int64_t i = 0; i < golden.point_labels.size(0); ++i) {
    const auto label =
        golden.point_labels[i].item<std::int64_t>() == 1 ? PointLabel::foreground : PointLabel::background;
    prompt.points.push_back(
        {{golden.point_coords[i][0].item<float>(), golden.point_coords[i][1].item<float>()}, label});
  }
  if (golden.box.numel() == 4) {
    const float* box = golden.box.data_ptr<float>();
    prompt.box = Box2{box[0], box[1], box[2], box[3]};
  }
  if (golden.mask_from >= 0)
    prompt.mask = best_low_res(image.cases[static_cast<std::size_t>(golden.mask_from)]);
  return prompt;
}

Mask golden_mask(const GoldenCase& golden, std::int64_t candidate) {
  const auto mask = golden.masks[candidate].contiguous();
  const auto* begin = mask.data_ptr<std::uint8_t>();
  Mask result{{mask.size(1), mask.size(0)}, {begin, begin + mask.numel()}};
  for (auto& pixel : result.pixels) pixel = pixel != 0 ? 1 : 0;
  return result;
}

double mean_difference(const LowResLogits& logits, const torch::Tensor& expected) {
  const auto ours = torch::from_blob(const_cast<float*>(logits.data()), {256, 256});
  return (ours - expected).abs().mean().item<double>();
}

// Numbers over all cases, for the report.
struct Agreement {
  double iou_sum = 0, iou_least = 1, predicted_worst = 0, low_res_worst = 0;
  int masks = 0;
};

void compare(const GoldenCase& golden, const Prediction& prediction, const std::string& name,
             Agreement& agreement) {
  ASSERT_EQ(static_cast<std::int64_t>(prediction.size()), golden.iou.size(0)) << name;
  for (std::size_t k = 0; k < prediction.size(); ++k) {
    const auto candidate = static_cast<std::int64_t>(k);
    const double overlap = iou(prediction[k].mask, golden_mask(golden, candidate));
    const double predicted = std::abs(prediction[k].predicted_iou - golden.iou[candidate].item<double>());
    const double low_res = mean_difference(prediction[k].low_res, golden.low_res[candidate]);
    EXPECT_GE(overlap, 0.98) << name << " candidate " << k;
    EXPECT_LE(predicted, 0.01) << name << " candidate " << k;
    EXPECT_LE(low_res, 0.02) << name << " candidate " << k;
    agreement.iou_sum += overlap;
    agreement.iou_least = std::min(agreement.iou_least, overlap);
    agreement.predicted_worst = std::max(agreement.predicted_worst, predicted);
    agreement.low_res_worst = std::max(agreement.low_res_worst, low_res);
    ++agreement.masks;
  }
}

void check_image(const SamModel& model, const GoldenImage& image, Agreement& agreement) {
  const Predictor predictor(model, embed(model, to_picture(image.image)));
  auto tokens = predictor.embedding().impl().features;  // [64*64][256]
  const auto features = torch::from_blob(tokens.data(), {64, 64, 256}).permute({2, 0, 1});
  EXPECT_LE((features - image.embedding.to(torch::kFloat)).abs().mean().item<double>(), 2e-3) << image.name;
  for (const bool multimask : {true, false}) {
    std::vector<Prompt> prompts;
    std::vector<std::size_t> indices;
    for (std::size_t i = 0; i < image.cases.size(); ++i) {
      if (image.cases[i].multimask != multimask) continue;
      prompts.push_back(prompt_of(image.cases[i], image));
      indices.push_back(i);
    }
    const auto predictions = predictor.segment(prompts, multimask ? MaskSet::three : MaskSet::single);
    for (std::size_t i = 0; i < indices.size(); ++i) {
      compare(image.cases[indices[i]], predictions[i], image.name + " case " + std::to_string(indices[i]),
              agreement);
    }
  }
}

void check_cases(const SamModel& model, const std::filesystem::path& file) {
  Agreement agreement;
  for (const GoldenImage& image : read_golden_cases(file)) check_image(model, image, agreement);
  ASSERT_GT(agreement.masks, 0);
  EXPECT_GE(agreement.iou_sum / agreement.masks, 0.995);
  testing::Test::RecordProperty("masks", agreement.masks);
  testing::Test::RecordProperty("mean_iou", std::to_string(agreement.iou_sum / agreement.masks));
  testing::Test::RecordProperty("least_iou", std::to_string(agreement.iou_least));
  testing::Test::RecordProperty("predicted_iou_off_by", std::to_string(agreement.predicted_worst));
  testing::Test::RecordProperty("low_res_off_by", std::to_string(agreement.low_res_worst));
}

TEST(PublishedAnswers, AreGivenByMobileSam) {
  const auto shared = shared_folder();
  if (!shared) GTEST_SKIP() << "no shared folder";
  if (!std::filesystem::exists(models_folder() / "mobile-sam.safetensors"))
    GTEST_SKIP() << "mobile-sam is not here";
  check_cases(SamModel::load("mobile-sam", {.precision = Precision::fp32}),
              *shared / "golden" / "mobile_sam_cases.pt");
}

TEST(PublishedAnswers, AreNearlyGivenWhenTheEncoderComputesInBf16) {
  const auto shared = shared_folder();
  if (!shared) GTEST_SKIP() << "no shared folder";
  if (!std::filesystem::exists(models_folder() / "mobile-sam.safetensors"))
    GTEST_SKIP() << "mobile-sam is not here";
  const SamModel model = SamModel::load("mobile-sam", {.precision = Precision::bf16});
  const GoldenImage image = read_golden_cases(*shared / "golden" / "mobile_sam_cases.pt").front();
  const Predictor predictor(model, embed(model, to_picture(image.image)));
  double sum = 0;
  for (const GoldenCase& golden : image.cases) {
    const auto output = golden.multimask ? MaskSet::three : MaskSet::single;
    const Prediction prediction = predictor.segment(prompt_of(golden, image), output);
    sum += iou(prediction[0].mask, golden_mask(golden, 0));
  }
  const double mean = sum / static_cast<double>(image.cases.size());
  RecordProperty("mean_iou", std::to_string(mean));
  EXPECT_GE(mean, 0.95);
}

TEST(PublishedAnswers, AreGivenByAPlainVisionTransformer) {
  const auto shared = shared_folder();
  if (!shared) GTEST_SKIP() << "no shared folder";
  const auto golden = *shared / "golden";
  check_cases(SamModel::load((golden / "vit_small.pth").string(), {.precision = Precision::fp32}),
              golden / "vit_small_cases.pt");
}

}  // namespace
}  // namespace sonde
