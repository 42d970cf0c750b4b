// SPDX-License-Identifier: Apache-2.0
#include "sonde/inference/decoder_upscale.h"

#include <algorithm>

#include "sonde/core/parallel.h"
#include "sonde/kernels/decoder_blocks.h"

namespace sonde::decoder {
namespace {

using kernels::Activation;
using kernels::kBlock;

constexpr std::size_t kPatch = 4;  // positions that a transposed convolution makes of one

// output_upscaling: gelu(norm(conv_transpose(x))), gelu(conv_transpose(x)). Kernel and stride are 2, so each
// position gives 2 x 2 ("patches") of its own, each of these 2 x 2 again: a block of positions goes through
// both convolutions and the product with the masks' weights without its neighbours.
struct Upscaler {
  const Weights& weights;
  const PreparedImage& image;
  const ImageState& state;
  const float* rows;  // the first convolution of the features: [channels][features]
  std::span<const float> hyper;
  std::span<const std::span<float>> masks;

  // x = gelu(output_upscaling.1(output_upscaling.0(keys))) of one of the four patches:
  //   output_upscaling.0(keys) = s A (keys0 * w) + (A N) F,
  // A (keys0 * w) being there for each image and `rows` = A N for each prompt. [channels / 4][kBlock], and a
  // row of ones, with which the second convolution's bias is multiplied.
  void upscale_once(std::size_t block, std::size_t patch, float* out) const {
    const Sizes& sizes = weights.sizes;
    const std::size_t channels = sizes.channels / kPatch;
    kernels::scale_columns(upscaled_block(image.projected, sizes, block) + patch * channels * kBlock,
                           channels, state.scale + block * kBlock, out);
    multiply({.in = rows + patch * channels * state.features,
              .in_stride = state.features,
              .rows = channels,
              .residual = out,
              .residual_stride = kBlock,
              .out = out,
              .out_stride = kBlock},
             kernels::view_rows(state.feature_blocks + block * state.capacity * kBlock, state.features,
                                kBlock, kBlock));
    const Norm& norm = weights.upscaling.norm;
    kernels::BlockMoments moments;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled in at once
    kernels::moments_over_channels(out, channels, norm.eps, moments);
    kernels::normalise_channels(out, channels, moments, norm.weight.data(), norm.bias.data(),
                                Activation::gelu, out);
    std::fill_n(out + channels * kBlock, kBlock, 1.0F);
  }

  // gelu(output_upscaling.3(x)), [4 * upscaled][kBlock], then hyper_in @ it, of each patch of a block.
  // Logits: [patch][patch of it][mask][kBlock].
  void run(std::size_t block) const {
    const Sizes& sizes = weights.sizes;
    const std::size_t inputs = sizes.channels / kPatch + 1, count = masks.size();
    kernels::ScratchScope scratch;
    auto* once = scratch.take<float>(inputs * kBlock);
    auto* twice = scratch.take<float>(kPatch * sizes.upscaled * kBlock);
    auto* logits = scratch.take<float>(kPatch * kPatch * count * kBlock);
    for (std::size_t patch = 0; patch < kPatch; ++patch) {
      upscale_once(block, patch, once);
      multiply({.in = weights.upscaling.weight2.data(),
                .in_stride = inputs,
                .rows = kPatch * sizes.upscaled,
                .activation = Activation::gelu,
                .out = twice,
                .out_stride = kBlock},
               kernels::view_rows(once, inputs, kBlock, kBlock));
      for (std::size_t i = 0; i < kPatch; ++i) {
        multiply({.in = hyper.data(),
                  .in_stride = sizes.upscaled,
                  .rows = count,
                  .out = logits + (patch * kPatch + i) * count * kBlock,
                  .out_stride = kBlock},
                 kernels::view_rows(twice + i * sizes.upscaled * kBlock, sizes.upscaled, kBlock, kBlock));
      }
    }
    for (std::size_t mask = 0; mask < count; ++mask) write(block, mask, logits + mask * kBlock);
  }

  // From patches to rows of the mask: pixel (y, x) of the 4 x 4 that a position covers lies in patch
  // (y / 2, x / 2), and there in patch (y % 2, x % 2).
  void write(std::size_t block, std::size_t mask, const float* logits) const {
    const std::size_t side = weights.sizes.side, first = block * kBlock;
    const std::size_t count = std::min(kBlock, weights.sizes.positions - first);
    const std::size_t stride = masks.size() * kBlock;  // from patch to patch
    for (std::size_t row = 0; row < kPatch; ++row) {   // of the mask's four that a position covers
      const float* patches = logits + (row / 2 * 2 * kPatch + row % 2 * 2) * stride;
      for (std::size_t p = 0; p < count; ++p) {
        const std::size_t position = first + p;
        float* out =
            masks[mask].data() + ((position / side * kPatch + row) * side + position % side) * kPatch;
        out[0] = patches[p];
        out[1] = patches[stride + p];
        out[2] = patches[kPatch * stride + p];
        out[3] = patches[(kPatch + 1) * stride + p];
      }
    }
  }
};

}  // namespace

void upscale(const Weights& weights, const PreparedImage& image, const ImageState& state,
             std::span<const float> hyper, int threads, std::span<const std::span<float>> masks) {
  const std::size_t C = weights.sizes.channels, features = state.features;
  kernels::ScratchScope scratch;
  auto* rows = scratch.take<float>(C * features);
  multiply({.in = weights.upscaling.weight1.data(),
            .in_stride = C,
            .rows = C,
            .out = rows,
            .out_stride = features},
           kernels::view_rows(state.columns, C, features, state.column_stride));
  // The last feature is 1: it takes the bias.
  for (std::size_t c = 0; c < C; ++c) rows[(c + 1) * features - 1] += weights.upscaling.bias1[c];
  const Upscaler upscaler{weights, image, state, rows, hyper, masks};
  parallel_for(threads, static_cast<std::int64_t>(weights.sizes.blocks),
               [&](std::int64_t block) { upscaler.run(static_cast<std::size_t>(block)); });
}

}  // namespace sonde::decoder
