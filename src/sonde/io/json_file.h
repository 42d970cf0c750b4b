// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>

#include <nlohmann/json.hpp>

namespace sonde {

// Throws Error naming the path: not_found; corrupt_data for what is not JSON or nests deeper than a data set
// would; unsupported above `most_bytes`.
nlohmann::json read_json_file(const std::filesystem::path& path, std::size_t most_bytes);

}  // namespace sonde
