// SPDX-License-Identifier: Apache-2.0
#include "sonde/core/error.h"
#include "sonde/imaging/run_length_mask.h"

namespace sonde {
namespace {

[[noreturn]] void refuse(const char* why) {
  throw Error(ErrorKind::corrupt_data, std::string("voxel runs: ") + why);
}

void put(std::vector<std::byte>& bytes, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) bytes.push_back(static_cast<std::byte>(value | 0x80));
  bytes.push_back(static_cast<std::byte>(value));
}

// Takes a number off the front. At most `max`, in as few bytes as it needs: equal sets are equal bytes.
std::uint64_t take(std::span<const std::byte>& bytes, std::uint64_t max) {
  std::uint64_t value = 0;
  for (int shift = 0;; shift += 7) {
    if (bytes.empty()) refuse("they are cut");
    if (shift > 56) refuse("a number is too long");
    const auto byte = std::to_integer<std::uint64_t>(bytes.front());
    bytes = bytes.subspan(1);
    value |= (byte & 0x7F) << shift;
    if ((byte & 0x80) != 0) continue;
    if (byte == 0 && shift > 0) refuse("a number is longer than it needs to be");
    if (value > max) refuse("they reach beyond the grid");
    return value;
  }
}

}  // namespace

std::vector<std::byte> encode_voxels(const RunLengthMask& set) {
  std::vector<std::byte> bytes;
  bytes.reserve(set.runs.size() * 3);
  std::uint64_t end = 0;
  for (const VoxelRun& run : set.runs) {
    put(bytes, run.first - end);
    put(bytes, run.count);
    end = run.first + run.count;
  }
  return bytes;
}

RunLengthMask decode_voxels(std::span<const std::byte> bytes, Extent3 extent) {
  RunLengthMask set{extent, {}};
  std::uint64_t end = 0;
  const auto count = static_cast<std::uint64_t>(voxel_count(extent));
  while (!bytes.empty()) {
    const std::uint64_t gap = take(bytes, count - end);
    if (gap == 0 && !set.runs.empty()) refuse("two of them touch");
    const std::uint64_t length = take(bytes, count - end - gap);
    if (length == 0) refuse("one is empty");
    set.runs.push_back({end + gap, length});
    end += gap + length;
  }
  return set;
}

}  // namespace sonde
