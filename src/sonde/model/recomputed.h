// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "sonde/model/torch.h"

namespace sonde::nn {

// f(x), whose results in between are computed again for the gradient rather than kept: memory for time (Chen
// et al. 2016). f uses the parameters of `module` and x alone. Where no parameter of it is tuned it is f(x).
torch::Tensor recomputed(const torch::nn::Module& module,
                         const std::function<torch::Tensor(const torch::Tensor&)>& f, const torch::Tensor& x);

}  // namespace sonde::nn
