// SPDX-License-Identifier: Apache-2.0
#include "sonde/annotate/mask_store.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <string_view>
#include <system_error>
#include <unistd.h>
#include <vector>

#include "sonde/core/bytes.h"
#include "sonde/core/error.h"

namespace sonde {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".voxels";
constexpr std::string_view kMagic = "SNDVOX1\n";
constexpr std::size_t kHead = 8 + 3 * 8;

std::vector<std::byte> head_of(Extent3 extent) {
  std::vector<std::byte> bytes;
  for (const char c : kMagic) bytes.push_back(static_cast<std::byte>(c));
  for (const std::int64_t side : {extent.x, extent.y, extent.z}) {
    for (int shift = 0; shift < 64; shift += 8)
      bytes.push_back(static_cast<std::byte>(static_cast<std::uint64_t>(side) >> shift & 0xFF));
  }
  return bytes;
}

std::string name_of_mask(ObjectId object, Revision revision) {
  return std::to_string(object) + "-" + std::to_string(revision) + std::string(kSuffix);
}

// Under its final name and not flushed: until the event is committed nobody reads it, and what a power cut
// takes the hash betrays and the history, which is flushed, makes again. A flush for each mask would make the
// fifty proposals of a grid take half a second.
void write_file(const fs::path& path, ByteView bytes) {
  const auto fail = [&path](int error) {
    throw Error(ErrorKind::unavailable,
                path.string() + ": cannot be written: " + std::generic_category().message(error));
  };
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0) fail(errno);
  int error = 0;
  while (!bytes.empty() && error == 0) {
    const ssize_t step = ::write(descriptor, bytes.data(), bytes.size());
    if (step < 0 && errno != EINTR) error = errno;
    if (step > 0) bytes = bytes.subspan(static_cast<std::size_t>(step));
  }
  if (::close(descriptor) != 0 && error == 0) error = errno;
  if (error != 0) fail(error);
}

// Files of others are left alone.
bool is_swept(const std::string& name) { return name.ends_with(kSuffix); }

}  // namespace

fs::path MaskStore::path_of(ObjectId object, Revision revision) const {
  return folder_ / name_of_mask(object, revision);
}

std::string MaskStore::write(ObjectId object, Revision revision, const RunLengthMask& voxels) const {
  std::vector<std::byte> bytes = head_of(voxels.extent);
  const std::vector<std::byte> runs = encode_voxels(voxels);
  bytes.insert(bytes.end(), runs.begin(), runs.end());
  write_file(path_of(object, revision), bytes);
  return sha256_hex(bytes);
}

std::optional<RunLengthMask> MaskStore::read(ObjectId object, Revision revision, const std::string& sha256,
                                             Extent3 extent) const {
  try {
    const MappedFile file(path_of(object, revision));
    const ByteView bytes = file.bytes();
    const std::vector<std::byte> head = head_of(extent);
    if (bytes.size() < kHead || !std::ranges::equal(bytes.first(kHead), head)) return std::nullopt;
    if (sha256_hex(bytes) != sha256) return std::nullopt;
    return decode_voxels(bytes.subspan(kHead), extent);
  } catch (const Error&) {
    return std::nullopt;
  }
}

void MaskStore::remove(ObjectId object, Revision revision) const noexcept {
  try {
    std::error_code ignored;
    fs::remove(path_of(object, revision), ignored);
  } catch (...) {  // no memory for its name: swept later
    return;
  }
}

void MaskStore::sweep(const std::map<ObjectId, Revision>& named) const {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error)
    throw Error(ErrorKind::unavailable, folder_.string() + ": cannot be written: " + error.message());
  std::vector<std::string> names;
  names.reserve(named.size());
  for (const auto& [object, revision] : named) names.push_back(name_of_mask(object, revision));
  std::ranges::sort(names);
  std::vector<fs::path> orphans;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_)) {
    const std::string name = entry.path().filename().string();
    if (is_swept(name) && !std::ranges::binary_search(names, name)) orphans.push_back(entry.path());
  }
  for (const fs::path& orphan : orphans) fs::remove(orphan, error);
}

}  // namespace sonde
