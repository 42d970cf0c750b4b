// SPDX-License-Identifier: Apache-2.0
#include "sonde/inference/decoder_weights.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "sonde/kernels/decoder_blocks.h"

namespace sonde::decoder {
namespace {

using kernels::PackedMatrix;

constexpr float kLayerNormEps = 1e-5F, kMapNormEps = 1e-6F;
constexpr std::size_t kPatch = 4;  // positions of a 2 x 2 patch

PackedMatrix pack(std::span<const float> weights, std::span<const float> bias, std::size_t outputs) {
  return {weights, bias, outputs, kernels::Storage::fp32};
}

std::vector<float> scaled(std::vector<float> values, float scale) {
  for (float& value : values) value *= scale;
  return values;
}

std::vector<float> transposed(std::span<const float> matrix, std::size_t rows, std::size_t columns) {
  std::vector<float> out(matrix.size());
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < columns; ++c) out[c * rows + r] = matrix[r * columns + c];
  }
  return out;
}

// A projection A [inner][channels] head by head, turned: a token's vector q [head_dim] of the head gives q A,
// the channels with which a position's channels x have the score (q A) . x = q . (A x).
std::vector<PackedMatrix> heads_to_channels(std::span<const float> weight, const Sizes& sizes) {
  std::vector<PackedMatrix> heads;
  const std::size_t size = sizes.head_dim * sizes.channels;
  for (std::size_t h = 0; h < sizes.heads; ++h)
    heads.push_back(
        pack(transposed(weight.subspan(h * size, size), sizes.head_dim, sizes.channels), {}, sizes.channels));
  return heads;
}

// The same as it is published: channels to each head's head_dim values.
std::vector<PackedMatrix> channels_to_heads(std::span<const float> weight, const Sizes& sizes) {
  std::vector<PackedMatrix> heads;
  const std::size_t size = sizes.head_dim * sizes.channels;
  for (std::size_t h = 0; h < sizes.heads; ++h)
    heads.push_back(pack(weight.subspan(h * size, size), {}, sizes.head_dim));
  return heads;
}

// q @ k^T / sqrt(c_per_head): folded into the tokens' projection, which has the fewer rows.
float attention_scale(const Sizes& sizes) { return 1 / std::sqrt(static_cast<float>(sizes.head_dim)); }

// A convolution's kernel [out][in][2][2] as [out][2][2][in], a transposed one's [in][out][2][2] as
// [2][2][out][in].
std::vector<float> patch_weights(std::span<const float> weight, std::size_t outputs) {
  const std::size_t inputs = weight.size() / outputs / kPatch;
  std::vector<float> out(weight.size());
  for (std::size_t o = 0; o < outputs; ++o) {
    for (std::size_t i = 0; i < inputs; ++i) {
      for (std::size_t p = 0; p < kPatch; ++p)
        out[(o * kPatch + p) * inputs + i] = weight[(o * inputs + i) * kPatch + p];
    }
  }
  return out;
}
std::vector<float> transposed_patch_weights(std::span<const float> weight, std::size_t outputs) {
  const std::size_t inputs = weight.size() / outputs / kPatch;
  std::vector<float> out(weight.size());
  for (std::size_t i = 0; i < inputs; ++i) {
    for (std::size_t o = 0; o < outputs; ++o) {
      for (std::size_t p = 0; p < kPatch; ++p)
        out[(p * outputs + o) * inputs + i] = weight[(i * outputs + o) * kPatch + p];
    }
  }
  return out;
}

Sizes sizes_of(const SamSizes& sam) {
  const auto size = [](std::int64_t value) { return static_cast<std::size_t>(value); };
  Sizes sizes;
  sizes.side = size(embedding_side(sam));
  sizes.positions = sizes.side * sizes.side;
  sizes.blocks = (sizes.positions + kernels::kBlock - 1) / kernels::kBlock;
  sizes.channels = size(sam.prompt_embed_dim);
  sizes.inner = sizes.channels / 2;
  sizes.heads = size(sam.decoder_heads);
  sizes.head_dim = sizes.inner / sizes.heads;
  sizes.layers = size(sam.decoder_depth);
  sizes.mask_tokens = size(sam.num_mask_tokens);
  sizes.upscaled = sizes.channels / 8;
  sizes.mask_channels = size(sam.mask_in_chans);
  sizes.image_side = static_cast<float>(image_size(sam));
  return sizes;
}

