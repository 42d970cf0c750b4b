// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <span>

#include "sonde/core/parallel.h"
#include "sonde/inference/tiny_vit_layers.h"
#include "sonde/kernels/attention.h"

namespace sonde {
namespace {

using kernels::Activation;
using kernels::pieces;
using kernels::ScratchScope;
using kernels::Storage;

constexpr float kLayerNormEps = 1e-5F;
// Values of the tokens that go through attention together, so that theirs and their queries', keys' and
// values' stay in the L2 cache.
constexpr std::size_t kGroupValues = std::size_t{196} * 160;

// scores = (q * scale) k^T, scale = 1 / sqrt(channels of a head): the scale goes into the layer that gives q.
// qkv(x) is [heads][q, k, v][channels of a head], as published (ViT's is [q, k, v][heads][..]).
LayerWeights with_scaled_queries(LayerWeights qkv, std::size_t heads) {
  const std::size_t per_head = qkv.outputs / 3 / heads, inputs = qkv.weight.size() / qkv.outputs;
  const float scale = 1.0F / std::sqrt(static_cast<float>(per_head));
  for (std::size_t out = 0; out < qkv.outputs; ++out) {
    if (out % (3 * per_head) >= per_head) continue;
    for (std::size_t k = 0; k < inputs; ++k) qkv.weight[out * inputs + k] *= scale;
    qkv.bias[out] *= scale;
  }
  return qkv;
}

// attention_biases[:, attention_bias_idxs] (TinyVitAttention), for all queries and keys of a window.
// table: [heads][window^2] by |dy| window + |dx|. Returns [heads][query][key].
std::vector<float> expand_biases(const std::vector<float>& table, std::size_t heads, std::size_t window) {
  const std::size_t positions = window * window;
  const auto apart = [](std::size_t a, std::size_t b) { return a > b ? a - b : b - a; };
  std::vector<float> biases;
  biases.reserve(heads * positions * positions);
  for (std::size_t head = 0; head < heads; ++head) {
    for (std::size_t q = 0; q < positions; ++q) {
      for (std::size_t k = 0; k < positions; ++k) {
        const std::size_t dy = apart(q / window, k / window), dx = apart(q % window, k % window);
        biases.push_back(table[head * positions + dy * window + dx]);
      }
    }
  }
  return biases;
}

}  // namespace

// A window's tokens that lie in the grid, and where its queries, keys and values are.
struct TinyBlock::Window {
  std::size_t top, left, height, width;
  std::size_t first;  // of its tokens among those of the group
  std::size_t tokens() const { return height * width; }
};

TinyBlock::TinyBlock(const TinyVitBlockTensors& block, std::size_t heads, std::size_t window, Storage storage)
    : storage_(storage),
      heads_(heads),
      window_(window),
      channels_(static_cast<std::size_t>(block.proj.bias.shape[0])),
      attention_norm_(block.attn_norm, kLayerNormEps),
      mlp_norm_(block.mlp_norm, kLayerNormEps),
      qkv_(pack(with_scaled_queries(linear_weights(block.qkv), heads), storage)),
      proj_(pack(linear_weights(block.proj), storage)),
      fc1_(pack(linear_weights(block.fc1), storage)),
      fc2_(pack(linear_weights(block.fc2), storage)),
      outside_qkv_(3 * channels_ * size_of(storage)),
      biases_(expand_biases(floats(block.attention_biases), heads, window)),
      local_conv_(block.local_conv, 1) {
  // Published, zeros are appended to the grid where windows hang over it, before attn.norm: such a token is
  // qkv(norm(0)), the same everywhere. So it is computed once, and the grid needs no padding.
  const std::vector<float> zeros(channels_);
  std::vector<float> normed(channels_ + 1);
  layer_norm(zeros.data(), channels_, 1, attention_norm_.view(), Activation::none, normed.data(), channels_,
             storage);
  multiply({.in = normed.data(),
            .in_stride = channels_,
            .rows = 1,
            .out = outside_qkv_.data(),
            .out_stride = 3 * channels_,
            .out_storage = storage},
           qkv_.view());
}

void TinyBlock::attend(const FeatureMap& grid, Part part, int threads) const {
  const std::size_t down = pieces(part.height, window_), across = pieces(part.width, window_);
  const std::size_t together = std::max<std::size_t>(kGroupValues / (window_ * window_ * channels_), 1);
  const std::size_t groups = pieces(across, together);
  parallel_for(threads, static_cast<std::int64_t>(down * groups), [&](std::int64_t i) {
    const std::size_t row = static_cast<std::size_t>(i) / groups,
                      first = static_cast<std::size_t>(i) % groups * together;
    attend_windows(grid, row * window_, first * window_, std::min(together, across - first));
  });
}

void TinyBlock::transform(const FeatureMap& in, const FeatureMap& out, Part part, int threads) const {
  parallel_for(threads, static_cast<std::int64_t>(part.height),
               [&](std::int64_t row) { transform_row(in, out, static_cast<std::size_t>(row), part.width); });
}

// x = x + grid_from_windows(attn(windows_from_grid(x))) of `count` windows side by side. The grid is never
// cut into windows: rows are read from it and added to it where they lie.
void TinyBlock::attend_windows(const FeatureMap& grid, std::size_t top, std::size_t left,
                               std::size_t count) const {
  ScratchScope scratch;
  std::vector<Window> windows;
  std::size_t tokens = 0;
  for (std::size_t i = 0; i < count; ++i, left += window_) {
    windows.push_back(
        {top, left, std::min(window_, grid.height() - top), std::min(window_, grid.width() - left), tokens});
    tokens += windows.back().tokens();
  }
  const auto rows_of = [&](const Window& window, auto&& work) {
    for (std::size_t y = 0; y < window.height; ++y) {
      work(grid.at(static_cast<std::ptrdiff_t>(window.top + y), static_cast<std::ptrdiff_t>(window.left)),
           window.first + y * window.width, window.width);
    }
  };
  const std::size_t size = size_of(storage_);
  // qkv(norm(x)): [tokens][C] -> [tokens][3 C], the tokens of all windows one after another
  std::byte* normed = scratch.bytes(tokens * channels_ * size);
  std::byte* qkv = scratch.bytes(tokens * 3 * channels_ * size);
  for (const Window& window : windows) {
    rows_of(window, [&](const float* row, std::size_t token, std::size_t width) {
      layer_norm(row, channels_, width, attention_norm_.view(), Activation::none,
                 normed + token * channels_ * size, channels_, storage_);
    });
  }
  multiply({.in = normed,
            .in_stride = channels_,
            .rows = tokens,
            .out = qkv,
            .out_stride = 3 * channels_,
            .out_storage = storage_},
           qkv_.view());
  // softmax(q k^T + bias) v: [tokens][C], over the normalised tokens, which have served
  for (const Window& window : windows) {
    attend_heads(window, qkv + window.first * 3 * channels_ * size, normed + window.first * channels_ * size);
  }
  // x = x + proj(...)
  auto* projected = scratch.take<float>(tokens * channels_);
  multiply({.in = normed, .in_stride = channels_, .rows = tokens, .out = projected, .out_stride = channels_},
           proj_.view());
  for (const Window& window : windows) {
    rows_of(window, [&](float* row, std::size_t token, std::size_t width) {
      const float* from = projected + token * channels_;
      for (std::size_t i = 0; i < width * channels_; ++i) row[i] += from[i];
    });
  }
}

// qkv: [tokens][3 * channels]; out: [tokens][channels]. Only tokens in the grid are queries; keys are all of
// the window's, so those beyond the grid take part in the softmax, as published.
void TinyBlock::attend_heads(const Window& window, const std::byte* qkv, std::byte* out) const {
  const std::size_t size = size_of(storage_), row_bytes = 3 * channels_ * size;
  const std::size_t positions = window_ * window_, per_head = channels_ / heads_;
  ScratchScope scratch;
  auto* position_of = scratch.take<std::uint16_t>(window.tokens());
  for (std::size_t i = 0; i < window.tokens(); ++i)
    position_of[i] = static_cast<std::uint16_t>(i / window.width * window_ + i % window.width);
  const std::byte* all = qkv;
  if (window.tokens() < positions) {
    std::byte* padded = scratch.bytes(positions * row_bytes);
    for (std::size_t i = 0; i < positions; ++i)
      std::memcpy(padded + i * row_bytes, outside_qkv_.data(), row_bytes);
    for (std::size_t i = 0; i < window.tokens(); ++i)
      std::memcpy(padded + position_of[i] * row_bytes, qkv + i * row_bytes, row_bytes);
    all = padded;
  }
  for (std::size_t head = 0; head < heads_; ++head) {
    const std::size_t at = 3 * head * per_head * size;
    kernels::attend({.q = qkv + at,
                     .queries = window.tokens(),
                     .k = all + at + per_head * size,
                     .v = all + at + 2 * per_head * size,
                     .keys = positions,
                     .channels = per_head,
                     .stride = 3 * channels_,
                     .bias = biases_.data() + head * positions * positions,
                     .bias_row = {position_of, window.tokens()},
                     .storage = storage_,
                     .out = out + head * per_head * size,
                     .out_stride = channels_});
  }
}

void TinyBlock::transform_row(const FeatureMap& in, const FeatureMap& out, std::size_t row,
                              std::size_t tokens) const {
  const std::size_t hidden = fc1_.view().outputs, size = size_of(storage_);
  const auto y = static_cast<std::ptrdiff_t>(row);
  ScratchScope scratch;
  auto* convolved = scratch.take<float>(tokens * channels_);
  std::byte* normed = scratch.bytes(tokens * channels_ * size);
  std::byte* widened = scratch.bytes(tokens * hidden * size);
  // x = local_conv(x)
  kernels::convolve(
      {.in = {in.at(y - 1, -1), in.at(y, -1), in.at(y + 1, -1)}, .width = tokens, .out = convolved},
      local_conv_.view());
  // x + fc2(gelu(fc1(norm(x))))  (TinyVitMlp): [tokens][C] -> [tokens][mlp_ratio C] -> [tokens][C]
  layer_norm(convolved, channels_, tokens, mlp_norm_.view(), Activation::none, normed, channels_, storage_);
  multiply({.in = normed,
            .in_stride = channels_,
            .rows = tokens,
            .activation = Activation::gelu,
            .out = widened,
            .out_stride = hidden,
            .out_storage = storage_},
           fc1_.view());
  multiply({.in = widened,
            .in_stride = hidden,
            .rows = tokens,
            .residual = convolved,
            .residual_stride = channels_,
            .out = out.at(y, 0),
            .out_stride = channels_},
           fc2_.view());
}

}  // namespace sonde
