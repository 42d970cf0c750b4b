// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "sonde/kernels/flash_attention.h"

namespace sonde::kernels {
namespace {

// Columns of the score's product: [block of queries][channel, or pair of channels][query (, channel of the
// pair)].
template <typename Value>
void place_queries_of(const TokenRows& tokens, const GridShape& shape, Value* queries) {
  constexpr std::size_t kStep = sizeof(Value) == sizeof(Bf16) ? 2 : 1;
  for (std::size_t t = 0; t < tokens.count; ++t) {
    const Value* from = static_cast<const Value*>(tokens.rows) + t * tokens.stride;
    const std::size_t query = tokens.first + t;
    Value* to = queries + query / kQueryBlock * kQueryBlock * shape.row() + query % kQueryBlock * kStep;
    for (std::size_t c = 0; c < shape.row(); ++c)
      to[c / kStep * kQueryBlock * kStep + c % kStep] = c < shape.channels ? from[c] : Value{};
  }
}

// Rows of the score's product: [key][channel], the odd channel's pair 0.
template <typename Value>
void place_keys_of(const TokenRows& tokens, const GridShape& shape, Value* keys) {
  for (std::size_t t = 0; t < tokens.count; ++t) {
    const Value* from = static_cast<const Value*>(tokens.rows) + t * tokens.stride;
    Value* to = keys + (tokens.first + t) * shape.row();
    std::memcpy(to, from, shape.channels * sizeof(Value));
    if (shape.channels < shape.row()) to[shape.channels] = Value{};
  }
}

// Rows of the product with the powers, whose k are keys: [block of keys][channel][key]. The last key's pair
// is 0 where it has none: its power is 0 too, but 0 times what memory held might be NaN.
template <typename Value>
void place_values_of(const TokenRows& tokens, const GridShape& shape, Value* values) {
  for (std::size_t t = 0; t < tokens.count; ++t) {
    const Value* from = static_cast<const Value*>(tokens.rows) + t * tokens.stride;
    const std::size_t key = tokens.first + t;
    Value* to = values + key / kKeyBlock * kKeyBlock * shape.channels + key % kKeyBlock;
    for (std::size_t c = 0; c < shape.channels; ++c) to[c * kKeyBlock] = from[c];
    if (key + 1 < shape.keys() || key % 2 != 0) continue;
    for (std::size_t c = 0; c < shape.channels; ++c) to[c * kKeyBlock + 1] = Value{};  // the last one's pair
  }
}

}  // namespace

void place_queries(const TokenRows& tokens, const GridShape& shape, void* queries) {
  if (shape.storage == Storage::bf16) return place_queries_of(tokens, shape, static_cast<Bf16*>(queries));
  place_queries_of(tokens, shape, static_cast<float*>(queries));
}
void place_keys(const TokenRows& tokens, const GridShape& shape, void* keys) {
  if (shape.storage == Storage::bf16) return place_keys_of(tokens, shape, static_cast<Bf16*>(keys));
  place_keys_of(tokens, shape, static_cast<float*>(keys));
}
void place_values(const TokenRows& tokens, const GridShape& shape, void* values) {
  if (shape.storage == Storage::bf16) return place_values_of(tokens, shape, static_cast<Bf16*>(values));
  place_values_of(tokens, shape, static_cast<float*>(values));
}

}  // namespace sonde::kernels
