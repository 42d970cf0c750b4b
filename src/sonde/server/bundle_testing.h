// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstring>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "sonde/imaging/picture.h"
#include "sonde/server/strict_json.h"

namespace sonde {

// For tests: a bundle as a client reads it (docs/http.md).
struct ReadMask {
  std::int64_t object = 0;
  std::optional<std::int64_t> candidate;
  std::int64_t revision = 0;
  std::int64_t x0 = 0, y0 = 0, width = 0, height = 0;
  std::vector<std::int64_t> runs;  // outside first

  std::int64_t area() const {
    std::int64_t inside = 0;
    for (std::size_t i = 1; i < runs.size(); i += 2) inside += runs[i];
    return inside;
  }
};
struct ReadBundle {
  Json json;
  std::vector<ReadMask> masks;
};

class BundleReader {
 public:
  explicit BundleReader(std::string_view bytes) : bytes_(bytes) {}

  ReadBundle read() {
    expect("SNDB");
    const std::size_t json_size = u32(), masks_size = u32();
    ReadBundle bundle;
    bundle.json = Json::parse(take(json_size));
    if (bytes_.size() != masks_size) throw std::runtime_error("the bundle has another length than it says");
    bundle.masks = read_masks();
    return bundle;
  }
  std::vector<ReadMask> read_masks() {
    expect("SNDM");
    const std::size_t count = u32();
    std::vector<ReadMask> masks;
    for (std::size_t i = 0; i < count; ++i) masks.push_back(mask());
    if (!bytes_.empty()) throw std::runtime_error("the masks have more bytes than they need");
    return masks;
  }

 private:
  std::string_view take(std::size_t count) {
    if (count > bytes_.size()) throw std::runtime_error("the bundle is cut");
    const std::string_view taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return taken;
  }
  std::uint32_t u32() {
    std::uint32_t value = 0;
    std::memcpy(&value, take(4).data(), 4);
    return value;
  }
  void expect(std::string_view name) {
    if (take(4) != name || take(4) != std::string_view("\1\0\0\0", 4))
      throw std::runtime_error("this is not a " + std::string(name));
  }
  ReadMask mask() {
    ReadMask read;
    read.object = u32();
    if (const std::uint32_t candidate = u32(); candidate != 0xFFFFFFFF) read.candidate = candidate;
    read.revision = u32();
    read.x0 = u32();
    read.y0 = u32();
    read.width = u32();
    read.height = u32();
    std::string_view runs = take(u32());
    std::int64_t total = 0;
    while (!runs.empty()) {
      std::int64_t run = 0;
      for (int shift = 0;; shift += 7) {
        const auto byte = static_cast<std::uint8_t>(runs.front());
        runs.remove_prefix(1);
        run |= std::int64_t{byte & 0x7F} << shift;
        if ((byte & 0x80) == 0) break;
      }
      read.runs.push_back(run);
      total += run;
    }
    if (total != read.width * read.height) throw std::runtime_error("runs do not fill their box");
    return read;
  }

  std::string_view bytes_;
};

inline std::vector<ReadMask> read_masks(std::string_view bytes) { return BundleReader(bytes).read_masks(); }
inline ReadBundle read_bundle(std::string_view bytes) { return BundleReader(bytes).read(); }

}  // namespace sonde
