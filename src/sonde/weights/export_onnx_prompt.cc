// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cmath>

#include "sonde/weights/export_onnx_parts.h"
#include "sonde/weights/onnx_builder.h"
#include "sonde/weights/variants.h"

// The prompt encoder, the choice of a mask and its enlargement, as segment-anything's utils/onnx.py has them
// (SamOnnxModel): without branches, so that one graph serves every prompt.

namespace sonde {
namespace {

using Value = OnnxBuilder::Value;

constexpr double kTwoPi = 6.283185307179586;
constexpr float kPixelCentre = 0.5F, kNoPoint = -1, kChannelEpsilon = 1e-6F;

// Of the middles of the embedding's elements, [1,E*E,C]: get_dense_pe.
WeightTensor dense_positions(const WeightTensor& gaussian_matrix, std::int64_t side) {
  const WeightTensor floats = as_f32(gaussian_matrix);
  const auto matrix = floats_of(floats);  // [2][C/2]
  const auto half = matrix.size() / 2;
  const auto centre = [side](std::int64_t i) {
    return 2 * (static_cast<double>(i) + kPixelCentre) / static_cast<double>(side) - 1;
  };
  std::vector<float> values(static_cast<std::size_t>(side * side) * 2 * half);
  auto* to = values.data();
  for (std::int64_t position = 0; position < side * side; ++position, to += 2 * half) {
    const double x = centre(position % side), y = centre(position / side);
    for (std::size_t i = 0; i < half; ++i) {
      const double phase = kTwoPi * (x * matrix[i] + y * matrix[half + i]);
      to[i] = static_cast<float>(std::sin(phase));
      to[half + i] = static_cast<float>(std::cos(phase));
    }
  }
  return make_tensor(std::move(values), {1, side * side, static_cast<std::int64_t>(2 * half)});
}

// Where the points' labels [1,N,1] are `label`: 1, elsewhere 0.
Value where_label(const OnnxBuilder& box, const Value& labels, float label) {
  return box.apply("Cast", {box.apply("Equal", {labels, box.number(label)})},
                   {{"to", std::int64_t{kOnnxFloat}}});
}

// [1,N,2] in pixels of the frame -> [1,N,C]
Value add_positions(const OnnxBuilder& box, const Value& coords, const PromptEncoderTensors& tensors,
                    std::int64_t image_side) {
  const auto share =
      box.divide(box.add(coords, box.number(kPixelCentre)), box.number(static_cast<float>(image_side)));
  const auto centred = box.subtract(box.multiply(share, box.number(2)), box.number(1));
  const auto matrix = box.constant("pe_layer.positional_encoding_gaussian_matrix", tensors.gaussian_matrix);
  const auto phase = box.multiply(box.product(centred, matrix), box.number(static_cast<float>(kTwoPi)));
  return box.concatenate({box.apply("Sin", {phase}), box.apply("Cos", {phase})}, 2);
}

Value add_points(const OnnxBuilder& box, const OnnxPromptInputs& inputs, const SamTensors& sam) {
  const auto& tensors = sam.prompt_encoder;
  const auto labels = box.reshape(inputs.point_labels, {1, -1, 1});
  const auto none = where_label(box, labels, kNoPoint);
  auto tokens = box.multiply(add_positions(box, inputs.point_coords, tensors, image_size(sam.sizes)),
                             box.subtract(box.number(1), none));
  tokens = box.add(tokens, box.multiply(none, box.constant("not_a_point_embed.weight", tensors.not_a_point)));
  for (std::size_t kind = 0; kind < tensors.point_embeddings.size(); ++kind) {
    const auto token = box.constant("point_embeddings." + std::to_string(kind) + ".weight",
                                    tensors.point_embeddings.at(kind));
    tokens = box.add(tokens, box.multiply(where_label(box, labels, static_cast<float>(kind)), token));
  }
  return tokens;
}

Value add_mask(const OnnxBuilder& box, const OnnxPromptInputs& inputs, const SamTensors& sam) {
  const auto& tensors = sam.prompt_encoder;
  const OnnxBuilder downscaling = box.in("mask_downscaling");
  const OnnxConvolution halving{.stride = 2};
  auto x = downscaling.convolution(inputs.mask_input, "0", tensors.mask_conv1, halving);
  x = downscaling.gelu(downscaling.channel_norm(x, "1", tensors.mask_norm1, kChannelEpsilon));
  x = downscaling.convolution(x, "3", tensors.mask_conv2, halving);
  x = downscaling.gelu(downscaling.channel_norm(x, "4", tensors.mask_norm2, kChannelEpsilon));
  x = downscaling.convolution(x, "6", tensors.mask_conv3, {});
  WeightTensor no_mask = tensors.no_mask;
  no_mask.shape = {1, sam.sizes.prompt_embed_dim, 1, 1};
  return box.add(box.multiply(inputs.has_mask_input, x),
                 box.multiply(box.subtract(box.number(1), inputs.has_mask_input),
                              box.constant("no_mask_embed.weight", no_mask)));
}

Value resize(const OnnxBuilder& box, const Value& x, const Value& extent) {
  return box.apply("Resize", {x, "", "", extent},
                   {{"mode", "linear"}, {"coordinate_transformation_mode", "half_pixel"}});
}

}  // namespace

OnnxPromptValues add_prompt_encoder(const OnnxBuilder& encoder, const OnnxPromptInputs& inputs,
                                    const SamTensors& sam) {
  return {
      .tokens = add_points(encoder, inputs, sam),
      .image = add_mask(encoder, inputs, sam),
      .image_positions = encoder.constant(
          "dense_positions", dense_positions(sam.prompt_encoder.gaussian_matrix, embedding_side(sam.sizes)))};
}

// Token 0 is for prompts that leave no doubt: of three points on (with the one that pads) its score is raised
// above the others', of fewer lowered below them.
OnnxMasks add_choice(const OnnxBuilder& builder, const OnnxMasks& masks, const Value& point_coords,
                     std::int64_t mask_tokens) {
  constexpr float kBetweenTwoAndThree = 2.5F, kAboveAllScores = 1000;
  std::vector<float> weights(static_cast<std::size_t>(mask_tokens), 0);
  weights.front() = kAboveAllScores;
  const auto points = builder.apply("Cast", {builder.slice(builder.apply("Shape", {point_coords}), 0, 1, 2)},
                                    {{"to", std::int64_t{kOnnxFloat}}});
  const auto raise = builder.multiply(
      builder.subtract(points, builder.number(kBetweenTwoAndThree)),
      builder.constant("weight_of_count", make_tensor(std::move(weights), {1, mask_tokens})));
  const auto best = builder.apply("ArgMax", {builder.add(masks.iou, raise)},
                                  {{"axis", std::int64_t{1}}, {"keepdims", std::int64_t{0}}});
  const std::map<std::string, OnnxAttribute> of_tokens{{"axis", std::int64_t{1}}};
  return {.low_res = builder.apply("Gather", {masks.low_res, best}, of_tokens),
          .iou = builder.apply("Gather", {masks.iou, best}, of_tokens)};
}

// To the frame, without the padding, to the picture.
Value add_enlargement(const OnnxBuilder& builder, const Value& low_res, const Value& orig_im_size,
                      std::int64_t mask_count, std::int64_t image_side) {
  const auto whole = [&](const Value& x) {
    return builder.apply("Cast", {x}, {{"to", std::int64_t{kOnnxInt64}}});
  };
  const auto frame = resize(builder, low_res, builder.whole_numbers({1, mask_count, image_side, image_side}));
  const auto scale =
      builder.divide(builder.number(static_cast<float>(image_side)),
                     builder.apply("ReduceMax", {orig_im_size}, {{"keepdims", std::int64_t{1}}}));
  const auto filled = whole(
      builder.apply("Floor", {builder.add(builder.multiply(scale, orig_im_size), builder.number(0.5F))}));
  const auto picture =
      builder.apply("Slice", {frame, builder.whole_numbers({0, 0}), filled, builder.whole_numbers({2, 3})});
  return resize(builder, picture,
                builder.concatenate({builder.whole_numbers({1, mask_count}), whole(orig_im_size)}, 0));
}

}  // namespace sonde
