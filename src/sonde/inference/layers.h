// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "sonde/kernels/depthwise.h"
#include "sonde/kernels/elementwise.h"
#include "sonde/kernels/matrix.h"
#include "sonde/weights/sam_tensors.h"

namespace sonde {

std::vector<float> floats(const WeightTensor& tensor);

// weight [out][in] and bias of a layer, after what is folded into them.
struct LayerWeights {
  std::vector<float> weight, bias;  // bias may be empty
  std::size_t outputs = 0;
};
LayerWeights linear_weights(const LayerTensors& layer);
// A convolution without bias and the batch norm after it, as one. weight: [out][in/groups][h][w].
LayerWeights conv_bn_weights(const ConvBnTensors& layer);
// [out][in][h][w] to [out][h][w][in], the order of patches whose channels lie last.
LayerWeights channels_last(LayerWeights weights, std::size_t inputs);

kernels::PackedMatrix pack(const LayerWeights& weights, kernels::Storage storage);

struct Norm {
  Norm() = default;
  Norm(const LayerTensors& layer, float eps);
  kernels::LayerNorm view() const;
  std::vector<float> weight, bias;
  float eps = 0;
};

// A depthwise 3 x 3 convolution with its batch norm.
class DepthwiseConv {
 public:
  DepthwiseConv() = default;
  DepthwiseConv(const ConvBnTensors& conv_bn, std::size_t stride);
  kernels::Depthwise view() const;

 private:
  std::vector<float> weight_, bias_;
  std::size_t stride_ = 1;
};

// The input of a convolution with padding=1: a map of height x width positions, channels last, with a margin
// of one zero position on every side, as 3 x 3 convolutions want it. A view of memory; making it clears the
// margin.
class FeatureMap {
 public:
  FeatureMap(float* memory, std::size_t height, std::size_t width, std::size_t channels);
  static std::size_t floats(std::size_t height, std::size_t width, std::size_t channels) {
    return (height + 2) * (width + 2) * channels;
  }
  // Also of row and column -1 and height, width: the margin.
  float* at(std::ptrdiff_t row, std::ptrdiff_t column) const {
    return origin_ +
           (row * static_cast<std::ptrdiff_t>(width_ + 2) + column) * static_cast<std::ptrdiff_t>(channels_);
  }
  std::size_t height() const { return height_; }
  std::size_t width() const { return width_; }
  std::size_t channels() const { return channels_; }

 private:
  float* origin_;
  std::size_t height_, width_, channels_;
};

}  // namespace sonde
