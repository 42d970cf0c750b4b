// SPDX-License-Identifier: Apache-2.0
#include "sonde/model/common.h"

namespace sonde::nn {

torch::Tensor unfilled(at::IntArrayRef shape) {
  auto tensor = torch::empty_strided(shape, std::vector<std::int64_t>(shape.size(), 0));
  if (tensor.numel() > 0) tensor.as_strided({1}, {1}).zero_();
  return tensor;
}

LinearImpl::LinearImpl(std::int64_t in, std::int64_t out)
    : weight(register_parameter("weight", unfilled({out, in}))),
      bias(register_parameter("bias", unfilled({out}))) {}

torch::Tensor LinearImpl::forward(const torch::Tensor& x) { return at::linear(x, weight, bias); }

LayerNormImpl::LayerNormImpl(std::int64_t channels, double epsilon)
    : weight(register_parameter("weight", unfilled({channels}))),
      bias(register_parameter("bias", unfilled({channels}))),
      eps(epsilon) {}

torch::Tensor LayerNormImpl::forward(const torch::Tensor& x) {
  return at::layer_norm(x, weight.sizes(), weight, bias, eps);
}

torch::Tensor convolve(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias,
                       const ConvSizes& sizes) {
  if (sizes.kernel == 1 && sizes.stride == 1 && sizes.padding == 0 && sizes.groups == 1) {
    return at::linear(x.permute({0, 2, 3, 1}), weight.flatten(1), bias).permute({0, 3, 1, 2});
  }
  return at::conv2d(x, weight, bias, sizes.stride, sizes.padding, /*dilation=*/1, sizes.groups);
}

Conv2dImpl::Conv2dImpl(const ConvSizes& conv_sizes, ConvBias with_bias)
    : weight(register_parameter("weight", unfilled({conv_sizes.out, conv_sizes.in / conv_sizes.groups,
                                                    conv_sizes.kernel, conv_sizes.kernel}))),
      sizes(conv_sizes) {
  if (with_bias == ConvBias::learned) bias = register_parameter("bias", unfilled({conv_sizes.out}));
}

torch::Tensor Conv2dImpl::forward(const torch::Tensor& x) { return convolve(x, weight, bias, sizes); }

ConvTranspose2dImpl::ConvTranspose2dImpl(std::int64_t in, std::int64_t out)
    : weight(register_parameter("weight", unfilled({in, out, 2, 2}))),
      bias(register_parameter("bias", unfilled({out}))) {}

torch::Tensor ConvTranspose2dImpl::forward(const torch::Tensor& x) {
  const auto patch_weight = weight.permute({2, 3, 1, 0}).flatten(0, 2);  // [in,out,2,2] -> [2*2*out,in]
  return at::linear(x, patch_weight, bias.repeat({4})).unflatten(-1, {2, 2, bias.size(0)});
}

torch::Tensor gelu(const torch::Tensor& x) {
  if (!torch::GradMode::is_enabled() || !x.requires_grad()) return at::gelu(x);
  const auto in = x.is_non_overlapping_and_dense() ? x : x.contiguous();
  auto y = at::gelu(in);
  y.register_hook([strides = in.strides().vec()](const torch::Tensor& gradient) {
    if (gradient.strides() == strides) return gradient;
    return at::empty_strided(gradient.sizes(), strides, gradient.options()).copy_(gradient);
  });
  return y;
}

MlpBlockImpl::MlpBlockImpl(std::int64_t embedding_dim, std::int64_t mlp_dim, Activation act)
    : lin1(register_module("lin1", Linear(embedding_dim, mlp_dim))),
      lin2(register_module("lin2", Linear(mlp_dim, embedding_dim))),
      activation(act) {}

torch::Tensor MlpBlockImpl::forward(const torch::Tensor& x) {
  const auto hidden = lin1(x);
  return lin2(activation == Activation::gelu ? nn::gelu(hidden) : at::relu(hidden));
}

NeckImpl::NeckImpl(std::int64_t in, std::int64_t out)
    : conv1(register_module("0", Conv2d(ConvSizes{.in = in, .out = out}, ConvBias::none))),
      conv2(register_module(
          "2", Conv2d(ConvSizes{.in = out, .out = out, .kernel = 3, .padding = 1}, ConvBias::none))),
      norm1(register_module("1", LayerNorm(out, 1e-6))),
      norm2(register_module("3", LayerNorm(out, 1e-6))) {}

torch::Tensor NeckImpl::forward(const torch::Tensor& x) {
  auto map = conv1(x.permute({0, 3, 1, 2})).permute({0, 2, 3, 1});  // [B,H,W,out]
  map = conv2(norm1(map).permute({0, 3, 1, 2}));                    // [B,out,H,W]
  return norm2(map.permute({0, 2, 3, 1})).permute({0, 3, 1, 2}).contiguous();
}

torch::Tensor windows_from_grid(const torch::Tensor& x, std::int64_t window) {
  const auto B = x.size(0), H = x.size(1), W = x.size(2), C = x.size(3);
  const auto below = (window - H % window) % window, right = (window - W % window) % window;
  const auto padded = below + right > 0 ? at::constant_pad_nd(x, {0, 0, 0, right, 0, below}) : x;
  return padded.reshape({B, (H + below) / window, window, (W + right) / window, window, C})
      .transpose(2, 3)
      .reshape({-1, window, window, C});
}

torch::Tensor grid_from_windows(const torch::Tensor& windows, std::int64_t height, std::int64_t width) {
  const auto window = windows.size(1), C = windows.size(3);
  const auto rows = (height + window - 1) / window, columns = (width + window - 1) / window;
  return windows.view({-1, rows, columns, window, window, C})
      .transpose(2, 3)
      .reshape({-1, rows * window, columns * window, C})
      .slice(1, 0, height)
      .slice(2, 0, width);
}

}  // namespace sonde::nn
