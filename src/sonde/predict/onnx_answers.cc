// SPDX-License-Identifier: Apache-2.0
// sonde_onnx_answers FOLDER MODEL: for test/onnx/runtime.mjs. Exports small random networks and MODEL as
// ONNX, each to a folder in FOLDER, and writes beside them what sonde's own network answers: answers.json,
// which names the files of floats.
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "sonde/core/error.h"
#include "sonde/core/random.h"
#include "sonde/imaging/prompt.h"
#include "sonde/inference/cpu_network.h"
#include "sonde/predict/mask_upscaler.h"
#include "sonde/predict/model_testing.h"
#include "sonde/predict/preprocess.h"
#include "sonde/weights/checkpoint.h"
#include "sonde/weights/export_onnx.h"
#include "sonde/weights/registry.h"
#include "sonde/weights/small_sizes_testing.h"

namespace sonde {
namespace {

using Json = nlohmann::ordered_json;
using Label = FramePoint::Label;

constexpr Extent2 kPicture{300, 211};  // wider than high, and no size that a network has

// Random numbers in place of every 0 and 1 of a bias, norm or variance, which could be left out unnoticed.
SamTensors random_network(const SamSizes& sizes) {
  NamedTensors tensors = random_tensors(sizes, 3);
  Random random(4);
  for (auto& [name, tensor] : tensors) {
    if (tensor.shape.size() != 1) continue;
    std::vector<float> values(floats_of(tensor).begin(), floats_of(tensor).end());
    for (float& value : values) value += static_cast<float>(random.uniform() - 0.5);
    tensor = make_tensor(std::move(values), tensor.shape);
  }
  return fit_tensors(tensors, sizes, "random tensors");
}

void write_floats(const std::filesystem::path& path, const std::vector<float>& values) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(values.data()),
             static_cast<std::streamsize>(values.size() * sizeof(float)));
  if (!file.flush()) throw Error(ErrorKind::unavailable, path.string() + ": cannot be written");
}

std::vector<float> channels_first(const std::vector<float>& embedding, std::size_t channels) {
  const std::size_t positions = embedding.size() / channels;
  std::vector<float> turned(embedding.size());
  for (std::size_t position = 0; position < positions; ++position) {
    for (std::size_t channel = 0; channel < channels; ++channel)
      turned[channel * positions + position] = embedding[position * channels + channel];
  }
  return turned;
}

// Every kind of prompt, in a frame of that side; the last has the mask to start from.
std::vector<FramePrompt> prompts_in(float side, std::span<const float> mask) {
  const auto at = [side](float x, float y, Label label = Label::foreground) {
    return FramePoint{.x = x * side, .y = y * side, .label = label};
  };
  const std::array<float, 4> box{0.2F * side, 0.1F * side, 0.8F * side, 0.6F * side};
  return {
      {.points = {at(0.5F, 0.35F)}, .box = {}, .mask = {}},
      {.points = {at(0.5F, 0.3F), at(0.55F, 0.4F), at(0.1F, 0.1F, Label::background)}, .box = {}, .mask = {}},
      {.points = {}, .box = box, .mask = {}},
      {.points = {at(0.5F, 0.35F), at(0.9F, 0.6F, Label::background)}, .box = box, .mask = {}},
      {.points = {at(0.5F, 0.35F)}, .box = {}, .mask = mask}};
}

// As segment-anything's ONNX clients say it: a box is two points with labels 2 and 3, and where there is none
// a point with label -1 fills its place.
Json as_client_says(const FramePrompt& prompt) {
  Json coords = Json::array(), labels = Json::array();
  const auto add = [&](float x, float y, int label) {
    coords.push_back(x);
    coords.push_back(y);
    labels.push_back(label);
  };
  for (const FramePoint& point : prompt.points)
    add(point.x, point.y, point.label == Label::foreground ? 1 : 0);
  if (prompt.box) {
    add((*prompt.box)[0], (*prompt.box)[1], 2);
    add((*prompt.box)[2], (*prompt.box)[3], 3);
  } else {
    add(0, 0, -1);
  }
  return {{"point_coords", coords}, {"point_labels", labels}};
}

class Answers {
 public:
  Answers(const SamTensors& sam, std::filesystem::path folder, std::size_t max_inline_bytes = kMaxOnnxBytes)
      : sam_(sam),
        folder_(std::move(folder)),
        max_inline_bytes_(max_inline_bytes),
        network_(make_cpu_network(sam, {.storage = kernels::Storage::fp32, .threads = 2})) {
    std::filesystem::create_directories(folder_);
  }

