// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

// Standard output and error as every command has them.
namespace sonde {

// Descriptors 0 to 2 that are closed are taken up, so that no file is opened under their numbers; std::cout
// and std::cerr from now on write as escaped() has it, and a fault of std::cout is kept. A pipe that nobody
// reads is such a fault, and ends no command. Call first of all and once.
void begin_standard_streams();

// Writes out what std::cout holds. Throws Error{unavailable}: "standard output: No space left on device", now
// or if anything could not be written before.
void flush_standard_output();

// "sonde: TEXT" on standard error, on one line.
void complain(std::string_view text);

// "sonde: not enough memory", which takes none.
void complain_of_memory();

// What a terminal would obey or hide is shown: control characters but line feed and tab, and those that turn
// the direction of text, as \u001b (as JSON has it); bytes that are not UTF-8 as \xff.
std::string escaped(std::string_view text);
// The same on one line, for a name or message within one: line feeds and tabs too.
std::string escaped_on_one_line(std::string_view text);

}  // namespace sonde
