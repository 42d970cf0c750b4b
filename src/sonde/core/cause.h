// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <new>
#include <string>

namespace sonde {

// what() in words: the standard library's own for a lack of memory is the name of a class.
inline std::string cause_of(const std::exception& error) {
  return dynamic_cast<const std::bad_alloc*>(&error) != nullptr ? "not enough memory" : error.what();
}

}  // namespace sonde
