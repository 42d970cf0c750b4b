// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "sonde/inference/layers.h"
#include "sonde/kernels/buffer.h"
#include "sonde/kernels/matrix.h"
#include "sonde/weights/sam_tensors.h"

namespace sonde::decoder {

struct Sizes {
  std::size_t side = 0, positions = 0;      // of the image embedding
  std::size_t blocks = 0;                   // of kBlock positions; the last may be filled up
  std::size_t channels = 0, inner = 0;      // inner: of attention between tokens and image
  std::size_t heads = 0, head_dim = 0;      // head_dim: of attention between tokens and image
  std::size_t layers = 0, mask_tokens = 0;  // as published 2 and 4
  std::size_t upscaled = 0;                 // channels of the upscaled image
  std::size_t mask_channels = 0;            // of a mask prompt before its last convolution
  float image_side = 0;                     // pixels
};

// A linear layer; `scale` multiplies what it gives.
kernels::PackedMatrix linear_of(const LayerTensors& from, float scale = 1);

struct SelfAttention {
  kernels::PackedMatrix q, k, v, out;
  explicit SelfAttention(const AttentionTensors& from);
};

// cross_attn_token_to_image, final_attn_token_to_image. The image's keys and values are never had as such
// (decoder_image.h), so k_proj and v_proj are held head by head, as the maps between a head and the channels.
struct TokenToImageWeights {
  kernels::PackedMatrix q, out;                 // q is scaled by 1 / sqrt(head_dim)
  std::vector<kernels::PackedMatrix> key_of;    // of each head: a query [head_dim] to channels it looks for
  std::vector<kernels::PackedMatrix> value_of;  // of each head: channels to a value [head_dim]
  std::vector<float> value_bias;
  TokenToImageWeights(const AttentionTensors& from, const Sizes& sizes);
};

// cross_attn_image_to_token: the image's positions are the queries; q_proj and out_proj head by head.
struct ImageToTokenWeights {
  kernels::PackedMatrix k, v;                   // k is scaled by 1 / sqrt(head_dim)
  std::vector<kernels::PackedMatrix> query_of;  // of each head: a key [head_dim] to channels that look for it
  std::vector<kernels::PackedMatrix> out_of;    // of each head: a value [head_dim] to channels
  std::vector<float> out;                       // all heads: [inner][channels]
  std::vector<float> out_bias;
  ImageToTokenWeights(const AttentionTensors& from, const Sizes& sizes);
};

struct Layer {
  SelfAttention self;
  TokenToImageWeights token_to_image;
  kernels::PackedMatrix mlp1, mlp2;
  ImageToTokenWeights image_to_token;
  Norm norm1, norm2, norm3, norm4;
  Layer(const DecoderLayerTensors& from, const Sizes& sizes);
};

// Linear layers with a ReLU in between.
struct Mlp {
  std::vector<kernels::PackedMatrix> layers;
  explicit Mlp(const std::vector<LayerTensors>& from);
};

struct Upscaling {
  // output_upscaling.0, .1 and .3: transposed convolutions whose patches do not overlap, as matrices.
  std::vector<float> weight1;  // first transposed convolution: [2 * 2 * channels / 4][channels]
  std::vector<float> bias1;    // [2 * 2 * channels / 4]
  Norm norm;
  std::vector<float> weight2;  // second, its bias as the last column: [2 * 2 * upscaled][channels / 4 + 1]
  Upscaling(const MaskDecoderTensors& from, const Sizes& sizes);
};

// What keys0, the image before the first layer, is multiplied with whatever the prompt: see decoder_image.h.
struct Projections {
  // [rows][channels]: of each layer keys and queries ([inner] rows each), keys of the final attention, the
  // upscaling's first convolution. `bare`, for position encodings, is without the norms' weights, and has no
  // upscaling.
  std::vector<float> scaled, bare;
  std::vector<float> bare_bias;  // [bare rows]
  std::size_t rows = 0, bare_rows = 0;
  kernels::PackedMatrix values;  // of each layer and of the final attention, scaled
  std::size_t value_columns = 0;
};

struct PromptWeights {
  std::vector<float> gauss;                           // [2][channels / 2]
  std::vector<float> kinds[4], not_a_point, no_mask;  // kinds: background, foreground, two corners
  kernels::PackedMatrix mask_conv1, mask_conv2;
  Norm mask_norm1, mask_norm2;
  std::vector<float> classes;  // [classes][channels]
  // The last convolution of mask prompts, its bias (less no_mask) as the last row:
  // [mask_channels + 1][channels].
  std::vector<float> mask_rows;
  PromptWeights(const PromptEncoderTensors& from, const Sizes& sizes);
};

struct Weights {
  Sizes sizes;
  PromptWeights prompt;
  std::vector<float> output_tokens;  // [1 + mask_tokens][channels]: that of the IoU, those of the masks
  std::vector<Layer> layers;
  TokenToImageWeights final_attention;
  Norm final_norm;
  Upscaling upscaling;
  std::vector<Mlp> hypernetworks;
  Mlp iou_head;
  Mlp object_score_head;  // without layers where there are no classes
  Projections projections;
  explicit Weights(const SamTensors& tensors);
};

}  // namespace sonde::decoder
