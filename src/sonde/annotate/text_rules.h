// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace sonde {

// The number of characters (code points) of `text`. Throws Error{usage} "WHAT ..." if it is not valid UTF-8,
// holds control characters or has more than `max`.
std::size_t checked_length(std::string_view text, std::string_view what, std::size_t max);

inline constexpr std::size_t kMaxName = 200;  // characters

// "#E69F00" as "#e69f00". Throws Error{usage} for anything that is not six hexadecimal digits behind "#".
std::string checked_colour(std::string_view text);

// Of an action: 1 to 64 letters, digits, '-', '_', '.' or ':'; empty for an action without one. Throws
// Error{usage}.
void check_request(std::string_view request);

}  // namespace sonde
