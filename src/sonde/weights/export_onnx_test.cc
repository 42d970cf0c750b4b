// SPDX-License-Identifier: Apache-2.0
#include "sonde/weights/export_onnx.h"

#include <cstring>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <onnx/checker.h>
#include <onnx/onnx_pb.h>
#include <onnx/shape_inference/implementation.h>

#include "sonde/core/error.h"
#include "sonde/core/folder_testing.h"
#include "sonde/weights/refusal_testing.h"
#include "sonde/weights/small_sizes_testing.h"

// What the graphs compute is compared with ONNX Runtime (test/onnx/runtime.mjs).

namespace sonde {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Key;
using ::testing::StartsWith;

onnx::ModelProto read_model(const std::filesystem::path& path) {
  onnx::ModelProto model;
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(model.ParseFromIstream(&file)) << path;
  return model;
}

// "name [1, num_points, 2]" of each.
template <typename Ports>
std::vector<std::string> as_text(const Ports& ports) {
  std::vector<std::string> texts;
  for (const auto& port : ports) {
    std::string text;
    for (const auto& extent : port.type().tensor_type().shape().dim()) {
      text += (text.empty() ? "" : ", ");
      text += extent.has_dim_value() ? std::to_string(extent.dim_value()) : extent.dim_param();
    }
    texts.push_back(port.name() + " [" + text + "]");
  }
  return texts;
}

// Throws where a step is not one of ONNX's, or where shapes that follow from the inputs' are not those that
// the model gives for its outputs.
void check(onnx::ModelProto model) {
  onnx::checker::check_model(model);
  onnx::shape_inference::InferShapes(
      model, onnx::OpSchemaRegistry::Instance(),
      {/*check_type=*/true, /*strict_mode=*/1, /*enable_data_propagation=*/true});
}

class OnnxExporting : public testing::Test {
 protected:
  OnnxExport write(OnnxClient client) const { return export_onnx(tensors_, "small", folder_.path(), client); }
  onnx::ModelProto encoder() const { return read_model(folder_.path() / "encoder.onnx"); }
  onnx::ModelProto decoder() const { return read_model(folder_.path() / "decoder.onnx"); }

