// SPDX-License-Identifier: Apache-2.0
#include "sonde/predict/everything.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/error.h"
#include "sonde/predict/model_testing.h"
#include "sonde/predict/proposals.h"

namespace sonde {
namespace {

// A random network is never confident: all its masks pass.
EverythingOptions unfiltered() {
  EverythingOptions options;
  options.points_per_side = 3;
  options.pred_iou_threshold = 0;
  options.stability_threshold = 0;
  return options;
}

TEST(EverythingOptions, NamesTheOptionAndWhatIsAllowed) {
  const auto refusal = [](auto change) -> std::string {
    EverythingOptions options;
    change(options);
    try {
      validate(options);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage);
      return error.what();
    }
    return "";
  };
  using testing::HasSubstr;
  EXPECT_EQ(refusal([](auto&) {}), "");
  EXPECT_THAT(refusal([](auto& o) { o.points_per_side = 0; }), HasSubstr("points-per-side 0"));
  EXPECT_THAT(refusal([](auto& o) { o.crop_layers = 9; }), HasSubstr("crop-layers 9"));
  EXPECT_THAT(refusal([](auto& o) { o.crop_points_downscale = 0; }), HasSubstr("crop-points-downscale"));
  EXPECT_THAT(refusal([](auto& o) { o.pred_iou_threshold = std::nan(""); }), HasSubstr("pred-iou"));
  EXPECT_THAT(refusal([](auto& o) { o.stability_threshold = 1.5; }), HasSubstr("0..1"));
  EXPECT_THAT(refusal([](auto& o) { o.min_region_area = -1; }), HasSubstr("min-region"));
  EXPECT_THAT(refusal([](auto& o) {
                o.points_per_side = 4;
                o.crop_layers = 3;
                o.crop_points_downscale = 2;
              }),
              HasSubstr("crop-points-downscale 2"));
}

TEST(Everything, GivesMasksWhoseNumbersAgree) {
  const auto masks = segment_everything(tiny_model(), test_picture({48, 36}), unfiltered());
  ASSERT_FALSE(masks.empty());
  for (const ScoredRle& mask : masks) {
    const Mask decoded = decode_rle(mask.rle);
    EXPECT_EQ(decoded.extent, (Extent2{48, 36}));
    EXPECT_EQ(area_px(decoded), mask.area_px);
    EXPECT_EQ(bounding_box(decoded), mask.box);
    EXPECT_EQ(mask.crop_box, (Box2{0, 0, 48, 36}));
  }
  EXPECT_TRUE(std::is_sorted(masks.begin(), masks.end(),
                             [](const auto& a, const auto& b) { return a.predicted_iou > b.predicted_iou; }));
}

TEST(Everything, PutsTheMasksOfCropsWhereTheyBelong) {
  EverythingOptions options = unfiltered();
  options.crop_layers = 1;
  options.min_region_area = 4;
  for (const ScoredRle& mask : segment_everything(tiny_model(), test_picture({150, 120}), options)) {
    const Mask decoded = decode_rle(mask.rle);
    EXPECT_EQ(decoded.extent, (Extent2{150, 120}));
    EXPECT_EQ(bounding_box(decoded), mask.box);
    EXPECT_GE(mask.box.x0, mask.crop_box.x0);
    EXPECT_GE(mask.box.y0, mask.crop_box.y0);
    EXPECT_LT(mask.box.x1, mask.crop_box.x1);
    EXPECT_LT(mask.box.y1, mask.crop_box.y1);
  }
}

TEST(Everything, CountsEveryPointOnce) {
  EverythingOptions options = unfiltered();
  options.points_per_side = 4;
  options.crop_layers = 1;
  options.crop_points_downscale = 2;
  options.points_per_batch = 5;
  std::vector<std::int64_t> done;
  segment_everything(tiny_model(), test_picture({64, 64}), options, [&](const ProgressUpdate& update) {
    EXPECT_EQ(update.total, 16 + 4 * 4);
    done.push_back(update.done);
  });
  EXPECT_TRUE(std::is_sorted(done.begin(), done.end()));
  EXPECT_EQ(done.back(), 32);
}

TEST(Everything, IsTheSameWhateverTheBatchAndWhoeverWatches) {
  EverythingOptions options = unfiltered();
  options.points_per_side = 5;
  const auto masks_of = [&](std::int64_t batch, const MasksSoFar& so_far) {
    options.points_per_batch = batch;
    std::vector<std::pair<Rle, double>> masks;
    for (const auto& mask : segment_everything(tiny_model(), test_picture({48, 36}), options, {}, so_far))
      masks.emplace_back(mask.rle, mask.predicted_iou);
    return masks;
  };
  const auto whole = masks_of(64, {});
  EXPECT_EQ(masks_of(3, {}), whole);
  EXPECT_EQ(masks_of(3, [](std::span<const MaskSoFar>) {}), whole);
}

TEST(Everything, ShowsAfterEachBatchWhatNoBetterMaskCovers) {
  EverythingOptions options = unfiltered();
  options.points_per_side = 4;
  options.points_per_batch = 6;
  std::vector<std::vector<MaskSoFar>> shown;
  const auto masks = segment_everything(
      tiny_model(), test_picture({48, 36}), options, {},
      [&](std::span<const MaskSoFar> so_far) { shown.emplace_back(so_far.begin(), so_far.end()); });
  ASSERT_EQ(shown.size(), 3u);  // 6, 6 and 4 points
  std::map<std::int64_t, Rle> known;
  for (const auto& so_far : shown) {
    ASSERT_FALSE(so_far.empty());
    std::vector<Box2> boxes;
    std::vector<double> scores;
    for (const auto& [number, mask] : so_far) {
      EXPECT_EQ(known.try_emplace(number, mask.rle).first->second, mask.rle) << number;
      boxes.push_back(mask.box);
      scores.push_back(mask.predicted_iou);
    }
    EXPECT_TRUE(std::is_sorted(scores.rbegin(), scores.rend()));
    EXPECT_EQ(suppress_overlaps(boxes, scores, options.box_nms_threshold).size(), so_far.size());
  }
  EXPECT_EQ(shown.back().front().mask.rle, masks.front().rle);
}

TEST(Everything, StopsWithinAPoint) {
  struct Stop {};
  EverythingOptions options = unfiltered();
  options.points_per_side = 16;
  int told = 0;
  const auto stop_at_three = [&](const ProgressUpdate& update) {
    ++told;
    if (update.done >= 3) throw Stop();
  };
  EXPECT_THROW(segment_everything(tiny_model(), test_picture({48, 36}), options, stop_at_three), Stop);
  EXPECT_LT(told, 128);  // the start, three points, and one of each other thread
}

TEST(Everything, TakesAGridFinerThanThePixels) {
  EverythingOptions options = unfiltered();
  options.points_per_side = 7;
  options.crop_layers = 1;
  options.crop_points_downscale = 3;
  for (const ScoredRle& mask : segment_everything(tiny_model(), test_picture({5, 3}), options)) {
    EXPECT_EQ(mask.rle.extent, (Extent2{5, 3}));
  }
}

TEST(Everything, FindsNothingWhereNothingPasses) {
  EverythingOptions options = unfiltered();
  options.pred_iou_threshold = 1;
  options.stability_threshold = 1;
  EXPECT_TRUE(segment_everything(tiny_model(), test_picture({30, 20}), options).empty());
}

}  // namespace
}  // namespace sonde
