// SPDX-License-Identifier: Apache-2.0
#include "sonde/evaluate/label_tasks.h"

#include <algorithm>
#include <charconv>
#include <tuple>

#include "sonde/evaluate/results.h"

namespace sonde {
namespace {

std::optional<std::int64_t> integer(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
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
  return task.object.empty() ? task.label : integer(task.object).value_or(0);
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
