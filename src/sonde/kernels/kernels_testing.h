// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sonde/kernels/buffer.h"
#include "sonde/kernels/cpu.h"

namespace sonde::kernels {

// For tests: runs once for every instruction set of this machine.
class EveryInstructionSet : public testing::TestWithParam<InstructionSet> {
 protected:
  EveryInstructionSet() : before_(instruction_set()) { use_instruction_set(GetParam()); }
  ~EveryInstructionSet() override { use_instruction_set(before_); }

 private:
  InstructionSet before_;
};
inline std::string set_name(const testing::TestParamInfo<InstructionSet>& info) {
  std::string name(to_string(info.param));
  for (char& c : name) c = c == '-' ? '_' : c;
  return name;
}

// Normal, the same ones for the same seed.
inline std::vector<float> random_values(std::size_t count, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float& value : values) value = normal(generator);
  return values;
}

inline float from_bf16(Bf16 value) {
  const std::uint32_t bits = static_cast<std::uint32_t>(value.bits) << 16U;
  float result = 0;
  std::memcpy(&result, &bits, sizeof result);
  return result;
}
// Rounded to nearest even.
inline Bf16 to_bf16(float value) {
  std::uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return {static_cast<std::uint16_t>((bits + 0x7FFFU + (bits >> 16U & 1U)) >> 16U)};
}

// Values in a storage, and back: what a kernel is given and gives.
class Stored {
 public:
  Stored(const std::vector<float>& values, Storage storage) : Stored(values.size(), storage) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (storage_ == Storage::bf16) {
        reinterpret_cast<Bf16*>(bytes_.data())[i] = to_bf16(values[i]);
      } else {
        reinterpret_cast<float*>(bytes_.data())[i] = values[i];
      }
    }
  }
  Stored(std::size_t count, Storage storage)
      : storage_(storage), count_(count), bytes_((count + 2) * size_of(storage)) {}
  void* data() { return bytes_.data(); }
  std::vector<float> values() const {
    std::vector<float> values(count_);
    for (std::size_t i = 0; i < count_; ++i) {
      values[i] = storage_ == Storage::bf16 ? from_bf16(reinterpret_cast<const Bf16*>(bytes_.data())[i])
                                            : reinterpret_cast<const float*>(bytes_.data())[i];
    }
    return values;
  }
  // Nothing was written behind the last value.
  bool end_is_untouched() const {
    for (std::size_t i = count_ * size_of(storage_); i < bytes_.size(); ++i) {
      if (bytes_[i] != std::byte{}) return false;
    }
    return true;
  }

 private:
  Storage storage_;
  std::size_t count_;
  std::vector<std::byte> bytes_;
};

inline void expect_near(const std::vector<float>& actual, const std::vector<float>& expected,
                        double tolerance) {
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) {
    ASSERT_NEAR(actual[i], expected[i], tolerance * (1 + std::abs(static_cast<double>(expected[i]))))
        << "at " << i;
  }
}

inline double exact_gelu(double x) { return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0))); }

}  // namespace sonde::kernels
