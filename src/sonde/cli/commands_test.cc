// SPDX-License-Identifier: Apache-2.0
#include "sonde/cli/commands.h"

#include <algorithm>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sonde/cli/exit_status.h"
#include "sonde/cli/run_testing.h"
#include "sonde/core/bytes.h"
#include "sonde/core/error.h"
#include "sonde/core/folder_testing.h"
#include "sonde/imaging/slice.h"
#include "sonde/io/read.h"
#include "sonde/io/write.h"
#include "sonde/predict/model_testing.h"
#include "sonde/weights/model_card.h"

namespace sonde {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

class Commands : public testing::Test {
 protected:
  Commands() {
    save_random_sam(tiny_sam_sizes(), 2, path("tiny.safetensors"));
    write_png(path("disc.png"), test_picture({60, 40}));
    // Anisotropic and left-handed, so that a wrong axis or flip shows.
    ImageGeometry grid;
    grid.extent = {20, 30, 12};
    grid.mm_from_voxel = Affine3{{Vec3{-0.5, 0, 0}, Vec3{0, 0.7, 0}, Vec3{0, 0, 3}}, {5, -6, 7}};
    BinaryVolume ball{grid.extent, {}};
    for (int i = 0; i < 20 * 30 * 12; ++i) {
      const int x = i % 20 - 10;
      const int y = i / 20 % 30 - 15;
      ball.voxels.push_back(x * x + y * y < 50 ? 1 : 0);
    }
    write_mask_volume(path("ball.nii.gz"), ball, grid);
  }

  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  CommandOutcome segment(std::vector<std::string> args) const {
    args.insert(args.end(), {"--model", path("tiny.safetensors"), "--no-store", "--threads", "1"});
    return run(run_segment, args);
  }
  bool holds(const std::string& name) const { return fs::exists(folder_.path() / name); }
  std::size_t file_count() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_.path()), {}));
  }

 private:
  TestFolder folder_;
};

TEST_F(Commands, SegmentWritesAMaskOfThePicturesSizeAndTheJsonOfTheDesign) {
  const CommandOutcome outcome =
      segment({path("disc.png"), "--point", "30,20", "--background", "1,1", "--box", "10,5,50,35", "--out",
               path("mask.png"), "--overlay", path("look.png"), "--json"});
  ASSERT_EQ(outcome.status, kDone) << outcome.error;
  const Json json = Json::parse(outcome.out);
  ASSERT_EQ(json["masks"].size(), 1u);
  for (const char* key : {"file", "predicted_iou", "stability_score", "area_px", "box"}) {
    EXPECT_TRUE(json["masks"][0].contains(key)) << key;
  }
  for (const char* key : {"load", "encode", "decode", "post"})
    EXPECT_TRUE(json["timing_ms"].contains(key)) << key;
  EXPECT_EQ(json["image"]["width"], 60);
  EXPECT_EQ(json["image"]["height"], 40);
  EXPECT_EQ(json["window"], "colour");
  const Volume mask = read_volume(path("mask.png"));
  EXPECT_EQ(mask.geometry.extent, (Extent3{60, 40, 1}));
  EXPECT_TRUE(
      std::all_of(mask.voxels.begin(), mask.voxels.end(), [](float v) { return v == 0 || v == 255; }));
  EXPECT_EQ(std::count(mask.voxels.begin(), mask.voxels.end(), 255.0F), json["masks"][0]["area_px"]);
  EXPECT_TRUE(holds("look.png"));
}

TEST_F(Commands, SegmentGivesThreeNumberedCandidatesOrTheSingleOne) {
  ASSERT_EQ(
      segment({path("disc.png"), "--point", "30,20", "--candidates", "three", "--out", path("m.png")}).status,
      kDone);
  EXPECT_TRUE(holds("m_1.png") && holds("m_2.png") && holds("m_3.png") && !holds("m.png"));
  ASSERT_EQ(segment({path("disc.png"), "--point", "30,20", "--candidates", "single", "--out", path("s.png")})
                .status,
            kDone);
  EXPECT_TRUE(holds("s.png"));
}