std::vector<float> output_tokens_of(const MaskDecoderTensors& from) {
  std::vector<float> tokens = floats(from.iou_token);
  const std::vector<float> masks = floats(from.mask_tokens);
  tokens.insert(tokens.end(), masks.begin(), masks.end());
  return tokens;
}

// Collects the rows of Projections in the order in which the published transformer meets them: each is
// multiplied by w, the norm4 weights of the layers before it (decoder_image.h).
class ProjectionRows {
 public:
  explicit ProjectionRows(const Sizes& sizes) : scale_(sizes.channels, 1) {}

  void add(const std::vector<float>& weight, const std::vector<float>& bias) {
    bare_.insert(bare_.end(), weight.begin(), weight.end());
    bias_.insert(bias_.end(), bias.begin(), bias.end());
    add_scaled(weight, scaled_);
  }
  void add_value(const std::vector<float>& weight) { add_scaled(weight, values_); }
  void add_last(const std::vector<float>& weight) { add_scaled(weight, scaled_); }
  // What follows sees the image behind this norm: w *= weight.
  void pass(const Norm& norm) {
    for (std::size_t c = 0; c < scale_.size(); ++c) scale_[c] *= norm.weight[c];
  }
  Projections take() {
    const std::size_t channels = scale_.size(), value_columns = values_.size() / channels;
    const std::size_t rows = scaled_.size() / channels, bare_rows = bare_.size() / channels;
    return {.scaled = std::move(scaled_),
            .bare = std::move(bare_),
            .bare_bias = std::move(bias_),
            .rows = rows,
            .bare_rows = bare_rows,
            .values = pack(values_, {}, value_columns),
            .value_columns = value_columns};
  }

 private:
  void add_scaled(const std::vector<float>& weight, std::vector<float>& to) const {
    for (std::size_t i = 0; i < weight.size(); ++i) to.push_back(weight[i] * scale_[i % scale_.size()]);
  }
  std::vector<float> scale_, scaled_, bare_, bias_, values_;
};

Projections projections_of(const MaskDecoderTensors& from, const Weights& weights) {
  ProjectionRows rows(weights.sizes);
  // softmax(q (k + bias)^T) = softmax(q k^T): k_proj's bias adds q . bias to all scores of a token alike.
  const std::vector<float> no_bias(weights.sizes.inner, 0);
  for (std::size_t i = 0; i < weights.sizes.layers; ++i) {
    const DecoderLayerTensors& layer = from.layers[i];
    rows.add(floats(layer.token_to_image.k.weight), no_bias);
    rows.add(floats(layer.image_to_token.q.weight), floats(layer.image_to_token.q.bias));
    rows.add_value(floats(layer.token_to_image.v.weight));
    rows.pass(weights.layers[i].norm4);
  }
  rows.add(floats(from.final_attention.k.weight), no_bias);
  rows.add_value(floats(from.final_attention.v.weight));
  rows.add_last(weights.upscaling.weight1);
  return rows.take();
}

}  // namespace

PackedMatrix linear_of(const LayerTensors& from, float scale) {
  const auto bias = scaled(floats(from.bias), scale);
  return pack(scaled(floats(from.weight), scale), bias, bias.size());
}

SelfAttention::SelfAttention(const AttentionTensors& from)
    : q(linear_of(from.q)), k(linear_of(from.k)), v(linear_of(from.v)), out(linear_of(from.out)) {}

TokenToImageWeights::TokenToImageWeights(const AttentionTensors& from, const Sizes& sizes)
    : q(linear_of(from.q, attention_scale(sizes))),
      out(linear_of(from.out)),
      key_of(heads_to_channels(floats(from.k.weight), sizes)),
      value_of(channels_to_heads(floats(from.v.weight), sizes)),
      value_bias(floats(from.v.bias)) {}

ImageToTokenWeights::ImageToTokenWeights(const AttentionTensors& from, const Sizes& sizes)
    : k(linear_of(from.k, attention_scale(sizes))),
      v(linear_of(from.v)),
      query_of(heads_to_channels(floats(from.q.weight), sizes)),
      out(transposed(floats(from.out.weight), sizes.channels, sizes.inner)),
      out_bias(floats(from.out.bias)) {
  out_of = heads_to_channels(out, sizes);
}

