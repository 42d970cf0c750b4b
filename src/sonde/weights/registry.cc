// SPDX-License-Identifier: Apache-2.0
#include "sonde/weights/registry.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include <nlohmann/json.hpp>

#include "sonde/core/error.h"
#include "sonde/core/home.h"
#include "sonde/core/json_text.h"
#include "sonde/core/text.h"
#include "sonde/weights/checkpoint_cursor.h"
#include "sonde/weights/registry_data.h"

namespace sonde {
namespace {

std::vector<RegisteredModel> parse_registry() {
  std::vector<RegisteredModel> models;
  for (const auto& entry : parse_ordered_json(registry_json())) {
    RegisteredModel& model = models.emplace_back(RegisteredModel{.name = entry.at("name"),
                                                                 .architecture = entry.at("architecture"),
                                                                 .licence = entry.at("licence"),
                                                                 .source = entry.at("source"),
                                                                 .url = entry.at("url"),
                                                                 .sha256 = entry.at("sha256"),
                                                                 .md5 = entry.at("md5"),
                                                                 .file_name = entry.at("file_name"),
                                                                 .card = {}});
    if (const auto card = entry.find("card"); card != entry.end())
      model.card = parse_card(json_text(*card), "the registry: " + model.name);
  }
  return models;
}

std::filesystem::path folder_from_environment(const char* variable) {
  const char* value = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe): sonde sets no environment
  return value == nullptr ? "" : value;
}

bool looks_like_a_path(const std::string& text) {
  const auto extension = std::filesystem::path(text).extension();
  return text.find('/') != std::string::npos || extension == ".pth" || extension == ".pt" ||
         extension == ".safetensors";
}

std::string known_names() {
  std::string names;
  for (const auto& model : registered_models()) names += (names.empty() ? "" : ", ") + model.name;
  return names;
}

}  // namespace

const std::vector<RegisteredModel>& registered_models() {
  static const std::vector<RegisteredModel> models = parse_registry();
  return models;
}

std::filesystem::path models_folder() {
  if (auto folder = folder_from_environment("SONDE_MODELS"); !folder.empty()) return folder;
  // The XDG base directory specification has relative paths ignored.
  if (const auto data = folder_from_environment("XDG_DATA_HOME"); data.is_absolute())
    return data / "sonde" / "models";
  const auto home = home_folder();
  if (home.empty()) {
    throw Error(ErrorKind::unavailable,
                "no models folder: neither SONDE_MODELS nor HOME is set, and the user has no home");
  }
  return home / ".local" / "share" / "sonde" / "models";
}

std::filesystem::path find_model(const std::string& name_or_path) {
  const auto& models = registered_models();
  const auto registered = std::ranges::find(models, name_or_path, &RegisteredModel::name);
  std::error_code ignored;
  if (registered != models.end()) {
    auto path = models_folder() / registered->file_name;
    if (std::filesystem::is_regular_file(path, ignored)) return path;
    const std::string command =
        registered->url.empty() ? "import-onnx ENCODER.onnx DECODER.onnx" : "fetch " + name_or_path;
    throw Error(ErrorKind::unavailable, "model " + name_or_path + ": no weights at " + path.string() +
                                            "; get them with: sonde model " + command);
  }
  if (std::filesystem::is_regular_file(name_or_path, ignored)) return name_or_path;
  if (looks_like_a_path(name_or_path))
    throw Error(ErrorKind::not_found, printable(name_or_path) + ": no such file");
  throw Error(ErrorKind::usage, "unknown model '" + printable(name_or_path) + "'; known are " +
                                    known_names() + ", or give the path of a .safetensors, .pth or .pt file");
}

}  // namespace sonde
