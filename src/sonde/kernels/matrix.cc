// SPDX-License-Identifier: Apache-2.0
#include "sonde/kernels/matrix.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "sonde/kernels/dispatch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "sonde/kernels/matrix.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "sonde/kernels/steps-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sonde::kernels::HWY_NAMESPACE {

// out = in [rows][inputs] x matrix [inputs][outputs], tile by tile: the sums of kTileRows rows with a few
// vectors of columns are held in registers over all of k, so each step along k costs a load of every vector
// of columns and of every row's value, and a multiply-add for every pair of them.
template <std::size_t kVectors>
constexpr std::size_t kTileColumns = kVectors* kLanes;
using TileSums = float[kTileRows * kTileColumns<kWidestTile>];

// Where the columns of a tile's vectors start. A tile of 4 vectors may lie in two panels.
template <class Step, std::size_t kVectors>
HWY_INLINE const typename Step::Value* column_start(const MatrixView& matrix, std::size_t first) {
  return static_cast<const typename Step::Value*>(matrix.data) + first / kPanel * matrix.panel_stride +
         first % kPanel * Step::kValues;
}

// sums[r][c] = sum over k of in[r][k] * matrix[k][first + c], for kRows rows and kVectors vectors of columns.
// Unrolled before GCC decides what stays in registers: it would spill all sums before and after every tile.
template <class Step, std::size_t kRows, std::size_t kVectors>
HWY_NOINLINE void sum_tile(const typename Step::Value* in, std::size_t in_stride, const MatrixView& matrix,
                           std::size_t first, float* HWY_RESTRICT sums) {
  constexpr std::size_t kInPanel = kPanel / kLanes;  // vectors; those beyond lie in the next panel
  const typename Step::Value* columns = column_start<Step, kVectors>(matrix, first);
  const std::size_t to_next_panel = matrix.panel_stride;
  const std::size_t steps = (matrix.inputs + Step::kValues - 1) / Step::kValues;
  const std::size_t row_stride = matrix.row_stride;
  Vector sum[kRows][kVectors];
#pragma GCC unroll 8
  for (std::size_t r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
    for (std::size_t v = 0; v < kVectors; ++v) sum[r][v] = hn::Zero(Floats{});
  }
  for (std::size_t step = 0; step < steps; ++step, columns += row_stride, in += Step::kValues) {
    typename Step::Columns column[kVectors];
#pragma GCC unroll 8
    for (std::size_t v = 0; v < kVectors; ++v) {
      const bool in_next = v >= kInPanel;
      column[v] = Step::load(columns + (in_next ? to_next_panel : 0) +
                             (v - (in_next ? kInPanel : 0)) * kLanes * Step::kValues);
    }
#pragma GCC unroll 8
    for (std::size_t r = 0; r < kRows; ++r) {
      const auto value = Step::broadcast(in + r * in_stride);
#pragma GCC unroll 8
      for (std::size_t v = 0; v < kVectors; ++v) sum[r][v] = Step::add_product(value, column[v], sum[r][v]);
    }
  }
#pragma GCC unroll 8
  for (std::size_t r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
    for (std::size_t v = 0; v < kVectors; ++v)
      hn::StoreU(sum[r][v], Floats{}, sums + r * kTileColumns<kVectors> + v * kLanes);
  }
}

// The number of rows must be known when compiled, for the sums to be registers.
template <class Step, std::size_t kVectors>
HWY_INLINE void sum_rows(std::size_t rows, const typename Step::Value* in, std::size_t in_stride,
                         const MatrixView& matrix, std::size_t first, float* sums) {
  switch (rows) {
    case 1:
      return sum_tile<Step, 1, kVectors>(in, in_stride, matrix, first, sums);
    case 2:
      return sum_tile<Step, 2, kVectors>(in, in_stride, matrix, first, sums);
    case 3:
      return sum_tile<Step, 3, kVectors>(in, in_stride, matrix, first, sums);
    case 4:
      return sum_tile<Step, 4, kVectors>(in, in_stride, matrix, first, sums);
    case 5:
      return sum_tile<Step, 5, kVectors>(in, in_stride, matrix, first, sums);
    default:
      return sum_tile<Step, kTileRows, kVectors>(in, in_stride, matrix, first, sums);
  }
}

// What becomes of a tile's sums: activation(sum + bias + residual), while they are in the cache. Known when
// compiled, so that the loop over its rows is straight.
template <class Out_, Activation kActivation_, bool kHasResidual_>
struct Finish {
  using Out = Out_;
  static HWY_INLINE Vector value(Vector sum, Vector bias, const float* residual) {
    sum = hn::Add(sum, bias);
    if constexpr (kHasResidual_) sum = hn::Add(sum, hn::LoadU(Floats{}, residual));
    return activated<Out>(sum, kActivation_);
  }
};

