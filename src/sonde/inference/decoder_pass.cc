// SPDX-License-Identifier: Apache-2.0
// The image's side of its exchange with the tokens.
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

// Attention of the tokens over one group of positions.
struct Partial {
  float* maxima = nullptr;    // [rows], rows = heads * tokens
  float* sums = nullptr;      // [rows] of exp(score - maximum)
  float* values = nullptr;    // [rows][head_dim]: values of s (keys0 * w), weighted
  float* features = nullptr;  // [rows][column_stride]: features, weighted
};

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
    // The last panel is not filled.
    auto* features = scratch.take<float>(kGroup * (state_.column_stride + kPanel));
    std::fill_n(features + state_.features / kPanel * kPanel * kGroup, kPanel * kGroup, 0.0F);
    for (std::size_t i = 0; i < blocks; ++i) {
      if (pass_.answer != nullptr) update_block(*pass_.answer, first + i);
      ask_block(first + i, scores + i * kBlock);
      keep_features(first + i, features + i * kBlock * kPanel);
    }
    finish(group, blocks * kBlock, scores, features, partial);
  }

 private:
  float* features_of(std::size_t block) const {
    return state_.feature_blocks + block * state_.capacity * kBlock;
  }
  // Scores of tokens with a block's positions, by what the tokens look for in a part of the projections.
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

  void ask_block(std::size_t block, float* scores) const {
    const Question& question = pass_.question;
    score(question.layer, key_part(question.layer), block, question.queries, question.on_features,
          state_.features, scores, kGroup);
  }

  // The features that attention makes: its weights but each head's last (their sum is 1), or each head's
  // mixture of values.
  void attend(const Answer& answer, std::size_t block, float* out) const {
    kernels::ScratchScope scratch;
    float* weights = answer.values == nullptr ? out : scratch.take<float>(rows_ * kBlock);
    score(answer.layer, query_part(answer.layer), block, answer.keys, answer.on_features, answer.known,
          weights, kBlock);
    const std::size_t kept = answer.values == nullptr ? state_.tokens - 1 : state_.tokens;
    kernels::softmax_over_tokens(weights, sizes_.heads, state_.tokens, kept);
    if (answer.values == nullptr) return;
    const std::size_t T = state_.tokens, D = sizes_.head_dim;
    for (std::size_t h = 0; h < sizes_.heads; ++h) {
      multiply({.in = answer.values + h * D * T,
                .in_stride = T,
                .rows = D,
                .out = out + h * D * kBlock,
                .out_stride = kBlock},
               kernels::view_rows(weights + h * T * kBlock, T, kBlock, kBlock));
    }
  }

  void update_block(const Answer& answer, std::size_t block) const {
    const std::size_t C = sizes_.channels;
    float* features = features_of(block);
    float* added = features + answer.known * kBlock;
    attend(answer, block, added);
    std::fill_n(added + answer.added * kBlock, kBlock, 1.0F);

    kernels::ScratchScope scratch;
    const bool is_last = answer.layer + 1 == sizes_.layers;
    float* kept = state_.keys == nullptr ? nullptr : state_.keys + block * C * kBlock;
    float* keys = is_last ? scratch.take<float>(C * kBlock) : kept;
    multiply({.in = answer.mix,
              .in_stride = answer.mixed,
              .rows = C,
              .residual = answer.layer == 0 ? pass_.image.keys.as<float>() + block * C * kBlock : kept,
              .residual_stride = kBlock,
              .out = keys,
              .out_stride = kBlock},
             kernels::view_rows(features + answer.mix_from * kBlock, answer.mixed, kBlock, kBlock));
    kernels::BlockMoments moments;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled in at once
    kernels::moments_over_channels(keys, C, kLayerNormEps, moments);
    if (!is_last) {
      const Norm& norm = pass_.weights.layers[answer.layer].norm4;
      kernels::normalise_channels(keys, C, moments, norm.weight.data(), norm.bias.data(),
                                  kernels::Activation::none, keys);
    }
    normalise_features(moments, features, answer.known + answer.added + 1, state_.scale + block * kBlock);
  }

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

  // The block's features in panels of a matrix [kGroup][features].
  void keep_features(std::size_t block, float* panels) const {
    for (std::size_t row = 0; row < state_.features; row += kPanel, panels += kGroup * kPanel) {
      kernels::transpose(features_of(block) + row * kBlock, kBlock, std::min(kPanel, state_.features - row),
                         kBlock, panels, kPanel);
    }
  }

  void finish(std::size_t group, std::size_t columns, float* scores, const float* features,
              const Partial& partial) const {
    kernels::ScratchScope scratch;
    const std::size_t first = group * kGroup, layer = pass_.question.layer;
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

// All groups' answers for one row as one, by the sum of its weights; into the first group's.
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

// Of weighted features and values to what attention gives.
void values_of(const Pass& pass, const Partial& whole, float* attended) {
  const Sizes& sizes = pass.weights.sizes;
  const ImageState& state = pass.state;
  const TokenToImage& attention = *pass.question.attention;
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
