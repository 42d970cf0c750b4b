// SPDX-License-Identifier: Apache-2.0
// The library libsonde-torch.so: networks on LibTorch, for devices other than the CPU.
#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "sonde/core/error.h"
#include "sonde/imaging/prompt.h"
#include "sonde/model/frame_tensor.h"
#include "sonde/model/sam.h"
#include "sonde/model/torch.h"
#include "sonde/model/torch_threads.h"
#include "sonde/predict/torch_plugin.h"

namespace sonde {
namespace {

// Prompts decoded at a time. One takes about 40 MB while it is decoded; a GPU wants many, a CPU gains nothing
// beyond a few.
constexpr std::size_t kCudaBatch = 64, kCpuBatch = 4;

// The tensors are set one by one: module->to() would convert the decoder, or integer buffers, as well.
void to_bf16(torch::nn::Module& encoder) {
  const torch::NoGradGuard no_grad;
  const auto convert = [](torch::Tensor tensor) {
    if (tensor.is_floating_point()) tensor.set_data(tensor.to(torch::kBFloat16));
  };
  for (const auto& tensor : encoder.parameters()) convert(tensor);
  for (const auto& tensor : encoder.buffers()) convert(tensor);
}

// Prompts of one shape fit into one batch of tensors.
using PromptShape = std::tuple<std::size_t, bool, bool, bool>;
PromptShape shape_of(const FramePrompt& prompt) {
  return {prompt.points.size(), prompt.box.has_value(), !prompt.mask.empty(), prompt.class_index.has_value()};
}
using Batch = std::vector<const FramePrompt*>;

void add_points(const Batch& batch, torch::Device device, PromptTensors& tensors) {
  std::vector<float> coords, labels;
  for (const FramePrompt* prompt : batch) {
    for (const FramePoint& point : prompt->points) {
      coords.insert(coords.end(), {point.x, point.y});
      labels.push_back(point.label == FramePoint::Label::foreground ? 1.0F : 0.0F);
    }
  }
  const auto B = static_cast<std::int64_t>(batch.size());
  tensors.point_coords = torch::tensor(coords).view({B, -1, 2}).to(device);
  tensors.point_labels = torch::tensor(labels).view({B, -1}).to(device);
}

torch::Tensor boxes_of(const Batch& batch) {
  std::vector<float> corners;
  for (const FramePrompt* prompt : batch)
    corners.insert(corners.end(), prompt->box->begin(), prompt->box->end());
  return torch::tensor(corners).view({-1, 4});
}

torch::Tensor classes_of(const Batch& batch) {
  std::vector<std::int64_t> classes;
  for (const FramePrompt* prompt : batch) classes.push_back(*prompt->class_index);
  return torch::tensor(classes);
}

torch::Tensor masks_of(const Batch& batch) {
  const auto masks = torch::empty({static_cast<std::int64_t>(batch.size()), 1, kLowResSide, kLowResSide});
  float* out = masks.data_ptr<float>();
  for (const FramePrompt* prompt : batch) out = std::copy(prompt->mask.begin(), prompt->mask.end(), out);
  return masks;
}

PromptTensors to_tensors(const Batch& batch, torch::Device device) {
  const FramePrompt& first = *batch.front();
  PromptTensors tensors;
  if (!first.points.empty()) add_points(batch, device, tensors);
  if (first.box) tensors.boxes = boxes_of(batch).to(device);
  if (first.class_index) tensors.classes = classes_of(batch).to(device);
  if (!first.mask.empty()) tensors.masks = masks_of(batch).to(device);
  return tensors;
}

std::vector<DecodedMask> masks_of_prompt(const torch::Tensor& low_res, const torch::Tensor& iou,
                                         std::optional<float> object_score) {
  std::vector<DecodedMask> masks;
  for (std::int64_t token = 0; token < iou.size(0); ++token) {
    const float* logits = low_res[token].data_ptr<float>();
    masks.push_back({.predicted_iou = iou[token].item<float>(),
                     .logits = {logits, logits + kLowResSide * kLowResSide},
                     .object_score = object_score});
  }
  return masks;
}

class TorchNetwork : public Network {
 public:
  TorchNetwork(Sam sam, torch::Device device, Precision precision)
      : sam_(std::move(sam)),
        device_(device),
        type_(precision == Precision::bf16 ? torch::kBFloat16 : torch::kFloat) {
    if (precision == Precision::bf16) to_bf16(*sam_->image_encoder);
  }

