// SPDX-License-Identifier: Apache-2.0
// The one source that knows where the checkout is: an object of any other serves every clone (ccache).
#include "sonde/core/data_testing.h"

#include <cstdlib>

namespace sonde {

namespace fs = std::filesystem;

std::optional<fs::path> shared_folder() {
  const char* named = std::getenv("SONDE_SHARED");  // NOLINT(concurrency-mt-unsafe): tests set no environment
  const auto folder =
      named != nullptr ? fs::path(named) : fs::path(SONDE_SOURCE_FOLDER).parent_path() / "shared";
  if (!fs::is_directory(folder)) return std::nullopt;
  return folder;
}

fs::path test_data_folder() { return fs::path(SONDE_SOURCE_FOLDER) / "test" / "data"; }

const char* program_path() { return SONDE_BUILD_FOLDER "/sonde"; }

}  // namespace sonde
