// SPDX-License-Identifier: Apache-2.0
#include "sonde/server/kept_access.h"

#include <array>
#include <charconv>
#include <fcntl.h>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

#include "sonde/core/durable_file.h"
#include "sonde/core/error.h"
#include "sonde/server/token.h"

namespace sonde {
namespace {

namespace fs = std::filesystem;

fs::path file_of(const fs::path& project) { return project / "sonde.token"; }

bool is_private(const struct stat& file) {
  return S_ISREG(file.st_mode) && file.st_uid == ::geteuid() && (file.st_mode & (S_IRWXG | S_IRWXO)) == 0;
}

// At most `kMax` bytes of a private file; "" of any other.
std::string private_content(const fs::path& path) {
  constexpr std::size_t kMax = 128;
  // Not waiting: the name may be that of a pipe.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) return {};
  std::array<char, kMax> bytes{};
  struct stat file {};
  ssize_t count = 0;
  if (::fstat(descriptor, &file) == 0 && is_private(file))
    count = ::read(descriptor, bytes.data(), bytes.size());
  ::close(descriptor);
  return {bytes.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
}

std::string to_string(const KeptAccess& access) {
  return access.token + " " + std::to_string(access.port) + "\n";
}

std::optional<KeptAccess> parsed(const std::string& text) {
  const auto space = text.find(' ');
  if (space == std::string::npos) return std::nullopt;
  KeptAccess access{text.substr(0, space)};
  std::from_chars(text.data() + space + 1, text.data() + text.size(), access.port);
  // What is read is what would be written: nothing before, between or after.
  if (!is_token(access.token) || access.port == 0 || to_string(access) != text) return std::nullopt;
  return access;
}

}  // namespace

std::optional<KeptAccess> kept_access(const fs::path& project) {
  return parsed(private_content(file_of(project)));
}

void keep_access(const fs::path& project, const KeptAccess& access) {
  const std::string text = to_string(access);
  if (private_content(file_of(project)) == text) return;
  try {
    DurableFile file(file_of(project), DurableFile::Readers::owner);
    struct stat made {};
    if (::lstat(file.temporary_path().c_str(), &made) != 0 || !is_private(made)) return;
    file.write(std::as_bytes(std::span<const char>(text)));
    file.commit();
  } catch (const Error&) {
    // Nothing is lost but that the page is to be opened again.
  }
}

}  // namespace sonde
