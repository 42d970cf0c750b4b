// SPDX-License-Identifier: Apache-2.0
// The masks of everything against the published implementation's, on the same weights.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sonde/core/data_testing.h"
#include "sonde/predict/everything.h"
#include "sonde/predict/golden_testing.h"
#include "sonde/weights/registry.h"

namespace sonde {
namespace {

void apply(const nlohmann::json& settings, EverythingOptions& options) {
  for (const auto& [name, value] : settings.items()) {
    if (name == "points_per_side")
      options.points_per_side = value;
    else if (name == "crop_n_layers")
      options.crop_layers = value;
    else if (name == "crop_n_points_downscale_factor")
      options.crop_points_downscale = value;
    else if (name == "min_mask_region_area")
      options.min_region_area = value;
    else if (name == "pred_iou_thresh")
      options.pred_iou_threshold = value;
    else if (name == "stability_score_thresh")
      options.stability_threshold = value;
    else
      FAIL() << "a setting that the test does not know: " << name;
  }
}

double box_iou(const Box2& a, const Box2& b) {
  const auto area = [](const Box2& box) { return (box.x1 - box.x0) * (box.y1 - box.y0); };
  const double width = std::min(a.x1, b.x1) - std::max(a.x0, b.x0);
  const double height = std::min(a.y1, b.y1) - std::max(a.y0, b.y0);
  if (width <= 0 || height <= 0) return 0;
  return width * height / (area(a) + area(b) - width * height);
}

const ScoredRle* most_alike(const std::vector<ScoredRle>& masks, const Box2& box) {
  const auto best = std::max_element(masks.begin(), masks.end(), [&](const auto& a, const auto& b) {
    return box_iou(a.box, box) < box_iou(b.box, box);
  });
  return best == masks.end() ? nullptr : &*best;
}

class EverythingPublished : public testing::TestWithParam<std::string> {};

TEST_P(EverythingPublished, IsFoundWithFewExtras) {
  const auto shared = shared_folder();
  if (!shared) GTEST_SKIP() << "no shared folder";
  if (!std::filesystem::exists(models_folder() / "mobile-sam.safetensors"))
    GTEST_SKIP() << "mobile-sam is not here";
  std::ifstream file(*shared / "golden" / ("everything_" + GetParam() + ".json"));
  const auto golden = nlohmann::json::parse(file);
  EverythingOptions options;
  ASSERT_NO_FATAL_FAILURE(apply(golden["settings"], options));
  const auto images = read_golden_cases(*shared / "golden" / "mobile_sam_cases.pt");
  const auto image = std::find_if(images.begin(), images.end(),
                                  [&](const auto& one) { return one.name == golden["image"]; });
  ASSERT_NE(image, images.end());
  const auto masks = segment_everything(SamModel::load("mobile-sam", {.precision = Precision::fp32}),
                                        to_picture(image->image), options);
  for (const auto& expected : golden["masks"]) {
    const std::vector<double> xywh = expected["bbox"];
    const Box2 box{xywh[0], xywh[1], xywh[0] + xywh[2], xywh[1] + xywh[3]};
    const ScoredRle* found = most_alike(masks, box);
    ASSERT_NE(found, nullptr);
    EXPECT_GE(box_iou(found->box, box), 0.95) << expected.dump();
    EXPECT_NEAR(found->predicted_iou, expected["predicted_iou"], 0.01);
    EXPECT_NEAR(static_cast<double>(found->area_px) / expected["area"].get<double>(), 1, 0.02);
  }
  EXPECT_LE(masks.size(), golden["masks"].size() * 11 / 10);
}

INSTANTIATE_TEST_SUITE_P(Settings, EverythingPublished, testing::Values("default", "crops"),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace sonde
