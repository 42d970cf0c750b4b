// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "sonde/kernels/buffer.h"
#include "sonde/kernels/matrix.h"

namespace sonde::kernels {

struct LayerNorm {
  const float* weight = nullptr;  // [channels]
  const float* bias = nullptr;
  std::size_t channels = 0;
  float eps = 0;
};
// torch's layer_norm. Each of `rows` rows of `channels` values: (x - mean) / sqrt(variance + eps) * weight +
// bias, then the activation. Strides in values.
void layer_norm(const float* in, std::size_t in_stride, std::size_t rows, const LayerNorm& norm,
                Activation activation, void* out, std::size_t out_stride, Storage out_storage);

// activation(x) of `count` values: GELU is x Phi(x), not the approximation by tanh. Where the result is bf16
// it is computed as closely as bf16 can show.
void activate(const float* in, std::size_t count, Activation activation, Storage out_storage, void* out);

// In place, each row of `columns` values: exp(scale * x - max) / sum of them.
void softmax_rows(float* values, std::size_t rows, std::size_t columns, std::size_t stride, float scale);

}  // namespace sonde::kernels
