// SPDX-License-Identifier: Apache-2.0
#include "sonde/server/wire.h"

#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/data_testing.h"
#include "sonde/core/json_text.h"

// The examples of test/data/wire/, which the page's tests read too.
namespace sonde::wire {
namespace {

using testing::HasSubstr;

Json golden(const std::string& name) {
  std::ifstream file(test_data_folder() / "wire" / (name + ".json"));
  return Json::parse(file);
}

std::string hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    text += kDigits[static_cast<std::uint8_t>(c) >> 4];
    text += kDigits[static_cast<std::uint8_t>(c) & 15];
  }
  return text;
}

// Field order counts: it is what people see.
void expect_same(const Json& made, const Json& example) { EXPECT_EQ(made.dump(1), example.dump(1)); }

// ---- The values that the examples show

std::vector<Label> labels() {
  return {{1, "liver", "#e69f00", "1", 1, 12}, {2, "Läsion \"A\"", "#0072b2", "", 7, 0}};
}

ImageSummary summary(ImageId id, const std::string& name) {
  ImageSummary image;
  image.id = id;
  image.source = {"/data/" + name, "", 0, name};
  return image;
}
ImageSummary ch2() {
  ImageSummary image = summary(3, "ch2.nii.gz");
  image.status = ImageStatus::started;
  image.approved = 4;
  image.proposed = 1;
  image.active_ms = 61000;
  image.revision = 57;
  image.grid = ImageGeometry{{181, 217, 181}, Affine3{}};
  return image;
}
ImageSummary cine() {
  ImageSummary image = summary(4, "frame 2 of cine.dcm");
  image.source.path = "/data/cine.dcm";
  image.status = ImageStatus::done;
  image.approved = 2;
  image.active_ms = 3600000;
  image.revision = 40;
  image.grid = ImageGeometry{{640, 480, 1}, {}};
  return image;
}
std::vector<ImageSummary> images() {
  ImageSummary disc = summary(1, "disc.png");
  disc.revision = 1;
  ImageSummary cut = summary(2, "cut.nii");
  cut.revision = 2;
  cut.fault = "the header is cut: 348 bytes are needed, there are 5";
  ImageSummary changed = cine();
  changed.notice = "the image has changed since its objects were drawn: they may not fit it";
  return {disc, cut, ch2(), changed};
}

using Slices = std::array<std::array<std::int64_t, 2>, 3>;
constexpr Slices kSlices{{{71, 71}, {40, 101}, {33, 92}}};
const PlaneRef kAxial71{Axis::axial, 71};
const std::vector<CandidateScore> kCandidates{{0.91, 0.95, 5123}, {0.5, 0.75, 8}, {0.25, 0.0, 0}};

AnnotatedObject proposed(ObjectId id, std::int64_t area, Revision revision, Proposal proposal) {
  AnnotatedObject object;
  object.id = id;
  object.area = area;
  object.revision = revision;
  object.slices = kSlices;
  object.proposal = std::move(proposal);
  return object;
}
AnnotatedObject approved(ObjectId id, LabelId label, ObjectSource source, std::int64_t area,
                         Revision revision) {
  AnnotatedObject object;
  object.id = id;
  object.state = ObjectState::approved;
  object.label = label;
  object.source = source;
  object.area = area;
  object.revision = revision;
  object.slices = kSlices;
  return object;
}

AnnotatedObject asked_object() {
  const PromptWithWindow prompt{{{{10, 20}, PointLabel::foreground}, {{3.5, 4.25}, PointLabel::background}},
                                Box2{1, 2, 30, 40},
                                "auto"};
  return proposed(12, 5123, 57, {kAxial71, {}, kCandidates, 0, prompt});
}

