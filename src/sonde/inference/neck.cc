// SPDX-License-Identifier: Apache-2.0
#include "sonde/inference/neck.h"

#include <algorithm>
#include <cstring>

#include "sonde/core/parallel.h"

namespace sonde {
namespace {

using kernels::Activation;
using kernels::ScratchScope;
using kernels::Storage;

constexpr float kLayerNormEps = 1e-6F;
constexpr std::size_t kPatches = 32;  // of 3 x 3 positions, laid out at a time

LayerWeights conv_weights(const WeightTensor& weight) {
  return {.weight = floats(weight), .bias = {}, .outputs = static_cast<std::size_t>(weight.shape[0])};
}

// Pairs of bf16 must not span two positions.
bool has_odd_channels(const NeckTensors& neck) {
  return neck.conv1.shape[0] % 2 != 0 || neck.conv1.shape[1] % 2 != 0;  // [out][in][1][1]
}

}  // namespace

Neck::Neck(const NeckTensors& neck, Storage storage)
    : storage_(has_odd_channels(neck) ? Storage::fp32 : storage),
      conv1_(pack(conv_weights(neck.conv1), storage_)),
      conv2_(pack(channels_last(conv_weights(neck.conv2), conv1_.view().outputs), storage_)),
      norm1_(neck.norm1, kLayerNormEps),
      norm2_(neck.norm2, kLayerNormEps) {}

void Neck::run(const float* in, std::size_t row_stride, std::size_t height, std::size_t width, float* out,
               int threads) const {
  const std::size_t channels = outputs(), inputs = conv1_.view().inputs, size = size_of(storage_);
  const std::size_t row_bytes = (width + 2) * channels * size;
  // norm1(conv1(x)): [height + 2][width + 2][channels], its margin of zeros being the 3 x 3's padding
  const kernels::Buffer middle((height + 2) * row_bytes);
  std::memset(middle.data(), 0, middle.size());
  parallel_for(threads, static_cast<std::int64_t>(height), [&](std::int64_t i) {
    const auto y = static_cast<std::size_t>(i);
    ScratchScope scratch;
    std::byte* rounded = scratch.bytes(width * inputs * size);
    convert(in + y * row_stride, width * inputs, storage_, rounded);
    auto* sums = scratch.take<float>(width * channels);
    // 1 x 1: a product of each position's channels
    multiply({.in = rounded, .in_stride = inputs, .rows = width, .out = sums, .out_stride = channels},
             conv1_.view());
    layer_norm(sums, channels, width, norm1_.view(), Activation::none,
               middle.data() + (y + 1) * row_bytes + channels * size, channels, storage_);
  });
  // norm2(conv2(x)): a position's 3 x 3 x channels side by side, a row of `patches`, make it a product. Three
  // columns of one row of the map lie side by side already.
  const std::size_t per_row = (width + kPatches - 1) / kPatches, tap_bytes = 3 * channels * size;
  parallel_for(threads, static_cast<std::int64_t>(height * per_row), [&](std::int64_t i) {
    const std::size_t y = static_cast<std::size_t>(i) / per_row,
                      left = static_cast<std::size_t>(i) % per_row * kPatches;
    const std::size_t count = std::min(kPatches, width - left);
    ScratchScope scratch;
    std::byte* patches = scratch.bytes(count * 3 * tap_bytes);
    for (std::size_t x = 0; x < count; ++x) {
      for (std::size_t tap = 0; tap < 3; ++tap) {
        std::memcpy(patches + (3 * x + tap) * tap_bytes,
                    middle.data() + (y + tap) * row_bytes + (left + x) * channels * size, tap_bytes);
      }
    }
    auto* sums = scratch.take<float>(count * channels);
    multiply({.in = patches, .in_stride = 9 * channels, .rows = count, .out = sums, .out_stride = channels},
             conv2_.view());
    layer_norm(sums, channels, count, norm2_.view(), Activation::none, out + (y * width + left) * channels,
               channels, Storage::fp32);
  });
}

}  // namespace sonde
