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

#include "sonde/kernels/flash_tiles-inl.h"

// Of a block's queries: what is computed on the way. All are [..][kQueryBlock], queries being the lanes.
// Outside of the part that is compiled for each instruction set: the types must be the same in all of them.
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

// bias[k][i] = query i . positions[at[i] - k + side - 1], where `at` is the queries' rows or columns: the
// published q . rel_pos of add_decomposed_rel_pos, for key row (or column) k. Which positions meet which
// query differs from query to query, so all that come up in the block meet all of its queries in one product,
// and each query's are picked from it.
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

// Two rows of powers as one of pairs, each rounded to nearest, half up: powers are positive and never near
// what would overflow.
HWY_INLINE WordVector pair_of(Vector even, Vector odd) {
  const Words d;
  const auto half = hn::Set(d, 0x8000U);
  const auto low = hn::ShiftRight<16>(hn::Add(hn::BitCast(d, even), half));
  return hn::Or(low, hn::And(hn::Add(hn::BitCast(d, odd), half), hn::Set(d, 0xFFFF0000U)));
}

// Of one vector of queries, the powers 2^(score - most) of `keys` scores, and their sum. Sums take the powers
// before they are rounded to bf16.
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

// Scores to powers of 2 relative to the largest score so far, m (the tiles keep it). A softmax that sees its
// scores tile by tile: for m' = max(m, the tile's largest),
//   fade = 2^(m - m'),  power_sum' = power_sum * fade + sum of 2^(score - m'),
// and sums' = sums * fade + sum of 2^(score - m') * v, which the product with the values does.
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

// out = sums / power_sum, from [channels][queries] to the queries' places: turned, then row by row.
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

// All keys, kKeyBlock at a time: scores = keys x queries + their biases, powers, sums = values x powers. Rows
// are keys, then channels; columns are the block's queries.
template <class Step>
HWY_INLINE void attend_block(const GridHead& head, const QueryBlock& block) {
  using Value = typename Step::Value;
  const GridShape& shape = head.shape;
  find_biases<Step>(shape, block, head.row_positions, block.query_rows, block.row_bias);
  find_biases<Step>(shape, block, head.column_positions, block.query_columns, block.column_bias);
  ScoreProduct<Step> scores;  // NOLINT(cppcoreguidelines-pro-type-member-init): all of it is set below
  scores.row_stride = shape.row();
  scores.columns = static_cast<const Value*>(block.queries);
  scores.steps = shape.row() / Step::kValues;
  scores.out = block.scores;
  scores.most = block.most;
  scores.row_bias = block.row_bias;
  scores.column_bias = block.column_bias;
  scores.side = shape.side;
  // key / side = key * inverse_side >> 40, exact for keys of any grid that a checkpoint may have.
  scores.inverse_side = (std::uint64_t{1} << 40U) / shape.side + 1;
  ValueProduct<Step> values;  // NOLINT(cppcoreguidelines-pro-type-member-init): all of it is set below
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

constexpr float kLowest = -1e30F;  // below any score, but finite: infinity less infinity is not a number

}  // namespace

// Dao et al. 2022, algorithm 1, for one block of queries, to all keys: before the first tile the largest
// score is kLowest, sums are 0 and so is what they are divided by.
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
