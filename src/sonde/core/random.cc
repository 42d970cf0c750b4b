// SPDX-License-Identifier: Apache-2.0
#include "sonde/core/random.h"

#include <limits>

namespace sonde {

std::uint64_t Random::below(std::uint64_t n) {
  // Values past the last whole multiple of n would favour the small remainders.
  const std::uint64_t max = std::numeric_limits<std::uint64_t>::max();
  const std::uint64_t limit = max - max % n;
  std::uint64_t value = next();
  while (value >= limit) value = next();
  return value % n;
}

std::uint64_t named_seed(std::uint64_t seed, std::string_view name) {
  // FNV-1a over the name, started from the seed; then the finaliser of SplitMix64, since FNV mixes the last
  // characters little.
  std::uint64_t hash = 0xcbf29ce484222325u ^ (seed * 0x9e3779b97f4a7c15u);
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9u;
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebu;
  return hash ^ (hash >> 31);
}

}  // namespace sonde
