// SPDX-License-Identifier: Apache-2.0
#include "sonde/train/data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/annotate/project_testing.h"
#include "sonde/core/error.h"
#include "sonde/predict/embedding_impl.h"
#include "sonde/train/picture_cache.h"
#include "sonde/train/train_testing.h"
#include "sonde/train/views.h"

namespace sonde {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

// "a.png: 1 9, nerve/2 4" a picture: class/object and area of what is asked for.
std::vector<std::string> lines_of(const std::vector<TrainPicture>& pictures) {
  std::vector<std::string> lines;
  for (const TrainPicture& picture : pictures) {
    std::string line = picture.image + ':';
    for (const std::size_t task : picture.tasks) {
      const TrainObject& object = picture.objects[task];
      line += ' ' + object.class_name + (object.object.empty() ? "" : '/' + object.object) + ' ' +
              std::to_string(object.area_px);
      EXPECT_EQ(area_px(object.mask), object.area_px);
    }
    lines.push_back(line);
  }
  return lines;
}
TrainingData read_one(const fs::path& data, const DataOptions& options = {}) {
  return read_training_data(std::vector{data}, options);
}

TEST(TrainingData, HasTheObjectsOfADataSetAndItsOrigin) {
  const TestFolder folder;
  const fs::path set = folder.path() / "set";
  write_grey(set / "images" / "a.png", 4, {9, 9, 9, 9, 9, 9, 9, 9});
  write_grey(set / "masks" / "a.png", 4, {1, 1, 1, 2, 1, 1, 0, 3});
  write_flat(set / "images" / "b.png", 4, 4);
  write_flat(set / "masks" / "b.png", 4, 3, 1);
  write_text(set / "labels.json",
             R"({"mask_kind": "semantic", "labels": {"1": "cord", "2": "speck", "3": "dot"},
      "licence_as_stated": "CC0", "citation": "Somebody 2020", "source_repo": 7})");
  DataOptions options;
  options.plan.min_area_px = 1;
  const TrainingData all = read_one(set, options);
  EXPECT_THAT(lines_of(all.pictures), ElementsAre("a.png: cord 5 speck 1 dot 1"));
  EXPECT_THAT(all.failures, ElementsAre(testing::Field(&StudyFailure::kind, FailureKind::size_mismatch)));
  EXPECT_EQ(all.origins.at(0).licence, "CC0");
  EXPECT_EQ(all.origins.at(0).citation, "Somebody 2020");
  EXPECT_EQ(all.origins.at(0).source, "");
  options.plan.min_area_px = 2;
  EXPECT_THAT(lines_of(read_one(set, options).pictures), ElementsAre("a.png: cord 5"));
  options.plan.min_area_px = 1;
  options.per_picture = 2;
  const auto two = read_one(set, options).pictures;
  EXPECT_EQ(two[0].objects.size(), 3U);  // for classes all count
  EXPECT_EQ(two[0].tasks.size(), 2U);
  EXPECT_EQ(lines_of(two), lines_of(read_one(set, options).pictures));
}

TEST(TrainingData, ChangesItsHashWithPixelsAndMasks) {
  const TestFolder folder;
  const fs::path set = write_square_set(folder.path() / "set", 3);
  const auto hash = [&] { return data_sha256(read_one(set).pictures); };
  const std::string before = hash();
  EXPECT_EQ(hash(), before);
  write_square_picture(set, "ima", 5);
  EXPECT_NE(hash(), before);
}

class ProjectDataTest : public ExportTest {};

