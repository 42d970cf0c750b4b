// SPDX-License-Identifier: Apache-2.0
#include "sonde/kernels/attention.h"

#include <algorithm>
#include <cstring>

#include "sonde/kernels/dispatch.h"
#include "sonde/kernels/matrix.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "sonde/kernels/attention.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "sonde/kernels/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sonde::kernels::HWY_NAMESPACE {

// exp(score + bias - max) of one row, stored as the products take it; columns up to `padded` are 0. Returns
// the sum. Both buffers are readable and writable up to a whole number of vectors.
template <class Out>
HWY_INLINE float exponentiate(float* scores, const float* bias, std::size_t count, void* out,
                              std::size_t padded) {
  const Floats d;
  const float lowest = hwy::LowestValue<float>();
  Vector most = hn::Set(d, lowest);
  for (std::size_t i = 0; i < count; i += kLanes) {
    const auto inside = hn::FirstN(d, count - i);
    Vector score = hn::LoadU(d, scores + i);
    if (bias != nullptr) score = hn::Add(score, hn::MaskedLoad(inside, d, bias + i));
    score = hn::IfThenElse(inside, score, hn::Set(d, lowest));
    hn::StoreU(score, d, scores + i);
    most = hn::Max(most, score);
  }
  const Vector max = hn::MaxOfLanes(d, most);
  Vector sum = hn::Zero(d);
  std::size_t i = 0;
  for (; i < count; i += kLanes) {
    const Vector apart = hn::Sub(hn::LoadU(d, scores + i), max);
    Vector power = Out::kStorage == Storage::bf16 ? exp_bf16(apart) : hn::Exp(d, apart);
    power = hn::IfThenElseZero(hn::FirstN(d, count - i), power);
    Out::store(power, out, i);
    sum = hn::Add(sum, power);
  }
  for (; i < padded; i += kLanes) Out::store(hn::Zero(d), out, i);
  return hn::GetLane(hn::SumOfLanes(d, sum));
}

void exponentiate_rows(float* scores, std::size_t stride, std::size_t rows, const WindowHead& head,
                       std::size_t first, void* powers, std::size_t powers_stride, float* inverse_sums) {
  for (std::size_t r = 0; r < rows; ++r, scores += stride) {
    const float* bias = head.bias == nullptr ? nullptr : head.bias + head.bias_row[first + r] * head.keys;
    auto* out = static_cast<std::byte*>(powers) + r * powers_stride * size_of(head.storage);
    const float sum = head.storage == Storage::bf16
                          ? exponentiate<Bf16Out>(scores, bias, head.keys, out, powers_stride)
                          : exponentiate<Fp32Out>(scores, bias, head.keys, out, powers_stride);
    inverse_sums[r] = 1.0F / sum;
  }
}

template <class Out>
HWY_INLINE void scale_row(const float* in, std::size_t count, float scale, void* out) {
  const Floats d;
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes)
    Out::store(hn::Mul(hn::LoadU(d, in + i), hn::Set(d, scale)), out, i);
  if (i == count) return;
  alignas(64) float rest[kLanes] = {};
  std::copy(in + i, in + count, rest);
  Out::store(hn::Mul(hn::LoadU(d, rest), hn::Set(d, scale)), rest, 0);
  std::memcpy(static_cast<std::byte*>(out) + i * size_of(Out::kStorage), rest,
              (count - i) * size_of(Out::kStorage));
}

void scale_rows(const float* in, std::size_t stride, std::size_t rows, const WindowHead& head,
                std::size_t first, const float* scales) {
  for (std::size_t r = 0; r < rows; ++r, in += stride) {
    auto* out = static_cast<std::byte*>(head.out) + (first + r) * head.out_stride * size_of(head.out_storage);
    if (head.out_storage == Storage::bf16) {
      scale_row<Bf16Out>(in, head.channels, scales[r], out);
    } else {
      scale_row<Fp32Out>(in, head.channels, scales[r], out);
    }
  }
}

}  // namespace sonde::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sonde::kernels {

HWY_EXPORT(exponentiate_rows);
HWY_EXPORT(scale_rows);

