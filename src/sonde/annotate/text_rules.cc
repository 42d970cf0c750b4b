// SPDX-License-Identifier: Apache-2.0
#include "sonde/annotate/text_rules.h"

#include <algorithm>
#include <cstdint>

#include "sonde/core/error.h"

namespace sonde {
namespace {

bool is_ascii_letter_or_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

constexpr std::uint32_t kNoCharacter = 0xFFFFFFFF;

// Takes a code point off the front; kNoCharacter where there is no valid one (overlong forms and surrogates
// are none).
std::uint32_t take_character(std::string_view& text) {
  const auto byte = [&](std::size_t at) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(text[at]));
  };
  const std::uint32_t lead = byte(0);
  const std::size_t length = lead < 0x80       ? 1
                             : lead >> 5 == 6  ? 2
                             : lead >> 4 == 14 ? 3
                             : lead >> 3 == 30 ? 4
                                               : 0;
  if (length == 0 || text.size() < length) return kNoCharacter;
  std::uint32_t value = length == 1 ? lead : lead & (0x7FU >> length);
  for (std::size_t at = 1; at < length; ++at) {
    if (byte(at) >> 6 != 2) return kNoCharacter;
    value = value << 6 | (byte(at) & 0x3F);
  }
  constexpr std::uint32_t kMin[] = {0, 0, 0x80, 0x800, 0x10000};  // NOLINT(modernize-avoid-c-arrays)
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < kMin[length] || value > 0x10FFFF || surrogate) return kNoCharacter;
  text.remove_prefix(length);
  return value;
}

bool is_control(std::uint32_t character) {
  return character < 0x20 || (character >= 0x7F && character < 0xA0) || character == 0x2028 ||
         character == 0x2029;
}

}  // namespace

std::size_t checked_length(std::string_view text, std::string_view what, std::size_t max) {
  std::size_t length = 0;
  while (!text.empty()) {
    const std::uint32_t character = take_character(text);
    if (character == kNoCharacter) throw Error(ErrorKind::usage, std::string(what) + " is not valid UTF-8");
    if (is_control(character))
      throw Error(ErrorKind::usage, std::string(what) + " has a control character in it");
    if (++length > max) {
      throw Error(ErrorKind::usage,
                  std::string(what) + " has more than " + std::to_string(max) + " characters");
    }
  }
  return length;
}

std::string checked_colour(std::string_view text) {
  const auto is_hexadecimal = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  };
  if (text.size() != 7 || text[0] != '#' || !std::ranges::all_of(text.substr(1), is_hexadecimal))
    throw Error(ErrorKind::usage, "a colour is \"#\" and six hexadecimal digits, as \"#e69f00\"");
  std::string colour(text);
  for (char& c : colour) c = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
  return colour;
}

bool is_id(std::string_view text) { return text.size() >= 8 && is_id_or_short(text); }

bool is_id_or_short(std::string_view text) {
  const auto allowed = [](char c) { return is_ascii_letter_or_digit(c) || c == '-'; };
  return text.size() <= 64 && std::ranges::all_of(text, allowed);
}

}  // namespace sonde
