// SPDX-License-Identifier: Apache-2.0
#include "sonde/weights/onnx_builder.h"

#include <array>
#include <charconv>
#include <memory>
#include <utility>

namespace sonde {
namespace {

using Value = OnnxBuilder::Value;

constexpr float kSqrtTwo = 1.4142135F;
constexpr float kNeckEpsilon = 1e-6F;

WeightTensor whole_tensor(const std::vector<std::int64_t>& values) {
  const auto owner = std::make_shared<const std::vector<std::int64_t>>(values);
  return {.type = NumberType::i64,
          .shape = {static_cast<std::int64_t>(values.size())},
          .bytes = as_byte_view(*owner),
          .owner = owner};
}

}  // namespace

Value OnnxBuilder::next_value(const std::string& operation) const {
  return prefix_ + operation + "_" + std::to_string(model_.steps.size());
}

Value OnnxBuilder::input(const std::string& name, std::vector<OnnxExtent> shape) const {
  model_.inputs.push_back({name, std::move(shape)});
  return name;
}

void OnnxBuilder::output(const std::string& name, const Value& value, std::vector<OnnxExtent> shape) const {
  model_.steps.push_back({"Identity", {value}, {name}, {}});
  model_.outputs.push_back({name, std::move(shape)});
}

Value OnnxBuilder::apply(const std::string& operation, const std::vector<Value>& inputs,
                         std::map<std::string, OnnxAttribute> attributes) const {
  const Value result = next_value(operation);
  model_.steps.push_back({operation, inputs, {result}, std::move(attributes)});
  return result;
}

Value OnnxBuilder::constant(const std::string& name, const WeightTensor& floats) const {
  model_.constants.emplace(prefix_ + name, as_f32(floats));
  return prefix_ + name;
}

Value OnnxBuilder::number(float value) const {
  std::array<char, 32> digits{};
  const auto [end, fault] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  const Value name = "number_" + std::string(digits.data(), end);
  model_.constants.emplace(name, make_tensor({value}, {}));
  return name;
}

Value OnnxBuilder::whole_numbers(const std::vector<std::int64_t>& values) const {
  Value name = "numbers";
  for (const auto value : values) name += "_" + std::to_string(value);
  model_.constants.emplace(name, whole_tensor(values));
  return name;
}

Value OnnxBuilder::reshape(const Value& x, const Shape& shape) const {
  return apply("Reshape", {x, whole_numbers(shape)});
}

Value OnnxBuilder::transpose(const Value& x, const std::vector<std::int64_t>& order) const {
  return apply("Transpose", {x}, {{"perm", order}});
}

Value OnnxBuilder::slice(const Value& x, std::int64_t axis, std::int64_t first, std::int64_t last) const {
  return apply("Slice", {x, whole_numbers({first}), whole_numbers({last}), whole_numbers({axis})});
}

Value OnnxBuilder::concatenate(const std::vector<Value>& values, std::int64_t axis) const {
  return apply("Concat", values, {{"axis", axis}});
}

std::vector<Value> OnnxBuilder::split(const Value& x, std::int64_t axis, std::size_t count) const {
  std::vector<Value> parts;
  for (std::size_t i = 0; i < count; ++i) parts.push_back(next_value("Split") + "." + std::to_string(i));
  model_.steps.push_back({"Split", {x}, parts, {{"axis", axis}}});
  return parts;
}

Value OnnxBuilder::softmax(const Value& x) const {
  return apply("Softmax", {x}, {{"axis", std::int64_t{-1}}});
}

// x (1 + erf(x / sqrt 2)) / 2, in the steps that runtimes recognise and join.
Value OnnxBuilder::gelu(const Value& x) const {
  const auto erf = apply("Erf", {divide(x, number(kSqrtTwo))});
  return multiply(multiply(x, add(erf, number(1))), number(0.5F));
}

Value OnnxBuilder::linear(const Value& x, const std::string& name, const LayerTensors& layer) const {
  const auto weight = constant(name + ".weight.transposed", transposed(as_f32(layer.weight)));
  return add(product(x, weight), constant(name + ".bias", layer.bias));
}

Value OnnxBuilder::layer_norm(const Value& x, const std::string& name, const LayerTensors& norm,
                              float epsilon) const {
  return apply("LayerNormalization",
               {x, constant(name + ".weight", norm.weight), constant(name + ".bias", norm.bias)},
               {{"axis", std::int64_t{-1}}, {"epsilon", epsilon}});
}

Value OnnxBuilder::channel_norm(const Value& picture, const std::string& name, const LayerTensors& norm,
                                float epsilon) const {
  return transpose(layer_norm(transpose(picture, {0, 2, 3, 1}), name, norm, epsilon), {0, 3, 1, 2});
}

Value OnnxBuilder::convolution(const Value& picture, const std::string& name, const LayerTensors& layer,
                               const OnnxConvolution& sizes) const {
  std::vector<Value> inputs{picture, constant(name + ".weight", layer.weight)};
  if (!layer.bias.shape.empty()) inputs.push_back(constant(name + ".bias", layer.bias));
  const auto& shape = layer.weight.shape;
  return apply("Conv", inputs,
               {{"kernel_shape", std::vector{shape[2], shape[3]}},
                {"strides", std::vector{sizes.stride, sizes.stride}},
                {"pads", std::vector(4, sizes.padding)},
                {"group", sizes.groups}});
}

Value OnnxBuilder::transposed_convolution(const Value& picture, const std::string& name,
                                          const LayerTensors& layer) const {
  return apply(
      "ConvTranspose",
      {picture, constant(name + ".weight", layer.weight), constant(name + ".bias", layer.bias)},
      {{"kernel_shape", std::vector<std::int64_t>{2, 2}}, {"strides", std::vector<std::int64_t>{2, 2}}});
}

Value windows_from_grid(const OnnxBuilder& builder, const Value& grid, const OnnxWindows& windows) {
  const auto window = windows.window, count = windows.per_side();
  const auto missing = count * window - windows.side;
  const auto padded =
      missing == 0
          ? grid
          : builder.apply("Pad", {grid, builder.whole_numbers({0, 0, 0, 0, 0, missing, missing, 0})});
  if (count == 1) return builder.reshape(padded, {1, window * window, windows.channels});
  const auto parted = builder.reshape(padded, {count, window, count, window, windows.channels});
  return builder.reshape(builder.transpose(parted, {0, 2, 1, 3, 4}),
                         {windows.count(), window * window, windows.channels});
}

Value grid_from_windows(const OnnxBuilder& builder, const Value& tokens, const OnnxWindows& windows) {
  const auto window = windows.window, count = windows.per_side(), side = windows.side;
  const auto parted =
      count == 1
          ? tokens
          : builder.transpose(builder.reshape(tokens, {count, count, window, window, windows.channels}),
                              {0, 2, 1, 3, 4});
  const auto padded = builder.reshape(parted, {1, count * window, count * window, windows.channels});
  if (count * window == side) return padded;
  return builder.slice(builder.slice(padded, 1, 0, side), 2, 0, side);
}

Value add_neck(const OnnxBuilder& encoder, const Value& picture, const NeckTensors& neck) {
  const OnnxBuilder box = encoder.in("neck");
  auto x = box.convolution(picture, "0", {.weight = neck.conv1, .bias = {}}, {});
  x = box.channel_norm(x, "1", neck.norm1, kNeckEpsilon);
  x = box.convolution(x, "2", {.weight = neck.conv2, .bias = {}}, {.padding = 1});
  return box.channel_norm(x, "3", neck.norm2, kNeckEpsilon);
}

}  // namespace sonde
