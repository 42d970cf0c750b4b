// SPDX-License-Identifier: Apache-2.0
#include "sonde/evaluate/label_scheme.h"

#include <algorithm>
#include <charconv>
#include <tuple>

#include "sonde/core/error.h"
#include "sonde/evaluate/data_files.h"
#include "sonde/evaluate/results.h"
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

std::string class_name(std::int64_t value, const LabelScheme& scheme, const TruthFile& truth) {
  const auto named = scheme.names.find(value);
  if (named != scheme.names.end()) {
    const bool plain = truth.naming == TruthFile::Naming::plain || truth.suffix.empty();
    return plain ? named->second : named->second + " (" + truth.suffix + ")";
  }
  return truth.suffix.empty() || value == 1 ? truth.suffix : truth.suffix + " " + std::to_string(value);
}

}  // namespace

LabelScheme read_label_scheme(const std::filesystem::path& data_set_folder) {
  const auto path = data_set_folder / "labels.json";
  LabelScheme scheme;
  std::error_code failed;
  if (!std::filesystem::exists(std::filesystem::symlink_status(path, failed))) return scheme;
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

StudyTask task_of(std::int64_t value, std::int64_t area_px, const LabelScheme& scheme,
                  const TruthFile& truth) {
  if (scheme.kind == LabelScheme::Kind::instances) {
    const bool plain = truth.naming == TruthFile::Naming::plain || truth.suffix.empty();
    return {1, plain ? scheme.object_name : scheme.object_name + " (" + truth.suffix + ")",
            std::to_string(value), area_px, truth.path};
  }
  return {value, class_name(value, scheme, truth), "", area_px, truth.path};
}

std::int64_t value_of(const StudyTask& task) {
  return task.object.empty() ? task.label : whole_number(task.object).value_or(0);
}

TasksFound tasks_of(const LabelAreas& areas, std::int64_t min_area_px, const LabelScheme& scheme,
                    const TruthFile& truth) {
  TasksFound found;
  for (const auto& [value, area] : areas) {
    if (!is_named(scheme, value)) continue;
    if (area < min_area_px)
      ++found.below_area;
    else
      found.tasks.push_back(task_of(value, area, scheme, truth));
  }
  std::ranges::sort(found.tasks, task_before);
  return found;
}

bool task_before(const StudyTask& a, const StudyTask& b) {
  if (a.label != b.label) return a.label < b.label;
  if (a.label_name != b.label_name) return name_before(a.label_name, b.label_name);
  if (a.object != b.object) return name_before(a.object, b.object);
  return a.truth_file < b.truth_file;
}

std::vector<StudyFailure> unnamed_labels(const LabelAreas& areas, const LabelScheme& scheme,
                                         const TruthFile& truth, const StudyFailure& like) {
  std::vector<StudyFailure> failures;
  for (const auto& [value, area] : areas) {
    if (is_named(scheme, value)) continue;
    StudyFailure failure = like;
    failure.label = value;
    failure.kind = FailureKind::unnamed_label;
    failure.reason = truth.path.string() + ": value " + std::to_string(value) + " (" + std::to_string(area) +
                     (area == 1 ? " pixel" : " pixels") + ") has no name in labels.json";
    failures.push_back(std::move(failure));
  }
  return failures;
}

std::int64_t count_absent(const std::vector<LabelAreas>& masks, const LabelScheme& scheme) {
  if (scheme.kind == LabelScheme::Kind::instances) return 0;
  std::map<std::int64_t, std::int64_t> present_in;
  for (const auto& [value, name] : scheme.names) present_in[value] = 0;
  for (const LabelAreas& areas : masks) {
    for (const auto& [value, area] : areas) {
      if (is_named(scheme, value)) ++present_in[value];
    }
  }
  std::int64_t absent = 0;
  for (const auto& [value, count] : present_in) absent += static_cast<std::int64_t>(masks.size()) - count;
  return absent;
}

}  // namespace sonde