TEST_F(Commands, SegmentWritesAVolumesMaskOnItsOwnGridAtTheSliceAskedFor) {
  const CommandOutcome outcome = segment({path("ball.nii.gz"), "--axis", "coronal", "--slice", "4", "--box",
                                          "2,1,17,10", "--out", path("mask.nii.gz"), "--json"});
  ASSERT_EQ(outcome.status, kDone) << outcome.error;
  const Json json = Json::parse(outcome.out);
  EXPECT_EQ(json["image"]["axis"], "coronal");
  EXPECT_EQ(json["image"]["slice"], 4);
  const Volume image = read_volume(path("ball.nii.gz"));
  const Volume mask = read_volume(path("mask.nii.gz"));
  EXPECT_EQ(mask.geometry, image.geometry);
  EXPECT_EQ(std::count(mask.voxels.begin(), mask.voxels.end(), 1.0F), json["masks"][0]["area_px"]);
  const SlicePlane plane = slice_plane(mask.geometry, Axis::coronal);
  const auto slice = extract_slice(mask, plane, 4).grey;
  EXPECT_EQ(std::count(slice.begin(), slice.end(), 1.0F), json["masks"][0]["area_px"]);
}

TEST_F(Commands, SegmentTakesAMaskOfThePictureOrTheVolumeAsAPrompt) {
  EXPECT_EQ(segment({path("ball.nii.gz"), "--mask", path("ball.nii.gz"), "--out", path("a.nii.gz")}).status,
            kDone);
  write_mask_png(path("small.png"), empty_mask({7, 7}));
  const CommandOutcome outcome =
      segment({path("disc.png"), "--mask", path("small.png"), "--out", path("b.png")});
  EXPECT_EQ(outcome.status, kBadUsage);
  EXPECT_NE(outcome.error.find("the mask is 7 x 7, the picture 60 x 40"), std::string::npos) << outcome.error;
}

TEST_F(Commands, SegmentGoesOnWhenOneOfSeveralImagesFails) {
  std::ofstream(path("bad.png")) << "\x89PNG\r\n\x1a\n";
  const CommandOutcome outcome =
      segment({path("bad.png"), path("disc.png"), "--point", "3,3", "--out", path("results"), "--json"});
  EXPECT_EQ(outcome.status, kSomeFailed);
  EXPECT_TRUE(holds("results/disc_mask.png"));
  EXPECT_NE(outcome.error.find("bad.png"), std::string::npos);
  const Json json = Json::parse(outcome.out);
  EXPECT_EQ(json["images"].size(), 1u);
  EXPECT_EQ(json["failed"][0]["file"], path("bad.png"));
}

