// SPDX-License-Identifier: Apache-2.0
// The image's side of both cross attentions (model/two_way_transformer.cc), by the algebra of
// decoder_image.h:
//   keys = s (keys0 * w) + F N.
#include <algorithm>
#include <cmath>

#include "sonde/core/parallel.h"
#include "sonde/inference/decoder_image.h"
#include "sonde/kernels/decoder_blocks.h"

namespace sonde::decoder {
namespace {

using kernels::kBlock;
using kernels::kPanel;

constexpr std::size_t kGroup = kGroupBlocks * kBlock;
constexpr float kLayerNormEps = 1e-5F;

// Attention of the tokens over one group of positions, before it is divided by the sum over all of them. The
// maxima of groups differ, so sums are relative to each group's own (Milakov and Gimelshein 2018).
struct Partial {
  float* maxima = nullptr;    // [rows], rows = heads * tokens
  float* sums = nullptr;      // [rows] of exp(score - maximum)
  float* values = nullptr;    // [rows][head_dim]: values of s (keys0 * w), weighted
  float* features = nullptr;  // [rows][column_stride]: features, weighted
};

// kGroupBlocks blocks at a time: enough columns for products with the features, few enough that all stays in
// the cache between the steps.
class GroupPass {
 public:
  explicit GroupPass(const Pass& pass)
      : pass_(pass),
        sizes_(pass.weights.sizes),
        state_(pass.state),
        rows_(sizes_.heads * pass.state.tokens) {}

  void run(std::size_t group, const Partial& partial) const {
    kernels::ScratchScope scratch;
    const std::size_t first = group * kGroupBlocks;
    const std::size_t blocks = std::min(kGroupBlocks, sizes_.blocks - first);
    auto* scores = scratch.take<float>(rows_ * kGroup);
    // Panels of a matrix [positions][features]; of the last one not all columns are filled below.
    auto* features = scratch.take<float>(kGroup * (state_.column_stride + kPanel));
    std::fill_n(features + state_.features / kPanel * kPanel * kGroup, kPanel * kGroup, 0.0F);
    for (std::size_t i = 0; i < blocks; ++i) {
      if (pass_.image_to_token != nullptr) update_block(*pass_.image_to_token, first + i);
      score_token_to_image(first + i, scores + i * kBlock);
      keep_features(first + i, features + i * kBlock * kPanel);
    }
    finish(group, blocks * kBlock, scores, features, partial);
  }

 private:
  // F of the block: [capacity][kBlock], of which state_.features rows or fewer are there yet.
  float* features_of(std::size_t block) const {
    return state_.feature_blocks + block * state_.capacity * kBlock;
  }
  // attn = q @ k.transpose: scores of the tokens' vectors with A (keys + image_pe) of a block's positions, A
  // being a part of the projections. [heads * tokens][kBlock], from three terms:
  //   s * token . (keys0 * w) A     .keys, .scale
  //   token . (image_pe A + bias)   .offsets; in layer 0, where s = 1, they are in .keys already
  //   token . F (N A)               on_features, [heads * tokens][features], times F
  // The scale 1 / sqrt(head_dim) is in the tokens' projection.
  // NOLINTNEXTLINE(readability-function-size): which scores, of what, to where
  void score(std::size_t layer, std::size_t part, std::size_t block, const float* tokens,
             const float* on_features, std::size_t features, float* out, std::size_t out_stride) const {
    kernels::score_block(
        {.heads = sizes_.heads,
         .tokens = state_.tokens,
         .dim = sizes_.head_dim,
         .queries = tokens,
         .keys = projected_block(pass_.image.projected, sizes_, part, block),
         .scale = layer == 0 ? nullptr : state_.scale + block * kBlock,
         .offsets = layer == 0 ? nullptr : projected_block(pass_.positions, sizes_, part, block),
         .out = out,
         .out_stride = out_stride});
    if (features == 0) return;
    multiply({.in = on_features,
              .in_stride = state_.column_stride,
              .rows = rows_,
              .residual = out,
              .residual_stride = out_stride,
              .out = out,
              .out_stride = out_stride},
             kernels::view_rows(features_of(block), features, kBlock, kBlock));
  }

  // cross_attn_token_to_image and final_attn_token_to_image: the tokens are the queries.
  void score_token_to_image(std::size_t block, float* scores) const {
    const TokenToImage& tokens = pass_.token_to_image;
    score(tokens.layer, key_part(tokens.layer), block, tokens.queries, tokens.on_features, state_.features,
          scores, kGroup);
  }

