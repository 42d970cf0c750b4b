// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <fstream>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <onnx/onnx_pb.h>

#include "sonde/core/durable_file.h"
#include "sonde/core/error.h"
#include "sonde/weights/import_plugin.h"

namespace sonde {
namespace {

constexpr std::int64_t kIrVersion = 8;  // of ONNX 1.10 to 1.12, which opset 17 came with

void set_attribute(onnx::AttributeProto& proto, const std::string& name, const OnnxAttribute& value) {
  proto.set_name(name);
  if (const auto* whole = std::get_if<std::int64_t>(&value)) {
    proto.set_type(onnx::AttributeProto::INT);
    proto.set_i(*whole);
  } else if (const auto* number = std::get_if<float>(&value)) {
    proto.set_type(onnx::AttributeProto::FLOAT);
    proto.set_f(*number);
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    proto.set_type(onnx::AttributeProto::STRING);
    proto.set_s(*text);
  } else {
    proto.set_type(onnx::AttributeProto::INTS);
    for (const auto each : std::get<std::vector<std::int64_t>>(value)) proto.add_ints(each);
  }
}

void add_step(onnx::GraphProto& graph, const OnnxStep& step) {
  auto& node = *graph.add_node();
  node.set_op_type(step.operation);
  node.set_name(step.outputs.front());
  for (const auto& input : step.inputs) node.add_input(input);
  for (const auto& output : step.outputs) node.add_output(output);
  for (const auto& [name, value] : step.attributes) set_attribute(*node.add_attribute(), name, value);
}

void set_port(onnx::ValueInfoProto& proto, const OnnxPort& port) {
  proto.set_name(port.name);
  auto& type = *proto.mutable_type()->mutable_tensor_type();
  type.set_elem_type(onnx::TensorProto::FLOAT);
  for (const auto& extent : port.shape) {
    auto& dimension = *type.mutable_shape()->add_dim();
    if (const auto* count = std::get_if<std::int64_t>(&extent)) {
      dimension.set_dim_value(*count);
    } else {
      dimension.set_dim_param(std::get<std::string>(extent));
    }
  }
}

// The constants that lie in a file beside the model, each at a multiple of a page, as ONNX recommends for
// mapping. The first page holds the mark.
class ExternalData {
 public:
  explicit ExternalData(const std::filesystem::path& path) : name_(path.filename().string()), file_(path) {
    write(std::as_bytes(std::span(kOnnxMark)));
  }
  void add(onnx::TensorProto& proto, const WeightTensor& tensor) {
    constexpr std::size_t kPage = 4096;
    write(std::vector<std::byte>((kPage - written_ % kPage) % kPage));
    proto.set_data_location(onnx::TensorProto::EXTERNAL);
    add_entry(proto, "location", name_);
    add_entry(proto, "offset", std::to_string(written_));
    add_entry(proto, "length", std::to_string(tensor.bytes.size()));
    write(tensor.bytes);
  }
  void commit() { file_.commit(); }

 private:
  void write(ByteView bytes) {
    file_.write(bytes);
    written_ += bytes.size();
  }
  static void add_entry(onnx::TensorProto& proto, const std::string& key, const std::string& value) {
    auto& entry = *proto.add_external_data();
    entry.set_key(key);
    entry.set_value(value);
  }

  std::string name_;
  DurableFile file_;
  std::size_t written_ = 0;
};

// Shapes and single numbers, which runtimes need before they look at the weights, stay in the model.
bool may_lie_outside(const WeightTensor& tensor) {
  constexpr std::size_t kSmall = 1024;
  return tensor.type == NumberType::f32 && tensor.bytes.size() >= kSmall;
}

void add_constant(onnx::GraphProto& graph, const std::string& name, const WeightTensor& tensor,
                  ExternalData* outside) {
  auto& proto = *graph.add_initializer();
  proto.set_name(name);
  proto.set_data_type(tensor.type == NumberType::f32 ? onnx::TensorProto::FLOAT : onnx::TensorProto::INT64);
  for (const auto extent : tensor.shape) proto.add_dims(extent);
  if (outside != nullptr && may_lie_outside(tensor)) {
    outside->add(proto, tensor);
  } else {
    proto.set_raw_data(tensor.bytes.data(), tensor.bytes.size());
  }
}

std::size_t size_of_constants(const OnnxModel& model) {
  std::size_t bytes = 0;
  for (const auto& [name, tensor] : model.constants) bytes += tensor.bytes.size();
  return bytes;
}

void serialise(const onnx::ModelProto& proto, const std::filesystem::path& path) {
  DurableFile file(path);
  std::ofstream stream(file.temporary_path(), std::ios::binary);
  const bool written = proto.SerializeToOstream(&stream);
  stream.close();
  if (!written || !stream) throw Error(ErrorKind::unavailable, path.string() + ": cannot be written");
  file.commit();
}

}  // namespace

std::vector<std::filesystem::path> write_onnx_file(const OnnxModel& model, const std::filesystem::path& path,
                                                   std::size_t max_inline_bytes) {
  onnx::ModelProto proto;
  proto.set_ir_version(kIrVersion);
  proto.set_producer_name("sonde");
  proto.set_doc_string(std::string(kOnnxMark) + "; " + model.description);
  proto.add_opset_import()->set_version(kOnnxOpset);
  auto& graph = *proto.mutable_graph();
  graph.set_name(model.name);
  for (const auto& step : model.steps) add_step(graph, step);
  for (const auto& port : model.inputs) set_port(*graph.add_input(), port);
  for (const auto& port : model.outputs) set_port(*graph.add_output(), port);

  std::optional<ExternalData> outside;
  if (size_of_constants(model) > max_inline_bytes) outside.emplace(onnx_data_beside(path));
  for (const auto& [name, tensor] : model.constants)
    add_constant(graph, name, tensor, outside ? &*outside : nullptr);
  if (outside) outside->commit();
  serialise(proto, path);
  if (!outside) return {path};
  return {path, onnx_data_beside(path)};
}

}  // namespace sonde
