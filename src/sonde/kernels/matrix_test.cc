// SPDX-License-Identifier: Apache-2.0
#include "sonde/kernels/matrix.h"

#include <algorithm>
#include <tuple>

#include "sonde/kernels/kernels_testing.h"

namespace sonde::kernels {
namespace {

using Products = EveryInstructionSet;

struct Sizes {
  std::size_t rows, inputs, outputs;
};
// One short of, at and beyond tiles, panels and pairs.
constexpr Sizes kSizes[] = {{1, 1, 1},    {5, 7, 31},   {6, 8, 32},    {7, 9, 33},
                            {13, 28, 64}, {12, 33, 95}, {49, 32, 196}, {3, 300, 130}};

// What a layer computes, in double precision, from operands as they are stored.
std::vector<float> expected_product(const Sizes& sizes, const std::vector<float>& in,
                                    const std::vector<float>& weights, const std::vector<float>& bias,
                                    const std::vector<float>& residual, Activation activation) {
  std::vector<float> out;
  for (std::size_t r = 0; r < sizes.rows; ++r) {
    for (std::size_t c = 0; c < sizes.outputs; ++c) {
      double sum = bias.empty() ? 0.0 : bias[c];
      for (std::size_t k = 0; k < sizes.inputs; ++k)
        sum += static_cast<double>(in[r * sizes.inputs + k]) * weights[c * sizes.inputs + k];
      if (!residual.empty()) sum += residual[r * sizes.outputs + c];
      if (activation == Activation::relu) sum = std::max(sum, 0.0);
      if (activation == Activation::gelu) sum = exact_gelu(sum);
      out.push_back(static_cast<float>(sum));
    }
  }
  return out;
}

struct Case {
  Sizes sizes;
  Storage storage, out_storage;
  Activation activation;
};

void check(const Case& test) {
  const Sizes& sizes = test.sizes;
  const auto in = Stored(random_values(sizes.rows * sizes.inputs, 1), test.storage).values();
  const auto weights = Stored(random_values(sizes.outputs * sizes.inputs, 2), test.storage).values();
  const auto bias = random_values(sizes.outputs, 3), residual = random_values(sizes.rows * sizes.outputs, 4);
  const PackedMatrix matrix(weights, bias, sizes.outputs, test.storage);
  // A row further apart than it needs, so that strides are seen to be used; padded to pairs.
  const std::size_t in_stride = sizes.inputs + 3, out_stride = sizes.outputs + 1;
  std::vector<float> spaced(sizes.rows * in_stride, 1e30F);
  for (std::size_t r = 0; r < sizes.rows; ++r)
    std::copy_n(in.begin() + static_cast<std::ptrdiff_t>(r * sizes.inputs), sizes.inputs,
                spaced.begin() + static_cast<std::ptrdiff_t>(r * in_stride));
  Stored operands(spaced, test.storage), out(sizes.rows * out_stride, test.out_storage);
  multiply({.in = operands.data(),
            .in_stride = in_stride,
            .rows = sizes.rows,
            .residual = residual.data(),
            .residual_stride = sizes.outputs,
            .activation = test.activation,
            .out = out.data(),
            .out_stride = out_stride,
            .out_storage = test.out_storage},
           matrix.view());
  const auto spaced_out = out.values();
  std::vector<float> actual;
  for (std::size_t r = 0; r < sizes.rows; ++r) {
    const auto row = spaced_out.begin() + static_cast<std::ptrdiff_t>(r * out_stride);
    actual.insert(actual.end(), row, row + static_cast<std::ptrdiff_t>(sizes.outputs));
    EXPECT_EQ(row[static_cast<std::ptrdiff_t>(sizes.outputs)], 0.0F) << "written beyond the last column";
  }
  EXPECT_TRUE(out.end_is_untouched());
  expect_near(actual, expected_product(sizes, in, weights, bias, residual, test.activation),
              test.out_storage == Storage::bf16 ? 6e-3 : 5e-5);
}

TEST_P(Products, AgreeWithSumsInDoublePrecision) {
  for (const Sizes& sizes : kSizes) {
    for (const Storage storage : {Storage::fp32, Storage::bf16}) {
      for (const Activation activation : {Activation::none, Activation::relu, Activation::gelu}) {
        for (const Storage out : {Storage::fp32, Storage::bf16}) {
          SCOPED_TRACE(testing::Message() << sizes.rows << " x " << sizes.inputs << " x " << sizes.outputs);
          check({sizes, storage, out, activation});
        }
      }
    }
  }
}

TEST_P(Products, DoNotDependOnHowManyRowsAreAskedFor) {
  constexpr Sizes kAll{23, 57, 70};
  const auto in = random_values(kAll.rows * kAll.inputs, 1),
             weights = random_values(kAll.outputs * kAll.inputs, 2);
  const PackedMatrix matrix(weights, {}, kAll.outputs, Storage::fp32);
  std::vector<float> together(kAll.rows * kAll.outputs), apart(together);
  Product product{.in = in.data(),
                  .in_stride = kAll.inputs,
                  .rows = kAll.rows,
                  .out = together.data(),
                  .out_stride = kAll.outputs};
  multiply(product, matrix.view());
  for (std::size_t r = 0; r < kAll.rows; ++r) {
    product.in = in.data() + r * kAll.inputs;
    product.rows = 1;
    product.out = apart.data() + r * kAll.outputs;
    multiply(product, matrix.view());
  }
  EXPECT_EQ(together, apart);
}

TEST_P(Products, TakeARowMajorMatrixAsItLies) {
  constexpr Sizes kOf{7, 10, 45};
  const auto in = random_values(kOf.rows * kOf.inputs, 1);
  auto matrix = random_values(kOf.inputs * kOf.outputs, 2);  // [inputs][outputs]
  std::vector<float> weights(kOf.outputs * kOf.inputs);
  for (std::size_t k = 0; k < kOf.inputs; ++k) {
    for (std::size_t c = 0; c < kOf.outputs; ++c) weights[c * kOf.inputs + k] = matrix[k * kOf.outputs + c];
  }
  matrix.resize(matrix.size() + kPanel);  // readable where it ends
  std::vector<float> out(kOf.rows * kOf.outputs);
  multiply({.in = in.data(),
            .in_stride = kOf.inputs,
            .rows = kOf.rows,
            .out = out.data(),
            .out_stride = kOf.outputs},
           view_rows(matrix.data(), kOf.inputs, kOf.outputs, kOf.outputs));
  expect_near(out, expected_product(kOf, in, weights, {}, {}, Activation::none), 1e-5);
}

TEST_P(Products, MayAddToTheirOwnResult) {
  constexpr Sizes kOf{9, 12, 40};
  const auto in = random_values(kOf.rows * kOf.inputs, 1),
             weights = random_values(kOf.outputs * kOf.inputs, 2);
  const auto before = random_values(kOf.rows * kOf.outputs, 3);
  auto out = before;
  multiply({.in = in.data(),
            .in_stride = kOf.inputs,
            .rows = kOf.rows,
            .residual = out.data(),
            .residual_stride = kOf.outputs,
            .out = out.data(),
            .out_stride = kOf.outputs},
           PackedMatrix(weights, {}, kOf.outputs, Storage::fp32).view());
  expect_near(out, expected_product(kOf, in, weights, {}, before, Activation::none), 1e-5);
}

TEST_P(Products, ConvertRoundsToNearestEven) {
  auto values = random_values(37, 1);
  values[0] = 1.00390625F;  // half-way between two bf16, the lower is even
  values[1] = 1.01171875F;  // half-way, the upper is even
  values[2] = -1.00390625F;
  Stored rounded(values.size(), Storage::bf16);
  convert(values.data(), values.size(), Storage::bf16, rounded.data());
  EXPECT_EQ(rounded.values(), Stored(values, Storage::bf16).values());
  EXPECT_EQ(rounded.values()[0], 1.0F);
  EXPECT_EQ(rounded.values()[1], 1.015625F);
  EXPECT_TRUE(rounded.end_is_untouched());
}

INSTANTIATE_TEST_SUITE_P(Cpu, Products,
                         testing::ValuesIn(available_instruction_sets().begin(),
                                           available_instruction_sets().end()),
                         set_name);

}  // namespace
}  // namespace sonde::kernels
