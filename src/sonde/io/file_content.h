// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace sonde {

// The files that reading `file` reads: itself and, of a header whose voxels are elsewhere (.hdr, .mhd,
// .nhdr), that file. Throws Error naming the path for a header that cannot be understood.
std::vector<std::filesystem::path> files_of(const std::filesystem::path& file);

// Equal for equal bytes of all files_of(file), and different for different ones: SHA-256, neither sizes nor
// times. Throws Error naming the path for what cannot be read.
std::string content_sha256(const std::filesystem::path& file);

}  // namespace sonde
