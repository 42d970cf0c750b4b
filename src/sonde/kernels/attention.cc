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

// Adds the bias to one row of scores. Returns the largest, in every lane: what the row's powers are relative
// to.
HWY_INLINE Vector add_bias(float* scores, const float* bias, std::size_t count) {
  const Floats d;
  Vector most = hn::Set(d, hwy::LowestValue<float>());
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    Vector score = hn::LoadU(d, scores + i);
    if (bias != nullptr) score = hn::Add(score, hn::LoadU(d, bias + i));
    hn::StoreU(score, d, scores + i);
    most = hn::Max(most, score);
  }
  for (; i < count; ++i) {
    if (bias != nullptr) scores[i] += bias[i];
    most = hn::Max(most, hn::Set(d, scores[i]));
  }
  return hn::MaxOfLanes(d, most);
}

// As closely as the product that takes the powers can show.
template <class Out>
HWY_INLINE Vector power_of(Vector apart) {
  return Out::kStorage == Storage::bf16 ? exp_bf16(apart) : hn::Exp(Floats{}, apart);
}

// The numerators of the softmax, exp(score + bias - max) of one row, as the products take it; columns up to
// `padded` are 0. Returns the sum. Both buffers are readable and writable up to a whole number of vectors.
// Three passes over a row, which is in the L1 cache: bias and maximum, exponentials and sum, zeros at the
// end.
template <class Out>
HWY_INLINE float exponentiate(float* scores, const float* bias, std::size_t count, void* out,
                              std::size_t padded) {
  const Floats d;
  const Vector max = add_bias(scores, bias, count);
  Vector sum = hn::Zero(d);
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const Vector power = power_of<Out>(hn::Sub(hn::LoadU(d, scores + i), max));
    Out::store(power, out, i);
    sum = hn::Add(sum, power);
  }
  if (i < count) {
    const Vector power =
        hn::IfThenElseZero(hn::FirstN(d, count - i), power_of<Out>(hn::Sub(hn::LoadU(d, scores + i), max)));
    Out::store(power, out, i);
    sum = hn::Add(sum, power);
    i += kLanes;
  }
  for (; i < padded; i += kLanes) Out::store(hn::Zero(d), out, i);
  return hn::GetLane(hn::SumOfLanes(d, sum));
}

// inverse_sums: of each row 1 / (sum of its powers), by which its mixture of values is multiplied
// (scale_rows): (powers / sum) v = (powers v) / sum, a division of [queries][channels] instead of
// [queries][keys].
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

// The last values go through a copy: the row of the next head starts where this one ends.
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
    auto* out = static_cast<std::byte*>(head.out) + (first + r) * head.out_stride * size_of(head.storage);
    if (head.storage == Storage::bf16) {
      scale_row<Bf16Out>(in, head.channels, scales[r], out);
    } else {
      scale_row<Fp32Out>(in, head.channels, scales[r], out);
    }
  }
}

// Two rows of bf16 side by side, value by value, in words that have the first's in their lower half
// (steps-inl.h); `second` may be null, which stands for zeros.
void interleave_rows(const Bf16* first, const Bf16* second, std::size_t count, std::uint32_t* pairs) {
  const hn::Rebind<std::uint16_t, Floats> halves;
  const hn::RebindToUnsigned<Floats> words;
  const auto* low = reinterpret_cast<const std::uint16_t*>(first);
  const auto* high = reinterpret_cast<const std::uint16_t*>(second);
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    auto word = hn::PromoteTo(words, hn::LoadU(halves, low + i));
    if (high != nullptr)
      word = hn::Or(word, hn::ShiftLeft<16>(hn::PromoteTo(words, hn::LoadU(halves, high + i))));
    hn::StoreU(word, words, pairs + i);
  }
  for (; i < count; ++i)
    pairs[i] = low[i] | (high == nullptr ? 0U : static_cast<std::uint32_t>(high[i]) << 16U);
}

}  // namespace sonde::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sonde::kernels {

HWY_EXPORT(exponentiate_rows);
HWY_EXPORT(scale_rows);
HWY_EXPORT(interleave_rows);

