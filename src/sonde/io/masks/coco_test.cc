// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sonde/io/write.h"

namespace sonde {
namespace {

using nlohmann::json;

// 4 x 3 pixels, the two in the middle set.
Mask middle_two() {
  Mask mask = empty_mask({4, 3});
  mask.pixels[5] = mask.pixels[6] = 1;
  return mask;
}

TEST(CocoJson, HoldsTheImageTheCategoryAndEachMask) {
  const Rle rle = encode_rle(middle_two());
  const ScoredRle annotation{.rle = rle,
                             .predicted_iou = 0.75,
                             .stability = 0.5,
                             .box = {1, 1, 2, 1},
                             .point = {1.5, 1},
                             .crop_box = {0, 0, 4, 3}};
  const json document = json::parse(coco_json("a.png", {4, 3}, {annotation, annotation}));
  EXPECT_TRUE(document.at("info").is_object());
  EXPECT_EQ(document.at("licenses"), json::array());
  EXPECT_EQ(document.at("images"),
            json::parse(R"([{"id": 1, "file_name": "a.png", "width": 4, "height": 3}])"));
  EXPECT_EQ(document.at("categories").at(0).at("name"), "object");
  ASSERT_EQ(document.at("annotations").size(), 2U);
  EXPECT_EQ(document.at("annotations").at(1).at("id"), 2);
  const json& first = document.at("annotations").at(0);
  EXPECT_EQ(first.at("id"), 1);
  EXPECT_EQ(first.at("image_id"), 1);
  EXPECT_EQ(first.at("category_id"), document.at("categories").at(0).at("id"));
  EXPECT_EQ(first.at("iscrowd"), 0);
  EXPECT_EQ(first.at("area"), 2);
  EXPECT_EQ(first.at("bbox"), json::parse("[1, 1, 1, 0]"));
  EXPECT_EQ(first.at("crop_box"), json::parse("[0, 0, 4, 3]"));
  EXPECT_EQ(first.at("point_coords"), json::parse("[[1.5, 1]]"));
  EXPECT_EQ(first.at("predicted_iou"), 0.75);
  EXPECT_EQ(first.at("stability_score"), 0.5);
  EXPECT_EQ(first.at("segmentation").at("size"), json::parse("[3, 4]"));
  const std::string counts = first.at("segmentation").at("counts");
  EXPECT_EQ(decode_rle(rle_from_coco_string(counts, {4, 3})), middle_two());
}

TEST(CocoJson, OfNoMasksIsValid) {
  EXPECT_EQ(json::parse(coco_json("a.png", {4, 3}, {})).at("annotations"), json::array());
}

TEST(CocoJson, SurvivesFileNamesThatAreNotUnicode) {
  EXPECT_FALSE(
      json::parse(coco_json("a\xff\"b\n.png", {4, 3}, {})).at("images").at(0).at("file_name").empty());
}

TEST(CocoJson, GivesEachClassACategoryAndAMaskWithoutOneTheFirst) {
  ScoredRle liver{.rle = encode_rle(middle_two())}, nothing = liver;
  liver.class_name = "liver";
  liver.class_iou = 0.75;
  const json document = json::parse(coco_json("a.png", {4, 3}, {nothing, liver}, {"spleen", "liver"}));
  EXPECT_EQ(document.at("categories").at(2),
            (json{{"id", 3}, {"name", "liver"}, {"supercategory", "object"}}));
  const json& annotations = document.at("annotations");
  EXPECT_EQ(annotations.at(0).at("category_id"), 1);
  EXPECT_FALSE(annotations.at(0).contains("class"));
  EXPECT_EQ(annotations.at(1).at("category_id"), 3);
  EXPECT_EQ(annotations.at(1).at("class"), "liver");
  EXPECT_EQ(annotations.at(1).at("class_iou"), 0.75);
}

}  // namespace
}  // namespace sonde