  // cross_attn_image_to_token: softmax(attn) over the tokens, position by position. What becomes of it are
  // the new features, rows of kBlock positions: the weights but each head's last (their sum is 1), or attn @
  // v, each head's mixture of the tokens' values. out_proj is in N (decoder_exchange.cc).
  void attend(const ImageToToken& tokens, std::size_t block, float* out) const {
    kernels::ScratchScope scratch;
    float* weights = tokens.values == nullptr ? out : scratch.take<float>(rows_ * kBlock);
    score(tokens.layer, query_part(tokens.layer), block, tokens.keys, tokens.on_features, tokens.known,
          weights, kBlock);
    const std::size_t kept = tokens.values == nullptr ? state_.tokens - 1 : state_.tokens;
    kernels::softmax_over_tokens(weights, sizes_.heads, state_.tokens, kept);
    if (tokens.values == nullptr) return;
    const std::size_t T = state_.tokens, D = sizes_.head_dim;
    for (std::size_t h = 0; h < sizes_.heads; ++h) {
      multiply({.in = tokens.values + h * D * T,
                .in_stride = T,
                .rows = D,
                .out = out + h * D * kBlock,
                .out_stride = kBlock},
               kernels::view_rows(weights + h * T * kBlock, T, kBlock, kBlock));
    }
  }

  // keys = norm4(keys + cross_attn_image_to_token(keys + image_pe, queries + positions, queries)) of a block.
  void update_block(const ImageToToken& tokens, std::size_t block) const {
    const std::size_t C = sizes_.channels;
    float* features = features_of(block);
    float* added = features + tokens.known * kBlock;
    attend(tokens, block, added);
    std::fill_n(added + tokens.added * kBlock, kBlock, 1.0F);  // what out_proj's bias is multiplied with

    // x = keys + out_proj(...): [channels][kBlock], the product of N's new rows, turned, with the new
    // features.
    kernels::ScratchScope scratch;
    const bool is_last = tokens.layer + 1 == sizes_.layers;
    float* kept = state_.keys == nullptr ? nullptr : state_.keys + block * C * kBlock;
    float* keys = is_last ? scratch.take<float>(C * kBlock) : kept;
    multiply({.in = tokens.mix,
              .in_stride = tokens.mixed,
              .rows = C,
              .residual = tokens.layer == 0 ? pass_.image.keys.as<float>() + block * C * kBlock : kept,
              .residual_stride = kBlock,
              .out = keys,
              .out_stride = kBlock},
             kernels::view_rows(features + tokens.mix_from * kBlock, tokens.mixed, kBlock, kBlock));
    kernels::BlockMoments moments;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled in at once
    kernels::moments_over_channels(keys, C, kLayerNormEps, moments);
    if (!is_last) {  // to these the next layer adds
      const Norm& norm = pass_.weights.layers[tokens.layer].norm4;
      kernels::normalise_channels(keys, C, moments, norm.weight.data(), norm.bias.data(),
                                  kernels::Activation::none, keys);
    }
    normalise_features(moments, features, tokens.known + tokens.added + 1, state_.scale + block * kBlock);
  }

  // (x - mean) / deviation for F and s: what is there is divided; mean / deviation and 1 are added, whose
  // rows of N are -weight and bias (normalise_rows).
  static void normalise_features(const kernels::BlockMoments& moments, float* features, std::size_t count,
                                 float* scale) {
    kernels::scale_columns(features, count, moments.inverse_deviation, features);
    float* mean = features + count * kBlock;
    for (std::size_t p = 0; p < kBlock; ++p) {
      mean[p] = moments.mean[p] * moments.inverse_deviation[p];
      mean[kBlock + p] = 1;
      scale[p] *= moments.inverse_deviation[p];
    }
  }

  // The block's features, turned, in panels of a matrix [kGroup][features]: for sums over positions, which
  // are the inputs of that product (finish).
  void keep_features(std::size_t block, float* panels) const {
    for (std::size_t row = 0; row < state_.features; row += kPanel, panels += kGroup * kPanel) {
      kernels::transpose(features_of(block) + row * kBlock, kBlock, std::min(kPanel, state_.features - row),
                         kBlock, panels, kPanel);
    }
  }

  // attn = softmax(scores), out = attn @ v of a group of positions: exponentials are summed, values summed by
  // them. v = A (s (keys0 * w) + F N): the first part is summed with weights exp * s over values that are
  // there for each image; of the second F alone is summed, A N comes after the sum (values_of).
  void finish(std::size_t group, std::size_t columns, float* scores, const float* features,
              const Partial& partial) const {
    kernels::ScratchScope scratch;
    const std::size_t first = group * kGroup, layer = pass_.token_to_image.layer;
    auto* scaled = layer == 0 ? nullptr : scratch.take<float>(rows_ * kGroup);
    kernels::exponentials({.values = scores,
                           .rows = rows_,
                           .columns = columns,
                           .stride = kGroup,
                           .valid = std::min(columns, sizes_.positions - first),
                           .maxima = partial.maxima,
                           .sums = partial.sums,
                           .scale = state_.scale + first,
                           .scaled = scaled});
    const std::size_t D = sizes_.head_dim, head_stride = sizes_.blocks * kBlock * D;
    kernels::sum_weighted(
        {.heads = sizes_.heads,
         .tokens = state_.tokens,
         .dim = D,
         .positions = columns,
         .weights = layer == 0 ? scores : scaled,
         .weights_stride = kGroup,
         .values = pass_.image.values.as<float>() + layer * sizes_.heads * head_stride + first * D,
         .head_stride = head_stride,
         .out = partial.values});
    if (state_.features == 0) return;
    kernels::multiply({.in = scores,
                       .in_stride = kGroup,
                       .rows = rows_,
                       .out = partial.features,
                       .out_stride = state_.column_stride},
                      {.data = features,
                       .inputs = columns,
                       .outputs = state_.features,
                       .row_stride = kPanel,
                       .panel_stride = kGroup * kPanel});
  }

