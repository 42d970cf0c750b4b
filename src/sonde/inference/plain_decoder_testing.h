// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "sonde/inference/network.h"
#include "sonde/kernels/kernels_testing.h"
#include "sonde/weights/tensor.h"
#include "sonde/weights/variants.h"

namespace sonde {

// For tests: the prompt encoder and the mask decoder as they are published, step by step in double precision,
// without any of the rearrangements of decoder_image.h. Source: Kirillov et al. 2023, section 3 and appendix
// A, figure 14; the names are those of the published checkpoints.
class PlainDecoder {
 public:
  using Row = std::vector<double>;  // [channels]
  using Rows = std::vector<Row>;    // [tokens or positions][channels]
  struct Map {                      // [side * side][channels], row by row
    std::size_t side = 0;
    Rows positions;
  };
  struct Output {
    Row predicted_iou;        // [mask tokens]
    Rows logits;              // [mask tokens][4 * side * 4 * side]
    double object_score = 0;  // where there are classes
  };

  PlainDecoder(const NamedTensors& tensors, const SamSizes& sizes)
      : tensors_(tensors),
        sizes_(sizes),
        side_(static_cast<std::size_t>(embedding_side(sizes))),
        channels_(static_cast<std::size_t>(sizes.prompt_embed_dim)) {}

  Output decode(const std::vector<float>& embedding, const FramePrompt& prompt) const {
    Rows tokens = concatenated(rows("mask_decoder.iou_token.weight", channels_),
                               rows("mask_decoder.mask_tokens.weight", channels_));
    tokens = concatenated(std::move(tokens), sparse_embeddings(prompt));
    const Rows image = sum(split({embedding.begin(), embedding.end()}, channels_), dense_embeddings(prompt));
    const State state = two_way_transformer({tokens, image}, {tokens, dense_positions()});

    Output output;
    output.predicted_iou =
        mlp("mask_decoder.iou_prediction_head", {state.queries[0]}, sizes_.iou_head_depth)[0];
    if (sizes_.class_count > 0)
      output.object_score = mlp("mask_decoder.object_score_head", {state.queries[0]}, 3)[0][0];
    const Map upscaled = upscale({side_, state.keys});
    for (std::size_t i = 0; i < static_cast<std::size_t>(sizes_.num_mask_tokens); ++i) {
      const Row hyper =
          mlp("mask_decoder.output_hypernetworks_mlps." + std::to_string(i), {state.queries[1 + i]}, 3)[0];
      Row& logits = output.logits.emplace_back();
      for (const Row& position : upscaled.positions) logits.push_back(dot(hyper, position));
    }
    return output;
  }

 private:
  struct State {
    Rows queries, keys;  // tokens, image
  };

  // Weights.
  Row weight(const std::string& name) const {
    const auto values = floats_of(tensors_.at(name));
    return {values.begin(), values.end()};
  }
  Rows rows(const std::string& name, std::size_t width) const { return split(weight(name), width); }

  // Rows.
  static Rows split(const Row& values, std::size_t width) {
    Rows rows;
    for (auto at = values.begin(); at != values.end(); at += static_cast<std::ptrdiff_t>(width))
      rows.emplace_back(at, at + static_cast<std::ptrdiff_t>(width));
    return rows;
  }
  static Rows concatenated(Rows a, const Rows& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
  }
  static Row sum(Row a, const Row& b) {
    for (std::size_t i = 0; i < a.size(); ++i) a[i] += b[i];
    return a;
  }
  static Rows sum(Rows a, const Rows& b) {
    for (std::size_t i = 0; i < a.size(); ++i) a[i] = sum(a[i], b[i]);
    return a;
  }
  static double dot(const Row& a, const Row& b) {
    double result = 0;
    for (std::size_t i = 0; i < a.size(); ++i) result += a[i] * b[i];
    return result;
  }
  template <typename Function>
  static Rows each(Rows rows, const Function& function) {
    for (Row& row : rows) std::ranges::transform(row, row.begin(), function);
    return rows;
  }
  static double relu(double x) { return std::max(x, 0.0); }

