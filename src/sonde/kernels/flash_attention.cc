// SPDX-License-Identifier: Apache-2.0
#include "sonde/kernels/flash_attention.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "sonde/kernels/decoder_blocks.h"
#include "sonde/kernels/dispatch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "sonde/kernels/flash_attention.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "sonde/kernels/vectors-inl.h"

// Of a block's queries: what is computed on the way. All are [..][kQueryBlock].
#ifndef SONDE_KERNELS_FLASH_ATTENTION_BLOCK_
#define SONDE_KERNELS_FLASH_ATTENTION_BLOCK_
namespace sonde::kernels {
struct QueryBlock {
  const void* queries;  // [channels, in pairs with bf16]
  std::size_t count;    // of queries
  const std::uint32_t *query_rows, *query_columns;
  float* products;                // [2 * side - 1] with positions; then [queries][channels] results
  float *row_bias, *column_bias;  // [side] of keys
  float* scores;                  // [kKeyBlock]
  void* powers;                   // [kKeyBlock, in pairs with bf16]
  float* sums;                    // [channels] of values times powers
  float *most, *most_before, *power_sum, *fade;
};
}  // namespace sonde::kernels
#endif

HWY_BEFORE_NAMESPACE();
namespace sonde::kernels::HWY_NAMESPACE {
namespace {

constexpr std::size_t kTileRows = 6;
// 6 x 4 sums, 4 columns' vectors and a row's value fill AVX-512's 32 registers, 6 x 2 the 16 of the others.
constexpr std::size_t kWidestTile = HWY_TARGET == HWY_AVX3 ? 4 : 2;  // vectors

using Words = hn::RebindToUnsigned<Floats>;
using WordVector = hn::Vec<Words>;

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

struct Fp32Step {
  using Value = float;
  static constexpr Storage kStorage = Storage::fp32;
  using Out = Fp32Out;
  static constexpr std::size_t kValues = 1;
  using Columns = Vector;
  static HWY_INLINE Columns load(const float* columns) { return hn::LoadU(Floats{}, columns); }
  static HWY_INLINE Columns broadcast(const float* value) { return hn::Set(Floats{}, *value); }
  static HWY_INLINE Vector add_product(Columns a, Columns b, Vector sum) { return hn::MulAdd(a, b, sum); }
};

struct Bf16Step {
  using Value = Bf16;
  static constexpr Storage kStorage = Storage::bf16;
  using Out = Bf16Out;
  static constexpr std::size_t kValues = 2;
  using Columns = WordVector;
  static HWY_INLINE Columns load(const Bf16* columns) {
    return hn::LoadU(Words{}, reinterpret_cast<const std::uint32_t*>(columns));
  }
  static HWY_INLINE Columns broadcast(const Bf16* pair) {
    std::uint32_t word = 0;
    std::memcpy(&word, pair, sizeof word);
    return hn::Set(Words{}, word);
  }
  static HWY_INLINE Vector add_product(Columns a, Columns b, Vector sum) {
    const Floats d;
    const auto high = hn::Set(Words{}, 0xFFFF0000U);
    sum = hn::MulAdd(hn::BitCast(d, hn::And(a, high)), hn::BitCast(d, hn::And(b, high)), sum);
    return hn::MulAdd(hn::BitCast(d, hn::ShiftLeft<16>(a)), hn::BitCast(d, hn::ShiftLeft<16>(b)), sum);
  }
};

#if HWY_TARGET == HWY_AVX3
struct NativeBf16Step : Bf16Step {
  // As assembly, as in matrix.cc.
  static HWY_INLINE Vector add_product(Columns a, Columns b, Vector sum) {
    __asm__("vdpbf16ps %2, %1, %0" : "+v"(sum.raw) : "v"(a.raw), "v"(b.raw));
    return sum;
  }
};
#else
using NativeBf16Step = Bf16Step;
#endif

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

template <class Step>
struct PlainProduct : Factors<Step> {
  struct Row {
    HWY_INLINE Vector finish(Vector sum, std::size_t) const { return sum; }
  };
  HWY_INLINE Row at(std::size_t, std::size_t) const { return {}; }
};

// Rows are keys from `first` on: their positions' part is added.
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

// Added to what the sums are already, faded.
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

template <class Step, std::size_t kVectors, class Product>
HWY_INLINE void run_rows(const Product& product, std::size_t rows, std::size_t column) {
  std::size_t row = 0;
  for (; row + kTileRows <= rows; row += kTileRows) run_tile<Step, kTileRows, kVectors>(product, row, column);
  for (; row + 4 <= rows; row += 4) run_tile<Step, 4, kVectors>(product, row, column);
  for (; row < rows; ++row) run_tile<Step, 1, kVectors>(product, row, column);
}

// All rows with as many of a block's columns as vectors must hold.
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

// bias[k][i] = query i . positions[at[i] - k + side - 1], where `at` is the queries' rows or columns.
template <class Step>
HWY_NOINLINE void find_biases(const GridShape& shape, const QueryBlock& block, const void* positions,
                              const std::uint32_t* at, float* bias) {
  const std::size_t side = shape.side, row = shape.row();
  const auto [lowest, highest] = std::minmax_element(at, at + block.count);
  PlainProduct<Step> product;
  product.rows = static_cast<const typename Step::Value*>(positions) + *lowest * row;
  product.row_stride = row;
  product.columns = static_cast<const typename Step::Value*>(block.queries);
  product.steps = row / Step::kValues;
  product.out = block.products;
  run_product<Step>(product, *highest - *lowest + side, block.count);
  std::uint32_t from[kQueryBlock];  // of each query its product with key 0's position
  for (std::size_t i = 0; i < block.count; ++i)
    from[i] = static_cast<std::uint32_t>((at[i] - *lowest + side - 1) * kQueryBlock + i);
  for (std::size_t k = 0; k < side; ++k, bias += kQueryBlock) {
    for (std::size_t i = 0; i < block.count; ++i) bias[i] = block.products[from[i] - k * kQueryBlock];
    std::fill(bias + block.count, bias + kQueryBlock, 0.0F);
  }
}

// Two rows of powers as one of pairs, each rounded to nearest.
HWY_INLINE WordVector pair_of(Vector even, Vector odd) {
  const Words d;
  const auto half = hn::Set(d, 0x8000U);
  const auto low = hn::ShiftRight<16>(hn::Add(hn::BitCast(d, even), half));
  return hn::Or(low, hn::And(hn::Add(hn::BitCast(d, odd), half), hn::Set(d, 0xFFFF0000U)));
}

// Of one vector of queries, the powers of `keys` scores and their sum.
template <class Step>
HWY_INLINE Vector raise(const float* scores, std::size_t keys, Vector most, typename Step::Value* powers) {
  const Floats d;
  Vector sum = hn::Zero(d);
  for (std::size_t k = 0; k < keys; k += Step::kValues, scores += Step::kValues * kQueryBlock) {
    const Vector power = exp2_of<Step::kStorage>(hn::Sub(hn::LoadU(d, scores), most));
    sum = hn::Add(sum, power);
    if constexpr (Step::kValues == 1) {
      hn::StoreU(power, d, powers + k * kQueryBlock);
    } else {
      Vector odd = hn::Zero(d);
      if (k + 1 < keys) odd = exp2_of<Step::kStorage>(hn::Sub(hn::LoadU(d, scores + kQueryBlock), most));
      sum = hn::Add(sum, odd);
      hn::StoreU(pair_of(power, odd), Words{}, reinterpret_cast<std::uint32_t*>(powers + k * kQueryBlock));
    }
  }
  return sum;
}

// Scores to powers of 2 relative to the largest score so far; by how much earlier sums fade.
template <class Step>
HWY_NOINLINE void raise_scores(const QueryBlock& block, std::size_t keys) {
  const Floats d;
  for (std::size_t i = 0; i < block.count; i += kLanes) {
    const Vector before = hn::LoadU(d, block.most_before + i), most = hn::LoadU(d, block.most + i);
    const Vector fade = exp2_of<Storage::fp32>(hn::Sub(before, most));
    const Vector sum = raise<Step>(block.scores + i, keys, most,
                                   static_cast<typename Step::Value*>(block.powers) + i * Step::kValues);
    hn::StoreU(most, d, block.most_before + i);
    hn::StoreU(fade, d, block.fade + i);
    hn::StoreU(hn::MulAdd(hn::LoadU(d, block.power_sum + i), fade, sum), d, block.power_sum + i);
  }
}

// The block's sums over the powers' sums, to the queries' places.
template <class Step>
HWY_NOINLINE void write_results(const GridHead& head, const QueryBlock& block) {
  const Floats d;
  using Value = typename Step::Value;
  const std::size_t channels = head.shape.channels;
  const float* row = block.products;  // which has served
  transpose(block.sums, kQueryBlock, channels, block.count, block.products, channels);
  for (std::size_t i = 0; i < block.count; ++i, row += channels) {
    const Vector scale = hn::Set(d, 1.0F / block.power_sum[i]);
    Value* out = static_cast<Value*>(head.out) + block.query_rows[i] * head.out_row_stride +
                 block.query_columns[i] * head.out_stride;
    std::size_t c = 0;
    for (; c + kLanes <= channels; c += kLanes)
      Step::Out::store(hn::Mul(hn::LoadU(d, row + c), scale), out, c);
    if (c == channels) continue;
    Value rest[kLanes];
    Step::Out::store(hn::Mul(hn::LoadU(d, row + c), scale), rest, 0);
    std::memcpy(out + c, rest, (channels - c) * sizeof(Value));
  }
}

template <class Step>
HWY_INLINE void attend_block(const GridHead& head, const QueryBlock& block) {
  using Value = typename Step::Value;
  const GridShape& shape = head.shape;
  find_biases<Step>(shape, block, head.row_positions, block.query_rows, block.row_bias);
  find_biases<Step>(shape, block, head.column_positions, block.query_columns, block.column_bias);
  ScoreProduct<Step> scores;
  scores.row_stride = shape.row();
  scores.columns = static_cast<const Value*>(block.queries);
  scores.steps = shape.row() / Step::kValues;
  scores.out = block.scores;
  scores.most = block.most;
  scores.row_bias = block.row_bias;
  scores.column_bias = block.column_bias;
  scores.side = shape.side;
  scores.inverse_side = (std::uint64_t{1} << 40U) / shape.side + 1;
  ValueProduct<Step> values;
  values.row_stride = kKeyBlock;
  values.columns = static_cast<const Value*>(block.powers);
  values.out = block.sums;
  values.fade = block.fade;
  for (std::size_t first = 0; first < shape.keys(); first += kKeyBlock) {
    const std::size_t keys = std::min(kKeyBlock, shape.keys() - first);
    scores.rows = static_cast<const Value*>(head.keys) + first * shape.row();
    scores.first = first;
    run_product<Step>(scores, keys, block.count);
    raise_scores<Step>(block, keys);
    values.rows = static_cast<const Value*>(head.values) + first * shape.channels;
    values.steps = (keys + Step::kValues - 1) / Step::kValues;
    run_product<Step>(values, shape.channels, block.count);
  }
  write_results<Step>(head, block);
}

}  // namespace

void attend_fp32(const GridHead& head, const QueryBlock& block) { attend_block<Fp32Step>(head, block); }
void attend_bf16(const GridHead& head, const QueryBlock& block) { attend_block<Bf16Step>(head, block); }
void attend_native_bf16(const GridHead& head, const QueryBlock& block) {
  attend_block<NativeBf16Step>(head, block);
}

}  // namespace sonde::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sonde::kernels {

