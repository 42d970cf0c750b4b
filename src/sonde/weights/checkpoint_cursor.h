// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "sonde/core/bytes.h"
#include "sonde/core/error.h"

namespace sonde {

static_assert(std::endian::native == std::endian::little,
              "checkpoints are little-endian and are read in place");

inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Little-endian numbers and runs of bytes from front to back; reading past the end throws
// Error{corrupt_data}.
class ByteCursor {
 public:
  // what: the file and the part of it that is read, for errors.
  ByteCursor(ByteView bytes, std::string what) : bytes_(bytes), what_(std::move(what)) {}

  std::size_t position() const { return position_; }
  std::size_t remaining() const { return bytes_.size() - position_; }

  template <typename T>
  T number() {
    T value;
    std::memcpy(&value, take(sizeof(T)).data(), sizeof(T));
    return value;
  }

  ByteView take(std::uint64_t count) {
    if (count > remaining()) {
      throw Error(ErrorKind::corrupt_data, what_ + " is cut: " + std::to_string(count) +
                                               " bytes are wanted at byte " + std::to_string(position_) +
                                               " of " + std::to_string(bytes_.size()));
    }
    const ByteView taken = bytes_.subspan(position_, static_cast<std::size_t>(count));
    position_ += taken.size();
    return taken;
  }

 private:
  ByteView bytes_;
  std::string what_;
  std::size_t position_ = 0;
};

}  // namespace sonde
