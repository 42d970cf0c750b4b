// SPDX-License-Identifier: Apache-2.0
#include "sonde/model/sam.h"

#include <cmath>
#include <map>
#include <utility>

#include <ATen/CPUGeneratorImpl.h>

#include "sonde/model/image_encoder.h"
#include "sonde/model/tiny_vit.h"
#include "sonde/model/torch_tensor.h"
#include "sonde/weights/sam_tensors.h"

namespace sonde {
namespace {

std::shared_ptr<ImageEncoder> make_image_encoder(const VitSizes& sizes) {
  return std::make_shared<ImageEncoderVit>(sizes);
}
std::shared_ptr<ImageEncoder> make_image_encoder(const TinyVitSizes& sizes) {
  return std::make_shared<TinyVit>(sizes);
}

// Parameters and buffers by name: handles, through which the network's own tensors are set.
std::map<std::string, torch::Tensor> slots_of(const SamImpl& sam) {
  std::map<std::string, torch::Tensor> slots;
  for (const auto& item : sam.named_parameters()) slots.emplace(item.key(), item.value());
  for (const auto& item : sam.named_buffers()) slots.emplace(item.key(), item.value());
  return slots;
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
      image_encoder(register_module("image_encoder",
                                    std::visit([](const auto& family) { return make_image_encoder(family); },
                                               sam_sizes.image_encoder))),
      prompt_encoder(register_module("prompt_encoder", PromptEncoder(sam_sizes, image_size(sam_sizes)))),
      mask_decoder(register_module("mask_decoder", MaskDecoder(sam_sizes))) {}

torch::Tensor SamImpl::encode_image(const torch::Tensor& pixels) { return image_encoder->forward(pixels); }

DecoderOutput SamImpl::decode(const torch::Tensor& embedding, const PromptTensors& prompts) {
  const auto positions = image_pe.defined() ? image_pe : prompt_encoder->get_dense_pe(embedding.size(2));
  return mask_decoder->forward(embedding, positions, prompt_encoder->forward(prompts));
}

Sam build_sam(const NamedTensors& tensors, const std::string& file, torch::Device device) {
  const torch::NoGradGuard no_grad;
  const SamSizes sizes = sizes_from_tensors(tensors, file);
  fit_tensors(tensors, sizes, file);  // for its refusals: parameters are set by name below
  Sam sam(sizes);
  auto slots = slots_of(*sam);
  for (auto& [name, slot] : slots) {
    const auto found = tensors.find(name);
    const auto tensor = found == tensors.end() ? slot : to_torch(found->second);
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
