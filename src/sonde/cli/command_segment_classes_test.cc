// SPDX-License-Identifier: Apache-2.0
// sonde segment --class, sonde everything with a model of classes.
#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sonde/cli/run_testing.h"
#include "sonde/core/folder_testing.h"
#include "sonde/io/read.h"
#include "sonde/io/write.h"
#include "sonde/predict/embedding_store.h"
#include "sonde/predict/model_testing.h"
#include "sonde/predict/predictor.h"

namespace sonde {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;
constexpr const char* kScoreBias = "mask_decoder.object_score_head.layers.2.bias";

// A random network that knows three classes. Of the disc it says that some of them are there and one is not.
class ClassCommands : public testing::Test {
 protected:
  ClassCommands() {
    write_png(path("disc.png"), test_picture({60, 40}));
    SamSizes sizes = tiny_sam_sizes();
    sizes.class_count = 3;
    NamedTensors tensors = random_tensors(sizes, 4);
    const std::map<std::string, std::string> metadata{
        {"sonde.card", card_text({.classes = {{.name = "liver"}, {.name = "spleen"}, {.name = "tumour"}}})}};
    save_safetensors(path("organs.safetensors"), tensors, metadata);
    // The head's last bias is put between the two lowest scores.
    std::vector<double> scores = object_scores();
    absent_ = kNames[static_cast<std::size_t>(std::ranges::min_element(scores) - scores.begin())];
    std::ranges::sort(scores);
    const auto between = static_cast<float>(-(scores[0] + scores[1]) / 2);
    tensors[kScoreBias] = make_tensor({between}, {1});
    save_safetensors(path("organs.safetensors"), tensors, metadata);
    save_random_sam(tiny_sam_sizes(), 2, path("plain.safetensors"));
  }

  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  CommandOutcome segment(std::vector<std::string> args,
                         const std::string& model = "organs.safetensors") const {
    args.insert(args.end(), {"--model", path(model), "--no-store", "--threads", "1", "--precision", "fp32"});
    return run(run_segment, args);
  }
  Json segment_json(std::vector<std::string> args) const {
    args.insert(args.end(), {path("disc.png"), "--json"});
    const CommandOutcome outcome = segment(std::move(args));
    EXPECT_EQ(outcome.status, kDone) << outcome.error;
    return Json::parse(outcome.out);
  }
  std::vector<float> values_of(const std::string& name) const { return read_volume(path(name)).voxels; }

  std::string absent_;
  static constexpr std::array<const char*, 3> kNames{"liver", "spleen", "tumour"};

 private:
  std::vector<double> object_scores() const {
    const SamModel model =
        SamModel::load(path("organs.safetensors"), {.precision = Precision::fp32, .threads = 1});
    const Predictor predictor(model, embed(model, test_picture({60, 40})));
    std::vector<double> scores;
    for (const char* name : kNames) {
      const Prompt prompt{.points = {}, .box = {}, .mask = {}, .class_name = name};
      scores.push_back(predictor.decode({&prompt, 1}, MaskSet::single)[0][0].object_score.value());
    }
    return scores;
  }
  TestFolder folder_;
};

TEST_F(ClassCommands, OneClassGivesItsMaskAndAnAbsentOneAnEmptyOneThatSaysSo) {
  for (const std::string name : kNames) {
    const Json mask = segment_json(
        {"--class", name, "--out", path(name + ".png"), "--overlay", path("look.png")})["masks"][0];
    EXPECT_EQ(mask["class"], name);
    EXPECT_EQ(mask["present"], name != absent_);
    EXPECT_EQ(mask["object_score"].get<double>() < 0, name == absent_);
    EXPECT_FALSE(mask.contains("value"));
    const auto pixels = values_of(name + ".png");
    EXPECT_EQ(std::ranges::count(pixels, 255.0F), mask["area_px"]);
    EXPECT_TRUE(name != absent_ || mask["area_px"] == 0);
  }
  const CommandOutcome outcome = segment({path("disc.png"), "--class", absent_, "--out", path("absent.png")});
  EXPECT_EQ(outcome.status, kDone);
  EXPECT_THAT(outcome.error, HasSubstr("disc.png: " + absent_ + " is not in this picture (object score -"));
  EXPECT_THAT(outcome.out, HasSubstr(absent_ + ", 0 px"));
}

TEST_F(ClassCommands, ABoxBesideChangesTheAnswer) {
  const std::string name = absent_ == "liver" ? "spleen" : "liver";
  const Json alone = segment_json({"--class", name, "--out", path("alone.png")});
  const Json beside = segment_json({"--class", name, "--box", "5,5,20,20", "--out", path("beside.png")});
  EXPECT_NE(alone["masks"][0]["predicted_iou"], beside["masks"][0]["predicted_iou"]);
  EXPECT_NE(alone["masks"][0]["object_score"], beside["masks"][0]["object_score"]);
}

TEST_F(ClassCommands, SeveralClassesGiveALabelMapInTheOrderGiven) {
  const Json json =
      segment_json({"--class", "tumour", "--class", "liver", "--class", "spleen", "--out", path("map.png")});
  const auto values = values_of("map.png");
  ASSERT_EQ(json["masks"].size(), 3U);
  const std::vector<std::string> order{"tumour", "liver", "spleen"};
  std::int64_t labelled = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const Json& mask = json["masks"][i];
    EXPECT_EQ(mask["file"], path("map.png"));
    EXPECT_EQ(mask["class"], order[i]);
    EXPECT_EQ(mask["value"], i + 1);
    EXPECT_EQ(std::ranges::count(values, static_cast<float>(i + 1)), mask["area_px"]);
    EXPECT_EQ(mask["present"], order[i] != absent_);
    EXPECT_TRUE(order[i] != absent_ || mask["area_px"] == 0);
    labelled += mask["area_px"].get<std::int64_t>();
  }
  EXPECT_GT(labelled, 0);
  EXPECT_EQ(std::ranges::count(values, 0.0F), static_cast<std::int64_t>(values.size()) - labelled);
}

