// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/masks/nnunet_labels.h"

#include <charconv>
#include <map>
#include <optional>
#include <utility>

#include "sonde/core/text.h"
#include "sonde/io/json_file.h"
#include "sonde/io/volume/checks.h"

namespace sonde {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{16} << 20;

std::optional<std::int64_t> integer(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

class Names {
 public:
  explicit Names(std::string file) : file_(std::move(file)) {}

  void add(const std::string& key, const nlohmann::json& meaning) {
    if (meaning.is_string()) {
      if (const auto value = integer(key)) return name(*value, meaning.get<std::string>(), 1);
    } else if (meaning.is_number_integer()) {
      return name(meaning.get<std::int64_t>(), key, 1);
    } else if (meaning.is_array() && !meaning.empty()) {
      for (const auto& value : meaning) {
        if (!value.is_number_integer()) refuse(key);
        const std::string of_value = "value " + std::to_string(value.get<std::int64_t>()) + " of " + key;
        name(value.get<std::int64_t>(), meaning.size() == 1 ? key : of_value, meaning.size());
      }
      return;
    }
    refuse(key);
  }

  LabelScheme scheme() const {
    LabelScheme scheme;
    for (const auto& [value, named] : names_) scheme.names[value] = named.name;
    return scheme;
  }

 private:
  struct Named {
    std::string name;
    std::size_t values;  // that the name stands for
  };

  [[noreturn]] void refuse(const std::string& key) const {
    refuse_corrupt(file_, "labels: " + in_quotes(key) +
                              " is neither a value with its name nor a name with its values, whole numbers");
  }

  void name(std::int64_t value, const std::string& name, std::size_t values) {
    if (name.empty() || name.find_first_of("\n\r\t") != std::string::npos) refuse(name);
    if (value == 0 || name == "ignore") return;  // 0 is background, whatever its name
    const auto [entry, is_new] = names_.try_emplace(value, Named{name, values});
    if (!is_new && values < entry->second.values) entry->second = {name, values};
  }

  std::string file_;
  std::map<std::int64_t, Named> names_;
};

}  // namespace

LabelScheme read_nnunet_labels(const std::filesystem::path& dataset_json) {
  const nlohmann::json json = read_json_file(dataset_json, kMaxBytes);
  if (!json.is_object()) refuse_corrupt(dataset_json.string(), "is not one object with labels");
  Names names(dataset_json.string());
  const auto labels = json.find("labels");
  if (labels == json.end() || !labels->is_object()) return {};
  for (const auto& [key, meaning] : labels->items()) names.add(key, meaning);
  return names.scheme();
}

}  // namespace sonde
