// SPDX-License-Identifier: Apache-2.0
#include "sonde/kernels/elementwise.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "sonde/kernels/dispatch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "sonde/kernels/elementwise.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "sonde/kernels/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sonde::kernels::HWY_NAMESPACE {

// Values from `i` to `count` of a row that fill no vector, the rest `filler`.
HWY_INLINE Vector load_rest(const float* in, std::size_t i, std::size_t count, float filler) {
  float rest[kLanes];
  std::fill_n(rest, kLanes, filler);
  std::copy(in + i, in + count, rest);
  return hn::LoadU(Floats{}, rest);
}

// The values from `i` to `count`, and nothing behind them.
template <class Out>
HWY_INLINE void store_rest(Vector values, void* out, std::size_t i, std::size_t count) {
  alignas(64) float rest[kLanes];
  Out::store(values, rest, 0);
  std::memcpy(static_cast<std::byte*>(out) + i * size_of(Out::kStorage), rest,
              (count - i) * size_of(Out::kStorage));
}

// Mean and variance take two passes: in one, the mean of the squares less the square of the mean would cancel
// where the mean is large. What fills the last vector up adds nothing: 0 to a sum, the mean to the variance.
HWY_INLINE float mean_of(const float* in, std::size_t count) {
  const Floats d;
  Vector sum = hn::Zero(d);
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) sum = hn::Add(sum, hn::LoadU(d, in + i));
  if (i < count) sum = hn::Add(sum, load_rest(in, i, count, 0.0F));
  return hn::GetLane(hn::SumOfLanes(d, sum)) / static_cast<float>(count);
}

HWY_INLINE float variance_of(const float* in, std::size_t count, float mean) {
  const Floats d;
  const Vector means = hn::Set(d, mean);
  Vector sum = hn::Zero(d);
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const Vector apart = hn::Sub(hn::LoadU(d, in + i), means);
    sum = hn::MulAdd(apart, apart, sum);
  }
  if (i < count) {
    const Vector apart = hn::Sub(load_rest(in, i, count, mean), means);
    sum = hn::MulAdd(apart, apart, sum);
  }
  return hn::GetLane(hn::SumOfLanes(d, sum)) / static_cast<float>(count);
}

// y = activation((x - mean) / sqrt(variance + eps) * weight + bias)
template <class Out>
HWY_INLINE void normalise_row(const float* in, const LayerNorm& norm, Activation activation, void* out) {
  const Floats d;
  const std::size_t count = norm.channels;
  const float mean = mean_of(in, count);
  const Vector scale = hn::Set(d, 1.0F / std::sqrt(variance_of(in, count, mean) + norm.eps));
  const Vector means = hn::Set(d, mean);
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const Vector x = hn::Mul(hn::Sub(hn::LoadU(d, in + i), means), scale);
    Out::store(
        activated<Out>(hn::MulAdd(x, hn::LoadU(d, norm.weight + i), hn::LoadU(d, norm.bias + i)), activation),
        out, i);
  }
  // Filled up with the mean, weight 0 and bias 0: zeros, which are dropped.
  if (i == count) return;
  const Vector x = hn::Mul(hn::Sub(load_rest(in, i, count, mean), means), scale);
  const Vector y =
      hn::MulAdd(x, load_rest(norm.weight, i, count, 0.0F), load_rest(norm.bias, i, count, 0.0F));
  store_rest<Out>(activated<Out>(y, activation), out, i, count);
}

template <class Out>
void normalise_rows(const float* in, std::size_t in_stride, std::size_t rows, const LayerNorm& norm,
                    Activation activation, void* out, std::size_t out_stride) {
  auto* row = static_cast<std::byte*>(out);
  for (std::size_t r = 0; r < rows; ++r, in += in_stride, row += out_stride * size_of(Out::kStorage))
    normalise_row<Out>(in, norm, activation, row);
}