  TestFolder folder_;
  NamedTensors tensors_ = random_tensors(small_vit_sizes(), 1);
};

TEST_F(OnnxExporting, GivesInputsAndOutputsThePublishedNames) {
  EXPECT_THAT(write(OnnxClient::published).files,
              ElementsAre(folder_.path() / "encoder.onnx", folder_.path() / "decoder.onnx"));
  EXPECT_THAT(as_text(encoder().graph().input()), ElementsAre("input_image [image_height, image_width, 3]"));
  EXPECT_THAT(as_text(encoder().graph().output()), ElementsAre("image_embeddings [1, 32, 4, 4]"));
  EXPECT_THAT(as_text(decoder().graph().input()),
              ElementsAre("image_embeddings [1, 32, 4, 4]", "point_coords [1, num_points, 2]",
                          "point_labels [1, num_points]", "mask_input [1, 1, 16, 16]", "has_mask_input [1]",
                          "orig_im_size [2]"));
  EXPECT_THAT(
      as_text(decoder().graph().output()),
      ElementsAre("masks [1, 4, height, width]", "iou_predictions [1, 4]", "low_res_masks [1, 4, 16, 16]"));
}

TEST_F(OnnxExporting, GivesTheClientsOfSamexporterAndCornerstoneWhatTheyTake) {
  const auto one_mask =
      ElementsAre("masks [1, 1, height, width]", "iou_predictions [1, 1]", "low_res_masks [1, 1, 16, 16]");
  write(OnnxClient::samexporter);
  EXPECT_THAT(as_text(encoder().graph().input()), ElementsAre("input_image [image_height, image_width, 3]"));
  EXPECT_THAT(as_text(decoder().graph().output()), one_mask);
  write(OnnxClient::cornerstone);
  EXPECT_THAT(as_text(encoder().graph().input()), ElementsAre("input_image [1, 3, 64, 64]"));
  EXPECT_THAT(as_text(decoder().graph().output()), one_mask);
}

TEST_F(OnnxExporting, WritesModelsThatOnnxAcceptsAndWhoseShapesAgree) {
  for (const OnnxClient client : {OnnxClient::published, OnnxClient::cornerstone}) {
    for (const SamSizes& sizes : {small_vit_sizes(), small_tiny_vit_sizes()}) {
      const SamTensors sam = random_sam_tensors(sizes, 1);
      const auto path = folder_.path() / "part.onnx";
      write_onnx_model(onnx_encoder(sam, client), path);
      EXPECT_NO_THROW(check(read_model(path))) << sizes.architecture;
      write_onnx_model(onnx_decoder(sam, client), path);
      EXPECT_NO_THROW(check(read_model(path))) << sizes.architecture;
      auto wrong = read_model(path);
      wrong.mutable_graph()
          ->mutable_output(2)
          ->mutable_type()
          ->mutable_tensor_type()
          ->mutable_shape()
          ->mutable_dim(1)
          ->set_dim_value(7);
      EXPECT_ANY_THROW(check(wrong));
    }
  }
}

TEST_F(OnnxExporting, NamesWeightsAsPublished) {
  const auto encoder = onnx_encoder(random_sam_tensors(small_vit_sizes(), 1), OnnxClient::published);
  EXPECT_THAT(encoder.constants, Contains(Key("image_encoder.patch_embed.proj.weight")));
  EXPECT_THAT(encoder.constants, Contains(Key("image_encoder.blocks.2.mlp.lin1.weight.transposed")));
  const auto decoder = onnx_decoder(random_sam_tensors(small_vit_sizes(), 1), OnnxClient::published);
  EXPECT_THAT(decoder.constants, Contains(Key("mask_decoder.transformer.layers.1.norm4.bias")));
  EXPECT_THAT(decoder.constants, Contains(Key("prompt_encoder.point_embeddings.3.weight")));
}

TEST_F(OnnxExporting, WritesTheSameBytesEachTime) {
  write(OnnxClient::published);
  const auto encoder = content_of(folder_.path() / "encoder.onnx"),
             decoder = content_of(folder_.path() / "decoder.onnx");
  write(OnnxClient::published);
  EXPECT_EQ(content_of(folder_.path() / "encoder.onnx"), encoder);
  EXPECT_EQ(content_of(folder_.path() / "decoder.onnx"), decoder);
}

TEST_F(OnnxExporting, SaysWhichTensorsItLeavesOut) {
  EXPECT_THAT(write(OnnxClient::published).left_out, ElementsAre());
  tensors_["prompt_encoder.class_embeddings.weight"] = make_tensor(std::vector<float>(64), {2, 32});
  tensors_["mask_decoder.object_score_head.layers.0.weight"] = make_tensor(std::vector<float>(32), {1, 32});
  EXPECT_THAT(write(OnnxClient::published).left_out,
              ElementsAre("mask_decoder.object_score_head.layers.0.weight",
                          "prompt_encoder.class_embeddings.weight"));
}

TEST_F(OnnxExporting, RefusesWeightsThatAreNotComplete) {
  tensors_.erase("mask_decoder.iou_token.weight");
  EXPECT_THAT(refusal_of([&] { write(OnnxClient::published); }, "small"),
              HasSubstr("mask_decoder.iou_token.weight"));
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "encoder.onnx"));
}

TEST_F(OnnxExporting, NamesTheFileThatCannotBeWritten) {
  const auto missing = folder_.path() / "missing";
  refusal_of([&] { export_onnx(tensors_, "small", missing, OnnxClient::published); },
             (missing / "encoder.onnx").string(), ErrorKind::unavailable);
}

TEST_F(OnnxExporting, PutsWhatIsTooLargeForOneFileBesideIt) {
  const auto path = folder_.path() / "encoder.onnx";
  const auto model = onnx_encoder(random_sam_tensors(small_vit_sizes(), 1), OnnxClient::published);
  EXPECT_THAT(write_onnx_model(model, path, 1000), ElementsAre(path, folder_.path() / "encoder.onnx.data"));
  const std::string data = content_of(folder_.path() / "encoder.onnx.data");
  std::size_t outside = 0;
  const auto written = encoder();
  for (const auto& constant : written.graph().initializer()) {
    const ByteView expected = model.constants.at(constant.name()).bytes;
    if (constant.data_location() != onnx::TensorProto::EXTERNAL) {
      EXPECT_EQ(constant.raw_data().size(), expected.size());
      continue;
    }
    EXPECT_EQ(constant.external_data(0).value(), "encoder.onnx.data");
    const auto offset = std::stoul(constant.external_data(1).value()),
               length = std::stoul(constant.external_data(2).value());
    ASSERT_LE(offset + length, data.size());
    ASSERT_EQ(length, expected.size());
    EXPECT_EQ(std::memcmp(data.data() + offset, expected.data(), length), 0) << constant.name();
    ++outside;
  }
  EXPECT_GT(outside, 10U);
  EXPECT_THAT(data, StartsWith(kOnnxMark));
  EXPECT_THAT(written.doc_string(), StartsWith(kOnnxMark));
}

}  // namespace
}  // namespace sonde
