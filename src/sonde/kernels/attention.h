// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "sonde/kernels/buffer.h"

namespace sonde::kernels {

// softmax(q k^T + bias) v of one head, for tokens that all see each other (a window). q comes scaled.
// (model/tiny_vit.cc, TinyVitAttention; `bias` is its attention_biases, expanded)
// Operands are of `storage`, scores and sums are fp32. channels must be even where they are bf16.
struct WindowHead {
  const void* q = nullptr;  // [queries][channels], rows `stride` values apart
  std::size_t queries = 0;
  const void* k = nullptr;  // [keys][channels], rows `stride` apart
  const void* v = nullptr;
  std::size_t keys = 0, channels = 0;
  std::size_t stride = 0;
  const float* bias = nullptr;              // [..][keys], or null
  std::span<const std::uint16_t> bias_row;  // of each query its row of `bias`
  Storage storage = Storage::fp32;
  void* out = nullptr;  // [queries][channels], rows out_stride apart
  std::size_t out_stride = 0;
};
void attend(const WindowHead& head);

}  // namespace sonde::kernels
