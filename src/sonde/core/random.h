// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <random>
#include <string_view>

namespace sonde {

// Random numbers that are the same on every machine (the distributions of <random> are not).
class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  std::uint64_t next() { return engine_(); }
  // 0 .. n - 1, each equally likely; n above 0.
  std::uint64_t below(std::uint64_t n);
  // [0, 1)
  double uniform() { return static_cast<double>(engine_() >> 11) * 0x1p-53; }

 private:
  std::mt19937_64 engine_;
};

// A seed of its own for everything that has a name, whatever the order in which it is dealt with.
std::uint64_t named_seed(std::uint64_t seed, std::string_view name);

}  // namespace sonde