TEST_F(ProjectDataTest, HasTheApprovedObjectsOfEachSliceAndTheProjectStaysAsItIs) {
  put(add(write_flat(root_ / "a.png", 6, 5)), {{"cord", {0, 1, 2, 6, 7, 8}}, {"nerve", {20, 21}}});
  add(write_flat(root_ / "nothing.png", 6, 5));
  const Affine3 upright{{Vec3{1, 0, 0}, Vec3{0, 1, 0}, Vec3{0, 0, 4}}, Vec3{}};
  std::vector<std::uint8_t> voxels(4 * 4 * 3);
  for (std::size_t i = 0; i < voxels.size(); ++i) voxels[i] = static_cast<std::uint8_t>(5 * i);
  put(add(write_volume(root_ / "v.nrrd", {4, 4, 3}, upright, voxels)), {{"cord", {0, 1, 4, 5, 16, 17, 20}}});
  const Revision before = project_.revision();
  DataOptions options;
  options.plan.min_area_px = 2;
  const TrainingData data = read_one(root_ / "project", options);  // open in this very process
  EXPECT_THAT(lines_of(data.pictures),
              ElementsAre("a.png: cord/object 1 6 nerve/object 2 2", "v.nrrd#axial:0: cord/object 3 4",
                          "v.nrrd#axial:1: cord/object 3 3"));
  EXPECT_EQ(data.pictures[0].dataset, "project");
  EXPECT_EQ(data.pictures[1].whole, data.pictures[2].whole);
  EXPECT_NE(data.pictures[1].pixels_sha256, data.pictures[2].pixels_sha256);
  EXPECT_EQ(data.pictures[1].load().extent, (Extent2{4, 4}));
  EXPECT_EQ(project_.revision(), before);
  options.plan.limit = 1;
  EXPECT_EQ(read_one(root_ / "project", options).pictures.size(), 1U);
}

TEST_F(ProjectDataTest, NamesAnImageThatHasGone) {
  put(add(write_flat(root_ / "a.png", 6, 5)), {{"cord", {0, 1, 2}}});
  fs::remove(root_ / "a.png");
  const TrainingData data = read_one(root_ / "project");
  EXPECT_TRUE(data.pictures.empty());
  ASSERT_EQ(data.failures.size(), 1U);
  EXPECT_THAT(data.failures[0].reason, HasSubstr("a.png"));
}

TEST(Views, MirrorBrightenAndCutAPictureWithItsObjects) {
  const TestFolder folder;
  const TrainingData data = read_one(write_square_set(folder.path() / "set", 2));
  std::vector<TrainPicture> pictures = data.pictures;
  pictures[1].part = SplitPart::test;
  const auto views = views_of(pictures, 4, {});
  ASSERT_EQ(views.size(), 3U);  // of the training part alone
  const RgbImage image = pictures[0].load(), mirrored = views[0].load();
  const Mask mask = decode_rle(pictures[0].objects[0].mask),
             mirrored_mask = decode_rle(views[0].objects[0].mask);
  for (std::size_t x = 0; x < 24; ++x) {
    EXPECT_EQ(mirrored.pixels[3 * (5 * 24 + x)], image.pixels[3 * (5 * 24 + 23 - x)]);
    EXPECT_EQ(mirrored_mask.pixels[5 * 24 + x], mask.pixels[5 * 24 + 23 - x]);
  }
  EXPECT_EQ(decode_rle(views[1].objects[0].mask), mask);
  EXPECT_NE(views[1].load().pixels, image.pixels);
  EXPECT_LT(views[2].extent.width, 24);
  EXPECT_GE(views[2].extent.width, 19);
  EXPECT_NE(views[2].pixels_sha256, pictures[0].pixels_sha256);
}

TEST(PictureCache, ComputesOnceAndAgainWhereAFileIsDamaged) {
  const TestFolder folder;
  std::vector<TrainPicture> pictures = read_one(write_square_set(folder.path() / "set", 2)).pictures;
  int loaded = 0;
  for (TrainPicture& picture : pictures)
    picture.load = [load = picture.load, &loaded] { return ++loaded, load(); };
  const BaseModel base = small_base();
  for (const auto kind : {PictureCache::Kind::embeddings, PictureCache::Kind::pixels}) {
    loaded = 0;
    PictureCache cache(folder.path() / "cache", kind, base.model);
    cache.fill(pictures, nullptr, {});
    cache.fill(pictures, nullptr, {});
    EXPECT_EQ(loaded, 2);
    const std::vector<float> by_cache = cache.embedding_by(*base.model.impl().network, pictures[1]);
    const Embedding embedding = embed(base.model, pictures[1].load());
    const auto& features = embedding.impl().features;
    ASSERT_EQ(by_cache.size(), features.size());
    for (std::size_t i = 0; i < features.size(); ++i) EXPECT_NEAR(by_cache[i], features[i], 2e-3);
    for (const auto& entry : fs::directory_iterator(cache.folder())) {
      std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
      file.seekp(7);
      file.put('x');
    }
    cache.fill(pictures, nullptr, {});
    EXPECT_EQ(loaded, 5);
    EXPECT_EQ(cache.embedding_by(*base.model.impl().network, pictures[1]), by_cache);
    fs::remove_all(cache.folder());
  }
}

}  // namespace
}  // namespace sonde
