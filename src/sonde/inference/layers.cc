// SPDX-License-Identifier: Apache-2.0
#include "sonde/inference/layers.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace sonde {
namespace {

constexpr float kBatchNormEps = 1e-5F;
constexpr std::size_t kTaps = 9;

}  // namespace

std::vector<float> floats(const WeightTensor& tensor) {
  const WeightTensor f32 = as_f32(tensor);
  const auto values = floats_of(f32);
  return {values.begin(), values.end()};
}

LayerWeights linear_weights(const LayerTensors& layer) {
  LayerWeights weights{.weight = floats(layer.weight), .bias = floats(layer.bias)};
  weights.outputs = weights.bias.size();
  return weights;
}

// bn(c(x)) when evaluating (model/tiny_vit.cc, ConvBn): batch norm's statistics are fixed then, so it is a
// linear map of each channel, and both together are one convolution with a bias.
LayerWeights conv_bn_weights(const ConvBnTensors& layer) {
  LayerWeights weights{.weight = floats(layer.weight), .bias = {}};
  const auto gamma = floats(layer.norm.weight), beta = floats(layer.norm.bias), mean = floats(layer.mean),
             variance = floats(layer.variance);
  weights.outputs = gamma.size();
  weights.bias.resize(weights.outputs);
  const std::size_t inputs = weights.weight.size() / weights.outputs;
  // gamma (w x - mean) / sqrt(var + eps) + beta = (s w) x + (beta - s mean)
  for (std::size_t i = 0; i < weights.outputs; ++i) {
    const float s = gamma[i] / std::sqrt(variance[i] + kBatchNormEps);
    for (std::size_t k = 0; k < inputs; ++k) weights.weight[i * inputs + k] *= s;
    weights.bias[i] = beta[i] - s * mean[i];
  }
  return weights;
}

LayerWeights channels_last(LayerWeights weights, std::size_t inputs) {
  const std::size_t taps = weights.weight.size() / weights.outputs / inputs;
  std::vector<float> ordered(weights.weight.size());
  for (std::size_t out = 0; out < weights.outputs; ++out) {
    const float* from = weights.weight.data() + out * inputs * taps;
    float* to = ordered.data() + out * inputs * taps;
    for (std::size_t in = 0; in < inputs; ++in) {
      for (std::size_t tap = 0; tap < taps; ++tap) to[tap * inputs + in] = from[in * taps + tap];
    }
  }
  weights.weight = std::move(ordered);
  return weights;
}

kernels::PackedMatrix pack(const LayerWeights& weights, kernels::Storage storage) {
  return {weights.weight, weights.bias, weights.outputs, storage};
}

Norm::Norm(const LayerTensors& layer, float epsilon)
    : weight(floats(layer.weight)), bias(floats(layer.bias)), eps(epsilon) {}

kernels::LayerNorm Norm::view() const {
  return {.weight = weight.data(), .bias = bias.data(), .channels = weight.size(), .eps = eps};
}

DepthwiseConv::DepthwiseConv(const ConvBnTensors& conv_bn, std::size_t stride) : stride_(stride) {
  LayerWeights weights = conv_bn_weights(conv_bn);
  const std::size_t channels = weights.outputs;
  weight_.resize(weights.weight.size());
  for (std::size_t c = 0; c < channels; ++c) {
    // [channel][1][3][3] to [tap][channel]: the kernel works on vectors of channels
    for (std::size_t tap = 0; tap < kTaps; ++tap)
      weight_[tap * channels + c] = weights.weight[c * kTaps + tap];
  }
  bias_ = std::move(weights.bias);
}

kernels::Depthwise DepthwiseConv::view() const {
  return {.weight = weight_.data(), .bias = bias_.data(), .channels = bias_.size(), .stride = stride_};
}

FeatureMap::FeatureMap(float* memory, std::size_t height, std::size_t width, std::size_t channels)
    : origin_(memory + (width + 3) * channels), height_(height), width_(width), channels_(channels) {
  const std::size_t row = (width + 2) * channels;
  std::fill_n(memory, row, 0.0F);
  std::fill_n(memory + (height + 1) * row, row, 0.0F);
  for (std::size_t y = 1; y <= height; ++y) {
    std::fill_n(memory + y * row, channels, 0.0F);
    std::fill_n(memory + (y + 1) * row - channels, channels, 0.0F);
  }
}

}  // namespace sonde
