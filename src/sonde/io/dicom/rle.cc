// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/dicom/rle.h"

#include <algorithm>
#include <cstdint>

namespace sonde {
namespace {

constexpr std::size_t kHeader = 64;  // the number of segments and 15 offsets

std::size_t little_endian(ByteView bytes, std::size_t at) {
  std::size_t value = 0;
  for (std::size_t i = 4; i-- > 0;) value = value << 8 | std::to_integer<std::size_t>(bytes[at + i]);
  return value;
}

// Where the bytes of one segment go: every stride-th byte from `first` on.
struct Target {
  std::vector<std::byte>& out;
  std::size_t first = 0, stride = 1, count = 0;
};

// PackBits. False where the segment ends before all bytes are there; what is left over is padding.
bool unpack(ByteView segment, Target target) {
  std::size_t done = 0;
  const auto put = [&](std::byte value) { target.out[target.first + target.stride * done++] = value; };
  std::size_t at = 0;
  while (done < target.count && at < segment.size()) {
    const auto head = static_cast<std::int8_t>(std::to_integer<std::uint8_t>(segment[at++]));
    if (head == -128) continue;
    const auto length = static_cast<std::size_t>(head >= 0 ? head + 1 : 1 - head);
    const auto room = std::min(length, target.count - done);
    const auto needed = head >= 0 ? length : 1;
    if (segment.size() - at < std::min(needed, room)) return false;
    for (std::size_t i = 0; i < room; ++i) put(segment[head >= 0 ? at + i : at]);
    at += std::min(needed, segment.size() - at);
  }
  return done == target.count;
}

}  // namespace

std::optional<std::vector<std::byte>> decode_dicom_rle(ByteView frame, std::size_t pixels,
                                                       std::size_t samples, std::size_t sample_bytes) {
  const auto segments = samples * sample_bytes;
  if (frame.size() < kHeader || little_endian(frame, 0) != segments || segments > 15) return std::nullopt;
  std::vector<std::byte> out(pixels * segments);
  for (std::size_t s = 0; s < segments; ++s) {
    const auto begin = little_endian(frame, 4 + 4 * s);
    const auto end = s + 1 < segments ? little_endian(frame, 8 + 4 * s) : frame.size();
    if (begin < kHeader || begin > end || end > frame.size()) return std::nullopt;
    const auto sample = s / sample_bytes;
    const auto byte = sample_bytes - 1 - s % sample_bytes;  // segments begin with the highest byte
    const Target target{
        .out = out, .first = sample * sample_bytes + byte, .stride = segments, .count = pixels};
    if (!unpack(frame.subspan(begin, end - begin), target)) return std::nullopt;
  }
  return out;
}

}  // namespace sonde
