// SPDX-License-Identifier: Apache-2.0
#include "sonde/weights/zip_archive.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include <zlib.h>

#include "sonde/core/error.h"
#include "sonde/core/text.h"
#include "sonde/weights/checkpoint_cursor.h"
#include "sonde/weights/zip_format.h"

namespace sonde {
namespace {

constexpr std::uint32_t kEnd64Signature = 0x06064b50, kLocator64Signature = 0x07064b50;
constexpr std::size_t kEndSize = 22, kEnd64Size = 56, kLocator64Size = 20, kMaxComment = 0xffff;
constexpr std::uint32_t kInZip64 = 0xffffffff;  // the 64-bit value stands elsewhere
constexpr std::uint16_t kEncrypted = 1, kSizesFollow = 1 << 3;

[[noreturn]] void refuse(const std::string& file, const std::string& fault) {
  throw Error(ErrorKind::corrupt_data, file + ": zip archive: " + fault);
}

// Where the list of the archive's files lies.
struct Directory {
  std::uint64_t offset = 0, size = 0, entries = 0;
};

struct Entry {
  std::string name;
  std::uint16_t flags = 0, method = 0;
  std::uint32_t crc = 0;
  std::uint64_t packed_size = 0, size = 0, local_offset = 0;
};

// A file's header and content: [begin, end) of the archive.
struct Extent {
  std::uint64_t begin = 0, end = 0;
};

std::size_t find_end(ByteView bytes, const std::string& file) {
  if (bytes.size() < kEndSize) refuse(file, "too short");
  const std::size_t latest = bytes.size() - kEndSize;
  const std::size_t earliest = latest - std::min(latest, kMaxComment);
  for (std::size_t at = latest + 1; at-- > earliest;) {
    ByteCursor cursor(bytes.subspan(at), file);
    if (cursor.number<std::uint32_t>() != kEndSignature) continue;
    cursor.take(16);
    if (cursor.number<std::uint16_t>() == latest - at) return at;
  }
  refuse(file, "its end is missing: the file is cut");
}

Directory read_end64(ByteView bytes, std::size_t end_at, const std::string& file) {
  if (end_at < kLocator64Size + kEnd64Size) refuse(file, "ZIP64 records are missing");
  ByteCursor locator(bytes.subspan(end_at - kLocator64Size), file);
  if (locator.number<std::uint32_t>() != kLocator64Signature) refuse(file, "ZIP64 locator is missing");
  locator.take(4);
  const std::size_t at = end_at - kLocator64Size - kEnd64Size;
  if (locator.number<std::uint64_t>() != at) refuse(file, "ZIP64 record is not where it should be");
  ByteCursor cursor(bytes.subspan(at), file);
  if (cursor.number<std::uint32_t>() != kEnd64Signature) refuse(file, "ZIP64 record is missing");
  cursor.take(20);
  Directory directory;
  const auto entries_here = cursor.number<std::uint64_t>();
  directory.entries = cursor.number<std::uint64_t>();
  if (entries_here != directory.entries) {
    throw Error(ErrorKind::unsupported, file + ": zip archive in several volumes");
  }
  directory.size = cursor.number<std::uint64_t>();
  directory.offset = cursor.number<std::uint64_t>();
  if (directory.offset > at || directory.size != at - directory.offset)
    refuse(file, "its list of files lies elsewhere");
  return directory;
}

Directory find_directory(ByteView bytes, const std::string& file) {
  const std::size_t at = find_end(bytes, file);
  ByteCursor cursor(bytes.subspan(at), file);
  cursor.take(4);
  const auto disk = cursor.number<std::uint16_t>(), first_disk = cursor.number<std::uint16_t>();
  const auto entries_here = cursor.number<std::uint16_t>(), entries = cursor.number<std::uint16_t>();
  const auto size = cursor.number<std::uint32_t>(), offset = cursor.number<std::uint32_t>();
  if (entries == 0xffff || size == kInZip64 || offset == kInZip64) return read_end64(bytes, at, file);
  if (disk != 0 || first_disk != 0 || entries_here != entries) {
    throw Error(ErrorKind::unsupported, file + ": zip archive in several volumes");
  }
  // A writer may add ZIP64 records that it does not need.
  const bool has_end64 =
      at >= kLocator64Size + kEnd64Size &&
      ByteCursor(bytes.subspan(at - kLocator64Size), file).number<std::uint32_t>() == kLocator64Signature;
  if (has_end64) return read_end64(bytes, at, file);
  if (offset > at || size != at - offset) refuse(file, "its list of files lies elsewhere");
  return {.offset = offset, .size = size, .entries = entries};
}

// Sizes and offset that do not fit into 32 bits stand in extra field 1, in this order, each only if needed.
void read_extra64(ByteView extra, Entry& entry, const std::string& file) {
  const bool wanted =
      entry.size == kInZip64 || entry.packed_size == kInZip64 || entry.local_offset == kInZip64;
  ByteCursor fields(extra, file + ": zip archive: extra field of " + printable(entry.name));
  while (wanted && fields.remaining() >= 4) {
    const auto id = fields.number<std::uint16_t>();
    ByteCursor field(fields.take(fields.number<std::uint16_t>()), file + ": zip archive: ZIP64 field");
    if (id != 1) continue;
    for (std::uint64_t* value : {&entry.size, &entry.packed_size, &entry.local_offset}) {
      if (*value == kInZip64) *value = field.number<std::uint64_t>();
    }
    return;
  }
  if (wanted) refuse(file, "no ZIP64 field for " + printable(entry.name));
}

Entry read_central_entry(ByteCursor& cursor, const std::string& file) {
  if (cursor.number<std::uint32_t>() != kCentralSignature) refuse(file, "its list of files is damaged");
  cursor.take(4);  // versions
  Entry entry;
  entry.flags = cursor.number<std::uint16_t>();
  entry.method = cursor.number<std::uint16_t>();
  cursor.take(4);  // time
  entry.crc = cursor.number<std::uint32_t>();
  entry.packed_size = cursor.number<std::uint32_t>();
  entry.size = cursor.number<std::uint32_t>();
  const auto name_size = cursor.number<std::uint16_t>(), extra_size = cursor.number<std::uint16_t>(),
             comment_size = cursor.number<std::uint16_t>();
  cursor.take(8);  // disk, attributes
  entry.local_offset = cursor.number<std::uint32_t>();
  entry.name = as_text(cursor.take(name_size));
  read_extra64(cursor.take(extra_size), entry, file);
  cursor.take(comment_size);
  return entry;
}

void check_readable(const Entry& entry, const std::string& file) {
  const std::string name = printable(entry.name);
  if ((entry.flags & kEncrypted) != 0)
    throw Error(ErrorKind::unsupported, file + ": " + name + " is encrypted");
  if (entry.method != 0) {
    throw Error(ErrorKind::unsupported, file + ": " + name + " is compressed; only stored files are read");
  }
  if (entry.size != entry.packed_size) refuse(file, name + " is stored, but its two sizes differ");
}

// Checks the header in front of the content against the list, and finds the content.
Extent local_extent(ByteView bytes, const Entry& entry, const Directory& directory, const std::string& file) {
  const std::string name = printable(entry.name);
  if (entry.local_offset >= directory.offset) refuse(file, name + " lies outside the file");
  ByteCursor cursor(bytes.subspan(entry.local_offset, directory.offset - entry.local_offset),
                    file + ": " + name);
  if (cursor.number<std::uint32_t>() != kLocalSignature) refuse(file, "no header in front of " + name);
  cursor.take(2);
  const auto flags = cursor.number<std::uint16_t>(), method = cursor.number<std::uint16_t>();
  cursor.take(8);  // time, checksum
  const auto packed_size = cursor.number<std::uint32_t>(), size = cursor.number<std::uint32_t>();
  const auto name_size = cursor.number<std::uint16_t>(), extra_size = cursor.number<std::uint16_t>();
  if (flags != entry.flags || method != entry.method || as_text(cursor.take(name_size)) != entry.name) {
    refuse(file, "the two headers of " + name + " differ");
  }
  const auto agrees = [](std::uint32_t local, std::uint64_t listed) {
    return local == listed || local == kInZip64;
  };
  if ((flags & kSizesFollow) == 0 && (!agrees(packed_size, entry.size) || !agrees(size, entry.size))) {
    refuse(file, "the two sizes of " + name + " differ");
  }
  cursor.take(extra_size);
  const std::uint64_t begin = entry.local_offset + cursor.position();
  cursor.take(entry.size);
  return {.begin = begin, .end = begin + entry.size};
}

// PyTorch leaves the checksum 0 where it was told not to compute one.
void check_crc(ByteView content, const Entry& entry, const std::string& file) {
  if (entry.crc == 0) return;
  const auto crc = crc32_z(0, reinterpret_cast<const Bytef*>(content.data()), content.size());
  if (crc != entry.crc) refuse(file, "the checksum of " + printable(entry.name) + " does not match");
}

void check_apart(std::vector<Extent> extents, const std::string& file) {
  std::ranges::sort(extents, {}, &Extent::begin);
  for (std::size_t i = 1; i < extents.size(); ++i) {
    if (extents[i].begin < extents[i - 1].end) refuse(file, "two of its files overlap");
  }
}

}  // namespace

std::map<std::string, ByteView> read_zip(ByteView bytes, const std::string& file) {
  const Directory directory = find_directory(bytes, file);
  ByteCursor cursor(bytes.subspan(directory.offset, directory.size),
                    file + ": zip archive: the list of files");
  std::map<std::string, ByteView> files;
  std::vector<Entry> entries;
  std::vector<Extent> extents;
  for (std::uint64_t i = 0; i < directory.entries; ++i) {
    const Entry entry = entries.emplace_back(read_central_entry(cursor, file));
    check_readable(entry, file);
    const Extent content = local_extent(bytes, entry, directory, file);
    extents.push_back({.begin = entry.local_offset, .end = content.end});
    const bool is_new = files.emplace(entry.name, bytes.subspan(content.begin, entry.size)).second;
    if (!is_new) refuse(file, printable(entry.name) + " is there twice");
  }
  if (cursor.remaining() != 0) refuse(file, "its list of files is longer than it says");
  check_apart(std::move(extents),
              file);  // before the checksums, so that their cost is bounded by the file's size
  for (const Entry& entry : entries) check_crc(files.at(entry.name), entry, file);
  return files;
}

}  // namespace sonde
