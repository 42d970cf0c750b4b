// SPDX-License-Identifier: Apache-2.0
#include "sonde/weights/sam_tensors.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "sonde/core/error.h"
#include "sonde/weights/tensor_reader.h"

namespace sonde {
namespace {

bool may_be_extra(const std::string& name) {
  return name == "pixel_mean" || name == "pixel_std" || name.starts_with("image_encoder.norm_head.") ||
         name.starts_with("image_encoder.head.") || name.ends_with(".attention_bias_idxs");
}

bool may_be_missing(const std::string& name) { return name.ends_with(".num_batches_tracked"); }

std::string list_some(const std::string& what, const std::vector<std::string>& names) {
  constexpr std::size_t kMax = 5;
  if (names.empty()) return {};
  std::string text = "; " + what + ": ";
  for (std::size_t i = 0; i < std::min(kMax, names.size()); ++i) text += (i > 0 ? ", " : "") + names[i];
  if (names.size() > kMax) text += " and " + std::to_string(names.size() - kMax) + " more";
  return text;
}

std::string misfit(const std::string& name, const WeightTensor& tensor, const Parameter& parameter) {
  if (tensor.shape != parameter.shape)
    return name + " is " + to_string(tensor.shape) + ", not " + to_string(parameter.shape);
  if (is_floating_point(tensor.type) != is_floating_point(parameter.type))
    return name + " is of type " + std::string(to_string(tensor.type));
  return {};
}

SamTensors read_sam(const TensorReader& sam, const SamSizes& sizes) {
  const TensorReader encoder = sam.in("image_encoder");
  return {.sizes = sizes,
          .image_encoder =
              std::visit([&](const auto& family) -> EncoderTensors { return read_encoder(encoder, family); },
                         sizes.image_encoder),
          .prompt_encoder = read_prompt_encoder(sam.in("prompt_encoder"), sizes),
          .mask_decoder = read_mask_decoder(sam.in("mask_decoder"), sizes)};
}

}  // namespace

const Shape& TensorReader::shape(const std::string& name, std::size_t dimensions) const {
  const auto found = tensors_.find(prefix_ + name);
  if (found == tensors_.end()) refuse("there is no tensor " + prefix_ + name);
  const Shape& sizes = found->second.shape;
  require(sizes.size() == dimensions, name,
          "has " + std::to_string(sizes.size()) + " dimensions, not " + std::to_string(dimensions));
  for (const auto size : sizes) {
    require(size >= 1 && size <= kMaxChannels, name,
            "has a side of " + std::to_string(size) + ", allowed are 1 to " + std::to_string(kMaxChannels));
  }
  return sizes;
}

std::int64_t TensorReader::count(const std::string& prefix, const std::string& suffix) const {
  std::int64_t n = 0;
  while (n < kMaxLayers && has(prefix + std::to_string(n) + suffix)) ++n;
  if (n == 0) refuse("there is no tensor " + prefix_ + prefix + "0" + suffix);
  return n;
}

void TensorReader::refuse(const std::string& fault) const {
  throw Error(ErrorKind::corrupt_data, file_ + ": is not a SAM checkpoint: " + fault);
}

WeightTensor TensorReader::tensor(const std::string& name, Shape shape) const {
  const auto found = tensors_.find(prefix_ + name);
  expected_[prefix_ + name] = {.shape = std::move(shape)};
  return found == tensors_.end() ? WeightTensor{} : found->second;
}

ConvBnTensors TensorReader::conv_bn(const std::string& name, const Shape& weight) const {
  const std::string norm = name + ".bn";
  expected_[prefix_ + norm + ".num_batches_tracked"] = {.shape = {}, .type = NumberType::i64};
  return {.weight = tensor(name + ".c.weight", weight),
          .norm = layer(norm, {weight[0]}),
          .mean = tensor(norm + ".running_mean", {weight[0]}),
          .variance = tensor(norm + ".running_var", {weight[0]})};
}

NeckTensors TensorReader::neck(std::int64_t in, std::int64_t out) const {
  const TensorReader neck = this->in("neck");
  return {.conv1 = neck.tensor("0.weight", {out, in, 1, 1}),
          .conv2 = neck.tensor("2.weight", {out, out, 3, 3}),
          .norm1 = neck.layer("1", {out}),
          .norm2 = neck.layer("3", {out})};
}

NamedParameters parameters_of(const SamSizes& sizes) {
  NamedParameters expected;
  const NamedTensors none;
  read_sam({none, "", expected}, sizes);
  return expected;
}

SamTensors fit_tensors(const NamedTensors& tensors, const SamSizes& sizes, const std::string& file) {
  NamedParameters parameters;
  SamTensors fitted = read_sam({tensors, file, parameters}, sizes);
  std::vector<std::string> missing, extra, misshapen;
  for (const auto& [name, parameter] : parameters) {
    const auto found = tensors.find(name);
    if (found == tensors.end()) {
      if (!may_be_missing(name)) missing.push_back(name);
    } else if (const auto problem = misfit(name, found->second, parameter); !problem.empty()) {
      misshapen.push_back(problem);
    }
  }
  for (const auto& [name, tensor] : tensors) {
    if (!parameters.contains(name) && !may_be_extra(name)) extra.push_back(name);
  }
  const auto problems =
      list_some("missing", missing) + list_some("extra", extra) + list_some("misshapen", misshapen);
  if (!problems.empty()) {
    throw Error(ErrorKind::corrupt_data,
                file + ": the tensors do not fit a SAM of architecture " + sizes.architecture + problems);
  }
  return fitted;
}

}  // namespace sonde