// The last columns where they fill no vector: of residual and out nothing beyond them is read or written.
// (The matrix and its bias are padded.)
template <class F>
HWY_NOINLINE void finish_some(Vector sum, Vector bias, std::size_t count, const float* residual, void* out) {
  float residuals[kLanes] = {};
  if (residual != nullptr) std::copy_n(residual, count, residuals);
  alignas(64) float kept[kLanes];
  F::Out::store(F::value(sum, bias, residuals), kept, 0);
  std::memcpy(out, kept, count * size_of(F::Out::kStorage));
}

// Column by column of vectors, so that a bias is loaded once for all rows.
template <class F>
HWY_INLINE void finish_rows(const Product& product, std::size_t row, std::size_t rows, const float* bias,
                            std::size_t first, std::size_t columns, std::size_t sums_stride,
                            const float* sums) {
  const Floats d;
  constexpr std::size_t kSize = size_of(F::Out::kStorage);
  auto* const out = static_cast<std::byte*>(product.out) + (row * product.out_stride + first) * kSize;
  const float* const residual =
      product.residual == nullptr ? nullptr : product.residual + row * product.residual_stride + first;
  for (std::size_t c = 0; c < columns; c += kLanes) {
    const Vector bias_here = bias == nullptr ? hn::Zero(d) : hn::LoadU(d, bias + first + c);
    for (std::size_t r = 0; r < rows; ++r) {
      const Vector sum = hn::LoadU(d, sums + r * sums_stride + c);
      const float* residual_here = residual == nullptr ? nullptr : residual + r * product.residual_stride + c;
      auto* const out_here = out + (r * product.out_stride + c) * kSize;
      if (c + kLanes > columns) {
        finish_some<F>(sum, bias_here, columns - c, residual_here, out_here);
      } else {
        F::Out::store(F::value(sum, bias_here, residual_here), out_here, 0);
      }
    }
  }
}

template <class Out, bool kHasResidual>
HWY_INLINE void finish_with(const Product& product, std::size_t row, std::size_t rows, const float* bias,
                            std::size_t first, std::size_t columns, std::size_t sums_stride,
                            const float* sums) {
  switch (product.activation) {
    case Activation::none:
      return finish_rows<Finish<Out, Activation::none, kHasResidual>>(product, row, rows, bias, first,
                                                                      columns, sums_stride, sums);
    case Activation::relu:
      return finish_rows<Finish<Out, Activation::relu, kHasResidual>>(product, row, rows, bias, first,
                                                                      columns, sums_stride, sums);
    case Activation::gelu:
      return finish_rows<Finish<Out, Activation::gelu, kHasResidual>>(product, row, rows, bias, first,
                                                                      columns, sums_stride, sums);
  }
}

// Which of the six kinds of finish it is costs one branch for each tile.
template <class Out>
HWY_NOINLINE void finish_tile(const Product& product, std::size_t row, std::size_t rows, const float* bias,
                              std::size_t first, std::size_t columns, std::size_t sums_stride,
                              const float* sums) {
  if (product.residual != nullptr) {
    finish_with<Out, true>(product, row, rows, bias, first, columns, sums_stride, sums);
  } else {
    finish_with<Out, false>(product, row, rows, bias, first, columns, sums_stride, sums);
  }
}

// All rows with the columns of one tile from `first` on: these columns stay in the cache while the rows go
// by.
template <class Step, class Out, std::size_t kVectors>
HWY_NOINLINE void multiply_columns(const Product& product, const MatrixView& matrix, std::size_t first) {
  alignas(64) TileSums sums;
  const std::size_t columns = std::min(kTileColumns<kVectors>, matrix.outputs - first);
  const auto* in = static_cast<const typename Step::Value*>(product.in);
  for (std::size_t row = 0; row < product.rows; row += kTileRows) {
    const std::size_t rows = std::min(kTileRows, product.rows - row);
    sum_rows<Step, kVectors>(rows, in + row * product.in_stride, product.in_stride, matrix, first, sums);
    finish_tile<Out>(product, row, rows, matrix.bias, first, columns, kTileColumns<kVectors>, sums);
  }
}

// Tiles of the widest kind as far as whole panels go, then of 2 vectors.
template <class Step, class Out>
void multiply_all(const Product& product, const MatrixView& matrix) {
  std::size_t first = 0;
  // A tile of 4 vectors reads two whole panels, one of 2 no more than one.
  const std::size_t padded = (matrix.outputs + kPanel - 1) / kPanel * kPanel;
  for (; first + kTileColumns<kWidestTile> <= padded; first += kTileColumns<kWidestTile>) {
    if (first >= matrix.outputs) return;
    multiply_columns<Step, Out, kWidestTile>(product, matrix, first);
  }
  for (; first < matrix.outputs; first += kTileColumns<2>)
    multiply_columns<Step, Out, 2>(product, matrix, first);
}

