// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "sonde/inference/layers.h"

namespace sonde {

// Ends both image encoders: a 1 x 1 and a 3 x 3 convolution, each followed by a layer norm over the channels.
// x = norm2(conv2(norm1(conv1(x))))  (model/common.cc, Neck)
class Neck {
 public:
  Neck(const NeckTensors& neck, kernels::Storage storage);
  std::size_t outputs() const { return conv2_.view().outputs; }
  // in: rows of `width` tokens, `row_stride` values apart. out: [height][width][outputs].
  void run(const float* in, std::size_t row_stride, std::size_t height, std::size_t width, float* out,
           int threads) const;

 private:
  kernels::Storage storage_;
  kernels::PackedMatrix conv1_, conv2_;
  Norm norm1_, norm2_;
};

}  // namespace sonde
