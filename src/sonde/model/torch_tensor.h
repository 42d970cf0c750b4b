// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sonde/model/torch.h"
#include "sonde/weights/tensor.h"

namespace sonde {

// The same numbers in the same memory, which the result keeps alive. Not to be written to.
torch::Tensor to_torch(const WeightTensor& tensor);
// Likewise, but a copy where the tensor is not contiguous or not on the CPU.
WeightTensor from_torch(const torch::Tensor& tensor);

}  // namespace sonde