// By the names of the examples.
std::map<std::string, AnnotatedObject> objects() {
  std::map<std::string, AnnotatedObject> all;
  all["proposed by a prompt"] = asked_object();
  all["proposed to change another"] =
      proposed(13, 40, 50,
               {{Axis::coronal, 50},
                14,
                kCandidates,
                2,
                PromptWithWindow{{{{10, 20}, PointLabel::background}}, {}, "40,80"}});
  all["proposed by a class"] = proposed(
      21, 640, 57, {kAxial71, {}, kCandidates, 0, PromptWithWindow{{}, {}, "auto", "spleen"}, -2.25});
  all["proposed by a grid"] = proposed(20, 777, 44, {kAxial71, {}, {{0.98, 0.97, 777}}, 0, {}});
  all["proposed by a grid"].source = ObjectSource::everything;
  all["approved"] = approved(14, 1, ObjectSource::prompt, 90000, 33);
  all["approved"].name = "left lobe";
  all["approved"].slices->at(0) = {60, 90};
  all["locked"] = approved(15, 2, ObjectSource::brush, 12, 34);
  all["locked"].lock = Lock::locked;
  all["empty"] = approved(16, 2, ObjectSource::brush, 0, 35);
  all["empty"].slices.reset();
  all["imported"] = approved(17, 1, ObjectSource::import, 1, 36);
  all["imported"].slices = Slices{{{0, 0}, {7, 7}, {3, 3}}};
  all["split off"] = approved(18, 1, ObjectSource::split, 9, 37);
  return all;
}

TEST(WireAnswers, OfLabelsImagesAndObjectsAreTheExamples) {
  expect_same(to_json(LabelsChanged{57, labels()}), golden("labels"));
  Json list = Json::array();
  for (const ImageSummary& image : images()) list.push_back(to_json(image));
  expect_same(list, golden("summaries"));
  const Json examples = golden("objects");
  const auto all = objects();
  EXPECT_EQ(examples.size(), all.size());
  for (const auto& [name, object] : all) expect_same(to_json(object), examples.at(name));
}

TEST(WireAnswers, OfTheProjectAreTheExamples) {
  std::string sha256;
  for (int i = 0; i < 32; ++i) sha256 += "5f";
  const CardClass liver{.name = "liver",
                        .n = 143,
                        .n_absent = 60,
                        .iou = 0.875,
                        .iou_low = 0.75,
                        .iou_high = 0.9375,
                        .found = 0.96875,
                        .found_absent = 0.03125};
  const ModelFacts facts{"mobile-sam", "vit_t", sha256, "bf16", {}, {}},
      learned{"mobile-sam", "vit_t", sha256, "bf16", {{liver}}, {}},
      trained{"mobile-sam", "vit_t", sha256, "bf16", {}, 2};
  expect_same(to_json(ProjectFacts{"liver.sonde", "liver.sonde", "0.1.0", 57, learned, Overlap::keep,
                                   labels(), images()}),
              golden("project"));
  expect_same(to_json(ProjectChanges{57, {}, {}, Overlap::keep, facts}), golden("changes")["unchanged"]);
  expect_same(to_json(ProjectChanges{58, {ch2()}, labels(), Overlap::overwrite, trained}),
              golden("changes")["changed"]);
  expect_same(to_json(Settings{58, Overlap::allow}), golden("settings")["answer"]);
  expect_same(to_json(ImageProgress{ch2()}), golden("progress")["answer"]);
  const std::vector<HistoryEvent> events{
      {57, "2026-11-25T02:10:00.123Z", "stroke", "painted object 14", "", "", true},
      {56, "2026-11-25T02:09:59.000Z", "ask", "asked: 2 points", "5f", "auto", false}};
  expect_same(to_json(History{events}), golden("history"));
}

