// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>

namespace sonde {

// Numbers of 16 bits, IEEE 754's binary16, to floats and back (rounded to nearest even). Without branches on
// purpose: loops over them vectorise.

inline float float_from_half(std::uint16_t half) {
  constexpr std::uint32_t kInfinity = 0x7c00, kMinNormal = 0x0400, kExponentShift = (127 - 15) << 23;
  const std::uint32_t sign = (half & 0x8000U) << 16, magnitude = half & 0x7fffU;
  const std::uint32_t normal = (magnitude << 13) + kExponentShift;
  const std::uint32_t special = (magnitude << 13) | 0x7f800000U;  // infinite, or no number
  const auto small = std::bit_cast<std::uint32_t>(static_cast<float>(magnitude) * 0x1p-24F);
  const std::uint32_t bits = magnitude >= kInfinity ? special : magnitude < kMinNormal ? small : normal;
  return std::bit_cast<float>(bits | sign);
}

// Source: F. Giesen, "Float->half variants", 2012: below the least normal half a sum with a power of two does
// the rounding.
inline std::uint16_t half_from_float(float value) {
  constexpr std::uint32_t kTooLarge = (127 + 16) << 23, kInfinity = 0xffU << 23, kMinNormal = 113U << 23,
                          kHalfIsBelow = ((127 - 15) + (23 - 10) + 1) << 23;
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = bits & 0x80000000U, magnitude = bits ^ sign;
  const std::uint32_t special = magnitude > kInfinity ? 0x7e00 : 0x7c00;
  const float sum = std::bit_cast<float>(magnitude) + std::bit_cast<float>(kHalfIsBelow);
  const std::uint32_t small = std::bit_cast<std::uint32_t>(sum) - kHalfIsBelow;
  const std::uint32_t is_odd = (magnitude >> 13) & 1U;
  const std::uint32_t normal = (magnitude - ((127U - 15U) << 23) + 0xfffU + is_odd) >> 13;
  const std::uint32_t half = magnitude >= kTooLarge ? special : magnitude < kMinNormal ? small : normal;
  return static_cast<std::uint16_t>(half | sign >> 16);
}

}  // namespace sonde
