// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <torch/csrc/autograd/autograd.h>

#include "sonde/model/frame_tensor.h"
#include "sonde/model/sam.h"
#include "sonde/model/torch_tensor.h"
#include "sonde/train/tuner.h"

namespace sonde {

// For tests: the same network, losses and gradients once more, of model/'s modules in double precision with
// LibTorch's own derivatives.
class Twin {
 public:
  // encodes: it runs the encoder, rather than take the embedding.
  enum class Encoder { runs, is_cached };
  Twin(NamedTensors tensors, const TunerOptions& options, Encoder encoder)
      : options_(options), encoder_(encoder) {
    for (const std::string& name : {kEmbeddings, kHead + "0.weight", kHead + "0.bias", kHead + "1.weight",
                                    kHead + "1.bias", kHead + "2.weight", kHead + "2.bias"}) {
      const auto found = tensors.find(name);
      if (found == tensors.end()) continue;
      classes_[name] = to_torch(found->second).to(torch::kDouble).requires_grad_();
      tensors.erase(found);
    }
    sam_ = build_sam(tensors, "twin", torch::kCPU);
    sam_->to(torch::kDouble);
    sam_->image_pe = sam_->image_pe.to(torch::kDouble);
    for (auto& parameter : sam_->parameters()) parameter.set_requires_grad(true);
  }

  // Of the mean loss of a batch, by published name.
  std::map<std::string, torch::Tensor> gradients(std::span<const TrainingExample> batch) {
    torch::Tensor sum = torch::zeros({}, torch::kDouble);
    for (const TrainingExample& example : batch) sum = sum + loss_of(example);
    loss_ = (sum / static_cast<double>(batch.size())).item<double>();
    torch::autograd::backward({sum / static_cast<double>(batch.size())}, {});
    std::map<std::string, torch::Tensor> gradients;
    for (const auto& item : sam_->named_parameters()) gradients[item.key()] = item.value().grad();
    for (const auto& [name, tensor] : classes_) gradients[name] = tensor.grad();
    return gradients;
  }
  double loss() const { return loss_; }

 private:
  const std::string kEmbeddings = "prompt_encoder.class_embeddings.weight",
                    kHead = "mask_decoder.object_score_head.layers.";

  torch::Tensor image_of(const TrainingPicture& picture) {
    if (encoder_ == Encoder::runs) {
      const auto frame = frame_tensor(picture.pixels.rgb, picture.pixels.width, picture.pixels.height,
                                      image_size(sam_->sizes));
      return sam_->encode_image(frame.to(torch::kDouble));
    }
    const auto side = embedding_side(sam_->sizes);
    auto* numbers = const_cast<float*>(picture.embedding.data());  // NOLINT: from_blob takes non-const
    return torch::from_blob(numbers, {1, side, side, sam_->sizes.prompt_embed_dim})
        .permute({0, 3, 1, 2})
        .to(torch::kDouble);
  }

  PromptTensors prompt_of(const FramePrompt& prompt) const {
    PromptTensors tensors;
    std::vector<double> coords, labels;
    for (const FramePoint& point : prompt.points) {
      coords.insert(coords.end(), {point.x, point.y});
      labels.push_back(point.label == FramePoint::Label::foreground ? 1 : 0);
    }
    if (!labels.empty()) {
      tensors.point_coords = torch::tensor(coords, torch::kDouble).view({1, -1, 2});
      tensors.point_labels = torch::tensor(labels, torch::kDouble).view({1, -1});
    }
    if (prompt.box) {
      const std::vector<double> corners(prompt.box->begin(), prompt.box->end());
      tensors.boxes = torch::tensor(corners, torch::kDouble).view({1, 4});
    }
    if (!prompt.mask.empty()) {
      const auto side = 4 * embedding_side(sam_->sizes);
      const std::vector<double> mask(prompt.mask.begin(), prompt.mask.end());
      tensors.masks = torch::tensor(mask, torch::kDouble).view({1, 1, side, side});
    }
    return tensors;
  }

  torch::Tensor class_score(const TrainingExample& example, const torch::Tensor& image,
                            const PromptEmbeddings& prompt) {
    auto& decoder = *sam_->mask_decoder;
    const auto tokens = at::cat(
        {at::cat({decoder.iou_token->weight, decoder.mask_tokens->weight}).unsqueeze(0), prompt.sparse}, 1);
    auto x = decoder.transformer->forward(image + prompt.dense, sam_->image_pe, tokens).queries[0][0];
    for (int i = 0; i < 3; ++i) {
      const std::string layer = kHead + std::to_string(i);
      x = at::matmul(classes_.at(layer + ".weight"), x) + classes_.at(layer + ".bias");
      if (i < 2) x = at::relu(x);
    }
    const double is_there = example.present ? 1 : 0;
    return at::softplus(x[0]) - is_there * x[0];
  }

  torch::Tensor pixel_losses(const torch::Tensor& x, const torch::Tensor& p, const torch::Tensor& t) const {
    const auto entropy = at::softplus(x) - t * x;
    if (options_.mask_loss == MaskLoss::dice_bce) return entropy;
    const auto truth = p * t + (1 - p) * (1 - t);
    return 20 * (0.25 * t + 0.75 * (1 - t)) * (1 - truth).pow(2) * entropy;
  }

  torch::Tensor loss_of(const TrainingExample& example) {
    const auto image = image_of(*example.picture);
    auto prompt = sam_->prompt_encoder->forward(prompt_of(example.prompt));
    torch::Tensor loss = torch::zeros({}, torch::kDouble);
    if (example.class_index) {
      prompt.sparse =
          at::cat({prompt.sparse, classes_.at(kEmbeddings)[*example.class_index].view({1, 1, -1})}, 1);
      loss = class_score(example, image, prompt);
    }
    if (!example.present) return loss;
    const auto output = sam_->mask_decoder->forward(image, sam_->image_pe, prompt);
    return loss + losses_of_masks(output, example);
  }

  torch::Tensor losses_of_masks(const DecoderOutput& output, const TrainingExample& example) const {
    const auto side = output.low_res.size(3);
    const std::vector<double> numbers(example.target.begin(), example.target.end());
    const auto t = torch::tensor(numbers, torch::kDouble)
                       .view({side, side})
                       .slice(0, 0, example.height)
                       .slice(1, 0, example.width);
    std::vector<torch::Tensor> masks;
    torch::Tensor quality = torch::zeros({}, torch::kDouble);
    for (std::int64_t k = 0; k < 4; ++k) {
      const auto x = output.low_res[0][k].slice(0, 0, example.height).slice(1, 0, example.width);
      const auto p = at::sigmoid(x);
      masks.push_back(1 - (2 * (p * t).sum() + 1) / (p.sum() + t.sum() + 1) + pixel_losses(x, p, t).mean());
      const auto both = at::logical_and(x > 0, t >= 0.5).sum(),
                 either = at::logical_or(x > 0, t >= 0.5).sum();
      quality = quality + (output.iou[0][k] - both.item<double>() / either.item<double>()).pow(2) / 4;
    }
    const auto candidates = at::stack({masks[1], masks[2], masks[3]});
    const auto best = candidates.min();
    const bool says_which = example.prompt.box || example.prompt.points.size() >= 2;
    const auto others = (candidates.sum() - best) / 2 * (says_which ? options_.candidate_share : 0.0);
    return masks[0] + best + others + quality;
  }

  TunerOptions options_;
  Encoder encoder_;
  Sam sam_{nullptr};
  std::map<std::string, torch::Tensor> classes_;
  double loss_ = 0;
};

}  // namespace sonde
