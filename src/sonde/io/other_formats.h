// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "sonde/core/bytes.h"

namespace sonde {

// What a file is that sonde does not read, by its content.
struct OtherFormat {
  enum class Holds { image, other } holds = Holds::image;
  std::string what;    // "a WebP picture"
  std::string advice;  // "convert it to PNG"
};
// head: the first bytes of the file, at least 512 where it has them. Absent for anything else.
std::optional<OtherFormat> other_format(ByteView head);

// "is a WebP picture, which sonde does not read: convert it to PNG".
std::string why_not_read(const OtherFormat& format);

}  // namespace sonde