HWY_EXPORT(attend_fp32);
HWY_EXPORT(attend_bf16);
HWY_EXPORT(attend_native_bf16);

namespace {

constexpr float kLowest = -1e30F;  // below any score

template <typename Value>
void place_queries_of(const TokenRows& tokens, const GridShape& shape, Value* queries) {
  constexpr std::size_t kStep = sizeof(float) / sizeof(Value);
  for (std::size_t t = 0; t < tokens.count; ++t) {
    const Value* from = static_cast<const Value*>(tokens.rows) + t * tokens.stride;
    const std::size_t query = tokens.first + t;
    Value* to = queries + query / kQueryBlock * kQueryBlock * shape.row() + query % kQueryBlock * kStep;
    for (std::size_t c = 0; c < shape.row(); ++c)
      to[c / kStep * kQueryBlock * kStep + c % kStep] = c < shape.channels ? from[c] : Value{};
  }
}

template <typename Value>
void place_keys_of(const TokenRows& tokens, const GridShape& shape, Value* keys) {
  for (std::size_t t = 0; t < tokens.count; ++t) {
    const Value* from = static_cast<const Value*>(tokens.rows) + t * tokens.stride;
    Value* to = keys + (tokens.first + t) * shape.row();
    std::memcpy(to, from, shape.channels * sizeof(Value));
    if (shape.channels < shape.row()) to[shape.channels] = Value{};
  }
}

template <typename Value>
void place_values_of(const TokenRows& tokens, const GridShape& shape, Value* values) {
  for (std::size_t t = 0; t < tokens.count; ++t) {
    const Value* from = static_cast<const Value*>(tokens.rows) + t * tokens.stride;
    const std::size_t key = tokens.first + t;
    Value* to = values + key / kKeyBlock * kKeyBlock * shape.channels + key % kKeyBlock;
    for (std::size_t c = 0; c < shape.channels; ++c) to[c * kKeyBlock] = from[c];
    if (key + 1 < shape.keys() || key % 2 != 0) continue;
    for (std::size_t c = 0; c < shape.channels; ++c) to[c * kKeyBlock + 1] = Value{};  // the last one's pair
  }
}

}  // namespace

