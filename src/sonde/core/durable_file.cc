// SPDX-License-Identifier: Apache-2.0
#include "sonde/core/durable_file.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <climits>

#include "sonde/core/error.h"

namespace sonde {
namespace {

[[noreturn]] void fail(const std::filesystem::path& target, int error) {
  throw Error(ErrorKind::unavailable,
              target.string() + ": cannot be written: " + std::generic_category().message(error));
}

// The end of the name, which has the extension, is kept; a name of the greatest length must not grow.
std::filesystem::path temporary_name(const std::filesystem::path& file) {
  static std::atomic<unsigned> counter{0};
  const std::string unique = ".sonde-" + std::to_string(::getpid()) + "-" + std::to_string(counter++) + "-";
  std::string name = file.filename().string();
  if (unique.size() + name.size() > NAME_MAX) {
    std::size_t cut = std::min(name.size(), unique.size() + name.size() - NAME_MAX);
    const auto inside_character = [&] { return (static_cast<unsigned char>(name[cut]) & 0xC0U) == 0x80U; };
    while (cut < name.size() && inside_character()) ++cut;
    name.erase(0, cut);
  }
  return file.parent_path() / (unique + name);
}

// Where a target's links lead; of one that is not there yet, too.
std::filesystem::path followed(const std::filesystem::path& target) {
  constexpr int kMaxLinks = 40;  // the kernel's own
  std::filesystem::path file = target;
  std::error_code error;
  for (int i = 0; i < kMaxLinks; ++i) {
    if (!std::filesystem::is_symlink(std::filesystem::symlink_status(file, error))) return file;
    file = file.parent_path() / std::filesystem::read_symlink(file, error);
    if (error) fail(target, error.value());
  }
  fail(target, ELOOP);
}

std::filesystem::path file_to_write(const std::filesystem::path& target, DurableFile::Readers readers) {
  if (!target.has_filename()) fail(target, target.empty() ? ENOENT : EISDIR);
  std::filesystem::path file = readers == DurableFile::Readers::owner ? target : followed(target);
  std::error_code error;
  const auto status = std::filesystem::status(file, error);
  if (std::filesystem::is_directory(status)) fail(target, EISDIR);
  if (readers != DurableFile::Readers::owner && std::filesystem::exists(status) &&
      !std::filesystem::is_regular_file(status)) {
    throw Error(ErrorKind::unavailable, target.string() + ": is not a regular file and is not replaced");
  }
  return file;
}

void sync_folder(const std::filesystem::path& file) {
  const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);  // some file systems refuse to sync folders: the rename has happened all the same
  ::close(descriptor);
}

}  // namespace

DurableFile::DurableFile(std::filesystem::path target, Readers readers)
    : target_(std::move(target)),
      file_(file_to_write(target_, readers)),
      temporary_(temporary_name(file_)),
      leftover_(temporary_) {
  const mode_t mode = readers == Readers::owner ? 0600 : 0666;
  descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (descriptor_ < 0) fail(target_, errno);
}

DurableFile::~DurableFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  std::error_code ignored;
  if (!temporary_.empty()) std::filesystem::remove(temporary_, ignored);
}

void DurableFile::write(ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t step = ::write(descriptor_, bytes.data(), bytes.size());
    if (step < 0 && errno == EINTR) continue;
    if (step < 0) fail(target_, errno);
    bytes = bytes.subspan(static_cast<std::size_t>(step));
  }
}

void DurableFile::commit() {
  // A library that wrote by name may have replaced the file: sync what the name means now.
  const int named = ::open(temporary_.c_str(), O_RDONLY | O_CLOEXEC);
  if (named < 0) fail(target_, errno);
  const int synced = ::fsync(named);
  const int error = errno;
  ::close(named);
  if (synced != 0) fail(target_, error);
  if (::close(std::exchange(descriptor_, -1)) != 0) fail(target_, errno);
  if (::rename(temporary_.c_str(), file_.c_str()) != 0) fail(target_, errno);
  temporary_.clear();
  sync_folder(file_);
}

void write_durably(const std::filesystem::path& target, ByteView bytes) {
  DurableFile file(target);
  file.write(bytes);
  file.commit();
}

void write_durably(const std::filesystem::path& target, std::string_view text) {
  write_durably(target, std::as_bytes(std::span<const char>(text)));
}

}  // namespace sonde
