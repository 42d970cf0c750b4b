// SPDX-License-Identifier: Apache-2.0
// Products of rows with the columns of a block of queries. Included once for each instruction set.
#if defined(SONDE_KERNELS_FLASH_TILES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SONDE_KERNELS_FLASH_TILES_INL_H_
#undef SONDE_KERNELS_FLASH_TILES_INL_H_
#else
#define SONDE_KERNELS_FLASH_TILES_INL_H_
#endif

#include <cstddef>
#include <cstdint>

#include "sonde/kernels/flash_attention.h"
#include "sonde/kernels/steps-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sonde::kernels::HWY_NAMESPACE {
namespace {

// 2^x for x <= 0, from 2^-126 on: 2^n 2^f with n whole and 2^f on -1/2 .. 1/2 a fit of least relative error.
template <Storage kStorage>
HWY_INLINE Vector exp2_of(Vector x) {
  const Floats d;
  const Vector magic = hn::Set(d, 12582912.0F);  // 1.5 * 2^23: the sum's lowest bits are n
  const Vector clamped = hn::Max(x, hn::Set(d, -126.0F));
  const Vector shifted = hn::Add(clamped, magic);
  const Vector f = hn::Sub(clamped, hn::Sub(shifted, magic));
  Vector power;
  if (kStorage == Storage::bf16) {  // to 8e-5
    power = hn::MulAdd(f, hn::Set(d, 0.0551705737F), hn::Set(d, 0.242611038F));
    power = hn::MulAdd(power, f, hn::Set(d, 0.693261188F));
    power = hn::MulAdd(power, f, hn::Set(d, 0.999928084F));
  } else {  // to 2e-9
    power = hn::MulAdd(f, hn::Set(d, 0.000153457033F), hn::Set(d, 0.00133999303F));
    power = hn::MulAdd(power, f, hn::Set(d, 0.00961848936F));
    power = hn::MulAdd(power, f, hn::Set(d, 0.0555032878F));
    power = hn::MulAdd(power, f, hn::Set(d, 0.240226469F));
    power = hn::MulAdd(power, f, hn::Set(d, 0.693147206F));
    power = hn::MulAdd(power, f, hn::Set(d, 1.0F));
  }
  const Words words;
  return hn::BitCast(d, hn::Add(hn::BitCast(words, power), hn::ShiftLeft<23>(hn::BitCast(words, shifted))));
}

// A product of rows with columns of a block. Each kind of product tells what becomes of a row's sums (Row)
// and of the largest results of the columns (keep_most).
template <class Step>
struct Factors {
  const typename Step::Value* rows;
  std::size_t row_stride;
  const typename Step::Value* columns;
  std::size_t steps;
  float* out;
  float* row_out(std::size_t row, std::size_t column) const { return out + row * kQueryBlock + column; }
  HWY_INLINE void keep_most(Vector, std::size_t) const {}
};

// Queries with relative positions: sums as they are.
template <class Step>
struct PlainProduct : Factors<Step> {
  struct Row {
    HWY_INLINE Vector finish(Vector sum, std::size_t) const { return sum; }
  };
  HWY_INLINE Row at(std::size_t, std::size_t) const { return {}; }
};

// score[key][query] = k . q + row_bias[key's row][query] + column_bias[key's column][query], of keys from
// `first` on; the largest of each query is kept for raise_scores.
template <class Step>
struct ScoreProduct : Factors<Step> {
  const float *row_bias, *column_bias;
  float* most;
  std::size_t first, side;
  std::uint64_t inverse_side;  // 2^40 / side, rounded up: a multiplication finds a key's row
  struct Row {
    const float *row_bias, *column_bias;
    HWY_INLINE Vector finish(Vector sum, std::size_t column) const {
      return hn::Add(
          sum, hn::Add(hn::LoadU(Floats{}, row_bias + column), hn::LoadU(Floats{}, column_bias + column)));
    }
  };
  HWY_INLINE Row at(std::size_t row, std::size_t column) const {
    const std::size_t key = first + row, y = key * inverse_side >> 40U, x = key - y * side;
    return {row_bias + y * kQueryBlock + column, column_bias + x * kQueryBlock + column};
  }
  HWY_INLINE void keep_most(Vector largest, std::size_t column) const {
    const Floats d;
    hn::StoreU(hn::Max(hn::LoadU(d, most + column), largest), d, most + column);
  }
};

// sums = sums * fade + values x powers: what earlier tiles gave is relative to a smaller maximum.
template <class Step>
struct ValueProduct : Factors<Step> {
  const float* fade;
  struct Row {
    const float *before, *fade;
    HWY_INLINE Vector finish(Vector sum, std::size_t column) const {
      return hn::MulAdd(hn::LoadU(Floats{}, before + column), hn::LoadU(Floats{}, fade + column), sum);
    }
  };
  HWY_INLINE Row at(std::size_t row, std::size_t column) const {
    return {this->row_out(row, column), fade + column};
  }
};

// kRows rows with kVectors vectors of columns, their sums in registers: as sum_tile of matrix.cc, but that
// columns are queries, rows may start anywhere, and what becomes of a sum depends on its row.
template <class Step, std::size_t kRows, std::size_t kVectors, class Product>
HWY_NOINLINE void run_tile(const Product& wanted, std::size_t row, std::size_t column) {
  const Product product = wanted;  // which no store can change
  const typename Step::Value* rows = product.rows + row * product.row_stride;
  const typename Step::Value* columns = product.columns + column * Step::kValues;
  const std::size_t steps = product.steps, row_stride = product.row_stride;
  Vector sum[kRows][kVectors];
  for (std::size_t r = 0; r < kRows; ++r) {
    for (std::size_t v = 0; v < kVectors; ++v) sum[r][v] = hn::Zero(Floats{});
  }
  for (std::size_t step = 0; step < steps; ++step) {
    typename Step::Columns loaded[kVectors];
    for (std::size_t v = 0; v < kVectors; ++v) loaded[v] = Step::load(columns + v * kLanes * Step::kValues);
    for (std::size_t r = 0; r < kRows; ++r) {
      const auto value = Step::broadcast(rows + r * row_stride);
      for (std::size_t v = 0; v < kVectors; ++v) sum[r][v] = Step::add_product(value, loaded[v], sum[r][v]);
    }
    columns += kQueryBlock * Step::kValues;
    rows += Step::kValues;
  }
  // Of each column the largest over the tile's rows: maxima run along, so no pass over the scores finds them.
  Vector largest[kVectors];
  HWY_UNROLL(6)  // or the sums go through memory
  for (std::size_t r = 0; r < kRows; ++r) {
    const auto finishing = product.at(row + r, column);
    float* out = product.row_out(row + r, column);
    for (std::size_t v = 0; v < kVectors; ++v) {
      const Vector result = finishing.finish(sum[r][v], v * kLanes);
      largest[v] = r == 0 ? result : hn::Max(largest[v], result);
      hn::StoreU(result, Floats{}, out + v * kLanes);
    }
  }
  for (std::size_t v = 0; v < kVectors; ++v) product.keep_most(largest[v], column + v * kLanes);
}

// Tiles of few sizes, each compiled for every kind of product: the last rows are taken in fours and ones.
template <class Step, std::size_t kVectors, class Product>
HWY_INLINE void run_rows(const Product& product, std::size_t rows, std::size_t column) {
  std::size_t row = 0;
  for (; row + kTileRows <= rows; row += kTileRows) run_tile<Step, kTileRows, kVectors>(product, row, column);
  for (; row + 4 <= rows; row += 4) run_tile<Step, 4, kVectors>(product, row, column);
  for (; row < rows; ++row) run_tile<Step, 1, kVectors>(product, row, column);
}

// All rows with as many of a block's columns as vectors must hold: a block that is not full (a window of 14 x
// 14 has 196 queries, the last block 4) costs what its vectors cost. What columns beyond the count give is
// not used.
template <class Step, class Product>
void run_product(const Product& product, std::size_t rows, std::size_t columns) {
  std::size_t column = 0;
  for (; column + (kWidestTile - 1) * kLanes < columns; column += kWidestTile * kLanes)
    run_rows<Step, kWidestTile>(product, rows, column);
  const std::size_t left = column < columns ? (columns - column + kLanes - 1) / kLanes : 0;
  if (left == 3) run_rows<Step, kWidestTile == 4 ? 3 : 1>(product, rows, column);
  if (left == 2) run_rows<Step, kWidestTile == 4 ? 2 : 1>(product, rows, column);
  if (left == 1) run_rows<Step, 1>(product, rows, column);
}

}  // namespace
}  // namespace sonde::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