  const Pass& pass_;
  const Sizes& sizes_;
  const ImageState& state_;
  std::size_t rows_;
};

enum class Sum { first, further };
void add(const float* in, std::size_t count, float share, Sum which, float* out) {
  if (which == Sum::first) {
    for (std::size_t i = 0; i < count; ++i) out[i] = share * in[i];
  } else {
    for (std::size_t i = 0; i < count; ++i) out[i] += share * in[i];
  }
}

// softmax over all groups, of one row (a head's token): each group's sums count by exp(its maximum - the
// largest), over the sum of all. Into the first group's, in the order of groups, whichever thread did them.
void merge_row(const std::vector<Partial>& partials, std::size_t row, std::size_t dim, std::size_t features,
               std::size_t stride) {
  float maximum = partials[0].maxima[row];
  for (const Partial& partial : partials) maximum = std::max(maximum, partial.maxima[row]);
  float sum = 0;
  for (const Partial& partial : partials) sum += std::exp(partial.maxima[row] - maximum) * partial.sums[row];
  const Partial& whole = partials[0];
  for (std::size_t i = 0; i < partials.size(); ++i) {
    const Sum which = i == 0 ? Sum::first : Sum::further;
    const float share = std::exp(partials[i].maxima[row] - maximum) / sum;
    add(partials[i].values + row * dim, dim, share, which, whole.values + row * dim);
    add(partials[i].features + row * stride, features, share, which, whole.features + row * stride);
  }
}

// attn @ v: what was summed of values as it is, what was summed of features through N and v_proj.
//   attended[t] = sum of values + v_proj(sum of F  N) + v_proj.bias, head by head: [tokens][inner].
// The weights add up to 1, so the bias is added once.
void values_of(const Pass& pass, const Partial& whole, float* attended) {
  const Sizes& sizes = pass.weights.sizes;
  const ImageState& state = pass.state;
  const TokenToImageWeights& attention = *pass.token_to_image.attention;
  const std::size_t T = state.tokens, D = sizes.head_dim, C = sizes.channels;
  for (std::size_t t = 0; t < T; ++t) {
    for (std::size_t i = 0; i < sizes.inner; ++i)
      attended[t * sizes.inner + i] = whole.values[(i / D * T + t) * D + i % D] + attention.value_bias[i];
  }
  if (state.features == 0) return;
  kernels::ScratchScope scratch;
  auto* channels = scratch.take<float>(sizes.heads * T * C);
  multiply({.in = whole.features,
            .in_stride = state.column_stride,
            .rows = sizes.heads * T,
            .out = channels,
            .out_stride = C},
           kernels::view_rows(state.rows, state.features, C, C));
  for (std::size_t h = 0; h < sizes.heads; ++h) {
    float* out = attended + h * D;
    multiply({.in = channels + h * T * C,
              .in_stride = C,
              .rows = T,
              .residual = out,
              .residual_stride = sizes.inner,
              .out = out,
              .out_stride = sizes.inner},
             attention.value_of[h].view());
  }
}

}  // namespace

void run_pass(const Pass& pass, int threads, float* attended) {
  const Sizes& sizes = pass.weights.sizes;
  const std::size_t rows = sizes.heads * pass.state.tokens, stride = pass.state.column_stride;
  const std::size_t groups = (sizes.blocks + kGroupBlocks - 1) / kGroupBlocks;
  kernels::ScratchScope scratch;
  std::vector<Partial> partials(groups);
  for (Partial& partial : partials) {
    // Of each group its own, so that threads add nothing to the same sums.
    partial = {.maxima = scratch.take<float>(rows),
               .sums = scratch.take<float>(rows),
               .values = scratch.take<float>(rows * sizes.head_dim),
               .features = scratch.take<float>(rows * stride)};
  }
  const GroupPass group_pass(pass);
  parallel_for(threads, static_cast<std::int64_t>(groups), [&](std::int64_t group) {
    group_pass.run(static_cast<std::size_t>(group), partials[static_cast<std::size_t>(group)]);
  });
  for (std::size_t row = 0; row < rows; ++row)
    merge_row(partials, row, sizes.head_dim, pass.state.features, stride);
  values_of(pass, partials[0], attended);
}

}  // namespace sonde::decoder
