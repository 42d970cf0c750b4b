// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sonde/model/torch.h"
namespace sonde {

// What both image encoders are to the rest of the network.
struct ImageEncoder : torch::nn::Module {
  // pixels: [B,3,S,S], normalised and padded. Returns [B,out_chans,S/16,S/16].
  virtual torch::Tensor forward(const torch::Tensor& pixels) = 0;
};

// Layers shared by the boxes of the paper. Their parameters have a shape but no memory (one element, strides
// 0) until weights are set: so a network is built from an untrusted checkpoint's sizes, and compared with its
// tensors, before anything is allocated.
namespace nn {

torch::Tensor unfilled(at::IntArrayRef shape);

struct LinearImpl : torch::nn::Module {
  LinearImpl(std::int64_t in, std::int64_t out);
  torch::Tensor forward(const torch::Tensor& x);  // [...,in] -> [...,out]
  torch::Tensor weight, bias;
};
TORCH_MODULE(Linear);

struct LayerNormImpl : torch::nn::Module {
  LayerNormImpl(std::int64_t channels, double eps);
  torch::Tensor forward(
      const torch::Tensor& x);  // [...,channels], also over a map's channels when they lie last
  torch::Tensor weight, bias;
  double eps;
};
TORCH_MODULE(LayerNorm);

struct ConvSizes {
  std::int64_t in = 1, out = 1, kernel = 1, stride = 1, padding = 0, groups = 1;
};
enum class ConvBias { none, learned };
// A 1 x 1 convolution is computed as a matrix product: LibTorch's own choice of algorithm for it depends on
// the number of threads.
torch::Tensor convolve(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias,
                       const ConvSizes& sizes);

struct Conv2dImpl : torch::nn::Module {
  Conv2dImpl(const ConvSizes& conv_sizes, ConvBias with_bias);
  torch::Tensor forward(
      const torch::Tensor& x);  // [B,in,H,W] -> [B,out,H',W'], fastest when channels lie last in memory
  torch::Tensor weight, bias;
  ConvSizes sizes;
};
TORCH_MODULE(Conv2d);

// Kernel 2, stride 2: the patches do not overlap, so each input position gives its 2 x 2 outputs by one
// matrix product.
struct ConvTranspose2dImpl : torch::nn::Module {
  ConvTranspose2dImpl(std::int64_t in, std::int64_t out);
  torch::Tensor forward(
      const torch::Tensor& x);  // [...,in] -> [...,2,2,out]: row and column within the 2 x 2 patch
  torch::Tensor weight, bias;
};
TORCH_MODULE(ConvTranspose2d);

// LibTorch 1.13 with oneDNN gets its gradient wrong where the incoming gradient lies otherwise in memory than
// x does: here it is laid out as x first.
torch::Tensor gelu(const torch::Tensor& x);

enum class Activation { gelu, relu };
struct MlpBlockImpl : torch::nn::Module {
  MlpBlockImpl(std::int64_t embedding_dim, std::int64_t mlp_dim, Activation act);
  torch::Tensor forward(const torch::Tensor& x);  // [...,embedding_dim] -> the same
  Linear lin1{nullptr}, lin2{nullptr};
  Activation activation;
};
TORCH_MODULE(MlpBlock);

// Ends both image encoders: a 1 x 1 and a 3 x 3 convolution, each followed by a layer norm over the channels.
struct NeckImpl : torch::nn::Module {
  NeckImpl(std::int64_t in, std::int64_t out);
  torch::Tensor forward(const torch::Tensor& x);  // [B,H,W,in] -> [B,out,H,W]
  Conv2d conv1{nullptr}, conv2{nullptr};
  LayerNorm norm1{nullptr}, norm2{nullptr};
};
TORCH_MODULE(Neck);

// Modules of one kind, named 0, 1, ... as torch.nn.ModuleList names them.
template <typename Holder>
struct List : torch::nn::Module {
  void push_back(Holder item) {
    items.push_back(register_module(std::to_string(items.size()), std::move(item)));
  }
  std::vector<Holder> items;
};

// [B,H,W,C] -> [B*windows,window,window,C], zeros appended below and at the right where the window does not
// divide the side.
torch::Tensor windows_from_grid(const torch::Tensor& x, std::int64_t window);
// The inverse for a grid of [B,height,width,C]; the padding is dropped.
torch::Tensor grid_from_windows(const torch::Tensor& windows, std::int64_t height, std::int64_t width);

}  // namespace nn
}  // namespace sonde
