// SPDX-License-Identifier: Apache-2.0
#include "sonde/weights/export.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/folder_testing.h"
#include "sonde/weights/checkpoint_testing.h"
#include "sonde/weights/refusal_testing.h"
#include "sonde/weights/sam_tensors.h"
#include "sonde/weights/small_sizes_testing.h"

namespace sonde {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ExportWeights : public testing::Test {
 protected:
  std::filesystem::path path(const char* name) const { return folder_.path() / name; }
  Exported run(WeightsFormat format, const Checkpoint& checkpoint, const char* name) const {
    return export_weights(format, {checkpoint, "from.safetensors", path(name)});
  }
  static Checkpoint tuned() {
    Checkpoint checkpoint{.tensors = random_tensors(small_vit_sizes(), 1), .sha256 = {}, .card = ModelCard{}};
    checkpoint.card->name = "tuned";
    checkpoint.card->weights_sha256 = {std::string(64, 'a')};
    checkpoint.card->choice_by_prompt[PromptKind::box] = AnswerRule::third;
    return checkpoint;
  }

 private:
  TestFolder folder_;
};

void expect_holds(const NamedTensors& all, const NamedTensors& some) {
  for (const auto& [name, tensor] : some) {
    ASSERT_TRUE(all.contains(name)) << name;
    EXPECT_EQ(all.at(name).shape, tensor.shape) << name;
    EXPECT_EQ(as_text(all.at(name).bytes), as_text(tensor.bytes)) << name;
  }
}

TEST_F(ExportWeights, KeepsAllInSafetensorsWithTheCard) {
  Checkpoint checkpoint = tuned();
  checkpoint.tensors["prompt_encoder.class_embeddings.weight"] = make_tensor({1, 2}, {1, 2});
  EXPECT_THAT(run(WeightsFormat::safetensors, checkpoint, "a.safetensors").left_out, IsEmpty());
  const Checkpoint read = load_checkpoint(path("a.safetensors"));
  EXPECT_EQ(read.tensors.size(), checkpoint.tensors.size());
  expect_holds(read.tensors, checkpoint.tensors);
  ASSERT_TRUE(read.card);
  EXPECT_EQ(read.card->choice_by_prompt, checkpoint.card->choice_by_prompt);
  EXPECT_THAT(read.card->weights_sha256, IsEmpty());
}

TEST_F(ExportWeights, WritesAPthWithItsCardBesideIt) {
  const Checkpoint checkpoint = tuned();
  run(WeightsFormat::pth, checkpoint, "a.pth");
  EXPECT_THAT(possible_files(WeightsFormat::pth, {checkpoint, "", path("a.pth")}),
              ElementsAre(path("a.pth"), path("a.card.json")));
  const Checkpoint read = load_checkpoint(path("a.pth"));
  EXPECT_EQ(read.tensors.size(), checkpoint.tensors.size());
  expect_holds(read.tensors, checkpoint.tensors);
  ASSERT_TRUE(read.card);
  EXPECT_EQ(read.card->choice_by_prompt, checkpoint.card->choice_by_prompt);
  EXPECT_THAT(read.card->weights_sha256, ElementsAre(read.sha256));
}

TEST_F(ExportWeights, WritesGraphsToAFolderThatItMakes) {
  const Checkpoint checkpoint = tuned();
  EXPECT_THAT(run(WeightsFormat::onnx, checkpoint, "graphs").files,
              ElementsAre(path("graphs/encoder.onnx"), path("graphs/decoder.onnx")));
  EXPECT_THAT(possible_files(WeightsFormat::onnx, {checkpoint, "", path("graphs")}),
              ElementsAre(path("graphs/encoder.onnx"), path("graphs/encoder.onnx.data"),
                          path("graphs/decoder.onnx")));
}

TEST_F(ExportWeights, LeavesOutOfAPthWhatThePublishedNetworkHasNoPlaceFor) {
  Checkpoint checkpoint = tuned();
  const NamedTensors published = checkpoint.tensors;
  SamSizes with_a_class = sizes_from_tensors(checkpoint.tensors, "tuned");
  with_a_class.class_count = 1;
  for (const auto& [name, tensor] : random_tensors(with_a_class, 2)) checkpoint.tensors.emplace(name, tensor);
  checkpoint.tensors["image_encoder.blocks.0.adapter.down.weight"] = make_tensor({1}, {1, 1});
  checkpoint.tensors["pixel_mean"] = make_tensor({1, 2, 3}, {3, 1, 1});
  const Exported exported = run(WeightsFormat::pth, checkpoint, "a.pth");
  const std::string head = "mask_decoder.object_score_head.layers.";
  EXPECT_THAT(exported.left_out,
              ElementsAre("image_encoder.blocks.0.adapter.down.weight", head + "0.bias", head + "0.weight",
                          head + "1.bias", head + "1.weight", head + "2.bias", head + "2.weight",
                          "pixel_mean", "prompt_encoder.class_embeddings.weight"));
  EXPECT_EQ(load_checkpoint(path("a.pth")).tensors.size(), published.size());
}

TEST_F(ExportWeights, AddsToAPthOfTinyVitWhatThePublishedCodeAsksForAndDoesNotUse) {
  Checkpoint checkpoint{.tensors = random_tensors(small_tiny_vit_sizes(), 1), .sha256 = {}, .card = {}};
  const auto counts = static_cast<std::size_t>(
      std::ranges::count_if(parameters_of(small_tiny_vit_sizes()),
                            [](const auto& named) { return named.first.ends_with(".num_batches_tracked"); }));
  ASSERT_GT(counts, 0U);
  const Exported exported = run(WeightsFormat::pth, checkpoint, "a.pth");
  EXPECT_EQ(exported.added.size(), counts + 4);
  const NamedTensors read = load_checkpoint(path("a.pth")).tensors;
  expect_holds(read, checkpoint.tensors);
  for (const auto& [name, parameter] : parameters_of(small_tiny_vit_sizes()))
    EXPECT_TRUE(read.contains(name)) << name;
  EXPECT_EQ(read.at("image_encoder.head.weight").shape, (Shape{1000, 24}));
  EXPECT_FALSE(std::filesystem::exists(path("a.card.json")));
  // What the checkpoint has of it stays.
  checkpoint.tensors["image_encoder.head.weight"] = make_tensor(std::vector<float>(48, 5), {2, 24});
  run(WeightsFormat::pth, checkpoint, "b.pth");
  EXPECT_EQ(load_checkpoint(path("b.pth")).tensors.at("image_encoder.head.weight").shape, (Shape{2, 24}));
}

TEST_F(ExportWeights, RefusesAPthOfWhatIsNoWholeSam) {
  Checkpoint checkpoint = tuned();
  checkpoint.tensors.erase("mask_decoder.iou_token.weight");
  EXPECT_THAT(refusal_of([&] { run(WeightsFormat::pth, checkpoint, "a.pth"); }, "from.safetensors"),
              HasSubstr("iou_token"));
  EXPECT_FALSE(std::filesystem::exists(path("a.pth")));
}

}  // namespace
}  // namespace sonde