TEST_F(ClassCommands, AVolumesLabelMapLiesOnItsGridAtTheSliceAskedFor) {
  ImageGeometry grid;
  grid.extent = {20, 30, 12};
  grid.mm_from_voxel = Affine3{{Vec3{-0.5, 0, 0}, Vec3{0, 0.7, 0}, Vec3{0, 0, 3}}, {5, -6, 7}};
  write_mask_volume(path("v.nii.gz"), {grid.extent, std::vector<std::uint8_t>(20 * 30 * 12, 1)}, grid);
  const CommandOutcome outcome =
      segment({path("v.nii.gz"), "--axis", "axial", "--slice", "4", "--window", "0,2", "--class", "liver",
               "--class", "spleen", "--class", "tumour", "--out", path("map.nii.gz"), "--json"});
  ASSERT_EQ(outcome.status, kDone) << outcome.error;
  const Json json = Json::parse(outcome.out);
  const Volume map = read_volume(path("map.nii.gz"));
  EXPECT_EQ(map.geometry.extent, grid.extent);
  EXPECT_EQ(map.geometry.mm_from_voxel->columns[2].z, 3);
  for (std::size_t i = 0; i < 3; ++i) {
    const auto slice = map.voxels.begin() + 4 * 600;
    EXPECT_EQ(std::count(slice, slice + 600, static_cast<float>(i + 1)), json["masks"][i]["area_px"]);
    EXPECT_EQ(std::ranges::count(map.voxels, static_cast<float>(i + 1)), json["masks"][i]["area_px"]);
  }
}

TEST_F(ClassCommands, AnUnknownNameIsBadUsageThatListsTheKnownOnes) {
  const CommandOutcome unknown = segment({path("disc.png"), "--class", "kidney", "--out", path("m.png")});
  EXPECT_EQ(unknown.status, kBadUsage);
  EXPECT_THAT(unknown.error, HasSubstr("knows liver, spleen, tumour"));
  const CommandOutcome none = segment({path("disc.png"), "--class", "liver"}, "plain.safetensors");
  EXPECT_EQ(none.status, kBadUsage);
  EXPECT_THAT(none.error, HasSubstr("sonde train --prompts class"));
  EXPECT_THAT(segment({path("disc.png"), "--class", "liver", "--class", "liver"}).error,
              HasSubstr("--class liver is given twice"));
  EXPECT_THAT(
      segment({path("disc.png"), "--class", "liver", "--class", "spleen", "--candidates", "three"}).error,
      HasSubstr("a label map of several classes takes one"));
}

TEST_F(ClassCommands, EverythingNamesMasksWhereTheModelHasClassesAndElseChangesNothing) {
  const auto everything = [&](const std::string& model, const std::string& format) {
    return run(run_everything,
               {path("disc.png"), "--points-per-side", "4", "--pred-iou", "0", "--stability", "0", "--model",
                path(model), "--threads", "1", "--out", path(model + format), "--format", format, "--json"});
  };
  const auto text_of = [&](const std::string& name) {
    std::ifstream file(path(name));
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  const Json json = Json::parse(everything("organs.safetensors", "coco").out);
  const Json coco = Json::parse(text_of("organs.safetensorscoco/annotations.json"));
  EXPECT_EQ(coco["categories"].size(), 4U);
  bool any = false;
  for (std::size_t i = 0; i < json["masks"].size(); ++i) {
    const Json &mask = json["masks"][i], &annotation = coco["annotations"][i];
    EXPECT_EQ(mask.contains("class"), annotation["category_id"] != 1);
    EXPECT_EQ(mask.value("class", ""), annotation.value("class", ""));
    any |= mask.contains("class");
  }
  EXPECT_TRUE(any);
  everything("organs.safetensors", "png");
  EXPECT_THAT(text_of("organs.safetensorspng/metadata.csv"), HasSubstr(",crop_y1,class,class_iou\n"));
  const Json plain = Json::parse(everything("plain.safetensors", "coco").out);
  EXPECT_FALSE(plain["masks"][0].contains("class"));
  EXPECT_THAT(text_of("plain.safetensorscoco/annotations.json"), testing::Not(HasSubstr("class")));
}

}  // namespace
}  // namespace sonde
