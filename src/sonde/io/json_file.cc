// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/json_file.h"

#include <string>
#include <string_view>

#include "sonde/core/bytes.h"
#include "sonde/core/json_text.h"
#include "sonde/core/text.h"
#include "sonde/io/volume/checks.h"

namespace sonde {
namespace {

// Recursion over hostile nesting would take the stack.
void require_shallow(const std::string& name, std::string_view text) {
  constexpr int kMaxNesting = 64;
  int depth = 0;
  bool quoted = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (quoted) {
      if (c == '\\') ++at;
      if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kMaxNesting) refuse_corrupt(name, "its JSON nests deeper than 64 levels");
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
}

}  // namespace

nlohmann::json read_json_file(const std::filesystem::path& path, std::size_t most_bytes) {
  const std::string name = path.string();
  const MappedFile file(path);
  const std::string_view text(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size());
  if (text.size() > most_bytes)
    refuse_unsupported(name, "JSON of more than " + std::to_string(most_bytes >> 20) + " MB is not read");
  require_shallow(name, text);
  try {
    return parse_json(text);
  } catch (const nlohmann::json::parse_error& error) {
    refuse_corrupt(name, "is not JSON: byte " + std::to_string(error.byte) + " is not what may follow");
  } catch (const nlohmann::json::exception& error) {  // a number that no double holds
    refuse_corrupt(name, "is not JSON that can be used: " + in_quotes(error.what()));
  }
}

}  // namespace sonde
