// SPDX-License-Identifier: Apache-2.0
#include "sonde/inference/decoder_prompt.h"

#include <algorithm>
#include <cmath>

#include "sonde/core/parallel.h"
#include "sonde/kernels/decoder_blocks.h"

namespace sonde::decoder {
namespace {

using kernels::Activation;
using kernels::kBlock;
using kernels::Storage;

constexpr float kTwoPi = 6.283185307179586F;
constexpr float kPixelCentre = 0.5F;
constexpr std::size_t kBackground = 0, kForeground = 1, kTopLeft = 2, kBottomRight = 3;
constexpr std::size_t kPatch = 4;  // pixels of 2 x 2

// point_embedding = pe_layer(coords) + point_embeddings[label]  (model/prompt_encoder.cc, embed_points):
// sines, then cosines, of 2 pi times the coordinates, from -1 to 1 over the picture, through the Gaussian
// matrix.
void append_position(const Weights& weights, float x_px, float y_px, const std::vector<float>& kind,
                     std::vector<float>& tokens) {
  const std::vector<float>& gauss = weights.prompt.gauss;
  const std::size_t half = gauss.size() / 2;
  const float x = 2 * ((x_px + kPixelCentre) / weights.sizes.image_side) - 1;
  const float y = 2 * ((y_px + kPixelCentre) / weights.sizes.image_side) - 1;
  const auto phase = [&](std::size_t i) { return (x * gauss[i] + y * gauss[half + i]) * kTwoPi; };
  for (std::size_t i = 0; i < half; ++i) tokens.push_back(std::sin(phase(i)) + kind[i]);
  for (std::size_t i = 0; i < half; ++i) tokens.push_back(std::cos(phase(i)) + kind[half + i]);
}

// The 4 x 4 logits of the mask that make up one position of the embedding. Both convolutions have kernel and
// stride 2, so these are all that the position depends on; in the order [2 x 2 patch][2 x 2 pixel of it] each
// convolution finds its inputs in a row.
void gather_pixels(std::span<const float> mask, std::size_t side, std::size_t position, float* out) {
  const std::size_t width = kPatch * side, left = position % side * kPatch, top = position / side * kPatch;
  for (std::size_t i = 0; i < kPatch * kPatch; ++i) {
    const std::size_t patch = i / kPatch, pixel = i % kPatch;  // row by row: 2 * dy + dx
    const std::size_t x = left + patch % 2 * 2 + pixel % 2, y = top + patch / 2 * 2 + pixel / 2;
    out[i] = mask[y * width + x];
  }
}

// gelu(norm(conv(x)))  (model/prompt_encoder.cc, MaskDownscaling): patches in rows, so a product is the
// convolution.
void convolve(const kernels::PackedMatrix& matrix, const Norm& norm, const float* in, std::size_t rows,
              float* out) {
  const std::size_t inputs = matrix.view().inputs, outputs = matrix.view().outputs;
  multiply({.in = in, .in_stride = inputs, .rows = rows, .out = out, .out_stride = outputs}, matrix.view());
  kernels::layer_norm(out, outputs, rows, norm.view(), Activation::gelu, out, outputs, Storage::fp32);
}

// mask_downscaling but its last convolution, of one block of positions: 16 logits of each -> 4 patches of
// mask_channels / 4 -> mask_channels, turned to features [mask_channels][kBlock], and a feature 1.
void add_mask_block(const Weights& weights, std::span<const float> mask, std::size_t block, float* out) {
  const Sizes& sizes = weights.sizes;
  const std::size_t channels = sizes.mask_channels, pixels = kPatch * kPatch;
  const std::size_t count = std::min(kBlock, sizes.positions - block * kBlock);
  kernels::ScratchScope scratch;
  auto* in = scratch.take<float>(kBlock * pixels);
  auto* once = scratch.take<float>(kBlock * channels);  // [kBlock][patch][channels / 4]
  auto* twice = scratch.take<float>(kBlock * channels);
  std::fill_n(in, kBlock * pixels, 0.0F);
  for (std::size_t p = 0; p < count; ++p)
    gather_pixels(mask, sizes.side, block * kBlock + p, in + p * pixels);
  convolve(weights.prompt.mask_conv1, weights.prompt.mask_norm1, in, kBlock * kPatch, once);
  convolve(weights.prompt.mask_conv2, weights.prompt.mask_norm2, once, kBlock, twice);
  kernels::transpose(twice, channels, kBlock, channels, out, kBlock);
  std::fill_n(out + channels * kBlock, kBlock, 1.0F);
}

}  // namespace

std::vector<float> tokens_of(const Weights& weights, const FramePrompt& prompt) {
  const PromptWeights& own = weights.prompt;
  std::vector<float> tokens = weights.output_tokens;  // of the decoder: IoU, masks
  for (const FramePoint& point : prompt.points) {
    const bool is_background = point.label == FramePoint::Label::background;
    append_position(weights, point.x, point.y, own.kinds[is_background ? kBackground : kForeground], tokens);
  }
  if (prompt.box) {
    const auto& [x0, y0, x1, y1] = *prompt.box;
    append_position(weights, x0, y0, own.kinds[kTopLeft], tokens);
    append_position(weights, x1, y1, own.kinds[kBottomRight], tokens);
  } else if (!prompt.points.empty()) {
    tokens.insert(tokens.end(), own.not_a_point.begin(), own.not_a_point.end());
  }
  if (prompt.class_index) {
    const auto channels = static_cast<std::ptrdiff_t>(weights.sizes.channels);
    const auto first = own.classes.begin() + *prompt.class_index * channels;
    tokens.insert(tokens.end(), first, first + channels);
  }
  return tokens;
}

std::size_t mask_features(const Sizes& sizes, const FramePrompt& prompt) {
  return prompt.mask.empty() ? 0 : sizes.mask_channels + 1;
}

void add_mask(const Weights& weights, const FramePrompt& prompt, int threads, const ImageState& state) {
  if (prompt.mask.empty()) return;
  const Sizes& sizes = weights.sizes;
  parallel_for(threads, static_cast<std::int64_t>(sizes.blocks), [&](std::int64_t index) {
    const auto block = static_cast<std::size_t>(index);
    add_mask_block(weights, prompt.mask, block, state.feature_blocks + block * state.capacity * kBlock);
  });
  std::copy(weights.prompt.mask_rows.begin(), weights.prompt.mask_rows.end(), state.rows);
  update_columns(sizes, state);
}

}  // namespace sonde::decoder
