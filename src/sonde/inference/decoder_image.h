// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "sonde/inference/decoder_weights.h"
#include "sonde/inference/network.h"
#include "sonde/kernels/buffer.h"

// The decoder's image side: thousands of positions, of which a prompt with T tokens changes little. Each
// layer adds to a position's channels a mixture of what the tokens say (attention weights P times M = values
// times out_proj, as many rows as tokens times heads) and normalises them:
//   keys' = (x - mean) / deviation * weight + bias,   x = keys + P M + out_bias.
// So at any time keys = s (keys0 * w) + F N: s a number for each position, w the product of the norms'
// weights, F a few features of each position ([P, mean, 1] of each layer, divided by later deviations), N
// their channels. What multiplies keys later (projections to keys, queries, values, the upscaling) is
// therefore applied to keys0 * w once for each image, and for each prompt only to the rows of N; no
// position is projected again. The keys themselves are computed for mean and deviation alone.

namespace sonde::decoder {

// Positions that are worked on as a whole: their sums are added up in order, so that results do not depend on
// the number of threads.
constexpr std::size_t kGroupBlocks = 4;

// Projections lie part by part, each [blocks][inner][kBlock]: of layer l part 2 l are keys, part 2 l + 1
// queries of the image; then keys of the final attention. Behind them stands the upscaling's first
// convolution, [blocks][channels][kBlock].
inline std::size_t key_part(std::size_t layer) { return 2 * layer; }
inline std::size_t query_part(std::size_t layer) { return 2 * layer + 1; }
float* projected_block(const kernels::Buffer& parts, const Sizes& sizes, std::size_t part, std::size_t block);
float* upscaled_block(const kernels::Buffer& parts, const Sizes& sizes, std::size_t block);

// Position encodings, projected, but for the upscaling.
kernels::Buffer project_positions(const Weights& weights, int threads);

struct PreparedImage : Network::PreparedImage {
  kernels::Buffer keys;       // [blocks][channels][kBlock], with no_mask
  kernels::Buffer projected;  // parts as above; of layer 0 with the position encodings
  kernels::Buffer values;     // [layers and final attention][heads][blocks * kBlock][head_dim]
};
std::shared_ptr<const PreparedImage> prepare_image(const Weights& weights, const kernels::Buffer& positions,
                                                   std::span<const float> embedding, int threads);

// What a prompt has made of the image so far. Memory belongs to the caller's scratch.
struct ImageState {
  std::size_t tokens = 0;
  std::size_t features = 0, capacity = 0;  // rows of F now, and at most
  float* feature_blocks = nullptr;         // F: [blocks][capacity][kBlock]
  float* scale = nullptr;                  // s: [blocks * kBlock]
  float* keys = nullptr;                   // [blocks][channels][kBlock]; null where none are kept
  float* rows = nullptr;                   // N: [capacity][channels]
  float* columns = nullptr;                // N transposed: [channels][column_stride]
  std::size_t column_stride = 0;
};
ImageState start_state(const Weights& weights, std::size_t tokens, std::size_t features,
                       kernels::ScratchScope& scratch);
void update_columns(const Sizes& sizes, const ImageState& state);

// What the tokens bring to the image: layer's image_to_token attention.
struct Answer {
  std::size_t layer = 0;
  const float* keys = nullptr;          // [tokens][inner]
  const float* values = nullptr;        // [inner][tokens], or null: the weights are the features
  const float* on_features = nullptr;   // keys times F's rows: [heads * tokens][column_stride]
  std::size_t known = 0;                // features before
  std::size_t added = 0;                // features that attention makes, less the 1
  const float* mix = nullptr;           // channels of what is added to keys: [channels][mixed]
  std::size_t mixed = 0, mix_from = 0;  // features mixed: mixed of them from mix_from on
};
Answer make_answer(const Weights& weights, std::size_t layer, const float* queries, const float* positions,
                   ImageState& state, kernels::ScratchScope& scratch);

// What the tokens ask the image: layer's token_to_image attention, or the final one.
struct Question {
  std::size_t layer = 0;
  const TokenToImage* attention = nullptr;
  const float* queries = nullptr;      // [tokens][inner]
  const float* on_features = nullptr;  // [heads * tokens][column_stride]
};
Question make_question(const Weights& weights, std::size_t layer, const float* queries,
                       const float* positions, const ImageState& state, kernels::ScratchScope& scratch);

// One pass over the image: the answer (or null) changes it, then the question is asked.
// Returns what attention gives, before out_proj: [tokens][inner].
struct Pass {
  const Weights& weights;
  const kernels::Buffer& positions;
  const PreparedImage& image;
  const ImageState& state;
  const Answer* answer = nullptr;
  Question question;
};
void run_pass(const Pass& pass, int threads, float* attended);

}  // namespace sonde::decoder
