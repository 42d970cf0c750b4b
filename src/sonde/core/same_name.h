// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace sonde {

// A name of a file with each character of UTF-8 taken apart into letter and marks, as macOS keeps names:
// equal for all spellings of one name ("é" in one character or two). What is no UTF-8 stays as it is. Source:
// The Unicode Standard, 3.7 and 3.12 (canonical decomposition; marks stay in the order that they have).
std::string taken_apart(std::string_view name);

}  // namespace sonde