  // Layers.
  Rows linear(const std::string& name, const Rows& in) const {
    const Row bias = weight(name + ".bias");
    const Rows matrix = rows(name + ".weight", in[0].size());  // [out][in]
    Rows out;
    for (const Row& row : in) {
      Row& result = out.emplace_back();
      for (std::size_t i = 0; i < matrix.size(); ++i) result.push_back(dot(matrix[i], row) + bias[i]);
    }
    return out;
  }
  Rows layer_norm(const std::string& name, Rows rows, double eps) const {
    const Row gamma = weight(name + ".weight"), beta = weight(name + ".bias");
    for (Row& row : rows) {
      const auto count = static_cast<double>(row.size());
      double mean = 0, variance = 0;
      for (const double x : row) mean += x / count;
      for (const double x : row) variance += (x - mean) * (x - mean) / count;
      for (std::size_t i = 0; i < row.size(); ++i)
        row[i] = (row[i] - mean) / std::sqrt(variance + eps) * gamma[i] + beta[i];
    }
    return rows;
  }
  Rows mlp(const std::string& name, Rows x, std::int64_t depth) const {
    for (std::int64_t i = 0; i < depth; ++i) {
      x = linear(name + ".layers." + std::to_string(i), x);
      if (i + 1 < depth) x = each(x, relu);
    }
    return x;
  }
  // Kernel 2, stride 2. weight: [out][in][2][2].
  Map convolution(const std::string& name, const Map& in) const {
    const Row w = weight(name + ".weight"), bias = weight(name + ".bias");
    Map out{in.side / 2, {}};
    for (std::size_t y = 0; y < out.side; ++y) {
      for (std::size_t x = 0; x < out.side; ++x) {
        Row& to = out.positions.emplace_back(bias);
        for (std::size_t i = 0; i < w.size(); ++i) {
          const std::size_t dx = i % 2, dy = i / 2 % 2, inputs = in.positions[0].size();
          to[i / 4 / inputs] += w[i] * in.positions[(2 * y + dy) * in.side + 2 * x + dx][i / 4 % inputs];
        }
      }
    }
    return out;
  }
  // Kernel 2, stride 2. weight: [in][out][2][2].
  Map transposed_convolution(const std::string& name, const Map& in) const {
    const Row w = weight(name + ".weight"), bias = weight(name + ".bias");
    Map out{2 * in.side, Rows(4 * in.side * in.side, bias)};
    for (std::size_t position = 0; position < in.positions.size(); ++position) {
      const std::size_t y = position / in.side, x = position % in.side;
      for (std::size_t i = 0; i < w.size(); ++i) {
        const std::size_t dx = i % 2, dy = i / 2 % 2, channel = i / 4 % bias.size();
        out.positions[(2 * y + dy) * out.side + 2 * x + dx][channel] +=
            w[i] * in.positions[position][i / 4 / bias.size()];
      }
    }
    return out;
  }
  Rows attention(const std::string& name, const Rows& queries, const Rows& keys, const Rows& values) const {
    const Rows q = linear(name + ".q_proj", queries), k = linear(name + ".k_proj", keys),
               v = linear(name + ".v_proj", values);
    const std::size_t dim = q[0].size() / static_cast<std::size_t>(sizes_.decoder_heads);
    Rows mixed(q.size(), Row(q[0].size()));
    for (std::size_t first = 0; first < q[0].size(); first += dim) {  // a head's first channel
      for (std::size_t i = 0; i < q.size(); ++i) {
        Row weights;
        for (const Row& key : k) {
          double score = 0;
          for (std::size_t c = first; c < first + dim; ++c) score += q[i][c] * key[c];
          weights.push_back(std::exp(score / std::sqrt(static_cast<double>(dim))));
        }
        double total = 0;
        for (const double each_weight : weights) total += each_weight;
        for (std::size_t j = 0; j < v.size(); ++j) {
          for (std::size_t c = first; c < first + dim; ++c) mixed[i][c] += weights[j] / total * v[j][c];
        }
      }
    }
    return linear(name + ".out_proj", mixed);
  }

