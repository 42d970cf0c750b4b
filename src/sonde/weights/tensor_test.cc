// SPDX-License-Identifier: Apache-2.0
#include "sonde/weights/tensor.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/error.h"

namespace sonde {
namespace {

using ::testing::ElementsAre;

template <typename T>
WeightTensor tensor_over(const std::vector<T>& values, NumberType type) {
  return {.type = type,
          .shape = {static_cast<std::int64_t>(values.size())},
          .bytes = as_byte_view(values),
          .owner = nullptr};
}

TEST(WeightTensor, HasAsManyElementsAsItsBytesHold) {
  EXPECT_EQ(element_count(make_tensor({1, 2, 3, 4, 5, 6}, {2, 3})), 6);
  EXPECT_EQ(element_count(make_tensor({}, {0, 4})), 0);
  EXPECT_EQ(element_count(tensor_over(std::vector<std::int64_t>{7}, NumberType::i64)), 1);
}

TEST(WeightTensor, NamesTypesAndShapesAsFilesAndErrorsDo) {
  EXPECT_EQ(to_string(NumberType::bf16), "BF16");
  EXPECT_EQ(to_string(NumberType::boolean), "BOOL");
  EXPECT_EQ(size_of(NumberType::f64), 8U);
  EXPECT_EQ(size_of(NumberType::u8), 1U);
  EXPECT_EQ(to_string(Shape{}), "[]");
  EXPECT_EQ(to_string({1, 64, 256}), "[1, 64, 256]");
}

TEST(WeightTensor, KeepsItsNumbersAlive) {
  WeightTensor copy;
  {
    const WeightTensor tensor = make_tensor({1, 2}, {2});
    copy = tensor;
    EXPECT_EQ(copy.bytes.data(), tensor.bytes.data());
  }
  EXPECT_THAT(floats_of(copy), ElementsAre(1, 2));
}

TEST(AsF32, LeavesFloatsWhereTheyAre) {
  const WeightTensor tensor = make_tensor({1, 2}, {1, 2});
  EXPECT_EQ(as_f32(tensor).bytes.data(), tensor.bytes.data());
}

TEST(AsF32, ConvertsEveryFloatingPointTypeAndKeepsTheShape) {
  const std::vector<double> doubles{0.5, -1e300};
  EXPECT_THAT(floats_of(as_f32(tensor_over(doubles, NumberType::f64))),
              ElementsAre(0.5F, -std::numeric_limits<float>::infinity()));
  const std::vector<std::uint16_t> bf16{0x3f80, 0xc000, 0x0001};
  EXPECT_THAT(floats_of(as_f32(tensor_over(bf16, NumberType::bf16))),
              ElementsAre(1, -2, std::ldexp(1.0F, -133)));
  const WeightTensor half = as_f32({NumberType::f16, {3, 1}, as_byte_view(bf16), nullptr});
  EXPECT_THAT(half.shape, ElementsAre(3, 1));
}

TEST(AsF32, ReadsEveryKindOfHalf) {
  // One, the largest, the smallest normal and subnormal ones, minus zero, infinity.
  const std::vector<std::uint16_t> halves{0x3c00, 0x7bff, 0x0400, 0x0001, 0x8000, 0xfc00};
  const WeightTensor converted = as_f32(tensor_over(halves, NumberType::f16));
  const auto values = floats_of(converted);
  EXPECT_THAT(values, ElementsAre(1, 65504, std::ldexp(1.0F, -14), std::ldexp(1.0F, -24), 0,
                                  -std::numeric_limits<float>::infinity()));
  EXPECT_TRUE(std::signbit(values[4]));
  const std::vector<std::uint16_t> no_number{0x7e00};
  const WeightTensor strange = as_f32(tensor_over(no_number, NumberType::f16));
  EXPECT_TRUE(std::isnan(floats_of(strange)[0]));
}

TEST(AsF32, RefusesWholeNumbers) {
  const std::vector<std::int64_t> seven{7};
  const WeightTensor tensor = tensor_over(seven, NumberType::i64);
  EXPECT_THROW(as_f32(tensor), Error);
  EXPECT_THROW(floats_of(tensor), Error);
}

}  // namespace
}  // namespace sonde