TEST_F(Commands, SegmentRefusesBadUsageInOneLineAndWritesNothing) {
  const std::size_t before = file_count();
  const std::string disc = path("disc.png");
  const std::string ball = path("ball.nii.gz");
  const std::string out = path("never.png");
  struct Case {
    std::vector<std::string> args;
    std::string says;
  };
  const std::vector<Case> cases{
      {{disc, "--out", out}, "say what to segment"},
      {{disc, "--point", "60,0", "--out", out},
       "point 60,0 lies outside the picture: x is 0..59, y is 0..39"},
      {{disc, "--point", "-3,5", "--out", out}, "lies outside"},
      {{disc, "--point", "3", "--out", out}, "two numbers X,Y are needed"},
      {{disc, "--point", "3,4,", "--out", out}, "two numbers X,Y are needed"},
      {{disc, "--box", "5,5,5,9", "--out", out}, "has no area"},
      {{disc, "--box", "0,0,99,9", "--out", out}, "reaches outside"},
      {{disc, "--box", "0,0,9", "--out", out}, "four numbers"},
      {{disc, "--point", "3,4", "--out", path("never.jpg")}, ".png"},
      {{disc, "--point", "3,4", "--axis", "axial", "--out", out}, "--axis does not apply"},
      {{disc, "--point", "3,4", "--frame", "1", "--out", out}, "frame"},
      {{disc, "--point", "3,4", "--window", "sharp", "--out", out}, "soft-tissue"},
      {{ball, "--point", "3,4", "--slice", "12", "--out", out}, "axial slices are 0..11"},
      {{ball, "--point", "3,4", "--slice", "-1", "--out", out}, "axial slices are 0..11"},
      {{ball, "--point", "3,4", "--axis", "oblique", "--out", out}, "axial, coronal or sagittal"},
      {{path("absent.png"), "--point", "3,4", "--out", out}, "no such file"},
      {{disc, ball, "--point", "3,4", "--out", out}, "give a folder"},
      {{disc, "--point", "3,4", "--candidates", "four", "--out", out}, "four"},
      {{disc, "--point", "3,4", "--points", "1,1"}, "--points"},
  };
  for (const Case& c : cases) {
    const CommandOutcome outcome = segment(c.args);
    EXPECT_EQ(outcome.status, kBadUsage) << outcome.error;
    EXPECT_NE(outcome.error.find(c.says), std::string::npos) << c.says << "\n" << outcome.error;
    EXPECT_LE(std::count(outcome.error.begin(), outcome.error.end(), '\n'), 1) << outcome.error;
  }
  EXPECT_EQ(file_count(), before);
}

TEST_F(Commands, SegmentAnswersABoxWithTheSingleMaskAndPointsWithTheFirst) {
  const auto answer = [&](std::vector<std::string> prompt, const std::string& candidates) {
    prompt.insert(prompt.begin(), path("disc.png"));
    prompt.insert(prompt.end(), {"--out", path("answer.png"), "--json"});
    if (!candidates.empty()) prompt.insert(prompt.end(), {"--candidates", candidates});
    const CommandOutcome outcome = segment(prompt);
    EXPECT_EQ(outcome.status, kDone) << outcome.error;
    const Json json = Json::parse(outcome.out);
    return std::pair(json["masks"][0]["predicted_iou"], read_volume(path("answer.png")).voxels);
  };
  const std::vector<std::string> points{"--point", "30,20", "--background", "3,3"},
      box{"--box", "10,5,50,35"};
  const std::vector<std::string> both{"--box", "10,5,50,35", "--background", "3,3"};
  EXPECT_EQ(answer(points, ""), answer(points, "first"));
  EXPECT_EQ(answer(box, ""), answer(box, "single"));
  EXPECT_EQ(answer(both, ""), answer(both, "single"));
  EXPECT_NE(answer(points, "first").first, answer(points, "single").first) << "both are the same answer";
  segment({path("disc.png"), "--point", "30,20", "--candidates", "three", "--out", path("c.png")});
  EXPECT_EQ(answer({"--point", "30,20"}, "").second, read_volume(path("c_1.png")).voxels);
}

