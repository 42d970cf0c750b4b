// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace sonde {

using ByteView = std::span<const std::byte>;

// A file mapped read-only for as long as the object lives. Moves, does not copy.
class MappedFile {
 public:
  // Throws Error{not_found} where there is no such file, Error{usage} for a folder, Error{unavailable} if it
  // cannot be read.
  explicit MappedFile(const std::filesystem::path& path);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  ByteView bytes() const { return bytes_; }

 private:
  ByteView bytes_;
};

// The first bytes of a file, at most `max`; errors as MappedFile.
std::vector<std::byte> read_head(const std::filesystem::path& path, std::size_t max);

// SHA-256 as 64 lower-case hexadecimal digits.
std::string sha256_hex(ByteView bytes);

template <typename T>
ByteView as_byte_view(const std::vector<T>& values) {
  return std::as_bytes(std::span<const T>(values));
}

}  // namespace sonde
