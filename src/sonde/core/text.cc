// SPDX-License-Identifier: Apache-2.0
#include "sonde/core/text.h"

#include <algorithm>
#include <cctype>

namespace sonde {
namespace {

bool is_control(char byte) { return static_cast<unsigned char>(byte) < 0x20 || byte == 0x7F; }
bool starts_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; }  // of UTF-8

}  // namespace

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

std::string_view trimmed(std::string_view text, std::string_view blanks) {
  const auto begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

std::string counted(std::int64_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

std::string one_line(std::string text) {
  std::ranges::replace_if(text, is_control, ' ');
  return text;
}

std::string printable(std::string_view text, std::size_t max_characters) {
  std::string shown;
  std::size_t characters = 0;
  for (const char c : text) {
    if (starts_character(c) && ++characters > max_characters) break;
    shown += is_control(c) ? '?' : c;
  }
  if (characters <= max_characters) return shown;
  for (int cut = 0; cut < 3 && !shown.empty();) {  // room for the dots
    cut += starts_character(shown.back()) ? 1 : 0;
    shown.pop_back();
  }
  return shown + "...";
}

std::string in_quotes(std::string_view text) { return '"' + printable(text, 60) + '"'; }

std::string listed(std::span<const std::string_view> words, std::string_view last_between) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i)
    text.append(i == 0 ? "" : i + 1 < words.size() ? ", " : last_between).append(words[i]);
  return text;
}

}  // namespace sonde
