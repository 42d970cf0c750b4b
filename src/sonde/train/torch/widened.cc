// SPDX-License-Identifier: Apache-2.0
#include "sonde/train/torch/widened.h"

#include <cmath>

#include <ATen/CPUGeneratorImpl.h>

#include "sonde/core/error.h"
#include "sonde/core/random.h"
#include "sonde/model/torch.h"
#include "sonde/model/torch_tensor.h"

namespace sonde {
namespace {

torch::Tensor tensor_of(const NamedTensors& weights, const std::string& name, const std::string& file) {
  const auto found = weights.find(name);
  if (found == weights.end()) throw Error(ErrorKind::corrupt_data, file + ": there is no tensor " + name);
  return to_torch(found->second);
}

}  // namespace

NamedTensors widened(NamedTensors weights, const std::string& file, std::uint64_t seed) {
  const torch::NoGradGuard no_grad;
  const auto block_name = [](int i) { return "image_encoder.blocks." + std::to_string(i) + ".mlp."; };
  if (!weights.contains(block_name(0) + "lin1.weight")) {
    throw Error(ErrorKind::usage, file + ": adapters are for a ViT encoder, and this is none");
  }
  for (int i = 0; weights.contains(block_name(i) + "lin1.weight"); ++i) {
    const std::string mlp = block_name(i);
    const auto down = tensor_of(weights, mlp + "lin1.weight", file),
               bias = tensor_of(weights, mlp + "lin1.bias", file),
               up = tensor_of(weights, mlp + "lin2.weight", file);
    if (down.dim() != 2 || up.dim() != 2) continue;  // the network's maker refuses it
    const auto channels = down.size(1), width = adapter_width(channels);
    const auto generator = at::detail::createCPUGenerator(named_seed(seed, mlp));
    const auto rows =
        torch::empty({width, channels}).normal_(0, 1 / std::sqrt(static_cast<double>(channels)), generator);
    weights[mlp + "lin1.weight"] = from_torch(at::cat({down.to(torch::kFloat), rows}));
    weights[mlp + "lin1.bias"] = from_torch(at::cat({bias.to(torch::kFloat), torch::zeros({width})}));
    weights[mlp + "lin2.weight"] =
        from_torch(at::cat({up.to(torch::kFloat), torch::zeros({up.size(0), width})}, 1));
  }
  return weights;
}

}  // namespace sonde
