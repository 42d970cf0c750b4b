// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <fstream>
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include "sonde/core/error.h"
#include "sonde/core/folder_testing.h"
#include "sonde/weights/checkpoint.h"
#include "sonde/weights/refusal_testing.h"
#include "sonde/weights/registry.h"

namespace sonde {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Graphs with the order, names and kinds of nodes of the real export, and tensors of a few numbers.
class GraphBuilder {
 public:
  std::string constant(const std::string& name, std::vector<std::int64_t> shape) {
    auto* tensor = model_.mutable_graph()->add_initializer();
    fill(*tensor, std::move(shape));
    tensor->set_name(name);
    return name;
  }
  std::string lost(std::vector<std::int64_t> shape) {
    return constant("onnx::X_" + std::to_string(count_++), std::move(shape));
  }
  std::string node(const std::string& operation, const std::vector<std::string>& inputs) {
    auto* proto = model_.mutable_graph()->add_node();
    proto->set_op_type(operation);
    proto->set_name("/" + operation + std::to_string(count_));
    for (const auto& input : inputs) proto->add_input(input);
    proto->add_output("value" + std::to_string(count_++));
    return proto->output(0);
  }
  void linear(const std::string& name, std::int64_t in, std::int64_t out) {
    const auto product = node("MatMul", {"input", lost({in, out})});
    node("Add", {constant(name + ".bias", {out}), product});
  }
  void channel_norm() { node("Add", {node("Mul", {lost({2, 1, 1}), "input"}), lost({2, 1, 1})}); }
  // A table [1, 4] of a 2 x 2 window, expanded to [1, 4, 4]: the offsets between points 0..3 are 0 1 2 3, 1 0
  // 3 2, ...
  void attention(const std::vector<float>& expanded) {
    auto* proto = model_.mutable_graph()->add_node();
    proto->set_op_type("Constant");
    const std::string value = "bias" + std::to_string(count_++);
    proto->add_output(value);
    auto* attribute = proto->add_attribute();
    attribute->set_name("value");
    auto* tensor = attribute->mutable_t();
    tensor->set_data_type(onnx::TensorProto::FLOAT);
    for (const std::int64_t extent : {1, 4, 4}) tensor->add_dims(extent);
    for (const float number : expanded) tensor->add_float_data(number);
    node("Add", {"scores", value});
  }
  onnx::ModelProto& model() { return model_; }
  void write(const std::filesystem::path& path) const {
    std::ofstream file(path, std::ios::binary);
    model_.SerializeToOstream(&file);
  }

 private:
  void fill(onnx::TensorProto& tensor, std::vector<std::int64_t> shape) {
    tensor.set_data_type(onnx::TensorProto::FLOAT);
    std::int64_t count = 1;
    for (const std::int64_t extent : shape) {
      tensor.add_dims(extent);
      count *= extent;
    }
    for (std::int64_t i = 0; i < count; ++i) tensor.add_float_data(next_++);
  }

  onnx::ModelProto model_;
  int count_ = 0;
  float next_ = 0;
};

const std::vector<float> kExpanded{5, 6, 7, 8, 6, 5, 8, 7, 7, 8, 5, 6, 8, 7, 6, 5};

GraphBuilder small_encoder() {
  GraphBuilder graph;
  constexpr int kConvolutions = 2 + 6 + 3 + 2 + 3 + 6 + 3 + 2, kAttentions = 10;
  for (int i = 0; i < kConvolutions; ++i)
    graph.node("Conv", {"input", graph.lost({2, 1, 1, 1}), graph.lost({2})});
  for (int i = 0; i < kAttentions; ++i) graph.attention(kExpanded);
  graph.linear("layers.1.blocks.0.attn.qkv", 2, 3);
  graph.node("Conv", {"input", graph.constant("neck.0.weight", {2, 2, 1, 1})});
  graph.channel_norm();
  graph.channel_norm();
  return graph;
}
GraphBuilder small_decoder() {
  GraphBuilder graph;
  graph.constant("model.prompt_encoder.point_embeddings.0.weight", {1, 2});
  graph.channel_norm();
  graph.channel_norm();
  graph.node("Mul", {"flag", graph.lost({1, 2, 1, 1})});
  graph.node("Expand", {graph.lost({1, 5, 2}), "shape"});
  graph.linear("mask_decoder.transformer.layers.0.self_attn.q_proj", 2, 2);
  graph.channel_norm();
  return graph;
}

class ImportOnnx : public ::testing::Test {
 protected:
  std::filesystem::path encoder() const { return folder_.path() / "encoder.onnx"; }
  std::filesystem::path decoder() const { return folder_.path() / "sam.onnx"; }
  std::filesystem::path target() const { return folder_.path() / "out.safetensors"; }
  Checkpoint import(const GraphBuilder& encoder_graph, const GraphBuilder& decoder_graph) const {
    encoder_graph.write(encoder());
    decoder_graph.write(decoder());
    import_onnx(encoder(), decoder(), target());
    return load_checkpoint(target());
  }
  std::string refusal(const std::function<void(GraphBuilder&)>& spoil) const {
    GraphBuilder graph = small_encoder();
    spoil(graph);
    return refusal_of(graph);
  }
  std::string refusal_of(const GraphBuilder& graph) const {
    const std::string text = sonde::refusal_of([&] { import(graph, small_decoder()); }, encoder().string());
    EXPECT_FALSE(std::filesystem::exists(target()));
    return text;
  }

