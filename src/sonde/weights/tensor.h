// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sonde/core/bytes.h"

namespace sonde {

enum class NumberType : std::uint8_t { f64, f32, f16, bf16, i64, i32, i16, i8, u8, boolean };
std::size_t size_of(NumberType type);         // bytes
std::string_view to_string(NumberType type);  // as in .safetensors: "F32"
constexpr bool is_floating_point(NumberType type) { return type <= NumberType::bf16; }

using Shape = std::vector<std::int64_t>;
std::string to_string(const Shape& shape);  // "[1, 64, 64, 256]"

// Numbers of a checkpoint, row-major without gaps. Cheap to copy: the numbers are shared, often with a mapped
// file, and are not to be written to.
struct WeightTensor {
  NumberType type = NumberType::f32;
  Shape shape;
  ByteView bytes;                     // aligned for its type
  std::shared_ptr<const void> owner;  // keeps bytes alive
};
std::int64_t element_count(const WeightTensor& tensor);

// A tensor that owns its numbers.
WeightTensor make_tensor(std::vector<float> values, Shape shape);
// Floating point of any type as floats: in place where it is F32, else converted. Throws Error{internal} for
// whole numbers.
WeightTensor as_f32(const WeightTensor& tensor);
std::span<const float> floats_of(const WeightTensor& f32_tensor);
// Of an F32 matrix, in memory of its own.
WeightTensor transposed(const WeightTensor& matrix);

using NamedTensors = std::map<std::string, WeightTensor>;

}  // namespace sonde
