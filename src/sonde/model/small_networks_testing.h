// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/CPUGeneratorImpl.h>

#include "sonde/model/sam.h"
#include "sonde/model/torch.h"
#include "sonde/model/torch_tensor.h"
#include "sonde/weights/checkpoint.h"
#include "sonde/weights/small_sizes_testing.h"

namespace sonde {

// For tests.

// What a file saved from the network would hold.
inline Checkpoint checkpoint_of(const Sam& sam) {
  Checkpoint checkpoint;
  for (const auto& item : sam->named_parameters()) checkpoint.tensors[item.key()] = from_torch(item.value());
  for (const auto& item : sam->named_buffers()) checkpoint.tensors[item.key()] = from_torch(item.value());
  return checkpoint;
}

inline SamTensors tensors_of(const Sam& sam) {
  return fit_tensors(checkpoint_of(sam).tensors, sam->sizes, "a network");
}

// Random weights, ready for inference.
inline Sam small_sam(const SamSizes& sizes) {
  auto sam = random_sam(sizes, 1);
  sam->eval();
  for (auto& parameter : sam->parameters()) parameter.set_requires_grad(false);
  return sam;
}

inline torch::Tensor random_tensor(at::IntArrayRef shape, std::uint64_t seed) {
  return torch::zeros(shape).normal_(0, 1, at::detail::createCPUGenerator(seed));
}

inline double largest_difference(const torch::Tensor& a, const torch::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

}  // namespace sonde
