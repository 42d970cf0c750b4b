// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/masks/label_scheme.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "sonde/core/text.h"
#include "sonde/io/json_file.h"
#include "sonde/io/masks/nnunet_labels.h"
#include "sonde/io/volume/checks.h"

namespace sonde {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{16} << 20;
constexpr std::size_t kMaxNameBytes = 200;

std::optional<std::int64_t> integer(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_name(const nlohmann::json& text) {
  if (!text.is_string()) return false;
  const auto& name = text.get_ref<const std::string&>();
  return !name.empty() && name.size() <= kMaxNameBytes &&
         std::ranges::none_of(name, [](char c) { return static_cast<unsigned char>(c) < ' '; });
}

LabelScheme::Kind parse_kind(const std::string& file, const nlohmann::json& json) {
  if (!json.contains("mask_kind")) return LabelScheme::Kind::classes;
  const std::string text = json["mask_kind"].is_string() ? json["mask_kind"].get<std::string>() : "";
  const std::string word = text.substr(0, text.find_first_not_of("abcdefghijklmnopqrstuvwxyz"));
  if (word == "semantic" || word == "binary") return LabelScheme::Kind::classes;
  if (word == "instance") return LabelScheme::Kind::instances;
  refuse_corrupt(file, "mask_kind " + in_quotes(text) + " is not known: semantic, binary or instance");
}

using Names = std::map<std::int64_t, std::string>;

void add_name(const std::string& file, Names& names, std::int64_t value, const nlohmann::json& name) {
  if (!is_name(name))
    refuse_corrupt(file, "labels: the name of " + std::to_string(value) + " is not one short line of text");
  if (value == 0) return;  // background, whatever its name
  if (!names.emplace(value, name.get<std::string>()).second)
    refuse_corrupt(file, "labels: " + std::to_string(value) + " has two names");
}

// {"1": "liver"} and {"liver": 1}.
Names names_of_object(const std::string& file, const nlohmann::json& labels) {
  Names names;
  for (const auto& [key, of_key] : labels.items()) {
    const auto value = integer(key);
    if (value)
      add_name(file, names, *value, of_key);
    else if (of_key.is_number_integer())
      add_name(file, names, of_key.get<std::int64_t>(), key);
    else if (of_key.is_array())
      refuse_corrupt(file, "labels: " + in_quotes(key) + " is a region of several values, which is not read");
    else
      refuse_corrupt(file, "labels: neither " + in_quotes(key) +
                               " nor what it stands for is a value of a mask, a whole number");
  }
  return names;
}

// ["background", "liver"]: by place. [{"value": 1, "name": "liver"}], "id" being as good as "value".
Names names_of_list(const std::string& file, const nlohmann::json& labels) {
  Names names;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const nlohmann::json& entry = labels[i];
    if (!entry.is_object()) {
      add_name(file, names, static_cast<std::int64_t>(i), entry);
      continue;
    }
    const char* key = entry.contains("value") ? "value" : "id";
    if (!entry.contains(key) || !entry[key].is_number_integer() || !entry.contains("name"))
      refuse_corrupt(file, "labels: entry " + std::to_string(i + 1) +
                               " has no \"value\" (or \"id\"), a whole number, and \"name\"");
    add_name(file, names, entry[key].get<std::int64_t>(), entry["name"]);
  }
  return names;
}

Names parse_names(const std::string& file, const nlohmann::json& labels) {
  if (labels.is_string()) return {};
  if (labels.is_object()) return names_of_object(file, labels);
  if (labels.is_array()) return names_of_list(file, labels);
  refuse_corrupt(file, "labels is neither names of values nor text");
}

// sonde's own form; anything else is names alone.
bool has_own_form(const nlohmann::json& json) {
  const auto is_text = [&](const char* key) { return json.contains(key) && json[key].is_string(); };
  return json.is_object() &&
         (json.empty() || json.contains("mask_kind") || is_text("object") || is_text("labels") ||
          (json.contains("labels") && json["labels"].is_structured()));
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
  const nlohmann::json json = read_json_file(path, kMaxBytes);
  if (!json.is_object() && (!json.is_array() || json.empty()))
    refuse_corrupt(file, "is neither mask_kind and labels nor names of values");
  if (!has_own_form(json)) {
    scheme.names = parse_names(file, json);
    return scheme;
  }
  scheme.kind = parse_kind(file, json);
  if (scheme.kind == LabelScheme::Kind::classes && json.contains("labels"))
    scheme.names = parse_names(file, json["labels"]);
  if (json.contains("object") && is_name(json["object"])) scheme.object_name = json["object"];
  return scheme;
}

LabelScheme with_names(LabelScheme scheme, const std::map<std::int64_t, std::string>& names) {
  if (scheme.kind == LabelScheme::Kind::instances) return scheme;
  for (const auto& [value, name] : names) scheme.names[value] = name;
  return scheme;
}

bool is_named(const LabelScheme& scheme, std::int64_t value) {
  return scheme.names.empty() || scheme.names.contains(value);
}

}  // namespace sonde
