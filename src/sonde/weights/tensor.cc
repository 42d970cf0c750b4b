// SPDX-License-Identifier: Apache-2.0
#include "sonde/weights/tensor.h"

#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "sonde/core/error.h"
#include "sonde/core/half.h"

namespace sonde {
namespace {

struct NumberKind {
  std::string_view name;
  std::size_t bytes;
};
constexpr std::array<NumberKind, 10> kKinds{{{"F64", 8},
                                             {"F32", 4},
                                             {"F16", 2},
                                             {"BF16", 2},
                                             {"I64", 8},
                                             {"I32", 4},
                                             {"I16", 2},
                                             {"I8", 1},
                                             {"U8", 1},
                                             {"BOOL", 1}}};

const NumberKind& kind_of(NumberType type) { return kKinds.at(static_cast<std::size_t>(type)); }

template <typename T>
std::vector<T> numbers_of(const WeightTensor& tensor) {
  std::vector<T> numbers(tensor.bytes.size() / sizeof(T));
  if (!numbers.empty()) std::memcpy(numbers.data(), tensor.bytes.data(), numbers.size() * sizeof(T));
  return numbers;
}

float float_from_bf16(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16); }

template <typename T, typename Convert>
std::vector<float> converted(const WeightTensor& tensor, Convert convert) {
  std::vector<float> values;
  values.reserve(tensor.bytes.size() / sizeof(T));
  for (const T number : numbers_of<T>(tensor)) values.push_back(convert(number));
  return values;
}

}  // namespace

std::size_t size_of(NumberType type) { return kind_of(type).bytes; }
std::string_view to_string(NumberType type) { return kind_of(type).name; }

std::string to_string(const Shape& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) text += (i > 0 ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

std::int64_t element_count(const WeightTensor& tensor) {
  return static_cast<std::int64_t>(tensor.bytes.size() / size_of(tensor.type));
}

WeightTensor make_tensor(std::vector<float> values, Shape shape) {
  const auto owner = std::make_shared<const std::vector<float>>(std::move(values));
  return {.type = NumberType::f32, .shape = std::move(shape), .bytes = as_byte_view(*owner), .owner = owner};
}

WeightTensor as_f32(const WeightTensor& tensor) {
  switch (tensor.type) {
    case NumberType::f32:
      return tensor;
    case NumberType::f64:
      return make_tensor(converted<double>(tensor, [](double x) { return static_cast<float>(x); }),
                         tensor.shape);
    case NumberType::f16:
      return make_tensor(converted<std::uint16_t>(tensor, float_from_half), tensor.shape);
    case NumberType::bf16:
      return make_tensor(converted<std::uint16_t>(tensor, float_from_bf16), tensor.shape);
    default:
      throw Error(ErrorKind::internal,
                  "numbers of type " + std::string(to_string(tensor.type)) + " are not weights");
  }
}

std::span<const float> floats_of(const WeightTensor& f32_tensor) {
  if (f32_tensor.type != NumberType::f32)
    throw Error(ErrorKind::internal, "floats are asked of another type");
  return {reinterpret_cast<const float*>(f32_tensor.bytes.data()), f32_tensor.bytes.size() / sizeof(float)};
}

WeightTensor transposed(const WeightTensor& matrix) {
  const auto rows = static_cast<std::size_t>(matrix.shape[0]),
             columns = static_cast<std::size_t>(matrix.shape[1]);
  const auto values = floats_of(matrix);
  std::vector<float> turned(values.size());
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t column = 0; column < columns; ++column)
      turned[column * rows + row] = values[row * columns + column];
  }
  return make_tensor(std::move(turned), {matrix.shape[1], matrix.shape[0]});
}

}  // namespace sonde