Layer::Layer(const DecoderLayerTensors& from, const Sizes& sizes)
    : self(from.self),
      token_to_image(from.token_to_image, sizes),
      mlp1(linear_of(from.lin1)),
      mlp2(linear_of(from.lin2)),
      image_to_token(from.image_to_token, sizes),
      norm1(from.norm1, kLayerNormEps),
      norm2(from.norm2, kLayerNormEps),
      norm3(from.norm3, kLayerNormEps),
      norm4(from.norm4, kLayerNormEps) {}

Mlp::Mlp(const std::vector<LayerTensors>& from) {
  for (const LayerTensors& layer : from) layers.push_back(linear_of(layer));
}

Upscaling::Upscaling(const MaskDecoderTensors& from, const Sizes& sizes)
    : weight1(transposed_patch_weights(floats(from.upscaling_conv1.weight), sizes.channels / 4)),
      norm(from.upscaling_norm, kMapNormEps) {
  const auto once = floats(from.upscaling_conv1.bias), twice = floats(from.upscaling_conv2.bias);
  for (std::size_t p = 0; p < kPatch; ++p) bias1.insert(bias1.end(), once.begin(), once.end());
  const auto second = transposed_patch_weights(floats(from.upscaling_conv2.weight), sizes.upscaled);
  // Its inputs come with a row of ones behind them: the bias is the matrix's last column.
  const std::size_t inputs = sizes.channels / 4;
  for (std::size_t row = 0; row < kPatch * sizes.upscaled; ++row) {
    weight2.insert(weight2.end(), second.begin() + static_cast<std::ptrdiff_t>(row * inputs),
                   second.begin() + static_cast<std::ptrdiff_t>((row + 1) * inputs));
    weight2.push_back(twice[row % sizes.upscaled]);
  }
}

PromptWeights::PromptWeights(const PromptEncoderTensors& from, const Sizes& sizes)
    : gauss(floats(from.gaussian_matrix)),
      not_a_point(floats(from.not_a_point)),
      no_mask(floats(from.no_mask)) {
  for (std::size_t i = 0; i < 4; ++i) kinds[i] = floats(from.point_embeddings.at(i));
  // mask_downscaling: convolutions of kernel and stride 2, each with a norm and GELU after it; the last is 1
  // x 1.
  mask_conv1 = pack(patch_weights(floats(from.mask_conv1.weight), sizes.mask_channels / 4),
                    floats(from.mask_conv1.bias), sizes.mask_channels / 4);
  mask_conv2 = pack(patch_weights(floats(from.mask_conv2.weight), sizes.mask_channels),
                    floats(from.mask_conv2.bias), sizes.mask_channels);
  mask_norm1 = Norm(from.mask_norm1, kMapNormEps);
  mask_norm2 = Norm(from.mask_norm2, kMapNormEps);
  if (from.class_embeddings) classes = floats(*from.class_embeddings);
  mask_rows = transposed(floats(from.mask_conv3.weight), sizes.channels, sizes.mask_channels);
  const auto bias = floats(from.mask_conv3.bias);
  // Every image is prepared with no_mask_embed, which a mask takes the place of.
  for (std::size_t c = 0; c < sizes.channels; ++c) mask_rows.push_back(bias[c] - no_mask[c]);
}

Weights::Weights(const SamTensors& tensors)
    : sizes(sizes_of(tensors.sizes)),
      prompt(tensors.prompt_encoder, sizes),
      output_tokens(output_tokens_of(tensors.mask_decoder)),
      final_attention(tensors.mask_decoder.final_attention, sizes),
      final_norm(tensors.mask_decoder.final_norm, kLayerNormEps),
      upscaling(tensors.mask_decoder, sizes),
      iou_head(tensors.mask_decoder.iou_head),
      object_score_head(tensors.mask_decoder.object_score_head) {
  for (const DecoderLayerTensors& layer : tensors.mask_decoder.layers) layers.emplace_back(layer, sizes);
  for (const auto& mlp : tensors.mask_decoder.hypernetworks) hypernetworks.emplace_back(mlp);
  projections = projections_of(tensors.mask_decoder, *this);
}

}  // namespace sonde::decoder
