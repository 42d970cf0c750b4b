// SPDX-License-Identifier: Apache-2.0
#include "sonde/weights/export_onnx.h"

#include <utility>

#include "sonde/weights/export_onnx_parts.h"
#include "sonde/weights/onnx_builder.h"
#include "sonde/weights/variants.h"

namespace sonde {
namespace {

using Value = OnnxBuilder::Value;

constexpr std::int64_t kColours = 3;

// [H,W,3], 0 to 255 -> [1,3,S,S], normalised; below and at the right zeros.
Value add_rows_of_pixels(const OnnxBuilder& builder, std::int64_t side) {
  const auto rows = builder.input("input_image", {"image_height", "image_width", kColours});
  const auto normalised = builder.divide(
      builder.subtract(
          rows, builder.constant("pixel_mean", make_tensor({kPixelMean.begin(), kPixelMean.end()}, {3}))),
      builder.constant("pixel_std", make_tensor({kPixelStd.begin(), kPixelStd.end()}, {3})));
  const auto planes = builder.transpose(normalised, {2, 0, 1});
  const auto missing =
      builder.subtract(builder.whole_numbers({kColours, side, side}), builder.apply("Shape", {planes}));
  const auto padded =
      builder.apply("Pad", {planes, builder.concatenate({builder.whole_numbers({0, 0, 0}), missing}, 0)});
  return builder.reshape(padded, {1, kColours, side, side});
}

// [1,3,S,S], 0 to 1 -> the same, normalised.
Value add_planes_of_pixels(const OnnxBuilder& builder, std::int64_t side) {
  constexpr float kWhite = 255;
  const auto planes = builder.input("input_image", {1, kColours, side, side});
  std::vector<float> mean, deviation;
  for (std::size_t colour = 0; colour < kPixelMean.size(); ++colour) {
    mean.push_back(kPixelMean.at(colour) / kWhite);
    deviation.push_back(kPixelStd.at(colour) / kWhite);
  }
  const Shape shape{1, kColours, 1, 1};
  return builder.divide(
      builder.subtract(planes, builder.constant("pixel_mean", make_tensor(std::move(mean), shape))),
      builder.constant("pixel_std", make_tensor(std::move(deviation), shape)));
}

std::filesystem::path encoder_in(const std::filesystem::path& folder) { return folder / "encoder.onnx"; }
std::filesystem::path decoder_in(const std::filesystem::path& folder) { return folder / "decoder.onnx"; }

bool is_unknown_to_clients(const std::string& name) {
  return name.starts_with("prompt_encoder.class_embeddings.") ||
         name.starts_with("mask_decoder.object_score_head.");
}

}  // namespace

OnnxModel onnx_encoder(const SamTensors& sam, OnnxClient client) {
  OnnxModel model{
      .name = "image_encoder", .description = "", .steps = {}, .constants = {}, .inputs = {}, .outputs = {}};
  const OnnxBuilder builder(model);
  const auto side = image_size(sam.sizes), elements = embedding_side(sam.sizes);
  const bool takes_rows = client != OnnxClient::cornerstone;
  model.description = takes_rows
                          ? "input_image: rows of RGB from 0 to 255, the long side " + std::to_string(side)
                          : "input_image: planes of RGB from 0 to 1";
  const auto pixels = takes_rows ? add_rows_of_pixels(builder, side) : add_planes_of_pixels(builder, side);
  const auto embedding = std::visit(
      [&](const auto& encoder) { return add_onnx_encoder(model, pixels, encoder); }, sam.image_encoder);
  builder.output("image_embeddings", embedding, {1, sam.sizes.prompt_embed_dim, elements, elements});
  return model;
}

OnnxModel onnx_decoder(const SamTensors& sam, OnnxClient client) {
  OnnxModel model{.name = "decoder",
                  .description = "points in pixels of the picture with its long side " +
                                 std::to_string(image_size(sam.sizes)),
                  .steps = {},
                  .constants = {},
                  .inputs = {},
                  .outputs = {}};
  const OnnxBuilder builder(model);
  const auto elements = embedding_side(sam.sizes), low = 4 * elements, tokens = sam.sizes.num_mask_tokens;
  const auto embedding =
      builder.input("image_embeddings", {1, sam.sizes.prompt_embed_dim, elements, elements});
  const OnnxPromptInputs inputs{.point_coords = builder.input("point_coords", {1, "num_points", 2}),
                                .point_labels = builder.input("point_labels", {1, "num_points"}),
                                .mask_input = builder.input("mask_input", {1, 1, low, low}),
                                .has_mask_input = builder.input("has_mask_input", {1})};
  const auto orig_im_size = builder.input("orig_im_size", {2});
  const auto prompt = add_prompt_encoder(builder.in("prompt_encoder"), inputs, sam);
  auto masks = add_mask_decoder(builder.in("mask_decoder"), prompt, sam, embedding);
  const bool is_one = client != OnnxClient::published;
  if (is_one) masks = add_choice(builder, masks, inputs.point_coords, tokens);
  const auto count = is_one ? 1 : tokens;
  builder.output("masks", add_enlargement(builder, masks.low_res, orig_im_size, count, image_size(sam.sizes)),
                 {1, count, "height", "width"});
  builder.output("iou_predictions", masks.iou, {1, count});
  builder.output("low_res_masks", masks.low_res, {1, count, low, low});
  return model;
}

std::vector<std::filesystem::path> possible_onnx_files(const std::filesystem::path& folder) {
  return {encoder_in(folder), onnx_data_beside(encoder_in(folder)), decoder_in(folder)};
}

OnnxExport export_onnx(const NamedTensors& tensors, const std::string& file,
                       const std::filesystem::path& folder, OnnxClient client) {
  NamedTensors known;
  OnnxExport result;
  for (const auto& [name, tensor] : tensors) {
    if (is_unknown_to_clients(name)) {
      result.left_out.push_back(name);
    } else {
      known.emplace(name, tensor);
    }
  }
  const SamTensors sam = fit_tensors(known, sizes_from_tensors(known, file), file);
  result.files = write_onnx_model(onnx_encoder(sam, client), encoder_in(folder));
  for (const auto& written : write_onnx_model(onnx_decoder(sam, client), decoder_in(folder)))
    result.files.push_back(written);
  return result;
}

}  // namespace sonde
