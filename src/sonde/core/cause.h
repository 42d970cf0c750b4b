// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <filesystem>
#include <new>
#include <string>

namespace sonde {

// what() in words: the standard library's own for a lack of memory is the name of a class, that for a file
// names its function first.
inline std::string cause_of(const std::exception& error) {
  if (const auto* of_file = dynamic_cast<const std::filesystem::filesystem_error*>(&error))
    return of_file->path1().string() + ": " + of_file->code().message();
  return dynamic_cast<const std::bad_alloc*>(&error) != nullptr ? "not enough memory" : error.what();
}

}  // namespace sonde
