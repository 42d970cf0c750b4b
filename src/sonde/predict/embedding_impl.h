// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

#include "sonde/predict/predictor.h"

namespace sonde {

struct Embedding::Impl {
  torch::Tensor features;  // [1,256,64,64] float, on the model's device
};

}  // namespace sonde
