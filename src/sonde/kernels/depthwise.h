// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>

#include "sonde/kernels/buffer.h"
#include "sonde/kernels/matrix.h"

namespace sonde::kernels {

// A 3 x 3 convolution of each channel by itself: torch's conv2d with groups = channels and padding = 1.
struct Depthwise {
  const float* weight = nullptr;  // [9][channels]: row by row
  const float* bias = nullptr;    // [channels]
  std::size_t channels = 0;
  std::size_t stride = 1;  // 1 or 2
};
// One row of `width` results. in: the three rows it is made of, channels last, from the column left of the
// first result's centre on: (width - 1) * stride + 3 columns.
struct DepthwiseRow {
  std::array<const void*, 3> in{};
  Storage in_storage = Storage::fp32;
  std::size_t width = 0;
  Activation activation = Activation::none;
  void* out = nullptr;  // [width][channels]
  Storage out_storage = Storage::fp32;
};
void convolve(const DepthwiseRow& row, const Depthwise& layer);

}  // namespace sonde::kernels