TEST(WireAnswers, OfAnOpenedImageAreTheExamples) {
  const Json examples = golden("opened");
  OpenedFacts volume;
  volume.image = ch2();
  volume.extent = {181, 217, 181};
  volume.range = {-1024, 3071.5};
  volume.orientation = "RAS";
  volume.notes = {"slices are unevenly spaced (2.5 to 5 mm)"};
  volume.planes = {{Axis::axial, {181, 217}, 181, PlaneFacts::Spacing{1, 1.5, 2}},
                   {Axis::coronal, {181, 181}, 217, PlaneFacts::Spacing{1, 2, 1.5}},
                   {Axis::sagittal, {217, 181}, 181, PlaneFacts::Spacing{1.5, 2, 1}}};
  volume.default_plane = {Axis::axial, 90};
  volume.window = {"auto", Window{40.5, 400}};
  volume.presets = {{"brain", {40, 80}}, {"lung", {-600, 1500}}};
  volume.revision = 57;
  volume.undo = "stroke";
  const auto all = objects();
  const Json order = golden("objects");
  for (const auto& [name, example] : order.items()) volume.objects.push_back(all.at(name));
  expect_same(to_json(volume), examples["volume"]);

  OpenedFacts picture;
  picture.image = cine();
  picture.extent = {640, 480, 1};
  picture.plain = true;
  picture.photometric = Photometric::rgb;
  picture.range = {0, 255};
  picture.planes = {{Axis::axial, {640, 480}, 1, {}}};
  picture.window = {"colour", {}};
  picture.revision = 57;
  picture.redo = "accept";
  expect_same(to_json(picture), examples["picture"]);
}

TEST(WireAnswers, NameTheFilesOwnWindowAsRequestsTakeIt) {
  const Json json = to_json(UsedWindow{"dicom", Window{40, 350.5}});
  const WindowChoice choice = parse_window(json["name"].get<std::string>());
  EXPECT_EQ(choice.window, (Window{40, 350.5}));
}

TEST(WireAnswers, OfEmbeddingsAndJobsAreTheExamples) {
  Json list = Json::array();
  for (const auto& facts :
       {EmbeddingFacts{EmbeddingState::ready, ""}, EmbeddingFacts{EmbeddingState::queued, ""},
        EmbeddingFacts{EmbeddingState::encoding, ""},
        EmbeddingFacts{EmbeddingState::failed,
                       "--window none needs values within 0..255, the picture has 300"}})
    list.push_back(to_json(facts));
  expect_same(list, golden("focus")["answers"]);

  const std::vector<std::string> notes{"disc.png: has no objects"};
  const std::vector<JobFacts> jobs{
      {7, "everything", JobState::waiting, 0, 0, "", 0, {}},
      {7, "everything", JobState::running, 3, 16, "", 2, {}},
      {7, "everything", JobState::done, 16, 16, "", 0, EverythingResult{58, 87}},
      {7, "everything", JobState::failed, 0, 0, "ch2.nii.gz: no such file", 0, {}},
      {7, "everything", JobState::cancelled, 3, 16, "", 0, {}},
      {8, "export", JobState::done, 4, 4, "", 0,
       ExportedResult{"liver.sonde/exports/2026-11-25T02-10-00 png", 12, notes}}};
  list = Json::array();
  for (const JobFacts& job : jobs) list.push_back(to_json(job));
  expect_same(list, golden("jobs"));
}

TEST(WireAnswers, OfTrainingsAreTheExamples) {
  TrainingList list{{}, 24, 8, 12.5, 1.5, {}};
  list.trainings.push_back({.training = 2,
                            .state = TrainingState::stopped,
                            .settings = {},
                            .file = {},
                            .test = {},
                            .guards = {},
                            .notes = {}});
  list.trainings.push_back({.training = 1,
                            .state = TrainingState::done,
                            .settings = {TrainingPart::quality, 60, 4},
                            .file = "training/1/model.safetensors",
                            .test = {{"1 point", 5, 0.25, 0.75, 0.5, 0.875}},
                            .guards = {{"box kept: IoU", 0.75, 0.5, 0.73, false}},
                            .notes = {"the test part has 5 objects: its figures say little"},
                            .has_report = true});
  expect_same(to_json(list), golden("training")["list"]);
}

TEST(WireAnswers, OfFailuresAreTheExamples) {
  for (const Json& example : golden("errors")) {
    const Json& error = example["body"]["error"];
    const Response response = error_response(example["status"], error["kind"].get<std::string>(),
                                             error["message"].get<std::string>());
    EXPECT_EQ(response.status, example["status"]);
    expect_same(Json::parse(response.body), example["body"]);
  }
}

