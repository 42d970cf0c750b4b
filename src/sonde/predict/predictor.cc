// SPDX-License-Identifier: Apache-2.0
#include "sonde/predict/predictor.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <tuple>
#include <utility>

#include <ATen/Parallel.h>
#include <torch/torch.h>

#include "sonde/core/error.h"
#include "sonde/predict/embedding_impl.h"
#include "sonde/predict/enlarge.h"
#include "sonde/predict/preprocess.h"
#include "sonde/predict/sam_model_impl.h"

namespace sonde {
namespace {

// Prompts decoded at a time. One takes about 40 MB while it is decoded; a GPU wants many, a CPU gains nothing
// beyond a few.
std::int64_t batch_limit(const torch::Device& device) { return device.is_cuda() ? 64 : 4; }

// Prompts of one shape fit into one batch of tensors.
struct PromptShape {
  std::size_t points = 0;
  bool box = false, mask = false;
  auto operator<=>(const PromptShape&) const = default;
};
PromptShape shape_of(const Prompt& prompt) {
  return {prompt.points.size(), prompt.box.has_value(), prompt.mask.has_value()};
}

// Pixels of the picture to pixels of the padded frame.
struct FrameScale {
  double x = 1, y = 1;
};
FrameScale frame_scale(Extent2 picture, std::int64_t side) {
  const Extent2 resized = resized_extent(picture, side);
  return {static_cast<double>(resized.width) / static_cast<double>(picture.width),
          static_cast<double>(resized.height) / static_cast<double>(picture.height)};
}

using Batch = std::vector<const Prompt*>;

void add_points(const Batch& batch, FrameScale scale, PromptTensors& tensors) {
  const auto B = static_cast<std::int64_t>(batch.size());
  const auto N = static_cast<std::int64_t>(batch.front()->points.size());
  tensors.point_coords = torch::empty({B, N, 2});
  tensors.point_labels = torch::empty({B, N});
  float* coords = tensors.point_coords.data_ptr<float>();
  float* labels = tensors.point_labels.data_ptr<float>();
  for (const Prompt* prompt : batch) {
    for (const PointPrompt& point : prompt->points) {
      *coords++ = static_cast<float>(point.position.x * scale.x);
      *coords++ = static_cast<float>(point.position.y * scale.y);
      *labels++ = point.label == PointLabel::foreground ? 1.0F : 0.0F;
    }
  }
}

torch::Tensor box_tensor(const Batch& batch, FrameScale scale) {
  const auto boxes = torch::empty({static_cast<std::int64_t>(batch.size()), 4});
  float* out = boxes.data_ptr<float>();
  for (const Prompt* prompt : batch) {
    *out++ = static_cast<float>(prompt->box->x0 * scale.x);
    *out++ = static_cast<float>(prompt->box->y0 * scale.y);
    *out++ = static_cast<float>(prompt->box->x1 * scale.x);
    *out++ = static_cast<float>(prompt->box->y1 * scale.y);
  }
  return boxes;
}

torch::Tensor mask_tensor(const Batch& batch) {
  const auto masks = torch::empty({static_cast<std::int64_t>(batch.size()), 1, kLowResSide, kLowResSide});
  float* out = masks.data_ptr<float>();
  for (const Prompt* prompt : batch) out = std::copy(prompt->mask->begin(), prompt->mask->end(), out);
  return masks;
}

PromptTensors to_tensors(const Batch& batch, FrameScale scale, torch::Device device) {
  const PromptShape shape = shape_of(*batch.front());
  PromptTensors tensors;
  if (shape.points > 0) {
    add_points(batch, scale, tensors);
    tensors.point_coords = tensors.point_coords.to(device);
    tensors.point_labels = tensors.point_labels.to(device);
  }
  if (shape.box) tensors.boxes = box_tensor(batch, scale).to(device);
  if (shape.mask) tensors.masks = mask_tensor(batch).to(device);
  return tensors;
}

// The decoder's token 0 answers with one mask, 1 to 3 with three.
torch::indexing::Slice tokens(MaskOutput wanted) {
  switch (wanted) {
    case MaskOutput::single:
      return {0, 1};
    case MaskOutput::three_candidates:
      return {1, torch::indexing::None};
    case MaskOutput::single_and_three:
      return {};
  }
  throw Error(ErrorKind::internal, "an output that is none");
}

std::vector<LowResPrediction> from_output(const DecoderOutput& output, MaskOutput wanted) {
  const auto keep = tokens(wanted);
  const auto low_res =
      output.low_res.index({torch::indexing::Slice(), keep}).to(torch::kCPU, torch::kFloat).contiguous();
  const auto iou =
      output.iou.index({torch::indexing::Slice(), keep}).to(torch::kCPU, torch::kFloat).contiguous();
  const float* logits = low_res.data_ptr<float>();
  const float* predicted = iou.data_ptr<float>();
  std::vector<LowResPrediction> predictions(static_cast<std::size_t>(iou.size(0)));
  for (LowResPrediction& prediction : predictions) {
    for (std::int64_t i = 0; i < iou.size(1); ++i, logits += kLowResSide * kLowResSide) {
      prediction.push_back({*predicted++, {logits, logits + kLowResSide * kLowResSide}});
    }
  }
  return predictions;
}

}  // namespace

Embedding embed(const SamModel& model, const RgbImage& picture) {
  const c10::InferenceMode inference;
  const SamModel::Impl& impl = model.impl();
  const std::int64_t side = model.image_size();
  std::vector<float> planes =
      normalise_and_pad(resize_bilinear(picture, resized_extent(picture.extent, side)), side);
  const auto type = impl.precision == Precision::bf16 ? torch::kBFloat16 : torch::kFloat;
  const auto pixels = torch::from_blob(planes.data(), {1, 3, side, side}).to(impl.device, type);
  const auto features = impl.network->encode_image(pixels).to(torch::kFloat).contiguous();
  return {picture.extent, std::make_shared<const Embedding::Impl>(Embedding::Impl{features})};
}

std::size_t most_confident(const Prediction& prediction) {
  const auto best = std::max_element(
      prediction.begin(), prediction.end(),
      [](const Candidate& a, const Candidate& b) { return a.predicted_iou < b.predicted_iou; });
  return static_cast<std::size_t>(std::distance(prediction.begin(), best));
}

Predictor::Predictor(SamModel model, Embedding embedding)
    : model_(std::move(model)), embedding_(std::move(embedding)) {}

std::vector<LowResPrediction> Predictor::decode(std::span<const Prompt> prompts, MaskOutput output) const {
  std::map<PromptShape, std::vector<std::size_t>> by_shape;
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    validate(prompts[i], embedding_.picture());
    by_shape[shape_of(prompts[i])].push_back(i);
  }
  const c10::InferenceMode inference;
  const SamModel::Impl& impl = model_.impl();
  const FrameScale scale = frame_scale(embedding_.picture(), model_.image_size());
  const auto limit = static_cast<std::size_t>(batch_limit(impl.device));
  std::vector<LowResPrediction> predictions(prompts.size());
  for (const auto& [shape, indices] : by_shape) {
    for (std::size_t begin = 0; begin < indices.size(); begin += limit) {
      const std::size_t end = std::min(begin + limit, indices.size());
      Batch batch;
      for (std::size_t i = begin; i < end; ++i) batch.push_back(&prompts[indices[i]]);
      const auto answer =
          impl.network->decode(embedding_.impl().features, to_tensors(batch, scale, impl.device));
      auto decoded = from_output(answer, output);
      for (std::size_t i = begin; i < end; ++i) predictions[indices[i]] = std::move(decoded[i - begin]);
    }
  }
  return predictions;
}

std::vector<Prediction> Predictor::enlarge(std::vector<LowResPrediction> predictions) const {
  std::vector<Prediction> enlarged(predictions.size());
  std::vector<std::pair<LowResCandidate*, Candidate*>> work;
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    enlarged[i].resize(predictions[i].size());
    for (std::size_t k = 0; k < predictions[i].size(); ++k)
      work.emplace_back(&predictions[i][k], &enlarged[i][k]);
  }
  const Enlarger enlarger(embedding_.picture(), model_.image_size());
  at::parallel_for(0, static_cast<std::int64_t>(work.size()), 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      auto& [from, to] = work[static_cast<std::size_t>(i)];
      CutMask cut = enlarger.cut(from->logits);
      *to = {std::move(cut.mask), from->predicted_iou, cut.stability, std::move(from->logits)};
    }
  });
  return enlarged;
}

std::vector<Prediction> Predictor::segment(std::span<const Prompt> prompts, MaskOutput output) const {
  return enlarge(decode(prompts, output));
}

Prediction Predictor::segment(const Prompt& prompt, MaskOutput output) const {
  return std::move(segment(std::span<const Prompt>(&prompt, 1), output).front());
}

}  // namespace sonde
