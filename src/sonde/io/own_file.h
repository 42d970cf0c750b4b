// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string_view>

namespace sonde {

// What every file that sonde writes for people holds near its beginning, where its format has room for it.
inline constexpr std::string_view kOwnMark = "written by sonde";

// Whether sonde wrote the file, by what its first 64 KiB hold (of a gzip file, inflated). False for what is
// not there or cannot be read.
bool is_own_file(const std::filesystem::path& file);

enum class Existing {
  own_only,  // only files that sonde wrote are replaced
  any
};
// Throws Error{usage} if there is a file that is not to be replaced; the message tells of --force.
void check_replaceable(const std::filesystem::path& file, Existing replaced);

}  // namespace sonde
