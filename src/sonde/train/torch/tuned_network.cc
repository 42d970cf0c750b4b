// SPDX-License-Identifier: Apache-2.0
#include "sonde/train/torch/tuned_network.h"

#include <cmath>

#include <ATen/CPUGeneratorImpl.h>

#include "sonde/core/error.h"
#include "sonde/core/random.h"
#include "sonde/model/torch_tensor.h"
#include "sonde/train/torch/example_loss.h"

namespace sonde {
namespace {

void check_finite(const NamedTensors& weights, const std::string& file) {
  for (const auto& [name, tensor] : weights) {
    if (!is_floating_point(tensor.type) || at::isfinite(to_torch(tensor)).all().item<bool>()) continue;
    throw Error(ErrorKind::corrupt_data, file + ": " + name + " has numbers that are not finite");
  }
}

bool is_tuned(const std::string& name, TunedPart part) {
  const bool is_head = name.starts_with("mask_decoder.iou_prediction_head.");
  switch (part) {
    case TunedPart::quality:
      return is_head;
    case TunedPart::decoder:
      return name.starts_with("mask_decoder.");
    case TunedPart::full:
      return true;
    case TunedPart::lora:
    case TunedPart::encoder_lora:
    case TunedPart::adapter:
      break;
  }
  return is_head || name.starts_with("mask_decoder.output_hypernetworks_mlps.") ||
         name == "mask_decoder.iou_token.weight" || name == "mask_decoder.mask_tokens.weight";
}

bool has_addition(const std::string& name, TunedPart part) {
  if (part != TunedPart::lora) return false;
  return name.starts_with("mask_decoder.transformer.") &&
         (name.ends_with(".q_proj.weight") || name.ends_with(".v_proj.weight"));
}

}  // namespace

TunedNetwork::TunedNetwork(const NamedTensors& weights, const std::string& file,
                           const TunerOptions& options) {
  const torch::NoGradGuard no_grad;
  sam_ = build_sam(weights, file, torch::kCPU);
  if (sam_->sizes.num_mask_tokens != kMasks) {
    throw Error(ErrorKind::usage, file + ": has " + std::to_string(sam_->sizes.num_mask_tokens) +
                                      " mask tokens; a network that is trained has 4");
  }
  check_finite(weights, file);
  for (const auto& item : sam_->named_parameters()) parameters_.emplace(item.key(), item.value());
  for (const auto& [name, parameter] : parameters_) {
    if (is_tuned(name, options.part)) tune(name);
    if (has_addition(name, options.part)) add_low_rank(name, options.lora_rank, options.seed);
  }
  std::vector<torch::Tensor> flat;
  for (const auto& tensor : initial_) flat.push_back(tensor.flatten());
  row_ = at::cat(flat).contiguous();
  initial_.clear();
  for (std::size_t i = 0; i < slices_.size(); ++i) {
    if (!direct_[i].defined()) continue;
    direct_[i].set_data(view(row_, i));
    direct_[i].set_requires_grad(true);
  }
  apply();
}

std::size_t TunedNetwork::add_slice(const std::string& name, const Shape& shape) {
  const auto begin = slices_.empty() ? 0 : slices_.back().begin + slices_.back().count;
  std::int64_t count = 1;
  for (const auto extent : shape) count *= extent;
  slices_.push_back({.name = name, .shape = shape, .begin = begin, .count = count});
  direct_.emplace_back();
  return slices_.size() - 1;
}

void TunedNetwork::tune(const std::string& name) {
  const auto& parameter = parameters_.at(name);
  direct_[add_slice(name, parameter.sizes().vec())] = parameter;
  initial_.push_back(parameter.detach());
}

void TunedNetwork::add_low_rank(const std::string& name, std::int64_t rank, std::uint64_t seed) {
  auto weight = parameters_.at(name);
  const auto out = weight.size(0), in = weight.size(1);
  const auto a = add_slice(name + ".lora_a", {rank, in}), b = add_slice(name + ".lora_b", {out, rank});
  // B is 0, so that the network starts as it was.
  const auto generator = at::detail::createCPUGenerator(named_seed(seed, name));
  initial_.push_back(torch::empty({rank, in}).normal_(0, 1 / std::sqrt(static_cast<double>(in)), generator));
  initial_.push_back(torch::zeros({out, rank}));
  additions_.push_back({.weight = weight, .frozen = weight.detach().clone(), .a = a, .b = b});
  weight.set_data(weight.detach().clone());
  weight.set_requires_grad(true);
}

torch::Tensor TunedNetwork::view(const torch::Tensor& row, std::size_t slice) const {
  const Slice& at = slices_[slice];
  return row.narrow(0, at.begin, at.count).view(at.shape);
}

void TunedNetwork::apply() {
  const torch::NoGradGuard no_grad;
  for (const Addition& addition : additions_) {
    torch::Tensor weight = addition.weight.detach();
    at::addmm_out(weight, addition.frozen, view(row_, addition.b), view(row_, addition.a));
  }
}

std::span<float> TunedNetwork::values() {
  return {row_.data_ptr<float>(), static_cast<std::size_t>(row_.numel())};
}

std::span<const float> TunedNetwork::values() const {
  return {row_.data_ptr<float>(), static_cast<std::size_t>(row_.numel())};
}

std::vector<float> TunedNetwork::take_gradient() {
  const torch::NoGradGuard no_grad;
  std::vector<float> gradient(values().size());
  const auto row = torch::from_blob(gradient.data(), {row_.numel()});
  for (std::size_t i = 0; i < slices_.size(); ++i) {
    if (direct_[i].defined() && direct_[i].grad().defined()) view(row, i).copy_(direct_[i].grad());
  }
  for (const Addition& addition : additions_) {
    const auto& weight = addition.weight.grad();
    if (!weight.defined()) continue;
    view(row, addition.a).copy_(at::matmul(view(row_, addition.b).t(), weight));
    view(row, addition.b).copy_(at::matmul(weight, view(row_, addition.a).t()));
  }
  forget_gradient();
  return gradient;
}

void TunedNetwork::forget_gradient() {
  for (auto& [name, parameter] : parameters_) parameter.mutable_grad().reset();
}

NamedTensors TunedNetwork::tensors() const {
  NamedTensors tensors;
  for (const auto& [name, parameter] : parameters_) tensors[name] = from_torch(parameter.detach().clone());
  for (const auto& item : sam_->named_buffers()) tensors[item.key()] = from_torch(item.value().clone());
  return tensors;
}

}  // namespace sonde
