// SPDX-License-Identifier: Apache-2.0
#include "sonde/core/record_file.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <span>
#include <sys/file.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "sonde/core/bytes.h"
#include "sonde/core/error.h"

namespace sonde {
namespace {

// "CHECKSUM TEXT\n": the first digits of the text's SHA-256.
constexpr std::size_t kChecksum = 16;
constexpr std::size_t kBefore = kChecksum + 1;

std::string checksum(std::string_view text) {
  return sha256_hex(std::as_bytes(std::span(text.data(), text.size()))).substr(0, kChecksum);
}

bool is_sound(std::string_view line) {
  return line.size() > kBefore && line[kChecksum] == ' ' &&
         line.substr(0, kChecksum) == checksum(line.substr(kBefore));
}

struct Scan {
  std::vector<RecordFile::Place> records;
  std::uint64_t whole = 0;  // up to the last line break
};
Scan scan(std::string_view content) {
  Scan found;
  while (found.whole < content.size()) {
    const std::size_t end = content.find('\n', found.whole);
    if (end == std::string_view::npos) break;
    const std::string_view line = content.substr(found.whole, end - found.whole);
    if (is_sound(line)) found.records.push_back({found.whole + kBefore, line.size() - kBefore});
    found.whole = end + 1;
  }
  return found;
}

std::string_view as_text(const MappedFile& file) {
  const ByteView bytes = file.bytes();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};  // NOLINT: bytes as text
}

[[noreturn]] void fail(const std::filesystem::path& path, int error) {
  throw Error(ErrorKind::unavailable,
              path.string() + ": cannot be written: " + std::generic_category().message(error));
}

// 0, or what went wrong.
int write_all(int descriptor, std::string_view text, std::uint64_t offset) {
  while (!text.empty()) {
    const ssize_t step = ::pwrite(descriptor, text.data(), text.size(), static_cast<off_t>(offset));
    if (step < 0 && errno == EINTR) continue;
    if (step < 0) return errno;
    text.remove_prefix(static_cast<std::size_t>(step));
    offset += static_cast<std::uint64_t>(step);
  }
  return ::fdatasync(descriptor) == 0 ? 0 : errno;
}

}  // namespace

RecordFile::RecordFile(std::filesystem::path path) : path_(std::move(path)) {
  descriptor_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail(path_, errno);
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    ::close(descriptor_);
    throw Error(ErrorKind::usage, path_.string() + ": another process is writing to it");
  }
  try {
    size_ = scan(as_text(MappedFile(path_))).whole;
    if (::ftruncate(descriptor_, static_cast<off_t>(size_)) != 0) fail(path_, errno);
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
}

RecordFile::~RecordFile() { ::close(descriptor_); }

std::vector<RecordFile::Place> RecordFile::records() const {
  return scan(as_text(MappedFile(path_))).records;
}

std::string RecordFile::read(Place place) const {
  std::string text(place.length, '\0');
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t step =
        ::pread(descriptor_, text.data() + done, text.size() - done, static_cast<off_t>(place.offset + done));
    if (step < 0 && errno == EINTR) continue;
    if (step <= 0) {
      throw Error(ErrorKind::unavailable,
                  path_.string() + ": cannot be read: " +
                      (step < 0 ? std::generic_category().message(errno) : "it was cut"));
    }
    done += static_cast<std::size_t>(step);
  }
  return text;
}

RecordFile::Place RecordFile::append(std::string_view text) {
  const std::string line = record_line(text);
  const std::lock_guard lock(appending_);
  const int error = write_all(descriptor_, line, size_);
  if (error != 0) {
    // Should the cut fail too, the next opening makes it.
    if (::ftruncate(descriptor_, static_cast<off_t>(size_)) != 0) fail(path_, errno);
    fail(path_, error);
  }
  const Place place{size_ + kBefore, text.size()};
  size_ += line.size();
  return place;
}

std::string record_line(std::string_view text) {
  if (text.find('\n') != std::string_view::npos)
    throw Error(ErrorKind::internal, "a record with a line break");
  return checksum(text) + ' ' + std::string(text) + '\n';
}

std::vector<std::string> read_records(const std::filesystem::path& path) {
  const MappedFile file(path);
  const std::string_view content = as_text(file);
  std::vector<std::string> records;
  for (const RecordFile::Place place : scan(content).records) {
    records.emplace_back(content.substr(place.offset, place.length));
  }
  return records;
}

}  // namespace sonde
