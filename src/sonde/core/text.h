// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

// Bytes of UTF-8 that are read or shown; bytes that are not valid UTF-8 are passed on as they are.
namespace sonde {

// ASCII letters only: names of formats, headers and file extensions.
std::string lower_case(std::string_view text);

// Without the blanks at either end.
std::string_view trimmed(std::string_view text, std::string_view blanks = " \t\r\n\v\f");

// "1 image", "2 images"
std::string counted(std::int64_t count, std::string_view noun);

// Control characters as blanks, so that it is one line of a message.
std::string one_line(std::string text);

// What a file holds, for a terminal: control characters as ?, cut to `max_characters` with "..." at the end.
std::string printable(std::string_view text, std::size_t max_characters = 100);

// The same in quotation marks, for a message: at most 60 characters.
std::string in_quotes(std::string_view text);

// "A, B or C", where `last_between` is " or ".
std::string listed(std::span<const std::string_view> words, std::string_view last_between = ", ");

}  // namespace sonde
