// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sonde/inference/layers.h"
#include "sonde/inference/network.h"
#include "sonde/inference/normalise.h"

namespace sonde {

// The layers of TinyViT (model/tiny_vit.h), each fused so that what it widens to never leaves the cache. A
// grid in, a grid out; work is split by constant sizes.

// The upper left part of a grid.
struct Part {
  std::size_t height, width;
  bool operator==(const Part&) const = default;
};
inline Part whole(const FeatureMap& grid) { return {grid.height(), grid.width()}; }

// A rectangle of results, done by one thread in one go.
struct Strip {
  std::size_t top, left, height, width;
};

// The normalised picture to a quarter of its side: two convolutions of stride 2, a GELU in between.
// x = patch_embed2(gelu(patch_embed1(x)))  (model/tiny_vit.cc, TinyVit; published: patch_embed.seq)
class TinyPatchEmbed {
 public:
  TinyPatchEmbed(const TinyVitTensors& encoder, kernels::Storage storage);
  // out: [frame/4][frame/4][C0]. The frame beyond the pixels is 0.
  void run(const FramePixels& pixels, const FeatureMap& out, Part part, int threads) const;

 private:
  void run_strip(const FramePixels& pixels, const FeatureMap& out, const Strip& strip) const;
  void first_conv_row(const FramePixels& pixels, const FeatureMap& out, const Strip& strip,
                      std::ptrdiff_t row, std::byte* result) const;

  kernels::Storage storage_;
  kernels::PackedMatrix conv1_, conv2_;
  PixelNormaliser normaliser_;
};

// Widen by a 1 x 1 convolution, GELU, convolve by channel, GELU, narrow by a 1 x 1 convolution: MBConv, which
// adds its input before a last GELU, and PatchMerging, which does not. (model/tiny_vit.cc)
//   MBConv        x = gelu(conv3(gelu(conv2(gelu(conv1(x))))) + x)   [H*W][C] -> [H*W][4 C] -> [H*W][C]
//   PatchMerging  x = conv3(gelu(conv2(gelu(conv1(x)))))             [H*W][C] -> [H/2*W/2][C']
class TinyBottleneck {
 public:
  enum class Kind : std::uint8_t { mb_conv, patch_merging };
  TinyBottleneck(const BottleneckTensors& layer, Kind kind, std::size_t stride, kernels::Storage storage);
  std::size_t stride() const { return depthwise_.view().stride; }
  std::size_t outputs() const { return narrow_.view().outputs; }
  void run(const FeatureMap& in, const FeatureMap& out, Part part, int threads) const;

 private:
  void run_strip(const FeatureMap& in, const FeatureMap& out, const Strip& strip) const;
  void widen_row(const FeatureMap& in, const Strip& strip, std::ptrdiff_t row, std::byte* out) const;

  Kind kind_;
  kernels::Storage storage_;
  kernels::PackedMatrix widen_, narrow_;
  DepthwiseConv depthwise_;
};

// Attention in windows, a depthwise convolution, an MLP: [H*W][C] to the same. (model/tiny_vit.cc,
// TinyVitBlock)
//   x = x + attn(x), of windows;  x = local_conv(x);  x = x + mlp(x)
class TinyBlock {
 public:
  TinyBlock(const TinyVitBlockTensors& block, std::size_t heads, std::size_t window,
            kernels::Storage storage);
  std::size_t window() const { return window_; }
  // x = x + attn(x) of all windows that begin in the part, in place: windows do not see each other.
  void attend(const FeatureMap& grid, Part part, int threads) const;
  // x = local_conv(x), x = x + mlp(x): row by row, as the MLP sees one position at a time.
  void transform(const FeatureMap& in, const FeatureMap& out, Part part, int threads) const;

 private:
  struct Window;
  void attend_windows(const FeatureMap& grid, std::size_t first_row, std::size_t first_column,
                      std::size_t count) const;
  void attend_heads(const Window& window, const std::byte* qkv, std::byte* out) const;
  void transform_row(const FeatureMap& in, const FeatureMap& out, std::size_t row, std::size_t width) const;

  kernels::Storage storage_;
  std::size_t heads_, window_, channels_;
  Norm attention_norm_, mlp_norm_;
  kernels::PackedMatrix qkv_, proj_, fc1_, fc2_;
  std::vector<std::byte> outside_qkv_;  // of a position that pads a window
  std::vector<float> biases_;           // [heads][window^2][window^2]
  DepthwiseConv local_conv_;
};

}  // namespace sonde
