// SPDX-License-Identifier: Apache-2.0
#include "sonde/core/durable_file.h"

#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "sonde/core/error.h"

namespace sonde {
namespace {

[[noreturn]] void fail(const std::filesystem::path& target, int error) {
  throw Error(ErrorKind::unavailable,
              target.string() + ": cannot be written: " + std::generic_category().message(error));
}

std::filesystem::path temporary_name(const std::filesystem::path& target) {
  static std::atomic<unsigned> counter{0};
  const std::string unique = ".sonde-" + std::to_string(::getpid()) + "-" + std::to_string(counter++) + "-";
  return target.parent_path() / (unique + target.filename().string());
}

void sync_folder(const std::filesystem::path& target) {
  const auto folder = target.has_parent_path() ? target.parent_path() : std::filesystem::path(".");
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);  // some file systems refuse to sync folders: the rename has happened all the same
  ::close(descriptor);
}

}  // namespace

DurableFile::DurableFile(std::filesystem::path target, Readers readers)
    : target_(std::move(target)), temporary_(temporary_name(target_)) {
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
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) fail(target_, errno);
  temporary_.clear();
  sync_folder(target_);
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
