// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sonde/imaging/geometry.h"

namespace sonde {

// Row-major values in the machine's byte order: grey of 8 or 16 bits, or three channels of 8.
struct PngValues {
  Extent2 extent;
  int channels = 1;
  int bits = 8;
  const void* data = nullptr;
};
enum class PngAim { quick, small };

// Throws Error{internal} naming `name` if libpng fails.
std::vector<std::byte> png_bytes(const std::string& name, const PngValues& values, PngAim aim);

}  // namespace sonde
