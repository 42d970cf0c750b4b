// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace sonde {

// Of a zip archive's records. Source: PKWARE APPNOTE 6.3.10, section 4.3.
inline constexpr std::uint32_t kLocalSignature = 0x04034b50, kCentralSignature = 0x02014b50,
                               kEndSignature = 0x06054b50;

}  // namespace sonde
