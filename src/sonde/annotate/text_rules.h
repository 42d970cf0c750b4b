// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace sonde {

// The number of characters (code points) of `text`. Throws Error{usage} "WHAT ..." if it is not valid UTF-8,
// holds control characters or has more than `max`.
std::size_t checked_length(std::string_view text, std::string_view what, std::size_t max);

// "#E69F00" as "#e69f00". Throws Error{usage} for anything that is not six hexadecimal digits behind "#".
std::string checked_colour(std::string_view text);

// Whether it may be the id that a page or program gives to a request or to itself.
bool is_id(std::string_view text);
bool is_id_or_short(std::string_view text);
inline constexpr std::string_view kIdForm = "8 to 64 letters, digits and -";

}  // namespace sonde