template <class Step>
void multiply_with(const Product& product, const MatrixView& matrix) {
  if (product.out_storage == Storage::bf16) {
    multiply_all<Step, Bf16Out>(product, matrix);
  } else {
    multiply_all<Step, Fp32Out>(product, matrix);
  }
}

void multiply_fp32(const Product& product, const MatrixView& matrix) {
  multiply_with<Fp32Step>(product, matrix);
}
void multiply_bf16(const Product& product, const MatrixView& matrix) {
  multiply_with<Bf16Step>(product, matrix);
}
// Called with the AVX-512 target alone; the others compile it all the same, with Bf16Step.
void multiply_native_bf16(const Product& product, const MatrixView& matrix) {
  multiply_with<NativeBf16Step>(product, matrix);
}

// Whole vectors, then the rest through a copy: nothing beyond `count` is read or written.
void convert_to_bf16(const float* in, std::size_t count, Bf16* out) {
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) store_bf16(hn::LoadU(Floats{}, in + i), out + i);
  if (i == count) return;
  float rest[kLanes] = {};
  std::copy(in + i, in + count, rest);
  Bf16 rounded[kLanes];
  store_bf16(hn::LoadU(Floats{}, rest), rounded);
  std::copy_n(rounded, count - i, out + i);
}

}  // namespace sonde::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sonde::kernels {

HWY_EXPORT(multiply_fp32);
HWY_EXPORT(multiply_bf16);
HWY_EXPORT(multiply_native_bf16);
HWY_EXPORT(convert_to_bf16);

MatrixView view_rows(const float* matrix, std::size_t inputs, std::size_t outputs, std::size_t row_stride) {
  return {
      .data = matrix, .inputs = inputs, .outputs = outputs, .row_stride = row_stride, .panel_stride = kPanel};
}

PackedMatrix::PackedMatrix(std::span<const float> weights, std::span<const float> bias, std::size_t outputs,
                           Storage storage) {
  // [outputs][inputs] to [panel][k, or pair of k][column of the panel (, k of the pair)]: what a step along k
  // takes lies side by side. Columns and k that fill a panel or a pair up are 0.
  const std::size_t inputs = weights.size() / outputs, step = storage == Storage::bf16 ? 2 : 1;
  const std::size_t padded_inputs = round_up(inputs, step), panels = round_up(outputs, kPanel) / kPanel;
  const std::size_t panel_values = padded_inputs * kPanel;
  values_ = Buffer(panels * panel_values * size_of(storage));
  std::vector<float> panel(panel_values);  // in fp32, rounded as a whole
  // Panel by panel, so that the fp32 copy stays small beside the weights.
  for (std::size_t p = 0; p < panels; ++p) {
    const std::size_t columns = std::min(kPanel, outputs - p * kPanel);
    if (columns < kPanel || inputs < padded_inputs) std::fill(panel.begin(), panel.end(), 0.0F);
    const float* from = weights.data() + p * kPanel * inputs;
    for (std::size_t k = 0; k < inputs; ++k) {
      float* to = panel.data() + k / step * step * kPanel + k % step;
      for (std::size_t c = 0; c < columns; ++c) to[c * step] = from[c * inputs + k];
    }
    convert(panel.data(), panel_values, storage, values_.data() + p * panel_values * size_of(storage));
  }
  view_ = {.data = values_.data(),
           .inputs = inputs,
           .outputs = outputs,
           .row_stride = kPanel * step,
           .panel_stride = panel_values,
           .storage = storage,
           .bias = nullptr};
  if (bias.empty()) return;
  bias_ = Buffer(panels * kPanel * sizeof(float));
  std::fill_n(bias_.as<float>(), panels * kPanel, 0.0F);
  std::copy(bias.begin(), bias.end(), bias_.as<float>());
  view_.bias = bias_.as<float>();
}

void multiply(const Product& product, const MatrixView& matrix) {
  if (product.rows == 0 || matrix.outputs == 0) return;
  if (matrix.storage == Storage::fp32) return SONDE_DISPATCH(multiply_fp32)(product, matrix);
  if (instruction_set() == InstructionSet::avx512_bf16)
    return SONDE_DISPATCH(multiply_native_bf16)(product, matrix);
  SONDE_DISPATCH(multiply_bf16)(product, matrix);
}

void convert(const float* in, std::size_t count, Storage storage, void* out) {
  if (storage == Storage::bf16) {
    SONDE_DISPATCH(convert_to_bf16)(in, count, static_cast<Bf16*>(out));
  } else {
    std::memcpy(out, in, count * sizeof(float));
  }
}

}  // namespace sonde::kernels
#endif
