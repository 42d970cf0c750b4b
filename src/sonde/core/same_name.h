// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace sonde {

// A file's name in Unicode's form NFD, as macOS keeps names: equal for all spellings of one name ("é" in one
// character or two). What is not UTF-8 stays as it is.
std::string decomposed(std::string_view name);

}  // namespace sonde
