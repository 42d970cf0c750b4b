// SPDX-License-Identifier: Apache-2.0
#include "sonde/evaluate/text_table.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace sonde {
namespace {

bool starts_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; }  // of UTF-8

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), starts_character));
}

std::string padding(std::size_t width, std::string_view text) {
  return std::string(width - std::min(width, width_of(text)), ' ');
}

}  // namespace

std::string TextTable::text(std::size_t indent) const {
  std::vector<std::size_t> widths;
  for (const auto& row : rows_) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  std::string text;
  for (const auto& row : rows_) {
    std::string line(indent, ' ');
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string blanks = padding(widths[i], row[i]);
      if (i > 0) line += "  ";
      line += i < left_columns_ ? row[i] + blanks : blanks + row[i];
    }
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

std::string fixed(double value, int decimals) {
  if (!std::isfinite(value)) return "-";
  std::array<char, 400> text{};
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed, decimals);
  return {text.data(), end.ptr};
}

std::string protocol_title(std::string_view protocol, int step) {
  if (protocol == "mode1") return "1 point";
  if (protocol == "mode2") return "point per region";
  if (protocol == "mode3") return "box";
  if (protocol == "mode4") return "box per region";
  if (protocol == "mode5") return "one box over all";
  return step == 1 ? "1 click" : std::to_string(step) + " clicks";
}

}  // namespace sonde
