// SPDX-License-Identifier: Apache-2.0
#include "sonde/inference/decoder_weights.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "sonde/core/error.h"
#include "sonde/kernels/decoder_blocks.h"

namespace sonde::decoder {
namespace {

using kernels::PackedMatrix;

constexpr float kLayerNormEps = 1e-5F, kMapNormEps = 1e-6F;
constexpr std::size_t kHypernetworkDepth = 3, kPatch = 4;  // positions of a 2 x 2 patch

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

std::vector<float> output_tokens_of(const Parameters& from) {
  std::vector<float> tokens = from("iou_token.weight");
  const std::vector<float> masks = from("mask_tokens.weight");
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

Projections projections_of(const Parameters& transformer, const Weights& weights) {
  ProjectionRows rows(weights.sizes);
  // softmax(q (k + bias)^T) = softmax(q k^T): k_proj's bias adds q . bias to all scores of a token alike.
  const std::vector<float> no_bias(weights.sizes.inner, 0);
  for (std::size_t i = 0; i < weights.sizes.layers; ++i) {
    const Parameters layer = transformer.in("layers." + std::to_string(i));
    rows.add(layer("cross_attn_token_to_image.k_proj.weight"), no_bias);
    rows.add(layer("cross_attn_image_to_token.q_proj.weight"),
             layer("cross_attn_image_to_token.q_proj.bias"));
    rows.add_value(layer("cross_attn_token_to_image.v_proj.weight"));
    rows.pass(weights.layers[i].norm4);
  }
  rows.add(transformer("final_attn_token_to_image.k_proj.weight"), no_bias);
  rows.add_value(transformer("final_attn_token_to_image.v_proj.weight"));
  rows.add_last(weights.upscaling.weight1);
  return rows.take();
}

}  // namespace

std::vector<float> Parameters::operator()(const std::string& name) const {
  const auto found = tensors_.find(prefix_ + name);
  if (found == tensors_.end()) throw Error(ErrorKind::internal, "tensor " + prefix_ + name + " is missing");
  const WeightTensor tensor = as_f32(found->second);
  const auto values = floats_of(tensor);
  return {values.begin(), values.end()};
}

Norm norm_of(const Parameters& from, float eps) { return {from("weight"), from("bias"), eps}; }

PackedMatrix linear_of(const Parameters& from, float scale) {
  const auto bias = scaled(from("bias"), scale);
  return pack(scaled(from("weight"), scale), bias, bias.size());
}

SelfAttention::SelfAttention(const Parameters& from)
    : q(linear_of(from.in("q_proj"))),
      k(linear_of(from.in("k_proj"))),
      v(linear_of(from.in("v_proj"))),
      out(linear_of(from.in("out_proj"))) {}

TokenToImageWeights::TokenToImageWeights(const Parameters& from, const Sizes& sizes)
    : q(linear_of(from.in("q_proj"), attention_scale(sizes))),
      out(linear_of(from.in("out_proj"))),
      key_of(heads_to_channels(from("k_proj.weight"), sizes)),
      value_of(channels_to_heads(from("v_proj.weight"), sizes)),
      value_bias(from("v_proj.bias")) {}

ImageToTokenWeights::ImageToTokenWeights(const Parameters& from, const Sizes& sizes)
    : k(linear_of(from.in("k_proj"), attention_scale(sizes))),
      v(linear_of(from.in("v_proj"))),
      query_of(heads_to_channels(from("q_proj.weight"), sizes)),
      out(transposed(from("out_proj.weight"), sizes.channels, sizes.inner)),
      out_bias(from("out_proj.bias")) {
  out_of = heads_to_channels(out, sizes);
}

Layer::Layer(const Parameters& from, const Sizes& sizes)
    : self(from.in("self_attn")),
      token_to_image(from.in("cross_attn_token_to_image"), sizes),
      mlp1(linear_of(from.in("mlp.lin1"))),
      mlp2(linear_of(from.in("mlp.lin2"))),
      image_to_token(from.in("cross_attn_image_to_token"), sizes),
      norm1(norm_of(from.in("norm1"), kLayerNormEps)),
      norm2(norm_of(from.in("norm2"), kLayerNormEps)),
      norm3(norm_of(from.in("norm3"), kLayerNormEps)),
      norm4(norm_of(from.in("norm4"), kLayerNormEps)) {}

Mlp::Mlp(const Parameters& from, std::size_t depth) {
  for (std::size_t i = 0; i < depth; ++i) layers.push_back(linear_of(from.in("layers." + std::to_string(i))));
}

Upscaling::Upscaling(const Parameters& from, const Sizes& sizes)
    : weight1(transposed_patch_weights(from("0.weight"), sizes.channels / 4)),
      norm(norm_of(from.in("1"), kMapNormEps)) {
  const auto once = from("0.bias"), twice = from("3.bias");
  for (std::size_t p = 0; p < kPatch; ++p) bias1.insert(bias1.end(), once.begin(), once.end());
  const auto second = transposed_patch_weights(from("3.weight"), sizes.upscaled);
  // Its inputs come with a row of ones behind them: the bias is the matrix's last column.
  const std::size_t inputs = sizes.channels / 4;
  for (std::size_t row = 0; row < kPatch * sizes.upscaled; ++row) {
    weight2.insert(weight2.end(), second.begin() + static_cast<std::ptrdiff_t>(row * inputs),
                   second.begin() + static_cast<std::ptrdiff_t>((row + 1) * inputs));
    weight2.push_back(twice[row % sizes.upscaled]);
  }
}

PromptWeights::PromptWeights(const Parameters& from, const Sizes& sizes)
    : gauss(from("pe_layer.positional_encoding_gaussian_matrix")),
      not_a_point(from("not_a_point_embed.weight")),
      no_mask(from("no_mask_embed.weight")) {
  for (std::size_t i = 0; i < 4; ++i) kinds[i] = from("point_embeddings." + std::to_string(i) + ".weight");
  // mask_downscaling: 0 and 3 are convolutions of kernel and stride 2, 1 and 4 their norms, 6 is 1 x 1; 2 and
  // 5 are GELU.
  const Parameters masks = from.in("mask_downscaling");
  mask_conv1 = pack(patch_weights(masks("0.weight"), sizes.mask_channels / 4), masks("0.bias"),
                    sizes.mask_channels / 4);
  mask_conv2 =
      pack(patch_weights(masks("3.weight"), sizes.mask_channels), masks("3.bias"), sizes.mask_channels);
  mask_norm1 = norm_of(masks.in("1"), kMapNormEps);
  mask_norm2 = norm_of(masks.in("4"), kMapNormEps);
  mask_rows = transposed(masks("6.weight"), sizes.channels, sizes.mask_channels);
  const auto bias = masks("6.bias");
  // Every image is prepared with no_mask_embed, which a mask takes the place of.
  for (std::size_t c = 0; c < sizes.channels; ++c) mask_rows.push_back(bias[c] - no_mask[c]);
}

Weights::Weights(const NamedTensors& tensors, const SamSizes& sam_sizes)
    : sizes(sizes_of(sam_sizes)),
      prompt(Parameters(tensors, "prompt_encoder."), sizes),
      output_tokens(output_tokens_of(Parameters(tensors, "mask_decoder."))),
      final_attention(Parameters(tensors, "mask_decoder.transformer.final_attn_token_to_image."), sizes),
      final_norm(norm_of(Parameters(tensors, "mask_decoder.transformer.norm_final_attn."), kLayerNormEps)),
      upscaling(Parameters(tensors, "mask_decoder.output_upscaling."), sizes),
      iou_head(Parameters(tensors, "mask_decoder.iou_prediction_head."),
               static_cast<std::size_t>(sam_sizes.iou_head_depth)) {
  const Parameters decoder(tensors, "mask_decoder."), transformer = decoder.in("transformer");
  for (std::size_t i = 0; i < sizes.layers; ++i)
    layers.emplace_back(transformer.in("layers." + std::to_string(i)), sizes);
  for (std::size_t i = 0; i < sizes.mask_tokens; ++i)
    hypernetworks.emplace_back(decoder.in("output_hypernetworks_mlps." + std::to_string(i)),
                               kHypernetworkDepth);
  projections = projections_of(transformer, *this);
}

}  // namespace sonde::decoder
