// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "sonde/weights/tensor.h"
#include "sonde/weights/variants.h"

namespace sonde {

// What a network of some sizes consists of, by the names of the published checkpoints: parameters, and the
// buffers that are kept with them.
struct Parameter {
  Shape shape;
  NumberType type = NumberType::f32;  // a checkpoint may have another floating-point type
};
std::map<std::string, Parameter> parameters_of(const SamSizes& sizes);

// Throws Error{corrupt_data} that names `file` and the missing, extra and misshapen tensors. Tolerated
// extras: pixel_mean and pixel_std, TinyViT's classifier (norm_head, head) and its attention_bias_idxs.
// num_batches_tracked may be absent.
void check_fit(const NamedTensors& tensors, const SamSizes& sizes, const std::string& file);

}  // namespace sonde
