// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include <onnx/onnx_pb.h>

#include "sonde/core/bytes.h"
#include "sonde/core/error.h"
#include "sonde/core/text.h"
#include "sonde/weights/checkpoint_cursor.h"
#include "sonde/weights/import_plugin.h"

namespace sonde {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{512} << 20;

[[noreturn]] void refuse(const std::string& file, const std::string& fault) {
  throw Error(ErrorKind::corrupt_data, file + ": " + fault);
}

std::int64_t promised_count(const onnx::TensorProto& tensor, const std::string& file) {
  std::int64_t count = 1;  // if no extent is 0
  bool is_empty = false;
  for (const std::int64_t extent : tensor.dims()) {
    is_empty = is_empty || extent == 0;
    if (extent < 0 || __builtin_mul_overflow(count, std::max<std::int64_t>(extent, 1), &count)) {
      refuse(file, "constant " + printable(tensor.name()) + " has an impossible shape");
    }
  }
  return is_empty ? 0 : count;
}

// Nothing for constants that are not floats: shapes and indices are not weights.
std::optional<WeightTensor> float_tensor(const onnx::TensorProto& proto, const std::string& file) {
  if (proto.data_type() != onnx::TensorProto::FLOAT) return std::nullopt;
  if (proto.data_location() == onnx::TensorProto::EXTERNAL) {
    refuse(file, "constant " + printable(proto.name()) + " is kept in another file, which is not followed");
  }
  const std::string& raw = proto.raw_data();
  const bool is_raw = proto.has_raw_data();
  const auto available =
      is_raw ? raw.size() / sizeof(float) : static_cast<std::size_t>(proto.float_data_size());
  const std::int64_t count = promised_count(proto, file);
  if (static_cast<std::size_t>(count) != available || (is_raw && raw.size() % sizeof(float) != 0)) {
    refuse(file, "constant " + printable(proto.name()) + " has a shape that does not fit its bytes");
  }
  std::vector<float> values(available);
  if (count != 0) {
    const void* numbers = is_raw ? static_cast<const void*>(raw.data()) : proto.float_data().data();
    std::memcpy(values.data(), numbers, available * sizeof(float));
  }
  return make_tensor(std::move(values), {proto.dims().begin(), proto.dims().end()});
}

void add_node(const onnx::NodeProto& proto, OnnxGraph& graph) {
  graph.nodes.push_back({.operation = proto.op_type(),
                         .name = proto.name(),
                         .inputs = {proto.input().begin(), proto.input().end()},
                         .outputs = {proto.output().begin(), proto.output().end()}});
  if (proto.op_type() != "Constant" || proto.output_size() != 1) return;
  for (const auto& attribute : proto.attribute()) {
    if (attribute.name() != "value" || !attribute.has_t()) continue;
    if (auto tensor = float_tensor(attribute.t(), graph.file)) graph.constants[proto.output(0)] = *tensor;
  }
}

}  // namespace

OnnxGraph parse_onnx_graph(const std::filesystem::path& path) {
  const MappedFile mapped(path);
  OnnxGraph graph{.file = path.string(), .nodes = {}, .constants = {}, .initializers = {}};
  if (mapped.bytes().size() > kMaxBytes) refuse(graph.file, "larger than 512 MiB, no export of MobileSAM");
  onnx::ModelProto model;
  const bool parsed = model.ParseFromArray(mapped.bytes().data(), static_cast<int>(mapped.bytes().size()));
  if (!parsed || !model.has_graph() || model.graph().node_size() == 0)
    refuse(graph.file, "no ONNX model, or cut");
  for (const auto& proto : model.graph().node()) add_node(proto, graph);
  for (const auto& proto : model.graph().initializer()) {
    const auto tensor = float_tensor(proto, graph.file);
    if (!tensor) continue;
    graph.initializers.push_back(proto.name());
    if (!graph.constants.emplace(proto.name(), *tensor).second) {
      refuse(graph.file, "constant " + printable(proto.name()) + " is there twice");
    }
  }
  return graph;
}

}  // namespace sonde