  void write() {
    for (const auto& [client, name] :
         {std::pair(OnnxClient::published, "published"), std::pair(OnnxClient::cornerstone, "cornerstone")}) {
      std::filesystem::create_directories(folder_ / name);
      write_onnx_model(onnx_encoder(sam_, client), folder_ / name / "encoder.onnx", max_inline_bytes_);
      write_onnx_model(onnx_decoder(sam_, client), folder_ / name / "decoder.onnx", max_inline_bytes_);
    }
    const auto side = image_size(sam_.sizes);
    const RgbImage frame = resize_bilinear(test_picture(kPicture), resized_extent(kPicture, side));
    write_floats(folder_ / "frame.f32", {frame.pixels.begin(), frame.pixels.end()});
    const auto embedding = network_->encode(
        {.rgb = frame.pixels.data(), .width = frame.extent.width, .height = frame.extent.height});
    write_floats(folder_ / "embedding.f32",
                 channels_first(embedding, static_cast<std::size_t>(sam_.sizes.prompt_embed_dim)));
    json_ = {{"side", side},
             {"channels", sam_.sizes.prompt_embed_dim},
             {"elements", embedding_side(sam_.sizes)},
             {"frame", {frame.extent.height, frame.extent.width}},
             {"picture", {kPicture.height, kPicture.width}},
             {"prompts", Json::array()}};
    const auto image = network_->prepare(embedding);
    std::vector<float> mask;  // the first prompt's best
    for (std::size_t i = 0; i < prompts_in(1, {}).size(); ++i) {
      const FramePrompt prompt = prompts_in(static_cast<float>(side), mask)[i];
      const auto masks = network_->decode(*image, {&prompt, 1}, MaskSet::all).front();
      if (i == 0) mask = masks.back().logits;
      write_prompt(prompt, masks, "prompt_" + std::to_string(i));
    }
    std::ofstream(folder_ / "answers.json") << json_.dump(1) << '\n';
  }

 private:
  void write_prompt(const FramePrompt& prompt, const std::vector<DecodedMask>& masks,
                    const std::string& name) {
    Json said = as_client_says(prompt);
    if (!prompt.mask.empty()) {
      said["mask_input"] = name + ".mask_input.f32";
      write_floats(folder_ / said["mask_input"], {prompt.mask.begin(), prompt.mask.end()});
    }
    std::vector<float> low_res, in_picture;
    Json iou = Json::array();
    const bool has_published_side = image_size(sam_.sizes) == 4 * kLowResSide;
    for (const DecodedMask& mask : masks) {
      iou.push_back(mask.predicted_iou);
      low_res.insert(low_res.end(), mask.logits.begin(), mask.logits.end());
      if (!has_published_side) continue;
      const auto logits = MaskUpscaler(kPicture, image_size(sam_.sizes)).logits(mask.logits);
      in_picture.insert(in_picture.end(), logits.begin(), logits.end());
    }
    said["iou_predictions"] = iou;
    said["low_res_masks"] = name + ".low_res.f32";
    write_floats(folder_ / said["low_res_masks"], low_res);
    if (has_published_side) {
      said["masks"] = name + ".masks.f32";
      write_floats(folder_ / said["masks"], in_picture);
    }
    json_["prompts"].push_back(said);
  }

  const SamTensors& sam_;
  std::filesystem::path folder_;
  std::size_t max_inline_bytes_;
  std::unique_ptr<Network> network_;
  Json json_;
};

struct SmallNetwork {
  SamSizes sizes;
  std::string name;
  std::size_t max_inline_bytes = kMaxOnnxBytes;
};

void write_answers(const std::filesystem::path& folder, const std::string& model) {
  for (const auto& [sizes, name, max_inline_bytes] :
       {SmallNetwork{vit_sizes_with_windows(), "small_vit_with_data_outside", 0},
        SmallNetwork{tiny_vit_sizes_with_windows(), "small_tiny_vit"}}) {
    auto fitting = sizes;  // which are for encoders alone: as many channels as the decoder has
    std::visit([&](auto& encoder) { encoder.out_chans = fitting.prompt_embed_dim; }, fitting.image_encoder);
    const SamTensors sam = random_network(fitting);
    Answers(sam, folder / name, max_inline_bytes).write();
  }
  const auto path = find_model(model);
  const Checkpoint checkpoint = load_checkpoint(path);
  const auto sizes = sizes_from_tensors(checkpoint.tensors, path.string());
  const SamTensors sam = fit_tensors(checkpoint.tensors, sizes, path.string());
  Answers(sam, folder / "model").write();
}

}  // namespace
}  // namespace sonde

int main(int count, char** words) {
  if (count != 3) {
    std::cerr << "usage: sonde_onnx_answers FOLDER MODEL\n";
    return 2;
  }
  try {
    sonde::write_answers(words[1], words[2]);
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
  return 0;
}