  std::vector<float> encode(const FramePixels& pixels) const override {
    const c10::InferenceMode inference;
    const auto frame = frame_tensor(pixels.rgb, pixels.width, pixels.height, image_size(sam_->sizes));
    const auto features = sam_->encode_image(frame.to(device_, type_))
                              .to(torch::kCPU, torch::kFloat)
                              .permute({0, 2, 3, 1})  // [1,C,E,E] -> [1,E,E,C]
                              .contiguous();
    return {features.data_ptr<float>(), features.data_ptr<float>() + features.numel()};
  }

  std::shared_ptr<const PreparedImage> prepare(std::span<const float> embedding) const override {
    const c10::InferenceMode inference;
    const auto side = embedding_side(sam_->sizes);
    auto* data = const_cast<float*>(embedding.data());  // NOLINT: copied below
    const auto tokens = torch::from_blob(data, {1, side, side, sam_->sizes.prompt_embed_dim});
    return std::make_shared<const Image>(
        tokens.permute({0, 3, 1, 2}).to(device_).clone(at::MemoryFormat::Contiguous));
  }

  std::vector<std::vector<DecodedMask>> decode(const PreparedImage& image,
                                               std::span<const FramePrompt> prompts,
                                               MaskSet wanted) const override {
    const c10::InferenceMode inference;
    std::map<PromptShape, std::vector<std::size_t>> by_shape;
    for (std::size_t i = 0; i < prompts.size(); ++i) by_shape[shape_of(prompts[i])].push_back(i);
    const std::size_t limit = device_.is_cuda() ? kCudaBatch : kCpuBatch;
    std::vector<std::vector<DecodedMask>> answers(prompts.size());
    for (const auto& [shape, indices] : by_shape) {
      for (std::size_t begin = 0; begin < indices.size(); begin += limit) {
        const auto batch = std::span(indices).subspan(begin, std::min(limit, indices.size() - begin));
        decode_batch(static_cast<const Image&>(image), prompts, batch, wanted, answers);
      }
    }
    return answers;
  }

 private:
  struct Image : PreparedImage {
    explicit Image(torch::Tensor tensor) : features(std::move(tensor)) {}
    torch::Tensor features;  // [1,C,E,E], on the device
  };

  void decode_batch(const Image& image, std::span<const FramePrompt> prompts,
                    std::span<const std::size_t> indices, MaskSet wanted,
                    std::vector<std::vector<DecodedMask>>& answers) const {
    Batch batch;
    for (const std::size_t i : indices) batch.push_back(&prompts[i]);
    const auto output = sam_->decode(image.features, to_tensors(batch, device_));
    const auto first = static_cast<std::int64_t>(first_token(wanted));
    const auto last = first + static_cast<std::int64_t>(mask_count(wanted));
    const auto low_res = output.low_res.slice(1, first, last).to(torch::kCPU, torch::kFloat).contiguous();
    const auto iou = output.iou.slice(1, first, last).to(torch::kCPU, torch::kFloat).contiguous();
    for (std::size_t i = 0; i < indices.size(); ++i) {
      const auto at = static_cast<std::int64_t>(i);
      std::optional<float> object_score;
      if (batch[i]->class_index) object_score = output.object_score[at].item<float>();
      answers[indices[i]] = masks_of_prompt(low_res[at], iou[at], object_score);
    }
  }

  mutable Sam sam_;  // torch's forward functions are not const; in evaluation mode they change nothing
  torch::Device device_;
  torch::ScalarType type_;  // of the image encoder
};

void check_device(const std::string& device, int cuda_index) {
  const auto count = torch::cuda::is_available() ? static_cast<int>(torch::cuda::device_count()) : 0;
  if (count == 0) {
    throw Error(ErrorKind::unavailable, "device " + device + ": this LibTorch sees no CUDA device, use cpu");
  }
  if (cuda_index >= count) {
    throw Error(ErrorKind::unavailable,
                "device " + device + " is not there: N is 0.." + std::to_string(count - 1));
  }
}

std::unique_ptr<Network> make_network(const NamedTensors& tensors, const std::string& file,
                                      const TorchNetworkOptions& options) {
  use_threads(options.threads);
  const auto device = options.cuda_index < 0
                          ? torch::Device(torch::kCPU)
                          : torch::Device(torch::kCUDA, static_cast<torch::DeviceIndex>(options.cuda_index));
  return std::make_unique<TorchNetwork>(build_sam(tensors, file, device), device, options.precision);
}

}  // namespace

const TorchPlugin sonde_torch_plugin{.check_device = check_device, .make_network = make_network};

}  // namespace sonde
