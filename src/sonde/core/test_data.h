// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>

namespace sonde {

// For tests: the folder with real images and golden answers, $SONDE_SHARED or shared/ beside the checkout;
// absent on a user's machine, where the tests that need it are skipped.
inline std::optional<std::filesystem::path> shared_folder() {
  const char* named = std::getenv("SONDE_SHARED");  // NOLINT(concurrency-mt-unsafe): tests set no environment
  const auto folder = named != nullptr ? std::filesystem::path(named)
                                       : std::filesystem::path(SONDE_SOURCE_FOLDER).parent_path() / "shared";
  if (!std::filesystem::is_directory(folder)) return std::nullopt;
  return folder;
}

// test/data of the checkout.
inline std::filesystem::path test_data_folder() {
  return std::filesystem::path(SONDE_SOURCE_FOLDER) / "test" / "data";
}

}  // namespace sonde
