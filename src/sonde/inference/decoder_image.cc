// SPDX-License-Identifier: Apache-2.0
#include "sonde/inference/decoder_image.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "sonde/core/parallel.h"
#include "sonde/kernels/decoder_blocks.h"

namespace sonde::decoder {
namespace {

using kernels::Buffer;
using kernels::kBlock;

constexpr std::size_t kBeyond = kernels::kPanel;  // floats readable behind a matrix used as it lies
constexpr std::size_t kFirstLayerParts = 2;
constexpr float kTwoPi = 6.283185307179586F;

std::size_t parts_of(const Sizes& sizes) { return key_part(sizes.layers) + 1; }

// One block of get_dense_pe(): [channels][kBlock], sines, then cosines. Source: Tancik et al. 2020.
// (model/prompt_encoder.cc, PromptEncoder and PositionEmbeddingRandom)
void encode_positions(const Weights& weights, std::size_t block, float* out) {
  const Sizes& sizes = weights.sizes;
  const std::size_t half = sizes.channels / 2;
  const float* gauss = weights.prompt.gauss.data();
  const auto side = static_cast<float>(sizes.side);
  for (std::size_t p = 0; p < kBlock; ++p) {
    const std::size_t position = block * kBlock + p;
    const std::size_t column = position % sizes.side, row = position / sizes.side;
    const float x = 2 * ((static_cast<float>(column) + 0.5F) / side) - 1;
    const float y = 2 * ((static_cast<float>(row) + 0.5F) / side) - 1;
    for (std::size_t i = 0; i < half; ++i) {
      const float phase = (x * gauss[i] + y * gauss[half + i]) * kTwoPi;
      out[i * kBlock + p] = std::sin(phase);
      out[(half + i) * kBlock + p] = std::cos(phase);
    }
  }
}

// A linear layer with positions side by side: weights [rows][channels] times a block [channels][kBlock], plus
// `onto` (or null), gives [rows][kBlock]. The weights are the product's rows and need no packing.
void project(const float* weights, std::size_t rows, std::size_t channels, const float* block,
             const float* onto, float* out) {
  multiply({.in = weights,
            .in_stride = channels,
            .rows = rows,
            .residual = onto,
            .residual_stride = kBlock,
            .out = out,
            .out_stride = kBlock},
           kernels::view_rows(block, channels, kBlock, kBlock));
}

void prepare_block(const Weights& weights, const Buffer& positions, std::span<const float> embedding,
                   std::size_t block, PreparedImage& image) {
  // keys0 = image_embedding + no_mask_embed, as rows [kBlock][channels] for products with positions as rows,
  // and turned, [channels][kBlock], for those with positions side by side. Positions beyond the last are 0.
  const Sizes& sizes = weights.sizes;
  const Projections& projections = weights.projections;
  const std::size_t C = sizes.channels;
  const std::size_t count = std::min(kBlock, sizes.positions - block * kBlock);
  kernels::ScratchScope scratch;
  auto* rows = scratch.take<float>(kBlock * C);
  std::fill_n(rows, kBlock * C, 0.0F);
  for (std::size_t p = 0; p < count; ++p) {
    const float* from = embedding.data() + (block * kBlock + p) * C;
    for (std::size_t c = 0; c < C; ++c) rows[p * C + c] = from[c] + weights.prompt.no_mask[c];
  }
  auto* keys = image.keys.as<float>() + block * C * kBlock;
  kernels::transpose(rows, C, kBlock, C, keys, kBlock);
  // k_proj and q_proj of every layer and k_proj of the final attention. Only in the first layer is s = 1, so
  // that the encodings can be added once for all prompts; later ones add them to the scores.
  for (std::size_t part = 0; part < parts_of(sizes); ++part) {
    project(projections.scaled.data() + part * sizes.inner * C, sizes.inner, C, keys,
            part < kFirstLayerParts ? projected_block(positions, sizes, part, block) : nullptr,
            projected_block(image.projected, sizes, part, block));
  }
  // output_upscaling.0, a transposed convolution of stride 2: each position gives 2 x 2 x C/4 numbers of its
  // own.
  project(projections.scaled.data() + parts_of(sizes) * sizes.inner * C, C, C, keys, nullptr,
          upscaled_block(image.projected, sizes, block));
  // v_proj of every layer, positions as rows: attention sums them over positions. From [kBlock][layer, head,
  // head_dim] to each head's own [positions][head_dim].
  auto* values = scratch.take<float>(kBlock * projections.value_columns);
  multiply(
      {.in = rows, .in_stride = C, .rows = kBlock, .out = values, .out_stride = projections.value_columns},
      projections.values.view());
  const std::size_t D = sizes.head_dim;
  for (std::size_t head = 0; head < projections.value_columns / D; ++head) {
    float* to = image.values.as<float>() + (head * sizes.blocks + block) * kBlock * D;
    for (std::size_t p = 0; p < kBlock; ++p)
      std::copy_n(values + p * projections.value_columns + head * D, D, to + p * D);
  }
}

}  // namespace

float* projected_block(const Buffer& parts, const Sizes& sizes, std::size_t part, std::size_t block) {
  return parts.as<float>() + (part * sizes.blocks + block) * sizes.inner * kBlock;
}

float* upscaled_block(const Buffer& parts, const Sizes& sizes, std::size_t block) {
  return projected_block(parts, sizes, parts_of(sizes), 0) + block * sizes.channels * kBlock;
}

Buffer project_positions(const Weights& weights, int threads) {
  const Sizes& sizes = weights.sizes;
  const Projections& projections = weights.projections;
  Buffer positions(sizes.blocks * projections.bare_rows * kBlock * sizeof(float));
  parallel_for(threads, static_cast<std::int64_t>(sizes.blocks), [&](std::int64_t block) {
    kernels::ScratchScope scratch;
    auto* encodings = scratch.take<float>(sizes.channels * kBlock);
    encode_positions(weights, static_cast<std::size_t>(block), encodings);
    // `bare`: the norms' weights scale keys, not image_pe. The biases of q_proj come with it.
    for (std::size_t part = 0; part < parts_of(sizes); ++part) {
      const std::size_t first = part * sizes.inner;
      float* out = projected_block(positions, sizes, part, static_cast<std::size_t>(block));
      project(projections.bare.data() + first * sizes.channels, sizes.inner, sizes.channels, encodings,
              nullptr, out);
      for (std::size_t i = 0; i < sizes.inner * kBlock; ++i)
        out[i] += projections.bare_bias[first + i / kBlock];
    }
  });
  return positions;
}

std::shared_ptr<const PreparedImage> prepare_image(const Weights& weights, const Buffer& positions,
                                                   std::span<const float> embedding, int threads) {
  const Sizes& sizes = weights.sizes;
  const Projections& projections = weights.projections;
  const std::size_t padded = sizes.blocks * kBlock;
  auto image = std::make_shared<PreparedImage>();
  image->keys = Buffer(padded * sizes.channels * sizeof(float));
  image->projected = Buffer(padded * projections.rows * sizeof(float));
  image->values = Buffer((padded * projections.value_columns + kBeyond) * sizeof(float));
  parallel_for(threads, static_cast<std::int64_t>(sizes.blocks), [&](std::int64_t block) {
    prepare_block(weights, positions, embedding, static_cast<std::size_t>(block), *image);
  });
  return image;
}

ImageState start_state(const Weights& weights, std::size_t tokens, std::size_t features,
                       kernels::ScratchScope& scratch) {
  const Sizes& sizes = weights.sizes;
  const std::size_t padded = sizes.blocks * kBlock;
  const std::size_t added = sizes.heads * std::min(tokens - 1, sizes.head_dim) + 3;
  ImageState state{.tokens = tokens, .features = features};
  // The last layer's scores stand there too, before each head's last is dropped. Each layer adds its
  // attention's features and three more: 1 for out_proj's bias, the norm's mean, 1 for the norm's bias.
  state.capacity = features + sizes.layers * added + sizes.heads;
  state.feature_blocks = scratch.take<float>(padded * state.capacity);
  state.scale = scratch.take<float>(padded);
  std::fill_n(state.scale, padded, 1.0F);
  // The last layer's keys are needed for their mean and deviation alone: nothing is added to them later.
  if (sizes.layers > 1) state.keys = scratch.take<float>(padded * sizes.channels);
  state.rows = scratch.take<float>(state.capacity * sizes.channels + kBeyond);
  state.column_stride = (state.capacity + kernels::kPanel - 1) / kernels::kPanel * kernels::kPanel;
  state.columns = scratch.take<float>(sizes.channels * state.column_stride);
  return state;
}

void update_columns(const Sizes& sizes, const ImageState& state) {
  kernels::transpose(state.rows, sizes.channels, state.features, sizes.channels, state.columns,
                     state.column_stride);
}

}  // namespace sonde::decoder
