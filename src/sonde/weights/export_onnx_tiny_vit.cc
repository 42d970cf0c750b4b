// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstdlib>

#include "sonde/weights/export_onnx.h"
#include "sonde/weights/onnx_builder.h"

// The steps of model/tiny_vit.cc.

namespace sonde {
namespace {

using Value = OnnxBuilder::Value;

constexpr float kBatchNormEpsilon = 1e-5F, kLayerNormEpsilon = 1e-5F;

// gamma (w x - mean) / sqrt(var + eps) + beta = (s w) x + (beta - s mean), s = gamma / sqrt(var + eps)
LayerTensors without_batch_norm(const ConvBnTensors& layer) {
  const auto weight = as_f32(layer.weight), gamma = as_f32(layer.norm.weight), beta = as_f32(layer.norm.bias),
             mean = as_f32(layer.mean), variance = as_f32(layer.variance);
  const auto channels = floats_of(gamma).size(), per_channel = floats_of(weight).size() / channels;
  std::vector<float> weights, biases;
  for (std::size_t i = 0; i < channels; ++i) {
    const float s = floats_of(gamma)[i] / std::sqrt(floats_of(variance)[i] + kBatchNormEpsilon);
    for (const float w : floats_of(weight).subspan(i * per_channel, per_channel)) weights.push_back(s * w);
    biases.push_back(floats_of(beta)[i] - s * floats_of(mean)[i]);
  }
  return {.weight = make_tensor(std::move(weights), layer.weight.shape),
          .bias = make_tensor(std::move(biases), {layer.weight.shape[0]})};
}

Value add_convolution(const OnnxBuilder& box, const Value& x, const std::string& name,
                      const ConvBnTensors& layer, const OnnxConvolution& sizes) {
  return box.convolution(x, name + ".c.without_batch_norm", without_batch_norm(layer), sizes);
}

// Of 3 x 3 pixels of each channel.
OnnxConvolution depthwise(const ConvBnTensors& layer, std::int64_t stride) {
  return {.stride = stride, .padding = 1, .groups = layer.weight.shape[0]};
}

Value add_mb_conv(const OnnxBuilder& box, const Value& x, const BottleneckTensors& layer) {
  const auto widened = box.gelu(add_convolution(box, x, "conv1", layer.conv1, {}));
  const auto convolved =
      box.gelu(add_convolution(box, widened, "conv2", layer.conv2, depthwise(layer.conv2, 1)));
  return box.gelu(box.add(add_convolution(box, convolved, "conv3", layer.conv3, {}), x));
}

Value add_merging(const OnnxBuilder& box, const Value& x, const BottleneckTensors& layer,
                  std::int64_t stride) {
  const auto widened = box.gelu(add_convolution(box, x, "conv1", layer.conv1, {}));
  const auto convolved =
      box.gelu(add_convolution(box, widened, "conv2", layer.conv2, depthwise(layer.conv2, stride)));
  return add_convolution(box, convolved, "conv3", layer.conv3, {});
}

// [heads][window*window], by distance, to [heads][query][key].
WeightTensor biases_of_pairs(const WeightTensor& table, std::int64_t window) {
  const WeightTensor floats = as_f32(table);
  const auto points = window * window, heads = table.shape[0];
  std::vector<float> values;
  values.reserve(static_cast<std::size_t>(heads * points * points));
  for (std::int64_t head = 0; head < heads; ++head) {
    for (std::int64_t query = 0; query < points; ++query) {
      for (std::int64_t key = 0; key < points; ++key) {
        const auto dy = std::abs(query / window - key / window), dx = std::abs(query % window - key % window);
        values.push_back(floats_of(floats)[static_cast<std::size_t>(head * points + dy * window + dx)]);
      }
    }
  }
  return make_tensor(std::move(values), {heads, points, points});
}

// [windows,tokens,C] -> the same
Value add_attention(const OnnxBuilder& attention, const Value& x, const TinyVitBlockTensors& block,
                    const OnnxWindows& windows) {
  const auto heads = block.attention_biases.shape[0], channels = windows.channels / heads,
             tokens = windows.window * windows.window;
  const auto normed = attention.layer_norm(x, "norm", block.attn_norm, kLayerNormEpsilon);
  // Of each head its queries, keys, values.
  const auto parted = attention.transpose(attention.reshape(attention.linear(normed, "qkv", block.qkv),
                                                            {windows.count(), tokens, heads, 3 * channels}),
                                          {0, 2, 1, 3});
  const auto parts = attention.split(parted, 3, 3);
  const auto scale = attention.number(static_cast<float>(1.0 / std::sqrt(static_cast<double>(channels))));
  const auto scores =
      attention.product(attention.multiply(parts[0], scale), attention.transpose(parts[1], {0, 1, 3, 2}));
  const auto biases = attention.constant("attention_biases.of_pairs",
                                         biases_of_pairs(block.attention_biases, windows.window));
  const auto answers = attention.product(attention.softmax(attention.add(scores, biases)), parts[2]);
  const auto joined = attention.reshape(attention.transpose(answers, {0, 2, 1, 3}),
                                        {windows.count(), tokens, windows.channels});
  return attention.linear(joined, "proj", block.proj);
}

// [1,C,side,side] -> the same
Value add_block(const OnnxBuilder& box, const Value& x, const TinyVitBlockTensors& block,
                const OnnxWindows& windows) {
  const auto grid = box.transpose(x, {0, 2, 3, 1});
  const auto attended = add_attention(box.in("attn"), windows_from_grid(box, grid, windows), block, windows);
  const auto sum = box.transpose(box.add(grid, grid_from_windows(box, attended, windows)), {0, 3, 1, 2});
  const auto convolved =
      box.transpose(add_convolution(box, sum, "local_conv", block.local_conv, depthwise(block.local_conv, 1)),
                    {0, 2, 3, 1});
  const OnnxBuilder mlp = box.in("mlp");
  const auto hidden = mlp.gelu(
      mlp.linear(mlp.layer_norm(convolved, "norm", block.mlp_norm, kLayerNormEpsilon), "fc1", block.fc1));
  return box.transpose(box.add(convolved, mlp.linear(hidden, "fc2", block.fc2)), {0, 3, 1, 2});
}

}  // namespace

Value add_onnx_encoder(OnnxModel& model, const Value& pixels, const TinyVitTensors& tiny) {
  const OnnxBuilder encoder(model, "image_encoder.");
  const OnnxConvolution halving{.stride = 2, .padding = 1};
  auto x = encoder.gelu(add_convolution(encoder, pixels, "patch_embed.seq.0", tiny.patch_embed1, halving));
  x = add_convolution(encoder, x, "patch_embed.seq.2", tiny.patch_embed2, halving);
  auto side = tiny.sizes.image_size / 4;
  for (std::size_t stage = 0; stage < tiny.stages.size(); ++stage) {
    const auto& tensors = tiny.stages.at(stage);
    const OnnxBuilder layer = encoder.in("layers." + std::to_string(stage));
    const auto name = [](std::size_t block) { return "blocks." + std::to_string(block); };
    for (std::size_t i = 0; i < tensors.convolutions.size(); ++i)
      x = add_mb_conv(layer.in(name(i)), x, tensors.convolutions[i]);
    for (std::size_t i = 0; i < tensors.blocks.size(); ++i) {
      x = add_block(layer.in(name(i)), x, tensors.blocks[i],
                    {.side = side,
                     .window = tiny.sizes.window_sizes.at(stage),
                     .channels = tiny.sizes.embed_dims.at(stage)});
    }
    if (!tensors.downsample) continue;
    const std::int64_t stride = stage + 2 == tiny.stages.size() ? 1 : 2;  // the last keeps the side
    x = add_merging(layer.in("downsample"), x, *tensors.downsample, stride);
    side /= stride;
  }
  return add_neck(encoder, x, tiny.neck);
}

}  // namespace sonde
