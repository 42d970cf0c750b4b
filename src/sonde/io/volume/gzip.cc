// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/volume/gzip.h"

#include <algorithm>
#include <array>
#include <cstring>

#include <zlib.h>

#include "sonde/core/error.h"

namespace sonde {
namespace {

constexpr std::size_t kMaxAtOnce = std::size_t{1} << 30;  // zlib counts in 32 bits
constexpr std::uint64_t kBestRatio = 1032;                // of deflate: zlib.net/zlib_tech.html
constexpr int kWindow = 15;
constexpr int kGzipOnly = 16, kEither = 32;  // added to the window bits

// zlib's interface takes mutable pointers and does not write through next_in.
Bytef* input_of(ByteView bytes) {
  return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data()));  // NOLINT(*-const-cast)
}

std::vector<std::byte> packed(ByteView bytes, int window_bits) {
  z_stream z{};
  if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw Error(ErrorKind::unavailable, "zlib has no memory");
  std::vector<std::byte> stream;
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): filled before it is read
  std::array<std::byte, 1 << 16> buffer;
  int status = Z_OK;
  while (status == Z_OK) {
    if (z.avail_in == 0) {
      const std::size_t offered = std::min(bytes.size(), kMaxAtOnce);
      z.next_in = input_of(bytes);
      z.avail_in = static_cast<uInt>(offered);
      bytes = bytes.subspan(offered);
    }
    z.next_out = reinterpret_cast<Bytef*>(buffer.data());
    z.avail_out = static_cast<uInt>(buffer.size());
    status = deflate(&z, bytes.empty() ? Z_FINISH : Z_NO_FLUSH);
    stream.insert(stream.end(), buffer.begin(), buffer.end() - z.avail_out);
  }
  deflateEnd(&z);
  if (status != Z_STREAM_END) throw Error(ErrorKind::internal, "zlib could not finish a stream");
  return stream;
}

}  // namespace

struct PackedStream::Inflater {
  explicit Inflater(int window_bits) {
    if (inflateInit2(&z, window_bits) != Z_OK) throw Error(ErrorKind::unavailable, "zlib has no memory");
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() { inflateEnd(&z); }

  z_stream z{};
};

bool starts_as_gzip(ByteView bytes) {
  return bytes.size() >= 2 && bytes[0] == std::byte{0x1f} && bytes[1] == std::byte{0x8b};
}

PackedStream::PackedStream(std::string name, MappedFile file, ByteRange range, Packing packing)
    : name_(std::move(name)), owner_(std::move(file)), packing_(packing) {
  stored_ = std::get<MappedFile>(owner_).bytes();
  stored_ = stored_.subspan(std::min(range.offset, stored_.size()));
  stored_ = stored_.first(std::min(range.size, stored_.size()));
  if (packing != Packing::plain)
    inflater_ = std::make_unique<Inflater>(kWindow + (packing == Packing::gzip ? kGzipOnly : kEither));
}

PackedStream::PackedStream(std::string name, std::vector<std::byte> bytes)
    : name_(std::move(name)), owner_(std::move(bytes)) {
  stored_ = std::get<std::vector<std::byte>>(owner_);
}

PackedStream::PackedStream(PackedStream&&) noexcept = default;
PackedStream& PackedStream::operator=(PackedStream&&) noexcept = default;
PackedStream::~PackedStream() = default;

std::uint64_t PackedStream::at_most() const {
  if (!inflater_) return stored_.size();
  constexpr std::uint64_t kInWindow = 1 << 16;  // inflated bytes zlib may still hold back
  return ended_ ? 0 : kBestRatio * stored_.size() + kInWindow;
}

std::size_t PackedStream::read(std::span<std::byte> target) {
  if (inflater_) return inflate_into(target);
  const std::size_t count = std::min(target.size(), stored_.size());
  std::copy_n(stored_.begin(), count, target.begin());
  stored_ = stored_.subspan(count);
  return count;
}

std::size_t PackedStream::inflate_into(std::span<std::byte> target) {
  z_stream& z = inflater_->z;
  std::size_t filled = 0;
  while (filled < target.size() && !ended_) {
    const std::size_t offered = std::min(stored_.size(), kMaxAtOnce);
    const std::size_t room = std::min(target.size() - filled, kMaxAtOnce);
    z.next_in = input_of(stored_);
    z.avail_in = static_cast<uInt>(offered);
    z.next_out = reinterpret_cast<Bytef*>(target.data() + filled);
    z.avail_out = static_cast<uInt>(room);
    const int status = inflate(&z, Z_NO_FLUSH);
    stored_ = stored_.subspan(offered - z.avail_in);
    filled += room - z.avail_out;
    if (status == Z_STREAM_END) {
      end_member();
    } else if (status == Z_BUF_ERROR) {
      throw Error(ErrorKind::corrupt_data, name_ + ": the compressed data is cut off");
    } else if (status != Z_OK) {
      throw Error(ErrorKind::corrupt_data, name_ + ": the compressed data is damaged (" +
                                               (z.msg != nullptr ? z.msg : "not zlib") + ")");
    }
  }
  return filled;
}

void PackedStream::end_member() {
  if (packing_ == Packing::gzip && starts_as_gzip(stored_)) {
    inflateReset(&inflater_->z);
    return;
  }
  ended_ = true;
  if (std::ranges::all_of(stored_, [](std::byte b) { return b == std::byte{0}; })) stored_ = {};
}

std::uint64_t PackedStream::skip(std::uint64_t count) {
  if (!inflater_) {
    const std::uint64_t skipped = std::min<std::uint64_t>(count, stored_.size());
    stored_ = stored_.subspan(static_cast<std::size_t>(skipped));
    return skipped;
  }
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): filled before it is read
  std::array<std::byte, 1 << 16> buffer;
  std::uint64_t skipped = 0;
  while (skipped < count) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(count - skipped, buffer.size()));
    const std::size_t got = read(std::span(buffer).first(wanted));
    skipped += got;
    if (got < wanted) break;
  }
  return skipped;
}

PackedStream::Rest PackedStream::drain(std::uint64_t most) {
  if (!inflater_) return {skip(stored_.size()), 0};
  const std::uint64_t extra = skip(most + 1);
  if (extra > most) {
    throw Error(ErrorKind::corrupt_data,
                name_ + ": more than " + std::to_string(most) +
                    " bytes inflate after the last voxel, as from a decompression bomb");
  }
  return {extra, stored_.size()};
}

std::vector<std::byte> inflate_head(ByteView stored, std::size_t most) {
  z_stream z{};
  std::vector<std::byte> head(most);
  if (inflateInit2(&z, kWindow + kGzipOnly) != Z_OK) return {};
  z.next_in = input_of(stored);
  z.avail_in = static_cast<uInt>(std::min(stored.size(), kMaxAtOnce));
  z.next_out = reinterpret_cast<Bytef*>(head.data());
  z.avail_out = static_cast<uInt>(most);
  inflate(&z, Z_SYNC_FLUSH);
  head.resize(most - z.avail_out);
  inflateEnd(&z);
  return head;
}

std::vector<std::byte> gzip(ByteView bytes) { return packed(bytes, kWindow + kGzipOnly); }

std::vector<std::byte> deflated(ByteView bytes) { return packed(bytes, kWindow); }

}  // namespace sonde
