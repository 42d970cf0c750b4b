// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "sonde/inference/decoder_weights.h"
#include "sonde/inference/network.h"
#include "sonde/kernels/buffer.h"

// The decoder's image side: thousands of positions, which a prompt with T tokens changes by few numbers each.
// Published (model/two_way_transformer.cc, TwoWayAttentionBlock), for keys [E*E][C] of the image:
//   keys' = norm4(keys + cross_attn_image_to_token(keys + image_pe, queries + positions, queries)).
// The attention gives each position a mixture of what the tokens say, P M + out_bias: P its weights
// [E*E][heads * T], M = values times out_proj [heads * T][C]. With the norm written out,
//   keys' = (x - mean) / deviation * weight + bias,   x = keys + P M + out_bias.
// So by induction, at any time
//   keys = s (keys0 * w) + F N                                                                         (1)
// s [E*E]: a number for each position, the product of 1 / deviation so far; w [C]: the product of the norms'
// weights; F [E*E][features]: a few numbers of each position, [P, 1, mean, 1] of each layer, divided by
// later deviations; N [features][C]: their channels, multiplied by later norms' weights. A layer does to (1):
//   + P M + out_bias     F gains the columns P and 1, N the rows M and out_bias
//   - mean               F gains the column mean, N the row -1
//   / deviation          s and the columns of F are divided, position by position
//   * weight             w and the rows of N are multiplied, channel by channel
//   + bias               F gains the column 1, N the row bias
// A linear map A of the keys (projections to keys, queries and values, the upscaling's first convolution) is
//   keys A = s (keys0 * w) A + F (N A):
// (keys0 * w) A is computed once for each image (prepare_image), N A once for each prompt, a few rows; no
// position is projected again. Only mean and deviation need the keys themselves, so these are computed too.

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

// Position encodings, projected: (keys + image_pe) A = keys A + image_pe A. They do not depend on the image,
// and the upscaling does not see them.
kernels::Buffer project_positions(const Weights& weights, int threads);

struct PreparedImage : Network::PreparedImage {
  kernels::Buffer keys;       // [blocks][channels][kBlock], with no_mask
  kernels::Buffer projected;  // (keys0 * w) A, parts as above; of layer 0, where s = 1, with the encodings
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

// The tokens' side of a layer's cross_attn_image_to_token, for the pass that does the image's side.
struct ImageToToken {
  std::size_t layer = 0;
  const float* keys = nullptr;          // [tokens][inner]
  const float* values = nullptr;        // [inner][tokens], or null: the weights are the features
  const float* on_features = nullptr;   // keys times F's rows: [heads * tokens][column_stride]
  std::size_t known = 0;                // features before
  std::size_t added = 0;                // features that attention makes, less the 1
  const float* mix = nullptr;           // channels of what is added to keys: [channels][mixed]
  std::size_t mixed = 0, mix_from = 0;  // features mixed: mixed of them from mix_from on
};
ImageToToken prepare_image_to_token(const Weights& weights, std::size_t layer, const float* queries,
                                    const float* positions, ImageState& state,
                                    kernels::ScratchScope& scratch);

// The tokens' side of a layer's cross_attn_token_to_image, or of final_attn_token_to_image.
struct TokenToImage {
  std::size_t layer = 0;
  const TokenToImageWeights* attention = nullptr;
  const float* queries = nullptr;      // [tokens][inner]
  const float* on_features = nullptr;  // [heads * tokens][column_stride]
};
TokenToImage prepare_token_to_image(const Weights& weights, std::size_t layer, const float* queries,
                                    const float* positions, const ImageState& state,
                                    kernels::ScratchScope& scratch);

// One pass over the image: image_to_token (or null) changes it, then the tokens attend to it. `attended` gets
// what that attention gives before out_proj, [tokens][inner].
struct Pass {
  const Weights& weights;
  const kernels::Buffer& positions;
  const PreparedImage& image;
  const ImageState& state;
  const ImageToToken* image_to_token = nullptr;
  TokenToImage token_to_image;
};
void run_pass(const Pass& pass, int threads, float* attended);

}  // namespace sonde::decoder
