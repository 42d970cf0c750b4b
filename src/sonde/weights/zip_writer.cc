// SPDX-License-Identifier: Apache-2.0
#include "sonde/weights/zip_writer.h"

#include <limits>

#include <zlib.h>

#include "sonde/core/error.h"
#include "sonde/weights/checkpoint_cursor.h"
#include "sonde/weights/zip_format.h"

namespace sonde {
namespace {

constexpr std::uint16_t kVersion = 20, kStored = 0, kNoFlags = 0;
constexpr std::uint16_t kMidnight = 0, kFirstOf1980 = 0x21;  // the earliest time: the same bytes each time
constexpr std::size_t kAlignment = 64, kLocalSize = 30, kExtraHeader = 4;
constexpr std::uint16_t kPadding = 0x4246;  // "FB", PyTorch's

template <typename T>
void append(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

// An extra field that moves the content to the next multiple of kAlignment.
std::string padding(std::uint64_t content_at) {
  const auto size = (kAlignment - (content_at + kExtraHeader) % kAlignment) % kAlignment;
  std::string extra;
  append(extra, kPadding);
  append(extra, static_cast<std::uint16_t>(size));
  return extra + std::string(size, 'Z');
}

}  // namespace

std::uint32_t ZipWriter::fitting(std::uint64_t value) const {
  if (value >= std::numeric_limits<std::uint32_t>::max())
    throw Error(ErrorKind::unsupported, name_ + ": would be larger than 4 GiB; use .safetensors");
  return static_cast<std::uint32_t>(value);
}

void ZipWriter::write(const std::string& bytes) {
  file_.write(std::as_bytes(std::span(bytes)));
  at_ += bytes.size();
}

void ZipWriter::add(const std::string& name, ByteView content) {
  const auto crc =
      static_cast<std::uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(content.data()), content.size()));
  const Entry& entry = entries_.emplace_back(Entry{name, crc, fitting(content.size()), fitting(at_)});
  const std::string extra = padding(at_ + kLocalSize + name.size());
  std::string header;
  append(header, kLocalSignature);
  for (const std::uint16_t value : {kVersion, kNoFlags, kStored, kMidnight, kFirstOf1980})
    append(header, value);
  for (const std::uint32_t value : {entry.crc, entry.size, entry.size}) append(header, value);
  append(header, static_cast<std::uint16_t>(name.size()));
  append(header, static_cast<std::uint16_t>(extra.size()));
  write(header + name + extra);
  file_.write(content);
  at_ += content.size();
}

void ZipWriter::finish() {
  const std::uint32_t directory_at = fitting(at_);
  for (const Entry& entry : entries_) {
    std::string record;
    append(record, kCentralSignature);
    for (const std::uint16_t value : {kVersion, kVersion, kNoFlags, kStored, kMidnight, kFirstOf1980})
      append(record, value);
    for (const std::uint32_t value : {entry.crc, entry.size, entry.size}) append(record, value);
    append(record, static_cast<std::uint16_t>(entry.name.size()));
    record.append(12, '\0');  // extra field, comment, volume, attributes
    append(record, entry.offset);
    write(record + entry.name);
  }
  std::string end;
  append(end, kEndSignature);
  end.append(4, '\0');  // volumes
  for (int i = 0; i < 2; ++i) append(end, static_cast<std::uint16_t>(entries_.size()));
  append(end, fitting(at_ - directory_at));
  append(end, directory_at);
  end.append(2, '\0');  // comment
  write(end);
}

}  // namespace sonde