 private:
  TestFolder folder_;
};

TEST_F(ImportOnnx, GivesEveryTensorItsPublishedName) {
  const auto tensors = import(small_encoder(), small_decoder()).tensors;
  EXPECT_TRUE(tensors.contains("image_encoder.patch_embed.seq.0.c.weight"));
  EXPECT_TRUE(tensors.contains("image_encoder.layers.0.blocks.1.conv3.bn.running_var"));
  EXPECT_TRUE(tensors.contains("image_encoder.layers.2.downsample.conv2.c.weight"));
  EXPECT_TRUE(tensors.contains("image_encoder.layers.3.blocks.1.local_conv.bn.bias"));
  EXPECT_TRUE(tensors.contains("image_encoder.neck.0.weight"));
  EXPECT_TRUE(tensors.contains("image_encoder.neck.3.bias"));
  EXPECT_TRUE(tensors.contains("prompt_encoder.point_embeddings.0.weight"));
  EXPECT_TRUE(tensors.contains("prompt_encoder.mask_downscaling.4.weight"));
  EXPECT_TRUE(tensors.contains("mask_decoder.output_upscaling.1.bias"));
  EXPECT_EQ(tensors.at("prompt_encoder.no_mask_embed.weight").shape, (Shape{1, 2}));
  EXPECT_EQ(tensors.at("mask_decoder.iou_token.weight").shape, (Shape{1, 2}));
  EXPECT_EQ(tensors.at("mask_decoder.mask_tokens.weight").shape, (Shape{4, 2}));
  EXPECT_EQ(tensors.at("mask_decoder.transformer.layers.0.self_attn.q_proj.weight").shape, (Shape{2, 2}));
  for (const auto& [name, tensor] : tensors) EXPECT_EQ(name.find("onnx"), std::string::npos);
}

TEST_F(ImportOnnx, TransposesProductsAndGathersAttentionBiasesBack) {
  const auto tensors = import(small_encoder(), small_decoder()).tensors;
  const auto weight = tensors.at("image_encoder.layers.1.blocks.0.attn.qkv.weight");  // [out, in]
  EXPECT_EQ(weight.shape, (Shape{3, 2}));
  const float first = floats_of(weight)[0];  // the export counts along out
  EXPECT_THAT(floats_of(weight), ElementsAre(first, first + 3, first + 1, first + 4, first + 2, first + 5));
  const auto biases = tensors.at("image_encoder.layers.3.blocks.1.attn.attention_biases");
  EXPECT_EQ(biases.shape, (Shape{1, 4}));
  EXPECT_THAT(floats_of(biases), ElementsAre(5, 6, 7, 8));
}

TEST_F(ImportOnnx, MakesABatchNormThatChangesNothingButAddsTheFoldedBias) {
  const auto tensors = import(small_encoder(), small_decoder()).tensors;
  const std::string name = "image_encoder.patch_embed.seq.0.bn.";
  const auto value = [&](const char* part) { return double{floats_of(tensors.at(name + part))[1]}; };
  EXPECT_EQ(value("running_mean"), 0);
  EXPECT_NEAR(value("weight") / std::sqrt(value("running_var") + 1e-5), 1, 1e-7);
  EXPECT_EQ(value("bias"), 3);  // the numbers of the export: weights 0, 1, biases 2, 3, ...
  EXPECT_EQ(tensors.at(name + "num_batches_tracked").shape, Shape{});
}

TEST_F(ImportOnnx, WritesTheSameBytesEachTime) {
  EXPECT_EQ(import(small_encoder(), small_decoder()).sha256, import(small_encoder(), small_decoder()).sha256);
}

TEST_F(ImportOnnx, NamesTheNodeThatIsNotAsExpected) {
  EXPECT_THAT(refusal([](auto& graph) {
                graph.node("Conv", {"x", graph.lost({2, 1, 1, 1}), graph.lost({2})});
              }),
              HasSubstr("one convolution more"));
  EXPECT_THAT(refusal([](auto& graph) {
                graph.node("MatMul", {"x", graph.lost({2, 2})});
              }),
              HasSubstr("node /MatMul"));
  EXPECT_THAT(refusal([](auto& graph) { graph.channel_norm(); }), HasSubstr("one channel norm more"));
  EXPECT_THAT(refusal([](auto& graph) { graph.lost({3}); }), HasSubstr("has no place"));
  auto biases = kExpanded;
  biases[5] = 9;
  EXPECT_THAT(refusal([&](auto& graph) { graph.attention(biases); }), HasSubstr("one attention more"));
  GraphBuilder odd;
  odd.attention(biases);
  EXPECT_THAT(refusal_of(odd), HasSubstr("not a function of the offset"));
  GraphBuilder empty;
  empty.node("Identity", {"x"});
  EXPECT_THAT(refusal_of(empty), HasSubstr("image_encoder.patch_embed.seq.0 is missing"));
}

TEST_F(ImportOnnx, RefusesTensorsThatLieAndWeightsElsewhere) {
  EXPECT_THAT(
      refusal([](auto& graph) { graph.model().mutable_graph()->mutable_initializer(0)->add_dims(7); }),
      HasSubstr("does not fit its bytes"));
  EXPECT_THAT(
      refusal([](auto& graph) { graph.model().mutable_graph()->mutable_initializer(0)->add_dims(-1); }),
      HasSubstr("impossible shape"));
  EXPECT_THAT(
      refusal([](auto& graph) {
        graph.model().mutable_graph()->mutable_initializer(0)->set_data_location(onnx::TensorProto::EXTERNAL);
      }),
      HasSubstr("another file"));
}

TEST_F(ImportOnnx, RefusesWhatIsNoOnnxModel) {
  small_decoder().write(decoder());
  for (const std::string content : {"", "<!DOCTYPE html>", "\x0a\xff\xff\xff\x7f"}) {
    std::ofstream(encoder(), std::ios::binary) << content;
    EXPECT_THROW(import_onnx(encoder(), decoder(), target()), Error);
  }
}

}  // namespace
}  // namespace sonde