void layer_norm_to(const float* in, std::size_t in_stride, std::size_t rows, const LayerNorm& norm,
                   Activation activation, void* out, std::size_t out_stride, Storage out_storage) {
  if (out_storage == Storage::bf16) {
    normalise_rows<Bf16Out>(in, in_stride, rows, norm, activation, out, out_stride);
  } else {
    normalise_rows<Fp32Out>(in, in_stride, rows, norm, activation, out, out_stride);
  }
}

// What fills the last vector up is 0, on which every activation is defined, and is dropped.
template <class Out>
void activate_values(const float* in, std::size_t count, Activation activation, void* out) {
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes)
    Out::store(activated<Out>(hn::LoadU(Floats{}, in + i), activation), out, i);
  if (i < count) store_rest<Out>(activated<Out>(load_rest(in, i, count, 0.0F), activation), out, i, count);
}

void activate_to(const float* in, std::size_t count, Activation activation, Storage out_storage, void* out) {
  if (out_storage == Storage::bf16) {
    activate_values<Bf16Out>(in, count, activation, out);
  } else {
    activate_values<Fp32Out>(in, count, activation, out);
  }
}

// exp(scale x - max) / sum, with max over scale x (scale > 0): no exponential is above 1, so none overflows.
// What fills the last vector up has no part in maximum or sum.
void softmax_row(float* values, std::size_t columns, float scale) {
  const Floats d;
  const float lowest = hwy::LowestValue<float>();
  Vector most = hn::Set(d, lowest);
  std::size_t i = 0;
  for (; i + kLanes <= columns; i += kLanes) most = hn::Max(most, hn::LoadU(d, values + i));
  if (i < columns) most = hn::Max(most, load_rest(values, i, columns, lowest));
  const Vector max = hn::Mul(hn::MaxOfLanes(d, most), hn::Set(d, scale));
  const Vector scales = hn::Set(d, scale);
  Vector sum = hn::Zero(d);
  for (i = 0; i + kLanes <= columns; i += kLanes) {
    const Vector power = hn::Exp(d, hn::MulSub(hn::LoadU(d, values + i), scales, max));
    hn::StoreU(power, d, values + i);
    sum = hn::Add(sum, power);
  }
  if (i < columns) {
    const Vector power = hn::Exp(d, hn::MulSub(load_rest(values, i, columns, 0.0F), scales, max));
    store_rest<Fp32Out>(power, values, i, columns);
    sum = hn::Add(sum, hn::IfThenElseZero(hn::FirstN(d, columns - i), power));
  }
  // One division, then products: the same for every value, so the row's sum is 1 to rounding.
  const float inverse = 1.0F / hn::GetLane(hn::SumOfLanes(d, sum));
  for (i = 0; i + kLanes <= columns; i += kLanes)
    hn::StoreU(hn::Mul(hn::LoadU(d, values + i), hn::Set(d, inverse)), d, values + i);
  for (; i < columns; ++i) values[i] *= inverse;
}

void softmax(float* values, std::size_t rows, std::size_t columns, std::size_t stride, float scale) {
  for (std::size_t r = 0; r < rows; ++r) softmax_row(values + r * stride, columns, scale);
}

}  // namespace sonde::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sonde::kernels {

HWY_EXPORT(layer_norm_to);
HWY_EXPORT(activate_to);
HWY_EXPORT(softmax);

void layer_norm(const float* in, std::size_t in_stride, std::size_t rows, const LayerNorm& norm,
                Activation activation, void* out, std::size_t out_stride, Storage out_storage) {
  SONDE_DISPATCH(layer_norm_to)(in, in_stride, rows, norm, activation, out, out_stride, out_storage);
}

void activate(const float* in, std::size_t count, Activation activation, Storage out_storage, void* out) {
  SONDE_DISPATCH(activate_to)(in, count, activation, out_storage, out);
}

void softmax_rows(float* values, std::size_t rows, std::size_t columns, std::size_t stride, float scale) {
  SONDE_DISPATCH(softmax)(values, rows, columns, stride, scale);
}

}  // namespace sonde::kernels
#endif
