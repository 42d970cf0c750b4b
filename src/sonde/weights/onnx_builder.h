// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sonde/weights/onnx_model.h"
#include "sonde/weights/sam_tensors.h"

namespace sonde {

struct OnnxConvolution {
  std::int64_t stride = 1, padding = 0, groups = 1;
};

// Adds steps to a model, one box of the network after the other. Values are named after the box that they
// come from, constants as the published parameters are (with `.transposed` and the like where the numbers
// lie otherwise). Shapes are those of ONNX: pictures [1,C,H,W], tokens [B,N,C].
class OnnxBuilder {
 public:
  using Value = std::string;

  explicit OnnxBuilder(OnnxModel& model, std::string prefix = {})
      : model_(model), prefix_(std::move(prefix)) {}
  OnnxBuilder in(const std::string& box) const { return OnnxBuilder(model_, prefix_ + box + "."); }

  Value input(const std::string& name, std::vector<OnnxExtent> shape) const;
  void output(const std::string& name, const Value& value, std::vector<OnnxExtent> shape) const;

  // Any step of one output.
  Value apply(const std::string& operation, const std::vector<Value>& inputs,
              std::map<std::string, OnnxAttribute> attributes = {}) const;

  // Constants. Numbers without a name are kept once.
  Value constant(const std::string& name, const WeightTensor& floats) const;
  Value number(float value) const;                                     // of no dimensions
  Value whole_numbers(const std::vector<std::int64_t>& values) const;  // of one dimension

  Value add(const Value& a, const Value& b) const { return apply("Add", {a, b}); }
  Value subtract(const Value& a, const Value& b) const { return apply("Sub", {a, b}); }
  Value multiply(const Value& a, const Value& b) const { return apply("Mul", {a, b}); }
  Value divide(const Value& a, const Value& b) const { return apply("Div", {a, b}); }
  Value product(const Value& a, const Value& b) const { return apply("MatMul", {a, b}); }

  Value reshape(const Value& x, const Shape& shape) const;  // -1: what is left
  Value transpose(const Value& x, const std::vector<std::int64_t>& order) const;
  Value slice(const Value& x, std::int64_t axis, std::int64_t first, std::int64_t last) const;
  Value concatenate(const std::vector<Value>& values, std::int64_t axis) const;
  std::vector<Value> split(const Value& x, std::int64_t axis, std::size_t count) const;  // into equal parts

  Value softmax(const Value& x) const;  // over the last axis
  Value relu(const Value& x) const { return apply("Relu", {x}); }
  Value gelu(const Value& x) const;
  Value linear(const Value& x, const std::string& name, const LayerTensors& layer) const;
  Value layer_norm(const Value& x, const std::string& name, const LayerTensors& norm, float epsilon) const;
  Value channel_norm(const Value& picture, const std::string& name, const LayerTensors& norm,
                     float epsilon) const;
  // A convolution that has no bias has an empty one.
  Value convolution(const Value& picture, const std::string& name, const LayerTensors& layer,
                    const OnnxConvolution& sizes) const;
  // Kernel and stride 2.
  Value transposed_convolution(const Value& picture, const std::string& name,
                               const LayerTensors& layer) const;

 private:
  Value next_value(const std::string& operation) const;

  OnnxModel& model_;
  std::string prefix_;
};

// Windows of a grid of tokens and back, as published: zeros are appended below and at the right where the
// window does not divide the side.
struct OnnxWindows {
  std::int64_t side = 1, window = 1, channels = 1;  // of the grid, in tokens; of a window, in tokens
  std::int64_t per_side() const { return (side + window - 1) / window; }
  std::int64_t count() const { return per_side() * per_side(); }
};
// [1,side,side,C] -> [count,window*window,C]
OnnxBuilder::Value windows_from_grid(const OnnxBuilder& builder, const OnnxBuilder::Value& grid,
                                     const OnnxWindows& windows);
// [count,window*window,C] -> [1,side,side,C]
OnnxBuilder::Value grid_from_windows(const OnnxBuilder& builder, const OnnxBuilder::Value& tokens,
                                     const OnnxWindows& windows);

// Ends both image encoders: [1,C,H,W] -> [1,out,H,W].
OnnxBuilder::Value add_neck(const OnnxBuilder& encoder, const OnnxBuilder::Value& picture,
                            const NeckTensors& neck);

}  // namespace sonde
