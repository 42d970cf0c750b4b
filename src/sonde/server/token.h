// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace sonde {

// 64 hexadecimal digits from the system's random numbers. Throws Error{unavailable} if it gives none.
std::string random_token();

// Whether it could be one of random_token().
bool is_token(std::string_view text);

// Takes the same time wherever the two differ.
bool is_same_secret(std::string_view a, std::string_view b);

}  // namespace sonde
