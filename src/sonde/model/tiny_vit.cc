// SPDX-License-Identifier: Apache-2.0
#include "sonde/model/tiny_vit.h"

#include <cmath>
#include <string>

#include "sonde/model/recomputed.h"

namespace sonde {
namespace {

constexpr double kBatchNormEps = 1e-5, kBatchNormMomentum = 0.1, kLayerNormEps = 1e-5;
constexpr std::int64_t kExpandRatio = 4;

nn::ConvSizes depthwise(std::int64_t dim, std::int64_t stride) {
  return {.in = dim, .out = dim, .kernel = 3, .stride = stride, .padding = 1, .groups = dim};
}
nn::ConvSizes pointwise(std::int64_t in, std::int64_t out) { return {.in = in, .out = out}; }

}  // namespace

ConvBnImpl::BatchNormImpl::BatchNormImpl(std::int64_t channels)
    : weight(register_parameter("weight", nn::unfilled({channels}))),
      bias(register_parameter("bias", nn::unfilled({channels}))),
      running_mean(register_buffer("running_mean", nn::unfilled({channels}))),
      running_var(register_buffer("running_var", nn::unfilled({channels}))),
      num_batches_tracked(register_buffer("num_batches_tracked", torch::zeros({}, torch::kLong))) {}

ConvBnImpl::ConvBnImpl(const nn::ConvSizes& sizes)
    : c(register_module("c", nn::Conv2d(sizes, nn::ConvBias::none))),
      bn(register_module("bn", std::make_shared<BatchNormImpl>(sizes.out))) {}

torch::Tensor ConvBnImpl::forward(const torch::Tensor& x) {
  if (is_training()) {
    bn->num_batches_tracked.add_(1);
    return at::batch_norm(c(x), bn->weight, bn->bias, bn->running_mean, bn->running_var, /*training=*/true,
                          kBatchNormMomentum, kBatchNormEps, /*cudnn_enabled=*/true);
  }
  // gamma (w x - mean) / sqrt(var + eps) + beta = (s w) x + (beta - s mean), s = gamma / sqrt(var + eps)
  const auto s = bn->weight * at::rsqrt(bn->running_var + kBatchNormEps);
  return nn::convolve(x, c->weight * s.view({-1, 1, 1, 1}), bn->bias - s * bn->running_mean, c->sizes);
}

MbConvImpl::MbConvImpl(std::int64_t dim)
    : conv1(register_module("conv1", ConvBn(pointwise(dim, kExpandRatio * dim)))),
      conv2(register_module("conv2", ConvBn(depthwise(kExpandRatio * dim, 1)))),
      conv3(register_module("conv3", ConvBn(pointwise(kExpandRatio * dim, dim)))) {}

torch::Tensor MbConvImpl::forward(const torch::Tensor& x) {
  const auto widened = nn::gelu(conv1(x));
  const auto convolved = nn::gelu(conv2(widened));
  return nn::gelu(conv3(convolved) + x);
}

PatchMergingImpl::PatchMergingImpl(std::int64_t dim, std::int64_t out_dim, std::int64_t stride)
    : conv1(register_module("conv1", ConvBn(pointwise(dim, out_dim)))),
      conv2(register_module("conv2", ConvBn(depthwise(out_dim, stride)))),
      conv3(register_module("conv3", ConvBn(pointwise(out_dim, out_dim)))) {}

torch::Tensor PatchMergingImpl::forward(const torch::Tensor& x) {
  return conv3(nn::gelu(conv2(nn::gelu(conv1(x)))));
}

TinyVitAttentionImpl::TinyVitAttentionImpl(std::int64_t dim, std::int64_t heads, std::int64_t window)
    : norm(register_module("norm", nn::LayerNorm(dim, kLayerNormEps))),
      qkv(register_module("qkv", nn::Linear(dim, 3 * dim))),
      proj(register_module("proj", nn::Linear(dim, dim))),
      attention_biases(register_parameter("attention_biases", nn::unfilled({heads, window * window}))),
      window_size(window) {}

torch::Tensor TinyVitAttentionImpl::forward(const torch::Tensor& x) {
  const auto B = x.size(0), N = x.size(1), C = x.size(2), heads = attention_biases.size(0);
  // Of each head its queries, keys, values: [B,N,3*C] -> [B,heads,N,3*c]
  const auto parts = qkv(norm(x)).view({B, N, heads, -1}).transpose(1, 2).chunk(3, -1);
  const auto q = parts[0] * (1.0 / std::sqrt(static_cast<double>(C / heads)));

  const auto options = attention_biases.options().dtype(torch::kLong).requires_grad(false);
  const auto position = torch::arange(window_size, options);
  const auto distance = (position.unsqueeze(1) - position.unsqueeze(0)).abs();  // [window,window]
  const auto index = (distance.view({window_size, 1, window_size, 1}) * window_size +
                      distance.view({1, window_size, 1, window_size}))
                         .flatten();  // [N*N] of query (y,x) and key (y',x')
  const auto bias = attention_biases.index_select(1, index).view({heads, N, N});

  const auto scores = at::matmul(q, parts[1].transpose(2, 3)).add_(bias);  // [B,heads,N,N]
  const auto out = at::matmul(at::softmax(scores, -1), parts[2]);          // [B,heads,N,c]
  return proj(out.transpose(1, 2).reshape({B, N, C}));
}

TinyVitMlpImpl::TinyVitMlpImpl(std::int64_t dim, std::int64_t hidden)
    : norm(register_module("norm", nn::LayerNorm(dim, kLayerNormEps))),
      fc1(register_module("fc1", nn::Linear(dim, hidden))),
      fc2(register_module("fc2", nn::Linear(hidden, dim))) {}

torch::Tensor TinyVitMlpImpl::forward(const torch::Tensor& x) { return fc2(nn::gelu(fc1(norm(x)))); }

TinyVitBlockImpl::TinyVitBlockImpl(const TinyVitSizes& sizes, std::size_t stage)
    : attn(register_module("attn", TinyVitAttention(sizes.embed_dims.at(stage), sizes.num_heads.at(stage),
                                                    sizes.window_sizes.at(stage)))),
      mlp(register_module(
          "mlp", TinyVitMlp(sizes.embed_dims.at(stage), sizes.embed_dims.at(stage) * sizes.mlp_ratio))),
      local_conv(register_module("local_conv", ConvBn(depthwise(sizes.embed_dims.at(stage), 1)))),
      window_size(sizes.window_sizes.at(stage)) {}

torch::Tensor TinyVitBlockImpl::forward(const torch::Tensor& x) {
  auto grid = x.permute({0, 2, 3, 1});  // [B,H,W,C]
  const auto windows = nn::windows_from_grid(grid, window_size);
  const auto attended = attn(windows.flatten(1, 2)).view(windows.sizes());
  grid = grid + nn::grid_from_windows(attended, grid.size(1), grid.size(2));
  grid = local_conv(grid.permute({0, 3, 1, 2})).permute({0, 2, 3, 1});
  return (grid + mlp(grid)).permute({0, 3, 1, 2});
}

TinyVit::TinyVit(const TinyVitSizes& sizes) {
  const auto& dims = sizes.embed_dims;
  auto patch_embed = register_module("patch_embed", std::make_shared<torch::nn::Module>());
  auto seq = patch_embed->register_module("seq", std::make_shared<torch::nn::Module>());
  patch_embed1 = seq->register_module(
      "0", ConvBn(nn::ConvSizes{.in = 3, .out = dims[0] / 2, .kernel = 3, .stride = 2, .padding = 1}));
  patch_embed2 = seq->register_module(
      "2", ConvBn(nn::ConvSizes{.in = dims[0] / 2, .out = dims[0], .kernel = 3, .stride = 2, .padding = 1}));

  auto layers = register_module("layers", std::make_shared<torch::nn::Module>());
  conv_stage = layers->register_module("0", std::make_shared<TinyVitStage<MbConv>>());
  for (std::int64_t i = 0; i < sizes.depths[0]; ++i) conv_stage->blocks->push_back(MbConv(dims[0]));
  conv_stage->downsample = conv_stage->register_module("downsample", PatchMerging(dims[0], dims[1], 2));
  for (std::size_t stage = 1; stage < dims.size(); ++stage) {
    auto layer =
        layers->register_module(std::to_string(stage), std::make_shared<TinyVitStage<TinyVitBlock>>());
    for (std::int64_t i = 0; i < sizes.depths.at(stage); ++i)
      layer->blocks->push_back(TinyVitBlock(sizes, stage));
    if (stage + 1 < dims.size()) {
      // The last merging keeps the side, for S/16 in the end. (Published as a rule on its width: 320, 448 or
      // 576.)
      const std::int64_t stride = stage + 2 == dims.size() ? 1 : 2;
      layer->downsample =
          layer->register_module("downsample", PatchMerging(dims.at(stage), dims.at(stage + 1), stride));
    }
    attention_stages.push_back(layer);
  }
  neck = register_module("neck", nn::Neck(dims.back(), sizes.out_chans));
}

torch::Tensor TinyVit::forward(const torch::Tensor& pixels) {
  // Channels last in memory throughout, so that a map is a grid of tokens without a copy.
  auto x = pixels.contiguous(torch::MemoryFormat::ChannelsLast);
  x = patch_embed2(nn::gelu(patch_embed1(x)));  // [B,C0,S/4,S/4]
  // Where all of it is tuned, what is kept for the gradient would be 2 GB.
  const bool is_tuned = patch_embed1->c->weight.requires_grad();
  const auto through = [&](auto part) { x = is_tuned ? nn::recomputed(part, x) : part(x); };
  for (auto& block : conv_stage->blocks->items) through(block);
  through(conv_stage->downsample);  // [B,C1,S/8,S/8]
  for (auto& stage : attention_stages) {
    for (auto& block : stage->blocks->items) through(block);
    if (stage->downsample) through(stage->downsample);
  }  // [B,C3,S/16,S/16]
  return neck(x.permute({0, 2, 3, 1}));
}

}  // namespace sonde
