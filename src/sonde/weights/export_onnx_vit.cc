// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "sonde/weights/export_onnx.h"
#include "sonde/weights/onnx_builder.h"

// The steps of model/image_encoder.cc.

namespace sonde {
namespace {

using Value = OnnxBuilder::Value;

constexpr float kEpsilon = 1e-6F;

// Offsets [2*side-1][c] to what the query of each row (or column) is multiplied with: [side: query][c][side:
// key].
WeightTensor positions_of_queries(const WeightTensor& table, std::int64_t side) {
  const WeightTensor floats = as_f32(table);
  const auto offsets = floats_of(floats);
  const auto n = static_cast<std::size_t>(side), channels = static_cast<std::size_t>(table.shape[1]);
  std::vector<float> values;
  values.reserve(n * channels * n);
  for (std::size_t query = 0; query < n; ++query) {
    for (std::size_t channel = 0; channel < channels; ++channel) {
      for (std::size_t key = 0; key < n; ++key)
        values.push_back(offsets[(query + n - 1 - key) * channels + channel]);
    }
  }
  return make_tensor(std::move(values), {side, table.shape[1], side});
}

struct AttentionSizes {
  std::int64_t windows, side, channels, heads;
  std::int64_t tokens() const { return side * side; }
  std::int64_t groups() const { return windows * heads; }
  std::int64_t head_channels() const { return channels / heads; }
};

// The bias of query (h,w) and key (i,j): q.R_h[h,i] + q.R_w[w,j], [groups,side,side,side,side].
Value add_biases(const OnnxBuilder& attention, const Value& scores, const Value& queries,
                 const VitBlockTensors& block, const AttentionSizes& sizes) {
  const auto groups = sizes.groups(), side = sizes.side;
  const auto grid = attention.reshape(queries, {groups, side, side, sizes.head_channels()});
  const auto of_rows = attention.product(
      grid, attention.constant("rel_pos_h.of_queries", positions_of_queries(block.rel_pos_h, side)));
  const auto of_columns = attention.product(
      attention.transpose(grid, {0, 2, 1, 3}),
      attention.constant("rel_pos_w.of_queries", positions_of_queries(block.rel_pos_w, side)));
  const auto rows = attention.reshape(of_rows, {groups, side, side, side, 1});
  const auto columns =
      attention.reshape(attention.transpose(of_columns, {0, 2, 1, 3}), {groups, side, side, 1, side});
  const auto sum = attention.add(
      attention.add(attention.reshape(scores, {groups, side, side, side, side}), rows), columns);
  return attention.reshape(sum, {groups, sizes.tokens(), sizes.tokens()});
}

// [windows,tokens,C] -> the same
Value add_attention(const OnnxBuilder& attention, const Value& x, const VitBlockTensors& block,
                    const AttentionSizes& sizes) {
  const auto tokens = sizes.tokens(), channels = sizes.head_channels();
  const auto parted = attention.reshape(attention.linear(x, "qkv", block.qkv),
                                        {sizes.windows, tokens, 3, sizes.heads, channels});
  const auto parts = attention.split(attention.transpose(parted, {2, 0, 3, 1, 4}), 0, 3);
  const Shape each{sizes.groups(), tokens, channels};
  const auto q = attention.reshape(parts[0], each), k = attention.reshape(parts[1], each),
             v = attention.reshape(parts[2], each);
  const auto scale = attention.number(static_cast<float>(1.0 / std::sqrt(static_cast<double>(channels))));
  const auto scores = attention.product(attention.multiply(q, scale), attention.transpose(k, {0, 2, 1}));
  const auto weights = attention.softmax(add_biases(attention, scores, q, block, sizes));
  const auto answers =
      attention.reshape(attention.product(weights, v), {sizes.windows, sizes.heads, tokens, channels});
  const auto joined =
      attention.reshape(attention.transpose(answers, {0, 2, 1, 3}), {sizes.windows, tokens, sizes.channels});
  return attention.linear(joined, "proj", block.proj);
}

// [1,side,side,C] -> the same
Value add_block(const OnnxBuilder& box, const Value& x, const VitBlockTensors& block, const VitSizes& sizes,
                const OnnxWindows& windows) {
  const auto normed = box.layer_norm(x, "norm1", block.norm1, kEpsilon);
  const auto attended = add_attention(box.in("attn"), windows_from_grid(box, normed, windows), block,
                                      {.windows = windows.count(),
                                       .side = windows.window,
                                       .channels = sizes.embed_dim,
                                       .heads = sizes.num_heads});
  const auto sum = box.add(x, grid_from_windows(box, attended, windows));
  const OnnxBuilder mlp = box.in("mlp");
  const auto hidden =
      mlp.gelu(mlp.linear(box.layer_norm(sum, "norm2", block.norm2, kEpsilon), "lin1", block.lin1));
  return box.add(sum, mlp.linear(hidden, "lin2", block.lin2));
}

}  // namespace

Value add_onnx_encoder(OnnxModel& model, const Value& pixels, const VitTensors& vit) {
  const OnnxBuilder encoder(model, "image_encoder.");
  const auto& sizes = vit.sizes;
  const auto side = sizes.image_size / sizes.patch_size;
  const auto patches =
      encoder.convolution(pixels, "patch_embed.proj", vit.patch_embed, {.stride = sizes.patch_size});
  auto x =
      encoder.add(encoder.transpose(patches, {0, 2, 3, 1}), encoder.constant("pos_embed", vit.pos_embed));
  for (std::size_t i = 0; i < vit.blocks.size(); ++i) {
    const auto& global = sizes.global_attn_indexes;
    const bool is_global = std::ranges::find(global, static_cast<std::int64_t>(i)) != global.end();
    x = add_block(
        encoder.in("blocks." + std::to_string(i)), x, vit.blocks[i], sizes,
        {.side = side, .window = is_global ? side : sizes.window_size, .channels = sizes.embed_dim});
  }
  return add_neck(encoder, encoder.transpose(x, {0, 3, 1, 2}), vit.neck);
}

}  // namespace sonde