namespace {

// Rows of scores that stay in the L1 cache: for a window of 14 x 14, 48 x 224 floats. Whole tiles of 6 rows.
constexpr std::size_t kQueryBlock = 48;

// Values of one storage in words of 32 bits: a float, or two bf16 side by side.
constexpr std::size_t values_per_word(Storage storage) { return storage == Storage::bf16 ? 2 : 1; }

const std::byte* row_at(const void* rows, std::size_t row, const WindowHead& head) {
  return static_cast<const std::byte*>(rows) + row * head.stride * size_of(head.storage);
}

MatrixView view_words(const std::uint32_t* words, std::size_t inputs, std::size_t outputs, Storage storage) {
  const std::size_t step = values_per_word(storage);
  return {.data = words,
          .inputs = inputs,
          .outputs = outputs,
          .row_stride = kPanel * step,
          .panel_stride = round_up(inputs, step) * kPanel,
          .storage = storage,
          .bias = nullptr};
}

// v as a matrix that products take: [keys][channels]. k runs over the keys, so with bf16 the pairs are those
// of two rows, value by value.
MatrixView pack_values(const WindowHead& head, ScratchScope& scratch) {
  const std::size_t step = values_per_word(head.storage), steps = round_up(head.keys, step) / step;
  auto* words = scratch.take<std::uint32_t>(steps * round_up(head.channels, kPanel));
  for (std::size_t first = 0; first < head.channels; first += kPanel) {
    const std::size_t count = std::min(kPanel, head.channels - first);
    std::uint32_t* panel = words + first * steps;
    for (std::size_t i = 0; i < steps; ++i, panel += kPanel) {
      const std::byte* row = row_at(head.v, i * step, head) + first * size_of(head.storage);
      if (head.storage == Storage::fp32) {
        std::memcpy(panel, row, count * sizeof(float));
      } else {
        const std::byte* next = i * step + 1 < head.keys ? row + head.stride * sizeof(Bf16) : nullptr;
        SONDE_DISPATCH(interleave_rows)
        (reinterpret_cast<const Bf16*>(row), reinterpret_cast<const Bf16*>(next), count, panel);
      }
      std::fill_n(panel + count, kPanel - count, 0U);
    }
  }
  return view_words(words, head.keys, head.channels, head.storage);
}

// k transposed, as a matrix that products take: [channels][keys]. k runs over the channels, so with bf16 the
// pairs are side by side already, and words are moved in either storage.
MatrixView pack_keys(const WindowHead& head, ScratchScope& scratch) {
  const std::size_t steps = head.channels / values_per_word(head.storage);
  auto* words = scratch.take<std::uint32_t>(steps * round_up(head.keys, kPanel));
  for (std::size_t key = 0; key < round_up(head.keys, kPanel); ++key) {
    std::uint32_t* column = words + key / kPanel * kPanel * steps + key % kPanel;
    if (key >= head.keys) {
      for (std::size_t i = 0; i < steps; ++i) column[i * kPanel] = 0;
      continue;
    }
    const std::byte* row = row_at(head.k, key, head);
    for (std::size_t i = 0; i < steps; ++i)
      std::memcpy(column + i * kPanel, row + i * sizeof(float), sizeof(float));
  }
  return view_words(words, head.channels, head.keys, head.storage);
}

}  // namespace

// scores = q k^T, powers = exp(scores + bias - max), out = powers v / sum, for kQueryBlock queries at a time.
// Rows of powers are as wide as panels, 0 beyond the keys: with bf16 the product takes an odd last key in a
// pair.
void attend(const WindowHead& head) {
  ScratchScope scratch;
  const MatrixView keys = pack_keys(head, scratch), values = pack_values(head, scratch);
  const std::size_t wide = round_up(head.keys, kPanel);
  auto* scores = scratch.take<float>(kQueryBlock * wide);
  std::byte* powers = scratch.bytes(kQueryBlock * wide * size_of(head.storage));
  auto* sums = scratch.take<float>(kQueryBlock * head.channels);
  auto* inverse = scratch.take<float>(kQueryBlock);
  for (std::size_t first = 0; first < head.queries; first += kQueryBlock) {
    const std::size_t rows = std::min(kQueryBlock, head.queries - first);
    multiply({.in = row_at(head.q, first, head),
              .in_stride = head.stride,
              .rows = rows,
              .out = scores,
              .out_stride = wide},
             keys);
    SONDE_DISPATCH(exponentiate_rows)(scores, wide, rows, head, first, powers, wide, inverse);
    multiply({.in = powers, .in_stride = wide, .rows = rows, .out = sums, .out_stride = head.channels},
             values);
    SONDE_DISPATCH(scale_rows)(sums, head.channels, rows, head, first, inverse);
  }
}

}  // namespace sonde::kernels
#endif
