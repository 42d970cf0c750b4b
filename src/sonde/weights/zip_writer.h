// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sonde/core/bytes.h"
#include "sonde/core/durable_file.h"

namespace sonde {

// A zip archive of stored files, written from front to back. The content of each begins at a multiple of 64
// bytes, as in PyTorch's archives, so that it can be used in place. Source: PKWARE APPNOTE 6.3.10.
class ZipWriter {
 public:
  // name: of the archive, for errors.
  ZipWriter(DurableFile& file, std::string name) : file_(file), name_(std::move(name)) {}
  // Throws Error{unsupported} where the archive would need ZIP64 (4 GiB).
  void add(const std::string& name, ByteView content);
  void finish();

 private:
  struct Entry {
    std::string name;
    std::uint32_t crc = 0, size = 0, offset = 0;
  };
  void write(const std::string& bytes);
  std::uint32_t fitting(std::uint64_t value) const;

  DurableFile& file_;
  std::string name_;
  std::uint64_t at_ = 0;
  std::vector<Entry> entries_;
};

}  // namespace sonde
