// SPDX-License-Identifier: Apache-2.0
#include "sonde/evaluate/data_set.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <ranges>
#include <tuple>

#include "sonde/core/error.h"
#include "sonde/evaluate/label_tasks.h"
#include "sonde/evaluate/layouts.h"
#include "sonde/evaluate/results.h"
#include "sonde/io/volume/checks.h"

namespace sonde {
namespace {

constexpr const char* kLayouts =
    "a data set is a folder with images/ and masks/ (pictures) or images/ and labels/ (volumes), a folder a "
    "patient with an image and its NAME_mask, a COCO instances .json, or a folder of such data sets";

bool is_folder(const std::filesystem::path& path) {
  std::error_code failed;
  return std::filesystem::is_directory(path, failed);
}

using Plan = DataSetPlan (*)(const DataSetSource&, const PlanOptions&, const Progress&);
struct Found {
  std::filesystem::path path;
  Plan plan;
  SetLayout layout{};
};

// Throws Error{usage} for a folder without images/ and one of masks/ and labels/.
Plan plan_of(const std::filesystem::path& folder, const SetLayout& layout) {
  const auto refuse = [&](const std::string& fault) {
    throw Error(ErrorKind::usage, folder.string() + ": " + fault + ": " + kLayouts);
  };
  if (layout.images.empty()) refuse("has no images/");
  if (layout.masks.empty() && layout.labels.empty()) refuse("has images/ but neither masks/ nor labels/");
  if (!layout.masks.empty() && !layout.labels.empty())
    refuse("has both " + layout.masks.filename().string() + "/ and " + layout.labels.filename().string() +
           "/");
  return layout.masks.empty() ? plan_volume_folder : plan_picture_folder;
}

// The only JSON file of a folder that has images/ and no masks: a COCO data set.
std::filesystem::path only_json(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code failed;
  std::filesystem::directory_iterator entries(folder, failed);
  for (; !failed && entries != std::filesystem::directory_iterator(); entries.increment(failed)) {
    if (lower_extension(entries->path()) == ".json") files.push_back(entries->path());
  }
  return files.size() == 1 ? files.front() : std::filesystem::path();
}

Found set_in(const std::filesystem::path& folder, const SetLayout& layout) {
  const auto json =
      layout.images.empty() || layout.is_data_set() ? std::filesystem::path() : only_json(folder);
  if (!json.empty()) return {json, plan_coco};
  if (layout.images.empty() && has_folder_per_patient(folder)) return {folder, plan_patient_folders};
  return {folder, plan_of(folder, layout), layout};
}

void find_data_sets(const std::filesystem::path& path, std::vector<Found>& found) {
  std::error_code failed;
  if (!std::filesystem::exists(path, failed))
    throw Error(ErrorKind::not_found, path.string() + ": no such file or folder");
  if (!is_folder(path)) {
    if (lower_extension(path) != ".json")
      throw Error(ErrorKind::usage, path.string() + ": is not a data set: " + kLayouts);
    found.push_back({path, plan_coco});
    return;
  }
  const SetLayout own = layout_in(path);
  if (own.images.empty()) {
    const std::size_t before = found.size();
    for (const auto& folder : folders_in(path)) {
      const SetLayout layout = layout_in(folder);
      if (!layout.images.empty()) found.push_back(set_in(folder, layout));
    }
    if (found.size() > before) return;
  }
  found.push_back(set_in(path, own));
}

// Each once, however it is written.
std::vector<Found> find_all(std::span<const std::filesystem::path> data) {
  std::vector<Found> found;
  for (const auto& path : data) find_data_sets(path, found);
  std::map<std::filesystem::path, Found> once;
  for (const Found& set : found) once.emplace(std::filesystem::weakly_canonical(set.path), set);
  found.clear();
  for (auto& [path, set] : once) found.push_back(std::move(set));
  return found;
}

// The name alone, with its parent's, and the path as given.
std::array<std::string, 3> possible_names(const std::filesystem::path& path) {
  auto whole = std::filesystem::absolute(path).lexically_normal();
  if (!whole.has_filename()) whole = whole.parent_path();
  const std::string name =
      lower_extension(whole) == ".json" ? whole.stem().string() : whole.filename().string();
  return {name, whole.parent_path().filename().string() + "/" + name, path.string()};
}

std::vector<std::string> distinct_names(const std::vector<Found>& found) {
  std::vector<std::array<std::string, 3>> possible;
  for (const Found& set : found) possible.push_back(possible_names(set.path));
  std::vector<std::size_t> choice(found.size(), 0);
  for (std::size_t longer = 1; longer < 3; ++longer) {
    std::map<std::string, int> uses;
    for (std::size_t i = 0; i < found.size(); ++i) ++uses[possible[i][choice[i]]];
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (uses[possible[i][choice[i]]] > 1) choice[i] = longer;
    }
  }
  std::vector<std::string> names;
  for (std::size_t i = 0; i < found.size(); ++i) names.push_back(possible[i][choice[i]]);
  return names;
}

void sort_by_name(DataSetPlan& plan) {
  std::ranges::sort(plan.cases,
                    [](const StudyCase& a, const StudyCase& b) { return name_before(a.image, b.image); });
  std::ranges::sort(plan.volumes, [](const VolumeTask& a, const VolumeTask& b) {
    return a.image != b.image ? name_before(a.image, b.image) : task_before(a.task, b.task);
  });
  std::ranges::sort(plan.failures, [](const StudyFailure& a, const StudyFailure& b) {
    return a.image != b.image ? name_before(a.image, b.image) : a < b;
  });
}

using SliceCounts =
    std::map<std::tuple<std::filesystem::path, std::filesystem::path, std::int64_t, std::string>,
             std::int64_t>;
SliceCounts slices_of_labels(const std::vector<StudyCase>& cases) {
  SliceCounts counts;
  for (const StudyCase& picture : cases) {
    for (const StudyTask& task : picture.tasks)
      ++counts[{picture.image_file, task.truth_file, task.label, task.object}];
  }
  return counts;
}

// Keeps `limit` of the sorted cases, and the volumes none of whose slices is left out.
void apply_limit(DataSetPlan& plan, std::int64_t limit) {
  const auto count = static_cast<std::int64_t>(plan.cases.size());
  if (count <= limit) return;
  const SliceCounts before = slices_of_labels(plan.cases);
  std::vector<StudyCase> kept;
  for (std::int64_t i = 0; i < limit; ++i) {
    const auto at = static_cast<std::size_t>((2 * i + 1) * count / (2 * limit));
    kept.push_back(std::move(plan.cases[at]));
  }
  plan.cases = std::move(kept);
  SliceCounts after = slices_of_labels(plan.cases);
  std::erase_if(plan.volumes, [&](const VolumeTask& volume) {
    const SliceCounts::key_type key{volume.image_file, volume.task.truth_file, volume.task.label,
                                    volume.task.object};
    return after[key] != before.at(key);
  });
}

void validate(const PlanOptions& options) {
  if (options.min_area_px < 1) throw Error(ErrorKind::usage, "--min-area must be 1 pixel or more");
  if (options.limit && *options.limit < 1) throw Error(ErrorKind::usage, "--limit must be 1 picture or more");
}

}  // namespace

std::vector<DataSetPlan> plan_data_sets(std::span<const std::filesystem::path> data,
                                        const PlanOptions& options, const Progress& progress) {
  validate(options);
  if (data.empty()) throw Error(ErrorKind::usage, std::string("no data set is given: ") + kLayouts);
  const auto found = find_all(data);
  const auto names = distinct_names(found);
  std::vector<DataSetPlan> plans;
  for (std::size_t i = 0; i < found.size(); ++i) {
    DataSetPlan plan = found[i].plan({names[i], found[i].path, found[i].layout}, options, progress);
    sort_by_name(plan);
    if (options.limit) apply_limit(plan, *options.limit);
    plans.push_back(std::move(plan));
  }
  std::ranges::sort(plans,
                    [](const DataSetPlan& a, const DataSetPlan& b) { return name_before(a.name, b.name); });
  return plans;
}

}  // namespace sonde
