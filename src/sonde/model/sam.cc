// SPDX-License-Identifier: Apache-2.0
#include "sonde/model/sam.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <sstream>
#include <utility>
#include <vector>

#include <ATen/CPUGeneratorImpl.h>

#include "sonde/core/error.h"
#include "sonde/model/image_encoder.h"
#include "sonde/model/tiny_vit.h"

namespace sonde {
namespace {

std::shared_ptr<ImageEncoder> make_image_encoder(const SamSizes& sizes) {
  if (const auto* vit = std::get_if<VitSizes>(&sizes.image_encoder)) {
    return std::make_shared<ImageEncoderVit>(*vit);
  }
  return std::make_shared<TinyVit>(std::get<TinyVitSizes>(sizes.image_encoder));
}

bool may_be_extra(const std::string& name) {
  return name == "pixel_mean" || name == "pixel_std" || name.starts_with("image_encoder.norm_head.") ||
         name.starts_with("image_encoder.head.") || name.ends_with(".attention_bias_idxs");
}

bool may_be_missing(const std::string& name) { return name.ends_with(".num_batches_tracked"); }

// Parameters and buffers by name: handles, through which the network's own tensors are set.
std::map<std::string, torch::Tensor> slots_of(const SamImpl& sam) {
  std::map<std::string, torch::Tensor> slots;
  for (const auto& item : sam.named_parameters()) slots.emplace(item.key(), item.value());
  for (const auto& item : sam.named_buffers()) slots.emplace(item.key(), item.value());
  return slots;
}

std::string list_some(const std::string& what, const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 5;
  if (names.empty()) return {};
  std::ostringstream text;
  text << "; " << what << ": ";
  for (std::size_t i = 0; i < std::min(kMost, names.size()); ++i) text << (i > 0 ? ", " : "") << names[i];
  if (names.size() > kMost) text << " and " << names.size() - kMost << " more";
  return text.str();
}

std::string misfit(const std::string& name, const torch::Tensor& tensor, const torch::Tensor& slot) {
  std::ostringstream text;
  if (tensor.sizes() != slot.sizes()) {
    text << name << " is " << tensor.sizes() << ", not " << slot.sizes();
  } else if (tensor.is_floating_point() != slot.is_floating_point()) {
    text << name << " is of type " << tensor.scalar_type();
  }
  return text.str();
}

void check_fit(const std::map<std::string, torch::Tensor>& slots, const Checkpoint& checkpoint,
               const std::string& file, const std::string& architecture) {
  std::vector<std::string> missing, extra, misshapen;
  for (const auto& [name, slot] : slots) {
    const auto found = checkpoint.tensors.find(name);
    if (found == checkpoint.tensors.end()) {
      if (!may_be_missing(name)) missing.push_back(name);
    } else if (const auto problem = misfit(name, found->second, slot); !problem.empty()) {
      misshapen.push_back(problem);
    }
  }
  for (const auto& [name, tensor] : checkpoint.tensors) {
    if (!slots.contains(name) && !may_be_extra(name)) extra.push_back(name);
  }
  const auto problems =
      list_some("missing", missing) + list_some("extra", extra) + list_some("misshapen", misshapen);
  if (!problems.empty()) {
    throw Error(ErrorKind::corrupt_data,
                file + ": the tensors do not fit a SAM of architecture " + architecture + problems);
  }
}

void initialise(const std::string& name, torch::Tensor slot, const at::Generator& generator) {
  if (!slot.is_floating_point()) return;
  auto value = torch::zeros(slot.sizes());
  if (slot.dim() >= 2) {
    const auto fan_in = static_cast<double>(slot.numel()) / static_cast<double>(slot.size(0));
    value.normal_(0, 1 / std::sqrt(fan_in), generator);
  } else if (name.ends_with(".weight") || name.ends_with(".running_var")) {
    value.fill_(1);
  }
  slot.set_data(value);
}

}  // namespace

SamImpl::SamImpl(const SamSizes& sam_sizes)
    : sizes(sam_sizes),
      image_encoder(register_module("image_encoder", make_image_encoder(sam_sizes))),
      prompt_encoder(register_module("prompt_encoder", PromptEncoder(sam_sizes, image_size(sam_sizes)))),
      mask_decoder(register_module("mask_decoder", MaskDecoder(sam_sizes))) {}

torch::Tensor SamImpl::encode_image(const torch::Tensor& pixels) { return image_encoder->forward(pixels); }

DecoderOutput SamImpl::decode(const torch::Tensor& embedding, const PromptTensors& prompts) {
  const auto positions = image_pe.defined() ? image_pe : prompt_encoder->get_dense_pe(embedding.size(2));
  return mask_decoder->forward(embedding, positions, prompt_encoder->forward(prompts));
}

Sam build_sam(const Checkpoint& checkpoint, const std::string& file, torch::Device device) {
  const torch::NoGradGuard no_grad;
  Sam sam(sizes_from_tensors(checkpoint.tensors, file));
  auto slots = slots_of(*sam);
  check_fit(slots, checkpoint, file, sam->sizes.architecture);
  for (auto& [name, slot] : slots) {
    const auto found = checkpoint.tensors.find(name);
    const auto& tensor = found == checkpoint.tensors.end() ? slot : found->second;
    slot.set_data(tensor.detach().to(device, slot.scalar_type()).contiguous());
    if (slot.requires_grad()) slot.set_requires_grad(false);
  }
  sam->eval();
  sam->image_pe = sam->prompt_encoder->get_dense_pe(embedding_side(sam->sizes)).contiguous();
  return sam;
}

Sam random_sam(const SamSizes& sizes, std::uint64_t seed) {
  const torch::NoGradGuard no_grad;
  Sam sam(sizes);
  const auto generator = at::detail::createCPUGenerator(seed);
  for (const auto& [name, slot] : slots_of(*sam)) initialise(name, slot, generator);
  return sam;
}

}  // namespace sonde
