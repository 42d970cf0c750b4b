// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "sonde/model/common.h"
#include "sonde/model/torch.h"
#include "sonde/weights/variants.h"

namespace sonde {

// MobileSAM's image encoder: a stage of inverted bottlenecks, then three of windowed attention with a
// convolution in between. Source: Wu et al. 2022 (TinyViT); Zhang et al. 2023 (MobileSAM): no classifier, the
// last merging keeps the side.

// A convolution without bias and its batch norm; when evaluating, one convolution with the norm folded into
// its weights.
struct ConvBnImpl : torch::nn::Module {
  explicit ConvBnImpl(const nn::ConvSizes& sizes);
  torch::Tensor forward(const torch::Tensor& x);  // [B,in,H,W] -> [B,out,H',W']
  struct BatchNormImpl : torch::nn::Module {
    explicit BatchNormImpl(std::int64_t channels);
    torch::Tensor weight, bias, running_mean, running_var, num_batches_tracked;
  };
  nn::Conv2d c{nullptr};
  std::shared_ptr<BatchNormImpl> bn;
};
TORCH_MODULE(ConvBn);

// Inverted bottleneck (Sandler et al. 2018): widen, convolve by channel, narrow.
struct MbConvImpl : torch::nn::Module {
  explicit MbConvImpl(std::int64_t dim);
  torch::Tensor forward(const torch::Tensor& x);  // [B,dim,H,W] -> the same
  ConvBn conv1{nullptr}, conv2{nullptr}, conv3{nullptr};
};
TORCH_MODULE(MbConv);

struct PatchMergingImpl : torch::nn::Module {
  PatchMergingImpl(std::int64_t dim, std::int64_t out_dim, std::int64_t stride);
  torch::Tensor forward(const torch::Tensor& x);  // [B,dim,H,W] -> [B,out_dim,H/stride,W/stride]
  ConvBn conv1{nullptr}, conv2{nullptr}, conv3{nullptr};
};
TORCH_MODULE(PatchMerging);

struct TinyVitAttentionImpl : torch::nn::Module {
  TinyVitAttentionImpl(std::int64_t dim, std::int64_t heads, std::int64_t window);
  torch::Tensor forward(const torch::Tensor& x);  // [B*windows,window*window,dim] -> the same
  nn::LayerNorm norm{nullptr};
  nn::Linear qkv{nullptr}, proj{nullptr};
  torch::Tensor attention_biases;  // [heads,window*window], by |dy|*window + |dx|
  std::int64_t window_size;
};
TORCH_MODULE(TinyVitAttention);

struct TinyVitMlpImpl : torch::nn::Module {
  TinyVitMlpImpl(std::int64_t dim, std::int64_t hidden);
  torch::Tensor forward(const torch::Tensor& x);  // [...,dim] -> the same
  nn::LayerNorm norm{nullptr};
  nn::Linear fc1{nullptr}, fc2{nullptr};
};
TORCH_MODULE(TinyVitMlp);

struct TinyVitBlockImpl : torch::nn::Module {
  TinyVitBlockImpl(const TinyVitSizes& sizes, std::size_t stage);
  torch::Tensor forward(const torch::Tensor& x);  // [B,dim,H,W] -> the same
  TinyVitAttention attn{nullptr};
  TinyVitMlp mlp{nullptr};
  ConvBn local_conv{nullptr};
  std::int64_t window_size;
};
TORCH_MODULE(TinyVitBlock);

// One of the four stages: its blocks (of convolution or of attention), then the merging into the next, which
// the last lacks.
template <typename Block>
struct TinyVitStage : torch::nn::Module {
  std::shared_ptr<nn::List<Block>> blocks = register_module("blocks", std::make_shared<nn::List<Block>>());
  PatchMerging downsample{nullptr};  // or null
};

struct TinyVit : ImageEncoder {
  explicit TinyVit(const TinyVitSizes& sizes);
  torch::Tensor forward(const torch::Tensor& pixels) override;
  ConvBn patch_embed1{nullptr}, patch_embed2{nullptr};
  std::shared_ptr<TinyVitStage<MbConv>> conv_stage;
  std::vector<std::shared_ptr<TinyVitStage<TinyVitBlock>>> attention_stages;
  nn::Neck neck{nullptr};
};

}  // namespace sonde
