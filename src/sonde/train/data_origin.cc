// SPDX-License-Identifier: Apache-2.0
#include <string_view>

#include <nlohmann/json.hpp>

#include "sonde/core/bytes.h"
#include "sonde/core/error.h"
#include "sonde/core/json_text.h"
#include "sonde/train/data.h"

namespace sonde {
namespace {

namespace fs = std::filesystem;

// The first of these fields that is a text.
std::string text_of(const nlohmann::ordered_json& json, std::initializer_list<const char*> fields) {
  for (const char* field : fields) {
    const auto found = json.find(field);
    if (found != json.end() && found->is_string()) return found->get<std::string>();
  }
  return "";
}

}  // namespace

DataOrigin origin_of(const fs::path& data, const std::string& name) {
  DataOrigin origin{name, "", "", ""};
  std::error_code unknown;
  const fs::path file = fs::is_directory(data, unknown) ? data / "labels.json" : data;
  if (file.extension() != ".json" || !fs::is_regular_file(file, unknown)) return origin;
  if (file == data) return origin;  // COCO's annotations, which may be very large
  try {
    const MappedFile mapped(file);
    const auto* text = reinterpret_cast<const char*>(mapped.bytes().data());  // NOLINT: bytes as text
    const auto json = parse_ordered_json({text, mapped.bytes().size()});
    if (!json.is_object()) return origin;
    origin.licence = text_of(json, {"licence", "license", "licence_as_stated", "license_as_stated"});
    origin.citation = text_of(json, {"citation", "reference", "original_dataset"});
    origin.source = text_of(json, {"source", "source_repo", "url"});
  } catch (const nlohmann::json::exception&) {  // plan_data_sets has said what is wrong with it
    return origin;
  } catch (const Error&) {
    return origin;
  }
  return origin;
}

}  // namespace sonde
