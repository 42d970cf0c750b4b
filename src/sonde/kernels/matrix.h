// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

#include "sonde/kernels/buffer.h"

namespace sonde::kernels {

// Products of rows with a matrix: torch's linear, and every convolution whose patches are laid out as rows. A
// sum runs over k in order with fused multiply-adds, whatever the shapes: so an output element depends on its
// row and its column alone, not on how many rows are asked for or by how many threads.

constexpr std::size_t kPanel = 32;  // columns packed together

// Columns of a matrix as products want them: panels of kPanel columns; element (k, column) of a panel lies at
// k * row_stride + column floats from the panel's start. With bf16 a "row" is a pair of k: 2 * kPanel values,
// the two k of a column side by side. A row-major fp32 matrix [k][columns] can be used as it lies in memory,
// with panel_stride kPanel and row_stride its own, if kPanel columns are readable where it ends.
struct MatrixView {
  const void* data = nullptr;
  std::size_t inputs = 0, outputs = 0;           // k and columns
  std::size_t row_stride = 0, panel_stride = 0;  // in values of `storage`
  Storage storage = Storage::fp32;
  const float* bias = nullptr;  // [outputs rounded up to kPanel], or null
};
MatrixView view_rows(const float* matrix, std::size_t inputs, std::size_t outputs, std::size_t row_stride);

// A linear layer's weights [outputs][inputs] and bias [outputs] (or empty), packed. bf16 rounds the weights,
// not the bias.
class PackedMatrix {
 public:
  PackedMatrix() = default;
  PackedMatrix(std::span<const float> weights, std::span<const float> bias, std::size_t outputs,
               Storage storage);
  const MatrixView& view() const { return view_; }

 private:
  Buffer values_, bias_;
  MatrixView view_;
};

enum class Activation : std::uint8_t { none, relu, gelu };

// out[r][c] = activation(sum over k of in[r][k] * matrix[k][c] + bias[c] + residual[r][c]).
// Strides are in values. With bf16 `in` must be readable up to an even k, and finite there.
// residual may be null, or be `out` (then fp32): each is read before it is written.
struct Product {
  const void* in = nullptr;  // rows of matrix.inputs values in the matrix's storage
  std::size_t in_stride = 0, rows = 0;
  const float* residual = nullptr;
  std::size_t residual_stride = 0;
  Activation activation = Activation::none;
  void* out = nullptr;
  std::size_t out_stride = 0;
  Storage out_storage = Storage::fp32;
};
// One thread; rows * inputs * size_of(storage) up to some 300 kB stay in the cache.
void multiply(const Product& product, const MatrixView& matrix);

// count values, rounded to bf16 or copied.
void convert(const float* in, std::size_t count, Storage storage, void* out);

}  // namespace sonde::kernels
