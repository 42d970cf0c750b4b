// SPDX-License-Identifier: Apache-2.0
#include "sonde/kernels/depthwise.h"

#include <algorithm>
#include <cstring>

#include "sonde/kernels/dispatch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "sonde/kernels/depthwise.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "sonde/kernels/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sonde::kernels::HWY_NAMESPACE {

// What a kernel reads, as Fp32Out and Bf16Out of vectors-inl.h are what it writes; sums are fp32 in any case.
struct Fp32In {
  using Value = float;
  static HWY_INLINE Vector load(const float* in) { return hn::LoadU(Floats{}, in); }
};
struct Bf16In {
  using Value = Bf16;
  static HWY_INLINE Vector load(const Bf16* in) { return load_bf16(in); }
};

// bias + sum over the 3 x 3 of weight * in, one vector of channels along the row. All nine weights stay in
// registers; of the three columns two (one, with stride 2) are carried over from result to result.
template <class In, class Out, std::size_t kStride>
// NOLINTNEXTLINE(readability-function-cognitive-complexity): loops over the 3 x 3 of one convolution
HWY_NOINLINE void convolve_channels(const DepthwiseRow& row, const Depthwise& layer, std::size_t first,
                                    void* out, std::size_t out_stride) {
  const Floats d;
  using Value = typename In::Value;
  const Value* in[3];
  Vector weight[9], column[3][3];  // column, row
  for (std::size_t r = 0; r < 3; ++r) {
    in[r] = static_cast<const Value*>(row.in[r]) + first;
    for (std::size_t c = 0; c < 3; ++c)
      weight[3 * r + c] = hn::LoadU(d, layer.weight + (3 * r + c) * layer.channels + first);
  }
  const Vector bias = hn::LoadU(d, layer.bias + first);
  const std::size_t channels = layer.channels;
  constexpr std::size_t kKept = 3 - kStride;
  for (std::size_t c = 0; c < kKept; ++c) {
    for (std::size_t r = 0; r < 3; ++r) column[c][r] = In::load(in[r] + c * channels);
  }
  for (std::size_t x = 0; x < row.width; ++x) {
    const std::size_t at = (x * kStride + kKept) * channels;
    for (std::size_t c = kKept; c < 3; ++c) {
      for (std::size_t r = 0; r < 3; ++r) column[c][r] = In::load(in[r] + at + (c - kKept) * channels);
    }
    // In the order of the weights, whatever the stride and wherever the row starts.
    Vector sum = bias;
    for (std::size_t r = 0; r < 3; ++r) {
      for (std::size_t c = 0; c < 3; ++c) sum = hn::MulAdd(weight[3 * r + c], column[c][r], sum);
    }
    Out::store(activated<Out>(sum, row.activation), out, x * out_stride);
    for (std::size_t c = 0; c < kKept; ++c) {
      for (std::size_t r = 0; r < 3; ++r) column[c][r] = column[c + kStride][r];
    }
  }
}

// Channels that fill no vector: through copies of them that do. The vector would reach into the next
// position's channels, and at the row's end beyond it.
template <class In, class Out, std::size_t kStride>
void convolve_rest(const DepthwiseRow& row, const Depthwise& layer, std::size_t first) {
  using Value = typename In::Value;
  const std::size_t count = layer.channels - first, columns = (row.width - 1) * kStride + 3;
  // As a layer of kLanes channels, those that are not there 0.
  ScratchScope scratch;
  float* weights = scratch.take<float>(10 * kLanes);
  std::fill_n(weights, 10 * kLanes, 0.0F);
  for (std::size_t i = 0; i < 9; ++i)
    std::copy_n(layer.weight + i * layer.channels + first, count, weights + i * kLanes);
  std::copy_n(layer.bias + first, count, weights + 9 * kLanes);
  DepthwiseRow part = row;
  for (std::size_t r = 0; r < 3; ++r) {
    Value* copy = scratch.take<Value>(columns * kLanes);
    std::memset(static_cast<void*>(copy), 0, columns * kLanes * sizeof(Value));
    const auto* from = static_cast<const Value*>(row.in[r]) + first;
    for (std::size_t x = 0; x < columns; ++x)
      std::copy_n(from + x * layer.channels, count, copy + x * kLanes);
    part.in[r] = copy;
  }
  auto* sums = scratch.take<float>(row.width * kLanes);
  const Depthwise part_layer{
      .weight = weights, .bias = weights + 9 * kLanes, .channels = kLanes, .stride = kStride};
  convolve_channels<In, Out, kStride>(part, part_layer, 0, sums, kLanes);
  constexpr std::size_t kSize = size_of(Out::kStorage);
  for (std::size_t x = 0; x < row.width; ++x) {
    std::memcpy(static_cast<std::byte*>(row.out) + (x * layer.channels + first) * kSize,
                reinterpret_cast<const std::byte*>(sums) + x * kLanes * kSize, count * kSize);
  }
}

// Vectors of channels one after another, each along the whole row.
template <class In, class Out, std::size_t kStride>
void convolve_row(const DepthwiseRow& row, const Depthwise& layer) {
  std::size_t first = 0;
  for (; first + kLanes <= layer.channels; first += kLanes) {
    auto* out = static_cast<std::byte*>(row.out) + first * size_of(Out::kStorage);
    convolve_channels<In, Out, kStride>(row, layer, first, out, layer.channels);
  }
  if (first < layer.channels) convolve_rest<In, Out, kStride>(row, layer, first);
}

template <class In, class Out>
void convolve_to(const DepthwiseRow& row, const Depthwise& layer) {
  if (layer.stride == 2) {
    convolve_row<In, Out, 2>(row, layer);
  } else {
    convolve_row<In, Out, 1>(row, layer);
  }
}

// Storages and stride become types, so that the loop above knows them.
void convolve_any(const DepthwiseRow& row, const Depthwise& layer) {
  const bool from_bf16 = row.in_storage == Storage::bf16, to_bf16 = row.out_storage == Storage::bf16;
  if (from_bf16 && to_bf16) return convolve_to<Bf16In, Bf16Out>(row, layer);
  if (from_bf16) return convolve_to<Bf16In, Fp32Out>(row, layer);
  if (to_bf16) return convolve_to<Fp32In, Bf16Out>(row, layer);
  convolve_to<Fp32In, Fp32Out>(row, layer);
}

}  // namespace sonde::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sonde::kernels {

HWY_EXPORT(convolve_any);

void convolve(const DepthwiseRow& row, const Depthwise& layer) {
  if (row.width > 0) SONDE_DISPATCH(convolve_any)(row, layer);
}

}  // namespace sonde::kernels
#endif
