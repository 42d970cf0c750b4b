// SPDX-License-Identifier: Apache-2.0
#include "sonde/core/same_name.h"

#include <algorithm>

#include "sonde/core/character_parts.h"

namespace sonde {
namespace {

// Of the first character of `text`: how many bytes it has, 0 for what is no UTF-8, and which it is.
struct Decoded {
  std::size_t bytes = 0;
  char32_t character = 0;
};
Decoded first_character(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t bytes = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
  if (bytes == 0 || lead > 0xf4 || text.size() < bytes) return {};
  if (bytes == 1) return {1, lead};
  char32_t character = lead & (0x7fU >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    const auto more = static_cast<unsigned char>(text[i]);
    if ((more & 0xc0U) != 0x80U) return {};
    character = (character << 6U) | (more & 0x3fU);
  }
  if (bytes == 3 && character < 0x800) return {};  // longer than it may be
  return {bytes, character};
}

void append(std::string& text, char32_t character) {
  const auto add = [&](char32_t value) { text += static_cast<char>(value); };
  if (character < 0x80) return add(character);
  if (character < 0x800) {
    add(0xc0U | (character >> 6U));
  } else {
    add(0xe0U | (character >> 12U));
    add(0x80U | ((character >> 6U) & 0x3fU));
  }
  add(0x80U | (character & 0x3fU));
}

// Of the basic plane; beyond it names have no parts.
void append_apart(std::string& text, char32_t character) {
  constexpr char32_t kFirstSyllable = 0xac00, kLastSyllable = 0xd7a3;
  constexpr char32_t kLead = 0x1100, kVowel = 0x1161, kTail = 0x11a7, kVowels = 21, kTails = 28;
  if (character >= kFirstSyllable && character <= kLastSyllable) {
    const char32_t index = character - kFirstSyllable;
    append(text, kLead + index / (kVowels * kTails));
    append(text, kVowel + index / kTails % kVowels);
    if (index % kTails != 0) append(text, kTail + index % kTails);
    return;
  }
  const auto parts = std::ranges::lower_bound(kCharacterParts, character, {},
                                              [](const auto& p) { return char32_t{p.whole}; });
  if (parts == kCharacterParts.end() || parts->whole != character) return append(text, character);
  append_apart(text, parts->first);
  append_apart(text, parts->second);
}

}  // namespace

std::string taken_apart(std::string_view name) {
  std::string apart;
  while (!name.empty()) {
    const Decoded next = first_character(name);
    const bool has_parts = next.bytes == 2 || next.bytes == 3;
    if (has_parts)
      append_apart(apart, next.character);
    else
      apart += name.substr(0, std::max<std::size_t>(1, next.bytes));
    name.remove_prefix(std::max<std::size_t>(1, next.bytes));
  }
  return apart;
}

}  // namespace sonde