TEST(WireAnswers, TakeNamesThatAreNoUtf8) {
  ImageSummary image = summary(1, "caf\xe9.png");
  EXPECT_THAT(json_text(to_json(image)), HasSubstr("caf\xEF\xBF\xBD.png"));
}

// ---- Binary

Mask mask_from(const Json& rows) {
  Mask mask = empty_mask(
      {static_cast<std::int64_t>(rows[0].get<std::string>().size()), static_cast<std::int64_t>(rows.size())});
  std::size_t at = 0;
  for (const Json& row : rows) {
    for (const char c : row.get<std::string>()) mask.pixels[at++] = c == '#' ? 1 : 0;
  }
  return mask;
}

Bundle bundle_from(const Json& example) {
  Bundle bundle;
  bundle.changes.revision = 57;
  bundle.changes.image = ch2();
  for (const Json& mask : example["masks"]) {
    std::optional<std::size_t> candidate;
    if (!mask["candidate"].is_null()) candidate = mask["candidate"].get<std::size_t>();
    Mask picture = mask_from(mask["pixels"]);
    const Extent3 extent{picture.extent.width, picture.extent.height, 1};
    bundle.masks.push_back(
        {mask["object"], candidate, mask["revision"], voxels_from_mask({extent, std::move(picture.pixels)})});
  }
  return bundle;
}

TEST(WireBundle, HasTheBytesOfTheExamples) {
  const Json examples = golden("bundles");
  Bundle action = bundle_from(examples["an action"]);
  action.changes.undo = "ask";
  const auto all = objects();
  for (const char* name : {"proposed by a prompt", "approved", "locked", "empty"})
    action.changes.changed.push_back(all.at(name));
  action.changes.removed = {11};
  action.timing = {0, 8.1, 14.2};
  EXPECT_EQ(hex(encode_bundle(action)), examples["an action"]["hex"]);

  Bundle empty = bundle_from(examples["no masks"]);
  empty.changes.redo = "ask";
  empty.labels = labels();
  empty.timing.total_ms = 0.3;
  EXPECT_EQ(hex(encode_bundle(empty)), examples["no masks"]["hex"]);
}

TEST(WireMasks, OfAJobSoFarHaveTheBytesOfTheExamples) {
  const Json examples = golden("previews");
  for (const auto& [name, example] : examples.items()) {
    std::vector<std::string> masks;
    for (const Json& one : example["masks"]) {
      const Mask mask = mask_from(one["pixels"]);
      masks.push_back(encode_mask(one["object"], encode_rle(mask), *bounding_box(mask)));
    }
    EXPECT_EQ(hex(encode_masks(std::vector<std::string_view>(masks.begin(), masks.end()))), example["hex"])
        << name;
  }
}

TEST(WirePicture, HasTheBytesOfTheExamples) {
  const Json examples = golden("pictures");
  for (const auto& [name, example] : examples.items()) {
    const auto type = static_cast<PictureType>(example["type"].get<int>());
    Picture picture;
    picture.extent = {example["width"], example["height"]};
    if (type == PictureType::rgb) {
      picture.photometric = Photometric::rgb;
      picture.rgb = example["values"].get<std::vector<std::uint8_t>>();
    } else {
      picture.grey = example["values"].get<std::vector<float>>();
    }
    EXPECT_EQ(hex(encode_picture(picture, type)), example["hex"]) << name;

    Volume volume;
    volume.geometry.extent = {picture.extent.width, picture.extent.height, 1};
    volume.photometric = picture.photometric;
    volume.voxels = picture.grey;
    volume.rgb = picture.rgb;
    EXPECT_EQ(picture_type(volume), type) << name;
  }
}

TEST(WirePicture, SendsWhatIsNoNumberAsFloats) {
  Volume volume;
  volume.geometry.extent = {2, 1, 1};
  volume.voxels = {1, std::numeric_limits<float>::quiet_NaN()};
  EXPECT_EQ(picture_type(volume), PictureType::float32);
  volume.voxels = {1, std::numeric_limits<float>::infinity()};
  EXPECT_EQ(picture_type(volume), PictureType::float32);
}

}  // namespace
}  // namespace sonde::wire
