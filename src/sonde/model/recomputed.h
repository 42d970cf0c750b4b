// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <vector>

#include "sonde/model/torch.h"

namespace sonde::nn {

// f(inputs), whose results in between are computed again for the gradient rather than kept: memory for time
// (Chen et al. 2016). f uses the inputs, what else it was made of that has no gradient, and `parameters`.
using Tensors = std::vector<torch::Tensor>;
torch::Tensor recomputed_function(const std::function<torch::Tensor(const Tensors&)>& f,
                                  const Tensors& inputs, const Tensors& parameters = {});

// Likewise module(x), for a holder of a module.
template <typename Holder>
torch::Tensor recomputed(Holder module, const torch::Tensor& x) {
  return recomputed_function([module](const Tensors& in) mutable { return module(in[0]); }, {x},
                             module->parameters());
}

}  // namespace sonde::nn
