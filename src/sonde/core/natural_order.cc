// SPDX-License-Identifier: Apache-2.0
#include "sonde/core/natural_order.h"

#include <algorithm>

namespace sonde {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view digits_at(std::string_view text, std::size_t at) {
  std::size_t stop = at;
  while (stop < text.size() && is_digit(text[stop])) ++stop;
  return text.substr(at, stop - at);
}

std::string_view without_leading_zeros(std::string_view digits) {
  return digits.substr(std::min(digits.find_first_not_of('0'), digits.size()));
}

}  // namespace

std::strong_ordering compare_names(std::string_view a, std::string_view b) {
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.size() && j < b.size()) {
    if (is_digit(a[i]) && is_digit(b[j])) {
      const std::string_view run_a = digits_at(a, i);
      const std::string_view run_b = digits_at(b, j);
      const std::string_view value_a = without_leading_zeros(run_a);
      const std::string_view value_b = without_leading_zeros(run_b);
      if (value_a.size() != value_b.size()) return value_a.size() <=> value_b.size();
      if (value_a != value_b) return value_a <=> value_b;
      i += run_a.size();
      j += run_b.size();
    } else {
      if (a[i] != b[j]) return static_cast<unsigned char>(a[i]) <=> static_cast<unsigned char>(b[j]);
      ++i;
      ++j;
    }
  }
  if (i < a.size()) return std::strong_ordering::greater;
  if (j < b.size()) return std::strong_ordering::less;
  return a <=> b;  // "1" and "01"
}

bool name_before(std::string_view a, std::string_view b) { return std::is_lt(compare_names(a, b)); }

}  // namespace sonde
