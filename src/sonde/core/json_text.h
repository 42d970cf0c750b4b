// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

// JSON to text and back, compiled once: what nlohmann's templates for it take stands otherwise in every file.
namespace sonde {

// indent: -1: all on one line; else a line for each value, indented by so many spaces a level. Bytes that are
// no UTF-8 (file names may hold any) become U+FFFD.
std::string json_text(const nlohmann::json& json, int indent = -1);
std::string json_text(const nlohmann::ordered_json& json, int indent = -1);

// Throws nlohmann::json::parse_error.
nlohmann::json parse_json(std::string_view text);
nlohmann::ordered_json parse_ordered_json(std::string_view text);

}  // namespace sonde