void place_queries(const TokenRows& tokens, const GridShape& shape, void* queries) {
  if (shape.storage == Storage::bf16) return place_queries_of(tokens, shape, static_cast<Bf16*>(queries));
  place_queries_of(tokens, shape, static_cast<float*>(queries));
}
void place_keys(const TokenRows& tokens, const GridShape& shape, void* keys) {
  if (shape.storage == Storage::bf16) return place_keys_of(tokens, shape, static_cast<Bf16*>(keys));
  place_keys_of(tokens, shape, static_cast<float*>(keys));
}
void place_values(const TokenRows& tokens, const GridShape& shape, void* values) {
  if (shape.storage == Storage::bf16) return place_values_of(tokens, shape, static_cast<Bf16*>(values));
  place_values_of(tokens, shape, static_cast<float*>(values));
}

void attend(const GridHead& head, std::size_t block) {
  const GridShape& shape = head.shape;
  const std::size_t first = block * kQueryBlock, size = size_of(shape.storage);
  ScratchScope scratch;
  const auto rows = [&](std::size_t count) { return scratch.take<float>(count * kQueryBlock); };
  const std::size_t count = std::min(kQueryBlock, head.query_count - first);
  std::uint32_t query_rows[kQueryBlock], query_columns[kQueryBlock];
  for (std::size_t i = 0; i < count; ++i) {
    query_rows[i] = static_cast<std::uint32_t>((first + i) / head.query_width);
    query_columns[i] = static_cast<std::uint32_t>((first + i) % head.query_width);
  }
  const QueryBlock work{.queries = static_cast<const std::byte*>(head.queries) + first * shape.row() * size,
                        .count = count,
                        .query_rows = query_rows,
                        .query_columns = query_columns,
                        .products = rows(std::max(2 * shape.side - 1, shape.channels + 1)),
                        .row_bias = rows(shape.side),
                        .column_bias = rows(shape.side),
                        .scores = rows(kKeyBlock),
                        .powers = rows(kKeyBlock),
                        .sums = rows(shape.channels),
                        .most = rows(1),
                        .most_before = rows(1),
                        .power_sum = rows(1),
                        .fade = rows(1)};
  std::fill_n(work.sums, shape.channels * kQueryBlock, 0.0F);
  std::fill_n(work.power_sum, kQueryBlock, 0.0F);
  std::fill_n(work.most, kQueryBlock, kLowest);
  std::fill_n(work.most_before, kQueryBlock, kLowest);
  if (shape.storage == Storage::fp32) return SONDE_DISPATCH(attend_fp32)(head, work);
  if (instruction_set() == InstructionSet::avx512_bf16) return SONDE_DISPATCH(attend_native_bf16)(head, work);
  SONDE_DISPATCH(attend_bf16)(head, work);
}

}  // namespace sonde::kernels
#endif
