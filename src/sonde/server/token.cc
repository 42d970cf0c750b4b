// SPDX-License-Identifier: Apache-2.0
#include "sonde/server/token.h"

#include <array>
#include <cstdint>
#include <sys/random.h>

#include <openssl/crypto.h>

#include "sonde/core/error.h"

namespace sonde {

std::string random_token() {
  std::array<std::uint8_t, 32> bytes{};
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    throw Error(ErrorKind::unavailable, "the system gives no random numbers for the token");
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string token;
  for (const std::uint8_t byte : bytes) {
    token += kDigits[byte >> 4];
    token += kDigits[byte & 15];
  }
  return token;
}

bool is_same_secret(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace sonde