  // The prompt encoder.
  Row position_encoding(double x, double y) const {  // x, y: 0 .. 1 over the picture
    const Rows gauss = rows("prompt_encoder.pe_layer.positional_encoding_gaussian_matrix", channels_ / 2);
    Row sines, cosines;
    for (std::size_t i = 0; i < gauss[0].size(); ++i) {
      const double phase = 2 * std::acos(-1.0) * ((2 * x - 1) * gauss[0][i] + (2 * y - 1) * gauss[1][i]);
      sines.push_back(std::sin(phase));
      cosines.push_back(std::cos(phase));
    }
    sines.insert(sines.end(), cosines.begin(), cosines.end());
    return sines;
  }
  Rows dense_positions() const {
    Rows positions;
    const auto count = static_cast<double>(side_);
    for (std::size_t i = 0; i < side_ * side_; ++i) {
      positions.push_back(position_encoding((static_cast<double>(i % side_) + 0.5) / count,
                                            (static_cast<double>(i / side_) + 0.5) / count));
    }
    return positions;
  }
  Row point_embedding(double x_px, double y_px, int kind) const {
    const auto side_px = static_cast<double>(image_size(sizes_));
    return sum(position_encoding((x_px + 0.5) / side_px, (y_px + 0.5) / side_px),
               weight("prompt_encoder.point_embeddings." + std::to_string(kind) + ".weight"));
  }
  Rows sparse_embeddings(const FramePrompt& prompt) const {
    Rows tokens;
    for (const FramePoint& point : prompt.points)
      tokens.push_back(
          point_embedding(point.x, point.y, point.label == FramePoint::Label::foreground ? 1 : 0));
    if (prompt.box) {
      tokens.push_back(point_embedding((*prompt.box)[0], (*prompt.box)[1], 2));
      tokens.push_back(point_embedding((*prompt.box)[2], (*prompt.box)[3], 3));
    } else if (!prompt.points.empty()) {
      tokens.push_back(weight("prompt_encoder.not_a_point_embed.weight"));
    }
    if (prompt.class_index) {
      const Rows classes = rows("prompt_encoder.class_embeddings.weight", channels_);
      tokens.push_back(classes.at(static_cast<std::size_t>(*prompt.class_index)));
    }
    return tokens;
  }
  Rows dense_embeddings(const FramePrompt& prompt) const {
    if (prompt.mask.empty()) return Rows(side_ * side_, weight("prompt_encoder.no_mask_embed.weight"));
    const std::string name = "prompt_encoder.mask_downscaling.";
    Map map{4 * side_, split({prompt.mask.begin(), prompt.mask.end()}, 1)};
    map = convolution(name + "0", map);
    map.positions = each(layer_norm(name + "1", map.positions, 1e-6), kernels::exact_gelu);
    map = convolution(name + "3", map);
    map.positions = each(layer_norm(name + "4", map.positions, 1e-6), kernels::exact_gelu);
    return linear(name + "6", map.positions);  // a 1 x 1 convolution
  }

  // The mask decoder.
  State two_way_transformer(State state, const State& positions) const {
    const std::string name = "mask_decoder.transformer.";
    for (std::int64_t i = 0; i < sizes_.decoder_depth; ++i) state = two_way_block(i, state, positions);
    const Rows attended = attention(name + "final_attn_token_to_image", sum(state.queries, positions.queries),
                                    sum(state.keys, positions.keys), state.keys);
    state.queries = layer_norm(name + "norm_final_attn", sum(state.queries, attended), 1e-5);
    return state;
  }
  State two_way_block(std::int64_t index, const State& in, const State& positions) const {
    const std::string name = "mask_decoder.transformer.layers." + std::to_string(index);
    Rows queries = in.queries;
    if (index == 0) {  // no positions, no residual
      queries = attention(name + ".self_attn", queries, queries, queries);
    } else {
      const Rows q = sum(queries, positions.queries);
      queries = sum(queries, attention(name + ".self_attn", q, q, queries));
    }
    queries = layer_norm(name + ".norm1", queries, 1e-5);
    const Rows image = sum(in.keys, positions.keys);
    queries = sum(queries, attention(name + ".cross_attn_token_to_image", sum(queries, positions.queries),
                                     image, in.keys));
    queries = layer_norm(name + ".norm2", queries, 1e-5);
    queries = sum(queries, linear(name + ".mlp.lin2", each(linear(name + ".mlp.lin1", queries), relu)));
    queries = layer_norm(name + ".norm3", queries, 1e-5);
    const Rows attended =
        attention(name + ".cross_attn_image_to_token", image, sum(queries, positions.queries), queries);
    return {queries, layer_norm(name + ".norm4", sum(in.keys, attended), 1e-5)};
  }
  Map upscale(const Map& keys) const {
    const std::string name = "mask_decoder.output_upscaling.";
    Map map = transposed_convolution(name + "0", keys);
    map.positions = each(layer_norm(name + "1", map.positions, 1e-6), kernels::exact_gelu);
    map = transposed_convolution(name + "3", map);
    map.positions = each(map.positions, kernels::exact_gelu);
    return map;
  }

  const NamedTensors& tensors_;
  const SamSizes& sizes_;
  std::size_t side_, channels_;
};

}  // namespace sonde