namespace {

constexpr std::size_t kQueryBlock = 48;  // rows of scores that stay in the L1 cache

constexpr std::size_t round_up(std::size_t size, std::size_t unit) { return (size + unit - 1) / unit * unit; }

// Rows of `values` as the rows of a matrix that products take, rows beyond `count` 0: [inputs][outputs].
MatrixView pack_rows(const float* rows, std::size_t count, std::size_t columns, std::size_t stride,
                     Storage storage, ScratchScope& scratch) {
  const std::size_t wide = round_up(columns, kPanel);
  const std::size_t step = storage == Storage::bf16 ? 2 : 1, steps = round_up(count, step) / step;
  auto* values = scratch.take<float>(steps * step * wide);
  std::memset(values, 0, steps * step * wide * sizeof(float));
  for (std::size_t k = 0; k < count; ++k) {
    for (std::size_t c = 0; c < columns; ++c)
      values[c / kPanel * steps * step * kPanel + (k / step * kPanel + c % kPanel) * step + k % step] =
          rows[k * stride + c];
  }
  void* packed = values;
  if (storage == Storage::bf16) {
    packed = scratch.take<Bf16>(steps * step * wide);
    convert(values, steps * step * wide, storage, packed);
  }
  return {.data = packed,
          .inputs = count,
          .outputs = columns,
          .row_stride = kPanel * step,
          .panel_stride = steps * step * kPanel,
          .storage = storage,
          .bias = nullptr};
}

// The same of the transpose: [columns][count].
MatrixView pack_columns(const float* rows, std::size_t count, std::size_t columns, std::size_t stride,
                        Storage storage, ScratchScope& scratch) {
  const std::size_t wide = round_up(count, kPanel);
  const std::size_t step = storage == Storage::bf16 ? 2 : 1, steps = round_up(columns, step) / step;
  auto* values = scratch.take<float>(steps * step * wide);
  std::memset(values, 0, steps * step * wide * sizeof(float));
  for (std::size_t r = 0; r < count; ++r) {
    float* panel = values + r / kPanel * steps * step * kPanel + r % kPanel * step;
    for (std::size_t k = 0; k < columns; ++k)
      panel[k / step * kPanel * step + k % step] = rows[r * stride + k];
  }
  void* packed = values;
  if (storage == Storage::bf16) {
    packed = scratch.take<Bf16>(steps * step * wide);
    convert(values, steps * step * wide, storage, packed);
  }
  return {.data = packed,
          .inputs = columns,
          .outputs = count,
          .row_stride = kPanel * step,
          .panel_stride = steps * step * kPanel,
          .storage = storage,
          .bias = nullptr};
}

}  // namespace

void attend(const WindowHead& head) {
  ScratchScope scratch;
  const MatrixView keys = pack_columns(head.k, head.keys, head.channels, head.stride, head.storage, scratch);
  const MatrixView values = pack_rows(head.v, head.keys, head.channels, head.stride, head.storage, scratch);
  const std::size_t wide = round_up(head.keys, kPanel), channels = round_up(head.channels, 2);
  auto* scores = scratch.take<float>(kQueryBlock * wide);
  std::byte* powers = scratch.bytes(kQueryBlock * wide * size_of(head.storage));
  auto* sums = scratch.take<float>(kQueryBlock * head.channels);
  auto* inverse = scratch.take<float>(kQueryBlock);
  auto* rounded = scratch.take<Bf16>(kQueryBlock * channels);
  for (std::size_t first = 0; first < head.queries; first += kQueryBlock) {
    const std::size_t rows = std::min(kQueryBlock, head.queries - first);
    const float* q = head.q + first * head.stride;
    Product product{.in = q, .in_stride = head.stride, .rows = rows, .out = scores, .out_stride = wide};
    if (head.storage == Storage::bf16) {
      for (std::size_t r = 0; r < rows; ++r)
        convert(q + r * head.stride, head.channels, head.storage, rounded + r * channels);
      product.in = rounded;
      product.in_stride = channels;
    }
    multiply(product, keys);
    SONDE_DISPATCH(exponentiate_rows)(scores, wide, rows, head, first, powers, wide, inverse);
    multiply({.in = powers, .in_stride = wide, .rows = rows, .out = sums, .out_stride = head.channels},
             values);
    SONDE_DISPATCH(scale_rows)(sums, head.channels, rows, head, first, inverse);
  }
}

}  // namespace sonde::kernels
#endif
