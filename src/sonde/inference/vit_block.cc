// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstring>

#include "sonde/core/parallel.h"
#include "sonde/inference/vit_layers.h"

namespace sonde {
namespace {

using kernels::Activation;
using kernels::Buffer;
using kernels::pieces;
using kernels::ScratchScope;
using kernels::Storage;

constexpr float kLayerNormEps = 1e-6F;
// Tokens that go through a layer together: what they widen to stays in the L2 cache.
constexpr std::size_t kChunk = 64;

constexpr std::size_t even(std::size_t size) { return kernels::round_up(size, 2); }

float channels_root(const VitShape& shape) {
  const std::size_t per_head = shape.channels / shape.heads;
  return std::sqrt(static_cast<float>(per_head));
}

// attn = (q * scale) @ k^T, scale = 1 / sqrt(channels of a head). The kernel takes powers of 2, not of e:
// log2(e) goes into the queries too. They are the first third of qkv(x), [q, k, v][heads][channels of a
// head].
LayerWeights with_scaled_queries(LayerWeights qkv, const VitShape& shape) {
  const float scale = kernels::kLog2E / channels_root(shape);
  for (std::size_t i = 0; i < shape.channels * shape.channels; ++i) qkv.weight[i] *= scale;
  for (std::size_t i = 0; i < shape.channels; ++i) qkv.bias[i] *= scale;
  return qkv;
}

// rel_pos_h or rel_pos_w, [2 * side - 1][channels of a head]. Published, they meet queries that are not
// scaled: q . r = (q * scale) . (r / scale).
Buffer place_positions(std::vector<float> table, const VitShape& shape, const kernels::GridShape& attention) {
  const std::size_t count = table.size() / attention.channels;
  for (float& value : table) value *= channels_root(shape);
  Buffer placed(count * attention.row() * size_of(shape.storage));
  std::memset(placed.data(), 0, placed.size());
  for (std::size_t i = 0; i < count; ++i) {
    convert(table.data() + i * attention.channels, attention.channels, shape.storage,
            placed.data() + i * attention.row() * size_of(shape.storage));
  }
  return placed;
}

// Rows for a product to take: even, the odd value finite.
std::byte* take_rows(ScratchScope& scratch, std::size_t rows, std::size_t columns, Storage storage) {
  const std::size_t bytes = rows * even(columns) * size_of(storage);
  std::byte* taken = scratch.bytes(bytes);
  if (columns % 2 != 0) std::memset(taken, 0, bytes);
  return taken;
}

}  // namespace

VitWindows::Window VitWindows::at(std::size_t index) const {
  const std::size_t top = index / across_ * side_, left = index % across_ * side_;
  return {top, left, std::min(side_, grid_ - top), std::min(side_, grid_ - left)};
}

VitWorkspace::VitWorkspace(const VitShape& shape, std::size_t operands_bytes)
    : tokens(shape.tokens() * shape.channels * sizeof(float)),
      queries(operands_bytes),
      keys(operands_bytes),
      values(operands_bytes),
      attended(shape.tokens() * shape.stride() * size_of(shape.storage)) {
  if (shape.stride() != shape.channels) std::memset(attended.data(), 0, attended.size());
}

VitBlock::VitBlock(const VitBlockTensors& block, const VitShape& shape, std::size_t window)
    : shape_(shape),
      windows_(shape.grid, window),
      attention_{.side = window, .channels = shape.channels / shape.heads, .storage = shape.storage},
      attention_norm_(block.norm1, kLayerNormEps),
      mlp_norm_(block.norm2, kLayerNormEps),
      qkv_(pack(with_scaled_queries(linear_weights(block.qkv), shape), shape.storage)),
      proj_(pack(linear_weights(block.proj), shape.storage)),
      fc1_(pack(linear_weights(block.lin1), shape.storage)),
      fc2_(pack(linear_weights(block.lin2), shape.storage)),
      row_positions_(place_positions(floats(block.rel_pos_h), shape, attention_)),
      column_positions_(place_positions(floats(block.rel_pos_w), shape, attention_)),
      outside_(3 * shape.channels * size_of(shape.storage)) {
  // Published, windows that hang over the grid are padded with zeros after norm1: of such a token qkv gives
  // its bias alone. So the grid needs no padding.
  convert(qkv_.view().bias, 3 * shape.channels, shape.storage, outside_.data());
}

std::size_t VitBlock::head_bytes() const {
  const std::size_t most = std::max(
      {attention_.queries_size(attention_.keys()), attention_.keys_size(), attention_.values_size()});
  return most * size_of(shape_.storage);
}

std::size_t VitBlock::operands_bytes() const { return head_at(windows_.count(), 0); }

void VitBlock::run(const VitWorkspace& workspace, int threads) const {
  // window_partition(qkv(norm1(x))): queries, keys, values [windows][heads][..], as attention reads them
  const std::size_t tokens = shape_.tokens(), chunks = pieces(tokens, kChunk);
  parallel_for(threads, static_cast<std::int64_t>(chunks + windows_.count()), [&](std::int64_t i) {
    const auto index = static_cast<std::size_t>(i);
    if (index >= chunks) return place_outside(workspace, index - chunks);
    place_chunk(workspace, index * kChunk, std::min(kChunk, tokens - index * kChunk));
  });
  // softmax(q k^T * scale + positions) v: [tokens][C]. Queries write to their tokens' places in the grid,
  // which is the published window_unpartition.
  const std::size_t blocks = pieces(attention_.keys(), kernels::kQueryBlock);
  parallel_for(
      threads, static_cast<std::int64_t>(windows_.count() * shape_.heads * blocks), [&](std::int64_t i) {
        const auto index = static_cast<std::size_t>(i);
        attend(workspace, index / blocks / shape_.heads, index / blocks % shape_.heads, index % blocks);
      });
  // x = x + proj(...), x = x + mlp(norm2(x))
  parallel_for(threads, static_cast<std::int64_t>(chunks), [&](std::int64_t i) {
    const std::size_t first = static_cast<std::size_t>(i) * kChunk;
    finish_chunk(workspace, first, std::min(kChunk, tokens - first));
  });
}

// qkv(norm1(x)) of `count` tokens, [count][3 C], to their windows: runs of tokens that are neighbours in a
// row of the grid and in a window. Queries are numbered among the window's tokens that lie in the grid, keys
// and values by their place in the whole window.
void VitBlock::place_chunk(const VitWorkspace& workspace, std::size_t first, std::size_t count) const {
  const std::size_t channels = shape_.channels, width = 3 * channels, size = size_of(shape_.storage);
  ScratchScope scratch;
  std::byte* normed = take_rows(scratch, count, channels, shape_.storage);
  std::byte* qkv = scratch.bytes(count * width * size);
  // qkv(norm1(x)): [count][C] -> [count][3 C]
  layer_norm(workspace.tokens.as<float>() + first * channels, channels, count, attention_norm_.view(),
             Activation::none, normed, shape_.stride(), shape_.storage);
  multiply({.in = normed,
            .in_stride = shape_.stride(),
            .rows = count,
            .out = qkv,
            .out_stride = width,
            .out_storage = shape_.storage},
           qkv_.view());
  for (std::size_t token = first; token < first + count;) {
    const std::size_t row = token / shape_.grid, column = token % shape_.grid;
    const std::size_t index = windows_.index_of(row, column);
    const VitWindows::Window window = windows_.at(index);
    const std::size_t x = column - window.left, y = row - window.top;
    const std::size_t run = std::min(window.width - x, first + count - token);
    for (std::size_t head = 0; head < shape_.heads; ++head) {
      const std::byte* q = qkv + ((token - first) * width + head * attention_.channels) * size;
      const std::size_t to = head_at(index, head);
      place_queries({q, width, run, y * window.width + x}, attention_, workspace.queries.data() + to);
      place_keys({q + channels * size, width, run, y * windows_.side() + x}, attention_,
                 workspace.keys.data() + to);
      place_values({q + 2 * channels * size, width, run, y * windows_.side() + x}, attention_,
                   workspace.values.data() + to);
    }
    token += run;
  }
}

// Keys and values of what is in a window but beyond the grid.
void VitBlock::place_outside(const VitWorkspace& workspace, std::size_t index) const {
  const VitWindows::Window window = windows_.at(index);
  const std::size_t side = windows_.side(), channels = shape_.channels, size = size_of(shape_.storage);
  for (std::size_t y = 0; y < side; ++y) {
    const std::size_t left = y < window.height ? window.width : 0;
    if (left == side) continue;
    for (std::size_t head = 0; head < shape_.heads; ++head) {
      const std::byte* q = outside_.data() + head * attention_.channels * size;
      const std::size_t to = head_at(index, head);
      place_keys({q + channels * size, 0, side - left, y * side + left}, attention_,
                 workspace.keys.data() + to);
      place_values({q + 2 * channels * size, 0, side - left, y * side + left}, attention_,
                   workspace.values.data() + to);
    }
  }
}

// One head's attention of one block of a window's queries; blocks that are padding alone have none.
void VitBlock::attend(const VitWorkspace& workspace, std::size_t index, std::size_t head,
                      std::size_t block) const {
  const VitWindows::Window window = windows_.at(index);
  if (block * kernels::kQueryBlock >= window.height * window.width) return;
  const std::size_t at = head_at(index, head), stride = shape_.stride();
  const std::size_t out = (window.top * shape_.grid + window.left) * stride + head * attention_.channels;
  kernels::attend({.shape = attention_,
                   .queries = workspace.queries.data() + at,
                   .query_count = window.height * window.width,
                   .query_width = window.width,
                   .keys = workspace.keys.data() + at,
                   .values = workspace.values.data() + at,
                   .row_positions = row_positions_.data(),
                   .column_positions = column_positions_.data(),
                   .out = workspace.attended.data() + out * size_of(shape_.storage),
                   .out_row_stride = shape_.grid * stride,
                   .out_stride = stride},
                  block);
}

// x = x + proj(attended); x = x + lin2(gelu(lin1(norm2(x)))): [count][C] -> [count][mlp_dim] -> [count][C]
void VitBlock::finish_chunk(const VitWorkspace& workspace, std::size_t first, std::size_t count) const {
  const std::size_t channels = shape_.channels, stride = shape_.stride(), hidden = fc1_.view().outputs;
  ScratchScope scratch;
  std::byte* normed = take_rows(scratch, count, channels, shape_.storage);
  std::byte* widened = take_rows(scratch, count, hidden, shape_.storage);
  float* tokens = workspace.tokens.as<float>() + first * channels;
  multiply({.in = workspace.attended.data() + first * stride * size_of(shape_.storage),
            .in_stride = stride,
            .rows = count,
            .residual = tokens,
            .residual_stride = channels,
            .out = tokens,
            .out_stride = channels},
           proj_.view());
  layer_norm(tokens, channels, count, mlp_norm_.view(), Activation::none, normed, stride, shape_.storage);
  multiply({.in = normed,
            .in_stride = stride,
            .rows = count,
            .activation = Activation::gelu,
            .out = widened,
            .out_stride = even(hidden),
            .out_storage = shape_.storage},
           fc1_.view());
  multiply({.in = widened,
            .in_stride = even(hidden),
            .rows = count,
            .residual = tokens,
            .residual_stride = channels,
            .out = tokens,
            .out_stride = channels},
           fc2_.view());
}

}  // namespace sonde
