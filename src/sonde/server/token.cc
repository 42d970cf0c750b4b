// SPDX-License-Identifier: Apache-2.0
#include "sonde/server/token.h"

#include <array>
#include <cstdint>
#include <sys/random.h>

#include <openssl/crypto.h>

#include "sonde/core/error.h"

namespace sonde {
namespace {

constexpr std::size_t kBytes = 32;
constexpr std::string_view kDigits = "0123456789abcdef";

}  // namespace

std::string random_token() {
  std::array<std::uint8_t, kBytes> bytes{};
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    throw Error(ErrorKind::unavailable, "the system gives no random numbers for the token");
  std::string token;
  for (const std::uint8_t byte : bytes) {
    token += kDigits[byte >> 4];
    token += kDigits[byte & 15];
  }
  return token;
}

bool is_token(std::string_view text) {
  return text.size() == 2 * kBytes && text.find_first_not_of(kDigits) == std::string_view::npos;
}

bool is_same_secret(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace sonde
