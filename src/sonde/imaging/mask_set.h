// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace sonde {

// Which masks are wanted for a prompt: the decoder's single mask (token 0), its three candidates (tokens 1 ..
// 3), or all four in that order. SAM's multimask_output is false or true for the first two.
enum class MaskSet : std::uint8_t { single, three, all };
constexpr std::size_t first_token(MaskSet masks) { return masks == MaskSet::three ? 1 : 0; }
constexpr std::size_t mask_count(MaskSet masks) {
  return masks == MaskSet::single ? 1 : masks == MaskSet::three ? 3 : 4;
}

}  // namespace sonde
