// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/label_scheme.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "sonde/io/data_files.h"
#include "sonde/io/nnunet_labels.h"
#include "sonde/io/volume_checks.h"

namespace sonde {
namespace {

constexpr std::size_t kMostBytes = std::size_t{16} << 20;
constexpr std::size_t kMostNameBytes = 200;

std::optional<std::int64_t> whole_number(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_name(const nlohmann::json& text) {
  if (!text.is_string()) return false;
  const auto& name = text.get_ref<const std::string&>();
  return !name.empty() && name.size() <= kMostNameBytes &&
         std::ranges::none_of(name, [](char c) { return static_cast<unsigned char>(c) < ' '; });
}

LabelScheme::Kind parse_kind(const std::string& file, const nlohmann::json& json) {
  if (!json.contains("mask_kind")) return LabelScheme::Kind::classes;
  const std::string text = json["mask_kind"].is_string() ? json["mask_kind"].get<std::string>() : "";
  const std::string word = text.substr(0, text.find_first_not_of("abcdefghijklmnopqrstuvwxyz"));
  if (word == "semantic" || word == "binary") return LabelScheme::Kind::classes;
  if (word == "instance") return LabelScheme::Kind::instances;
  refuse_corrupt(file, "mask_kind " + shown(text) + " is not known: semantic, binary or instance");
}

std::map<std::int64_t, std::string> parse_names(const std::string& file, const nlohmann::json& labels) {
  if (labels.is_string()) return {};
  if (!labels.is_object()) refuse_corrupt(file, "labels is neither an object of value to name nor text");
  std::map<std::int64_t, std::string> names;
  for (const auto& [key, name] : labels.items()) {
    const auto value = whole_number(key);
    if (!value) refuse_corrupt(file, "labels: " + shown(key) + " is no value of a mask, a whole number");
    if (!is_name(name)) refuse_corrupt(file, "labels: the name of " + key + " is no text of one short line");
    if (*value != 0) names[*value] = name.get<std::string>();  // 0 is background, whatever its name
  }
  return names;
}

}  // namespace

LabelScheme read_label_scheme(const std::filesystem::path& data_set_folder) {
  const auto path = data_set_folder / "labels.json";
  LabelScheme scheme;
  std::error_code failed;
  if (!std::filesystem::exists(std::filesystem::symlink_status(path, failed))) {
    const auto nnunet = data_set_folder / "dataset.json";
    return std::filesystem::exists(nnunet, failed) ? read_nnunet_labels(nnunet) : scheme;
  }
  const std::string file = path.string();
  const nlohmann::json json = read_json_file(path, kMostBytes);
  if (!json.is_object()) refuse_corrupt(file, "is not one object with mask_kind and labels");
  scheme.kind = parse_kind(file, json);
  if (scheme.kind == LabelScheme::Kind::classes && json.contains("labels"))
    scheme.names = parse_names(file, json["labels"]);
  if (json.contains("object") && is_name(json["object"])) scheme.object_name = json["object"];
  return scheme;
}

bool is_named(const LabelScheme& scheme, std::int64_t value) {
  return scheme.names.empty() || scheme.names.contains(value);
}

}  // namespace sonde
