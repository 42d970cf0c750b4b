// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "sonde/core/bytes.h"

namespace sonde {

enum class Packing {
  plain,
  gzip,    // RFC 1952, any number of members
  deflate  // one zlib or gzip stream, told apart by its first bytes (MetaImage)
};

bool starts_as_gzip(ByteView bytes);

// A range of a file read from front to back, inflated on the way with checksums verified. Holds one
// compressed file mapped, never the inflated data. Every failure is Error{corrupt_data} naming the file.
class PackedStream {
 public:
  struct ByteRange {
    std::size_t offset = 0;
    std::size_t size = SIZE_MAX;  // cut at the end of the file
  };
  PackedStream(std::string name, MappedFile file, ByteRange range, Packing packing);
  PackedStream(std::string name, std::vector<std::byte> bytes);  // plain
  PackedStream(PackedStream&&) noexcept;
  PackedStream& operator=(PackedStream&&) noexcept;
  ~PackedStream();

  const std::string& name() const { return name_; }
  Packing packing() const { return packing_; }

  // The most that can still come: exact for plain bytes; deflate cannot do better than 1032 to 1.
  std::uint64_t at_most() const;

  // Fewer bytes than asked for only at the end.
  std::size_t read(std::span<std::byte> target);
  // Skips; gives how many bytes there were to skip.
  std::uint64_t skip(std::uint64_t count);

  // Reads to the end, which verifies the checksums. More than `most` inflated bytes are refused as a
  // decompression bomb.
  struct Rest {
    std::uint64_t data = 0;     // bytes not read before
    std::uint64_t garbage = 0;  // stored bytes after the compressed stream, zero padding not counted
  };
  Rest drain(std::uint64_t most);

 private:
  struct Inflater;
  std::size_t inflate_into(std::span<std::byte> target);
  void end_member();

  std::string name_;
  std::variant<MappedFile, std::vector<std::byte>> owner_;
  ByteView stored_;  // what has not been consumed
  Packing packing_ = Packing::plain;
  std::unique_ptr<Inflater> inflater_;  // absent for plain bytes
  bool ended_ = false;
};

// The first bytes of what a gzip stream holds, at most `most`; fewer, or none, if the stream is cut or
// damaged.
std::vector<std::byte> inflate_head(ByteView stored, std::size_t most);

// One gzip member without name or time: the same bytes give the same file.
std::vector<std::byte> gzip(ByteView bytes);
// One zlib stream (RFC 1950).
std::vector<std::byte> deflated(ByteView bytes);

}  // namespace sonde
