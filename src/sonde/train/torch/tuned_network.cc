// SPDX-License-Identifier: Apache-2.0
#include "sonde/train/torch/tuned_network.h"

#include <cmath>

#include <ATen/CPUGeneratorImpl.h>

#include "sonde/core/error.h"
#include "sonde/core/random.h"
#include "sonde/model/torch_tensor.h"
#include "sonde/train/torch/example_loss.h"
#include "sonde/train/torch/widened.h"

namespace sonde {
namespace {

const std::string kClasses = "prompt_encoder.class_embeddings.weight",
                  kScoreHead = "mask_decoder.object_score_head.", kEncoder = "image_encoder.";
constexpr std::int64_t kScoreHeadDepth = 3;
constexpr double kClassDeviation = 0.1;  // small beside a point's embedding, whose numbers are about 1

void check_finite(const NamedTensors& weights, const std::string& file) {
  for (const auto& [name, tensor] : weights) {
    if (!is_floating_point(tensor.type) || at::isfinite(to_torch(tensor)).all().item<bool>()) continue;
    throw Error(ErrorKind::corrupt_data, file + ": " + name + " has numbers that are not finite");
  }
}

bool is_of_classes(const std::string& name) { return name == kClasses || name.starts_with(kScoreHead); }

NamedTensors without_classes(NamedTensors weights) {
  std::erase_if(weights, [](const auto& item) { return is_of_classes(item.first); });
  return weights;
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
  if (part == TunedPart::quality || part == TunedPart::decoder || part == TunedPart::full) return false;
  if (name.starts_with("mask_decoder.transformer."))
    return name.ends_with(".q_proj.weight") || name.ends_with(".v_proj.weight");
  return part == TunedPart::encoder_lora && name.starts_with(kEncoder) && name.ends_with(".attn.qkv.weight");
}

torch::Tensor random_normal(const Shape& shape, double deviation, std::uint64_t seed,
                            const std::string& name) {
  const auto generator = at::detail::createCPUGenerator(named_seed(seed, name));
  return torch::empty(shape).normal_(0, deviation, generator);
}
double fan_in_deviation(std::int64_t inputs) { return 1 / std::sqrt(static_cast<double>(inputs)); }

}  // namespace

TunedNetwork::TunedNetwork(const NamedTensors& weights, const std::string& file,
                           const TunerOptions& options) {
  const torch::NoGradGuard no_grad;
  check_finite(weights, file);
  NamedTensors plain = without_classes(weights);
  if (options.part == TunedPart::adapter) plain = widened(std::move(plain), file, options.seed);
  sam_ = build_sam(plain, file, torch::kCPU);
  if (sam_->sizes.num_mask_tokens != static_cast<std::int64_t>(kMasks)) {
    throw Error(ErrorKind::usage, file + ": has " + std::to_string(sam_->sizes.num_mask_tokens) +
                                      " mask tokens; a network that is trained has 4");
  }
  add_classes(weights, file, options);
  for (const auto& item : sam_->named_parameters()) parameters_.emplace(item.key(), item.value());
  for (const auto& [name, parameter] : parameters_) {
    if (is_tuned(name, options.part) || (is_of_classes(name) && !options.class_names.empty())) tune(name);
    if (has_addition(name, options.part)) add_low_rank(name, options.lora_rank, options.seed);
    if (options.part == TunedPart::adapter && name.ends_with(".mlp.lin1.weight") &&
        name.starts_with(kEncoder)) {
      tune_adapter(name.substr(0, name.size() - std::string("mlp.lin1.weight").size()));
    }
  }
  std::vector<torch::Tensor> flat;
  for (const auto& tensor : initial_) flat.push_back(tensor.flatten());
  row_ = at::cat(flat);
  initial_.clear();
  apply();
}

// A network that has classes keeps them; one that has none gets them where names are given.
void TunedNetwork::add_classes(const NamedTensors& weights, const std::string& file,
                               const TunerOptions& options) {
  const bool has_classes = weights.contains(kClasses);
  const auto count =
      has_classes ? weights.at(kClasses).shape.at(0) : static_cast<std::int64_t>(options.class_names.size());
  if (count == 0) return;
  if (!options.class_names.empty() && count != static_cast<std::int64_t>(options.class_names.size())) {
    throw Error(ErrorKind::usage, file + ": has " + std::to_string(count) + " classes, not " +
                                      std::to_string(options.class_names.size()));
  }
  const auto dim = sam_->sizes.prompt_embed_dim;
  class_embeddings_ = sam_->prompt_encoder->register_module("class_embeddings", Token(count, dim));
  object_score_head_ = sam_->mask_decoder->register_module(
      "object_score_head", Mlp(MlpImpl::Sizes{.in = dim, .hidden = dim, .out = 1, .depth = kScoreHeadDepth}));
  for (const auto& item : sam_->named_parameters()) {
    const std::string& name = item.key();
    if (!is_of_classes(name)) continue;
    torch::Tensor slot = item.value();
    const auto found = weights.find(name);
    const Shape shape = slot.sizes().vec();
    if (found == weights.end() ? has_classes : found->second.shape != shape) {
      throw Error(ErrorKind::corrupt_data, file + ": " + name + " must be there, of " + to_string(shape));
    }
    const double deviation = name == kClasses ? kClassDeviation : fan_in_deviation(shape.back());
    slot.set_data(found != weights.end() ? to_torch(as_f32(found->second)).clone()
                  : shape.size() == 2    ? random_normal(shape, deviation, options.seed, name)
                                         : torch::zeros(shape));
    slot.set_requires_grad(false);
  }
}

std::size_t TunedNetwork::add_slice(const std::string& name, const torch::Tensor& initial) {
  const auto begin = slices_.empty() ? 0 : slices_.back().begin + slices_.back().count;
  slices_.push_back({.name = name, .shape = initial.sizes().vec(), .begin = begin, .count = initial.numel()});
  initial_.push_back(initial.detach());
  return slices_.size() - 1;
}

std::size_t TunedNetwork::add_leaf(const std::string& name) {
  const auto [entry, is_new] = leaf_of_.emplace(name, leaves_.size());
  if (is_new) {
    auto leaf = parameters_.at(name);
    leaf.set_data(leaf.detach().clone());  // it may lie in a mapped file
    leaf.set_requires_grad(true);
    leaves_.push_back(leaf);
    if (name.starts_with(kEncoder)) encoder_leaves_.push_back(leaf);
  }
  return entry->second;
}

void TunedNetwork::tune(const std::string& name) {
  const auto slice = add_slice(name, parameters_.at(name));
  pieces_.push_back({.slice = slice, .leaf = add_leaf(name)});
}

void TunedNetwork::tune_piece(const std::string& slice, const std::string& leaf, std::int64_t dimension,
                              std::int64_t first) {
  const auto& whole = parameters_.at(leaf);
  const auto at = add_slice(slice, whole.narrow(dimension, first, whole.size(dimension) - first));
  pieces_.push_back({.slice = at, .leaf = add_leaf(leaf), .dimension = dimension, .first = first});
}

void TunedNetwork::tune_adapter(const std::string& block) {
  const std::string lin1 = block + "mlp.lin1.weight";
  const auto& weight = parameters_.at(lin1);
  const auto first = weight.size(0) - adapter_width(weight.size(1));
  tune_piece(block + "adapter.down.weight", lin1, 0, first);
  tune_piece(block + "adapter.down.bias", block + "mlp.lin1.bias", 0, first);
  tune_piece(block + "adapter.up.weight", block + "mlp.lin2.weight", 1, first);
}

void TunedNetwork::add_low_rank(const std::string& name, std::int64_t rank, std::uint64_t seed) {
  const auto frozen = parameters_.at(name).detach().clone();
  const auto out = frozen.size(0), in = frozen.size(1);
  // B is 0, so that the network starts as it was.
  const auto a = add_slice(name + ".lora_a", random_normal({rank, in}, fan_in_deviation(in), seed, name));
  const auto b = add_slice(name + ".lora_b", torch::zeros({out, rank}));
  additions_.push_back({.a = a, .b = b, .leaf = add_leaf(name), .frozen = frozen});
}

torch::Tensor TunedNetwork::view(const torch::Tensor& row, std::size_t slice) const {
  const Slice& at = slices_[slice];
  return row.narrow(0, at.begin, at.count).view(at.shape);
}

void TunedNetwork::apply() {
  const torch::NoGradGuard no_grad;
  for (const Piece& piece : pieces_) {
    const auto part = view(row_, piece.slice);
    if (part.dim() == 0) {
      leaves_[piece.leaf].copy_(part);
      continue;
    }
    leaves_[piece.leaf].narrow(piece.dimension, piece.first, part.size(piece.dimension)).copy_(part);
  }
  for (const Addition& addition : additions_) {
    torch::Tensor weight = leaves_[addition.leaf].detach();
    at::addmm_out(weight, addition.frozen, view(row_, addition.b), view(row_, addition.a));
  }
}

std::span<float> TunedNetwork::values() {
  return {row_.data_ptr<float>(), static_cast<std::size_t>(row_.numel())};
}

std::span<const float> TunedNetwork::values() const {
  return {row_.data_ptr<float>(), static_cast<std::size_t>(row_.numel())};
}

std::vector<float> TunedNetwork::gradient_row(std::span<const torch::Tensor> gradients) const {
  const torch::NoGradGuard no_grad;
  std::vector<float> gradient(values().size());
  const auto row = torch::from_blob(gradient.data(), {row_.numel()});
  for (const Piece& piece : pieces_) {
    const auto& whole = gradients[piece.leaf];
    if (!whole.defined()) continue;
    auto part = view(row, piece.slice);
    part.copy_(part.dim() == 0 ? whole
                               : whole.narrow(piece.dimension, piece.first, part.size(piece.dimension)));
  }
  for (const Addition& addition : additions_) {
    const auto& weight = gradients[addition.leaf];
    if (!weight.defined()) continue;
    view(row, addition.a).copy_(at::mm(view(row_, addition.b).t(), weight));
    view(row, addition.b).copy_(at::mm(weight, view(row_, addition.a).t()));
  }
  return gradient;
}

NamedTensors TunedNetwork::tensors() const {
  NamedTensors tensors;
  for (const auto& [name, parameter] : parameters_) tensors[name] = from_torch(parameter.detach().clone());
  for (const auto& item : sam_->named_buffers()) tensors[item.key()] = from_torch(item.value().clone());
  return tensors;
}

}  // namespace sonde