TEST_F(Commands, SegmentTakesWhatTheModelsCardSaysOfSuchAPromptAndTellsIt) {
  ModelCard card{.name = "tiny"};
  card.weights_sha256 = {sha256_hex(MappedFile(path("tiny.safetensors")).bytes())};
  card.choice_by_prompt[PromptKind::point] = AnswerRule::second;
  card.choice_by_prompt[PromptKind::box] = AnswerRule::confident;
  write_card(path("tiny.card.json"), card);
  const auto answer = [&](std::vector<std::string> args) {
    args.insert(args.begin(), path("disc.png"));
    args.insert(args.end(), {"--out", path("answer.png"), "--json"});
    const CommandOutcome outcome = segment(args);
    EXPECT_EQ(outcome.status, kDone) << outcome.error;
    return Json::parse(outcome.out);
  };
  const Json point = answer({"--point", "30,20"});
  EXPECT_EQ(point["prompt_kind"], "point");
  EXPECT_EQ(point["rule"], "second");
  EXPECT_EQ(point["masks"][0]["candidate"], 1);
  const auto taken = read_volume(path("answer.png")).voxels;
  const Json box = answer({"--box", "10,5,50,35"});
  EXPECT_EQ(box["rule"], "confident");
  EXPECT_EQ(box["masks"][0]["predicted_iou"],
            answer({"--box", "10,5,50,35", "--candidates", "best"})["masks"][0]["predicted_iou"]);
  const Json single = answer({"--box", "10,5,50,35", "--candidates", "single"});
  EXPECT_EQ(single["rule"], "single");
  EXPECT_TRUE(single["masks"][0]["candidate"].is_null());
  const Json three = answer({"--point", "30,20", "--candidates", "three"});
  EXPECT_TRUE(three["rule"].is_null());
  EXPECT_EQ(three["masks"][2]["candidate"], 2);
  EXPECT_EQ(three["masks"][1]["predicted_iou"], point["masks"][0]["predicted_iou"]);
  EXPECT_EQ(read_volume(path("answer_2.png")).voxels, taken);
}

TEST_F(Commands, SegmentReplacesNeitherAnInputNorAForeignFileUnlessForced) {
  const std::string disc = path("disc.png"), before = content_of(disc);
  fs::create_symlink(disc, path("link.png"));
  fs::create_hard_link(disc, path("same.png"));
  write_mask_png(path("start.png"), empty_mask({60, 40}));
  std::ofstream(path("foreign.png")) << "a drawing";
  const std::string roundabout =
      path("./../") + fs::path(path("")).parent_path().filename().string() + "/disc.png";
  struct Case {
    std::vector<std::string> args;
    std::string says;
  };
  const std::vector<Case> cases{
      {{"--out", disc}, "would replace the input"},
      {{"--out", path("link.png")}, "would replace the input"},
      {{"--out", path("same.png")}, "would replace the input"},
      {{"--out", roundabout}, "would replace the input"},
      {{"--out", path("new.png"), "--overlay", disc}, "would replace the input"},
      {{"--mask", path("start.png"), "--out", path("start.png")}, "would replace the input"},
      {{"--out", path("new.png"), "--overlay", path("./new.png")}, "two results"},
      {{"--out", path("m.png"), "--overlay", path("m_2.png"), "--candidates", "three"}, "two results"},
      {{"--out", path("foreign.png")}, "was not written by sonde"},
      {{"--out", path("new.png"), "--overlay", path("foreign.png")}, "was not written by sonde"},
      {{"--out", path(std::string(260, 'n') + ".png")}, "a file takes 255"},
  };
  const std::size_t count = file_count();
  for (const Case& c : cases) {
    std::vector<std::string> args{disc, "--point", "30,20"};
    args.insert(args.end(), c.args.begin(), c.args.end());
    const CommandOutcome outcome = segment(args);
    EXPECT_EQ(outcome.status, kBadUsage) << c.args.back();
    EXPECT_NE(outcome.error.find(c.says), std::string::npos) << c.says << "\n" << outcome.error;
  }
  EXPECT_EQ(file_count(), count);
  EXPECT_EQ(content_of(disc), before);
  EXPECT_EQ(content_of(path("foreign.png")), "a drawing");
  std::ofstream(path("empty.png"));  // as mktemp makes it
  EXPECT_EQ(segment({disc, "--point", "30,20", "--out", path("empty.png")}).status, kDone);
  EXPECT_EQ(segment({disc, "--point", "30,20", "--out", path("foreign.png"), "--force"}).status, kDone);
  EXPECT_EQ(read_volume(path("foreign.png")).geometry.extent, (Extent3{60, 40, 1}));
}

