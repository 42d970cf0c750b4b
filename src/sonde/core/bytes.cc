// SPDX-License-Identifier: Apache-2.0
#include "sonde/core/bytes.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <memory>
#include <sys/mman.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <openssl/evp.h>

#include "sonde/core/error.h"

namespace sonde {
namespace {

std::string system_message(int error) { return std::generic_category().message(error); }

class Descriptor {
 public:
  explicit Descriptor(const std::filesystem::path& path)
      : value_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {  // a pipe would be waited for
    if (value_ >= 0) return;
    const int error = errno;
    const bool absent = error == ENOENT || error == ENOTDIR;
    throw Error(
        absent ? ErrorKind::not_found : ErrorKind::unavailable,
        path.string() + ": " + (absent ? "no such file" : "cannot be read: " + system_message(error)));
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { ::close(value_); }
  int value() const { return value_; }

  std::size_t regular_file_size(const std::filesystem::path& path) const {
    struct stat status {};
    if (::fstat(value_, &status) != 0)
      throw Error(ErrorKind::unavailable, path.string() + ": " + system_message(errno));
    if (S_ISDIR(status.st_mode))
      throw Error(ErrorKind::usage, path.string() + ": is a folder, a file is needed");
    if (!S_ISREG(status.st_mode)) throw Error(ErrorKind::usage, path.string() + ": is not a regular file");
    return static_cast<std::size_t>(status.st_size);
  }

 private:
  int value_;
};

}  // namespace

MappedFile::MappedFile(const std::filesystem::path& path) {
  const Descriptor file(path);
  const std::size_t size = file.regular_file_size(path);
  if (size == 0) return;  // mmap refuses empty maps
  void* address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.value(), 0);
  if (address == MAP_FAILED)
    throw Error(ErrorKind::unavailable, path.string() + ": " + system_message(errno));
  bytes_ = {static_cast<const std::byte*>(address), size};
}

MappedFile::MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  return *this;
}

MappedFile::~MappedFile() {
  // munmap takes a mutable address; the pages were mapped here.
  if (!bytes_.empty())
    ::munmap(const_cast<std::byte*>(bytes_.data()),
             bytes_.size());  // NOLINT(cppcoreguidelines-pro-type-const-cast)
}

std::vector<std::byte> read_head(const std::filesystem::path& path, std::size_t max) {
  const Descriptor file(path);
  std::vector<std::byte> head(std::min(max, file.regular_file_size(path)));
  std::size_t got = 0;
  while (got < head.size()) {
    const ssize_t step = ::read(file.value(), head.data() + got, head.size() - got);
    if (step < 0 && errno == EINTR) continue;
    if (step < 0) throw Error(ErrorKind::unavailable, path.string() + ": " + system_message(errno));
    if (step == 0) break;
    got += static_cast<std::size_t>(step);
  }
  head.resize(got);
  return head;
}

std::string sha256_hex(ByteView bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) {
    throw Error(ErrorKind::internal, "SHA-256 is not available in the installed OpenSSL");
  }
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (unsigned int i = 0; i < size; ++i) {
    text += kDigits[digest[i] >> 4];
    text += kDigits[digest[i] & 15];
  }
  return text;
}

}  // namespace sonde
