// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstring>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "sonde/core/bytes.h"
#include "sonde/core/error.h"
#include "sonde/core/fields.h"

// How answers travel from the child process that runs GDCM: a struct that is described (core/fields.h) as the
// list of its fields, any other as its bytes.
namespace sonde {

class WireWriter {
 public:
  explicit WireWriter(std::vector<std::byte>& out) : out_(&out) {}

  template <typename... Fields>
  void operator()(const Fields&... fields) {
    (put(fields), ...);
  }
  template <typename... Fields>
  void list(const std::array<std::string_view, sizeof...(Fields)>& /*names*/, const FieldRule& /*rule*/,
            const Fields&... fields) {
    (put(fields), ...);
  }
  void put_bytes(ByteView bytes) { out_->insert(out_->end(), bytes.begin(), bytes.end()); }

 private:
  template <typename T>
  void put(const T& value) {
    if constexpr (std::is_trivially_copyable_v<T>) {
      put_bytes(std::as_bytes(std::span<const T>(&value, 1)));
    } else {
      describe(*this, const_cast<T&>(value));  // NOLINT: a writer changes nothing
    }
  }
  void put(const std::string& text) {
    put(text.size());
    put_bytes(std::as_bytes(std::span<const char>(text)));
  }
  template <typename T>
  void put(const std::vector<T>& values) {
    put(values.size());
    for (const auto& value : values) put(value);
  }

  std::vector<std::byte>* out_;
};

// The decoder may have damaged its own memory: every size is checked.
class WireReader {
 public:
  explicit WireReader(ByteView bytes) : rest_(bytes) {}

  template <typename... Fields>
  void operator()(Fields&... fields) {
    (take(fields), ...);
  }
  template <typename... Fields>
  void list(const std::array<std::string_view, sizeof...(Fields)>& /*names*/, const FieldRule& /*rule*/,
            Fields&... fields) {
    (take(fields), ...);
  }
  ByteView take_bytes(std::size_t size) {
    if (size > rest_.size()) throw Error(ErrorKind::corrupt_data, "the decoder gave a cut answer");
    const auto bytes = rest_.first(size);
    rest_ = rest_.subspan(size);
    return bytes;
  }
  bool at_end() const { return rest_.empty(); }

 private:
  template <typename T>
  void take(T& value) {
    if constexpr (std::is_trivially_copyable_v<T>) {
      std::memcpy(&value, take_bytes(sizeof(T)).data(), sizeof(T));
    } else {
      describe(*this, value);
    }
  }
  void take(std::string& text) {
    std::size_t size = 0;
    take(size);
    const auto bytes = take_bytes(size);
    text.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  template <typename T>
  void take(std::vector<T>& values) {
    std::size_t count = 0;
    take(count);
    if (count > rest_.size()) throw Error(ErrorKind::corrupt_data, "the decoder gave a cut answer");
    values.resize(count);
    for (auto& value : values) take(value);
  }

  ByteView rest_;
};

}  // namespace sonde