TEST_F(Commands, SegmentReplacesWhatItWroteBeforeInEveryFormat) {
  for (const char* name : {"m.png", "m.nii", "m.nii.gz", "m.nrrd", "m.mha"}) {
    const std::string image = path(name == std::string("m.png") ? "disc.png" : "ball.nii.gz");
    for (int again = 0; again < 2; ++again) {
      const CommandOutcome outcome =
          segment({image, "--point", "3,3", "--out", path(name), "--overlay", path("o.png")});
      EXPECT_EQ(outcome.status, kDone) << name << outcome.error;
    }
  }
}

TEST_F(Commands, SegmentGoesOnWhereOneDefaultNameIsTaken) {
  write_png(path("b.png"), test_picture({60, 40}));
  fs::create_directories(path("out"));
  std::ofstream(path("out/b_mask.png")) << "drawn by hand";
  const CommandOutcome outcome =
      segment({path("disc.png"), path("b.png"), "--point", "3,3", "--out", path("out")});
  EXPECT_EQ(outcome.status, kSomeFailed);
  EXPECT_NE(outcome.error.find("b_mask.png: is there and was not written by sonde"), std::string::npos);
  EXPECT_TRUE(holds("out/disc_mask.png"));
  EXPECT_EQ(content_of(path("out/b_mask.png")), "drawn by hand");
}

TEST_F(Commands, EverythingLeavesForeignFilesAndItsInputAlone) {
  fs::create_directories(path("all"));
  const auto everything = [&](const std::string& image) {
    return run(run_everything,
               {image, "--points-per-side", "2", "--model", path("tiny.safetensors"), "--threads", "1",
                "--out", path("all"), "--pred-iou", "0", "--stability", "0"});
  };
  fs::copy_file(path("disc.png"), path("all/overlay.png"));
  EXPECT_EQ(everything(path("all/overlay.png")).status, kBadUsage);
  fs::remove(path("all/overlay.png"));
  std::ofstream(path("all/metadata.csv")) << "patient,age\n";
  EXPECT_EQ(everything(path("disc.png")).status, kBadUsage);
  fs::remove(path("all/metadata.csv"));
  std::ofstream(path("all/mask_0001.png")) << "drawn by hand";
  EXPECT_EQ(everything(path("disc.png")).status, kBadUsage);
  EXPECT_EQ(content_of(path("all/mask_0001.png")), "drawn by hand");
  EXPECT_FALSE(holds("all/metadata.csv") || holds("all/overlay.png"));
  fs::remove(path("all/mask_0001.png"));
  for (int again = 0; again < 2; ++again) EXPECT_EQ(everything(path("disc.png")).status, kDone);
}

TEST_F(Commands, ImportWritesOverNeitherOfItsInputs) {
  for (const char* name : {"e.onnx", "d.onnx"}) std::ofstream(path(name)) << name;
  const CommandOutcome outcome =
      run(run_model, {"import-onnx", path("e.onnx"), path("d.onnx"), "--out", path("d.onnx")});
  EXPECT_EQ(outcome.status, kBadUsage);
  EXPECT_NE(outcome.error.find("would replace the input"), std::string::npos) << outcome.error;
  EXPECT_EQ(content_of(path("d.onnx")), "d.onnx");
}

TEST_F(Commands, AnUnknownModelNamesTheKnownOnes) {
  const CommandOutcome outcome = run(
      run_segment, {path("disc.png"), "--point", "3,4", "--model", "sam-xxl", "--out", path("never.png")});
  EXPECT_EQ(outcome.status, kBadUsage);
  EXPECT_NE(outcome.error.find("mobile-sam"), std::string::npos) << outcome.error;
}

