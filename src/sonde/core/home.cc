// SPDX-License-Identifier: Apache-2.0
#include "sonde/core/home.h"

#include <cstdlib>
#include <pwd.h>
#include <unistd.h>
#include <vector>

namespace sonde {

std::filesystem::path home_folder() {
  const char* named = std::getenv("HOME");  // NOLINT(concurrency-mt-unsafe): sonde sets no environment
  if (named != nullptr && *named != '\0') return named;
  constexpr std::size_t kMaxText = 1 << 16;  // of an entry
  std::vector<char> text(kMaxText);
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(::getuid(), &entry, text.data(), text.size(), &found) != 0 || found == nullptr) return {};
  return found->pw_dir == nullptr ? "" : found->pw_dir;
}

}  // namespace sonde
