// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace sonde::kernels {

// How many pieces cover the whole, and what they cover.
constexpr std::size_t pieces(std::size_t whole, std::size_t piece) { return (whole + piece - 1) / piece; }
constexpr std::size_t round_up(std::size_t size, std::size_t unit) { return pieces(size, unit) * unit; }

// How operands of products are held; sums are float always.
enum class Storage : std::uint8_t { fp32, bf16 };
constexpr std::size_t size_of(Storage storage) { return storage == Storage::bf16 ? 2 : 4; }

// The upper half of a float, rounded to nearest even.
struct Bf16 {
  std::uint16_t bits;
};

// Memory for vectors: 64-byte aligned, readable for 64 bytes beyond its end, not initialised. Large ones ask
// for huge pages.
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(std::size_t bytes);
  std::byte* data() const { return data_.get(); }
  std::size_t size() const { return size_; }
  template <typename T>
  T* as() const {
    return reinterpret_cast<T*>(data_.get());
  }

 private:
  struct Free {
    void operator()(std::byte* memory) const;
  };
  std::unique_ptr<std::byte, Free> data_;
  std::size_t size_ = 0;
};

// Scratch of one thread, taken front to back; kept by the thread, so that its pages are touched once. What is
// taken is uninitialised, 64-byte aligned, and valid until the ScratchScope that was alive as it was taken
// ends. Scopes nest.
class ScratchScope {
 public:
  ScratchScope();
  ~ScratchScope();
  ScratchScope(const ScratchScope&) = delete;
  ScratchScope& operator=(const ScratchScope&) = delete;
  std::byte* bytes(std::size_t size);
  template <typename T>
  T* take(std::size_t count) {
    return reinterpret_cast<T*>(bytes(count * sizeof(T)));
  }

 private:
  std::size_t block_ = 0, used_ = 0;  // where the thread's scratch stood
};

}  // namespace sonde::kernels