TEST_F(Commands, EverythingWritesItsMasksAndATableAndNoneOfAnEarlierRun) {
  const std::vector<std::string> common{
      path("disc.png"),         "--points-per-side", "3", "--stability", "0",         "--model",
      path("tiny.safetensors"), "--threads",         "1", "--out",       path("all"), "--json"};
  auto loose = common;
  loose.insert(loose.end(), {"--pred-iou", "0"});
  const CommandOutcome first = run(run_everything, loose);
  ASSERT_EQ(first.status, kDone) << first.error;
  const std::size_t masks = Json::parse(first.out)["masks"].size();
  auto strict = common;
  strict.insert(strict.end(), {"--pred-iou", "1"});
  ASSERT_EQ(run(run_everything, strict).status, kDone);
  EXPECT_TRUE(holds("all/metadata.csv") && holds("all/overlay.png"));
  EXPECT_FALSE(holds("all/mask_0001.png")) << "one of " << masks << " masks of the first run was left";
  loose.insert(loose.end(), {"--format", "coco"});
  ASSERT_EQ(run(run_everything, loose).status, kDone);
  std::ifstream coco(path("all/annotations.json"));
  EXPECT_EQ(Json::parse(coco)["annotations"].size(), masks);
}

TEST_F(Commands, EverythingNamesTheSettingThatIsOutOfRange) {
  const CommandOutcome outcome = run(run_everything, {path("disc.png"), "--points-per-side", "0"});
  EXPECT_EQ(outcome.status, kBadUsage);
  EXPECT_NE(outcome.error.find("points-per-side"), std::string::npos) << outcome.error;
}

TEST_F(Commands, InfoDescribesVolumesAndRefusesWhatSegmentRefuses) {
  const CommandOutcome outcome = run(run_info, {path("ball.nii.gz"), "--json"});
  ASSERT_EQ(outcome.status, kDone) << outcome.error;
  const Json image = Json::parse(outcome.out)["images"][0];
  EXPECT_EQ(image["extent"], Json({20, 30, 12}));
  EXPECT_EQ(image["orientation"], "RPS");
  EXPECT_EQ(image["default_axis"], "axial");
  EXPECT_EQ(image["window"], "none");
  EXPECT_NEAR(image["spacing_mm"][1], 0.7, 1e-6);
  std::ofstream(path("cut.nii")) << "12345";
  EXPECT_EQ(run(run_info, {path("cut.nii")}).status, kNothingDone);
  EXPECT_EQ(run(run_info, {path("absent.nii")}).status, kBadUsage);
}

TEST_F(Commands, InfoKnowsFilesOfWeights) {
  const CommandOutcome outcome = run(run_info, {path("tiny.safetensors")});
  EXPECT_EQ(outcome.status, kDone) << outcome.error;
  EXPECT_NE(outcome.out.find("architecture vit"), std::string::npos) << outcome.out;
}

TEST_F(Commands, BenchPrintsTheJsonOfTheDesign) {
  for (const char* what : {"encoder", "decoder"}) {
    const CommandOutcome outcome = run(
        run_bench, {what, "--runs", "2", "--model", path("tiny.safetensors"), "--threads", "1", "--json"});
    ASSERT_EQ(outcome.status, kDone) << outcome.error;
    const Json json = Json::parse(outcome.out);
    for (const char* key :
         {"what", "model", "precision", "threads", "runs", "ms", "prompts_per_s", "peak_rss_mb", "machine"}) {
      EXPECT_TRUE(json.contains(key)) << key;
    }
    EXPECT_LE(json["ms"]["p05"], json["ms"]["median"]);
    EXPECT_LE(json["ms"]["median"], json["ms"]["p95"]);
  }
}

TEST(Help, OfEveryCommandShowsAnExample) {
  for (auto* command : {run_segment, run_everything, run_annotate, run_info, run_model, run_bench}) {
    const CommandOutcome outcome = run(command, {"--help"});
    EXPECT_EQ(outcome.status, kDone);
    EXPECT_TRUE(outcome.out.find("Example: sonde ") != std::string::npos ||
                outcome.out.find("import-onnx") != std::string::npos)
        << outcome.out;
  }
}

}  // namespace
}  // namespace sonde
