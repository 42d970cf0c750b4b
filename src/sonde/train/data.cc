// SPDX-License-Identifier: Apache-2.0
#include "sonde/train/data.h"

#include <algorithm>
#include <memory>
#include <set>
#include <string_view>
#include <utility>

#include "sonde/core/bytes.h"
#include "sonde/core/error.h"
#include "sonde/core/natural_order.h"
#include "sonde/core/parallel.h"
#include "sonde/core/random.h"
#include "sonde/evaluate/case_loader.h"

namespace sonde {
namespace {

namespace fs = std::filesystem;

std::string pixels_sha256(const RgbImage& image) {
  const std::string size =
      std::to_string(image.extent.width) + " x " + std::to_string(image.extent.height) + ' ';
  const std::string text = size + sha256_hex(as_byte_view(image.pixels));
  return sha256_hex(std::as_bytes(std::span(text)));
}

// Which objects are asked for, of more than are wanted: drawn, for the first ones may all be alike.
std::vector<std::size_t> drawn_tasks(const TrainPicture& picture, const DataOptions& options) {
  std::vector<std::pair<std::uint64_t, std::size_t>> drawn;
  for (std::size_t i = 0; i < picture.objects.size(); ++i) {
    const TrainObject& object = picture.objects[i];
    drawn.emplace_back(named_seed(options.seed, picture.dataset + '\n' + picture.image + '\n' +
                                                    object.class_name + '\n' + object.object),
                       i);
  }
  std::ranges::sort(drawn);
  std::vector<std::size_t> tasks;
  for (const auto& [order, index] : drawn) {
    if (static_cast<std::int64_t>(tasks.size()) < options.per_picture) tasks.push_back(index);
  }
  std::ranges::sort(tasks);
  return tasks;
}

// A picture of a data set before its pixels are read.
TrainPicture named(const StudyCase& study_case) {
  TrainPicture picture;
  picture.dataset = study_case.dataset;
  picture.image = study_case.image;
  picture.whole =
      study_case.slice ? study_case.image.substr(0, study_case.image.rfind('#')) : study_case.image;
  picture.file = study_case.image_file;
  for (const StudyTask& task : study_case.tasks) {
    picture.objects.push_back({task.label_name.empty() ? std::to_string(task.label) : task.label_name,
                               task.object,
                               task.area_px,
                               {}});
  }
  return picture;
}

struct ReadCase {
  std::optional<TrainPicture> picture;
  std::optional<StudyFailure> failure;
};

ReadCase read_case(const StudyCase& study_case, const std::shared_ptr<const CaseLoader>& loader,
                   const DataOptions& options) {
  auto loaded = loader->load(study_case);
  if (auto* failure = std::get_if<StudyFailure>(&loaded)) return {{}, std::move(*failure)};
  auto& shown = std::get<LoadedCase>(loaded);
  ReadCase read{named(study_case), {}};
  read.picture->window = shown.window;
  complete(*read.picture, {std::move(shown.image), std::move(shown.truths)}, options);
  read.picture->load = [loader, study_case] {
    auto again = loader->load(study_case);
    if (const auto* failure = std::get_if<StudyFailure>(&again))
      throw Error(ErrorKind::corrupt_data, failure->reason);
    return std::move(std::get<LoadedCase>(again).image);
  };
  return read;
}

void read_plan(const DataSetPlan& plan, const DataOptions& options, const Progress& progress,
               TrainingData& data) {
  const auto loader = std::make_shared<const CaseLoader>(options.window);
  std::vector<ReadCase> read(plan.cases.size());
  const auto count = static_cast<std::int64_t>(plan.cases.size());
  constexpr std::int64_t kAtOnce = 32;  // between two words of progress
  for (std::int64_t first = 0; first < count; first += kAtOnce) {
    parallel_for(options.threads, std::min(kAtOnce, count - first), [&](std::int64_t i) {
      const auto at = static_cast<std::size_t>(first + i);
      read[at] = read_case(plan.cases[at], loader, options);
    });
    if (progress) progress({plan.name, std::min(first + kAtOnce, count), count});
  }
  data.failures.insert(data.failures.end(), plan.failures.begin(), plan.failures.end());
  for (const std::string& note : plan.notes) data.notes.push_back(plan.name + ": " + note);
  for (ReadCase& one : read) {
    if (one.failure) data.failures.push_back(std::move(*one.failure));
    if (one.picture && !one.picture->tasks.empty()) data.pictures.push_back(std::move(*one.picture));
  }
  data.origins.push_back(origin_of(plan.path, plan.name));
}

std::string unused_name(const fs::path& folder, const std::set<std::string>& used) {
  fs::path whole = fs::absolute(folder).lexically_normal();
  if (!whole.has_filename()) whole = whole.parent_path();
  const std::string name = whole.filename().string();
  for (const std::string& one : {name, whole.parent_path().filename().string() + '/' + name})
    if (!used.contains(one)) return one;
  throw Error(ErrorKind::usage, folder.string() + ": is given twice, or two sets have this name");
}

}  // namespace

void complete(TrainPicture& picture, const PictureWithMasks& shown, const DataOptions& options) {
  picture.pixels_sha256 = pixels_sha256(shown.image);
  picture.extent = shown.image.extent;
  std::vector<TrainObject> kept;
  for (std::size_t i = 0; i < picture.objects.size(); ++i) {
    TrainObject& object = picture.objects[i];
    object.area_px = area_px(shown.masks.at(i));
    if (object.area_px < std::max<std::int64_t>(options.plan.min_area_px, 1)) continue;
    object.mask = encode_rle(shown.masks[i]);
    kept.push_back(std::move(object));
  }
  picture.objects = std::move(kept);
  picture.tasks = drawn_tasks(picture, options);
}

TrainingData read_training_data(std::span<const fs::path> data, const DataOptions& options,
                                const Progress& progress) {
  std::vector<fs::path> sets, projects;
  for (const fs::path& path : data) (is_project(path) ? projects : sets).push_back(path);
  TrainingData read;
  std::set<std::string> names;
  if (!sets.empty()) {
    for (const DataSetPlan& plan : plan_data_sets(sets, options.plan, progress)) {
      names.insert(plan.name);
      read_plan(plan, options, progress, read);
    }
  }
  for (const fs::path& folder : projects) {
    const std::string name = unused_name(folder, names);
    names.insert(name);
    TrainingData of_project = read_project(folder, name, options, progress);
    std::ranges::move(of_project.pictures, std::back_inserter(read.pictures));
    std::ranges::move(of_project.failures, std::back_inserter(read.failures));
    std::ranges::move(of_project.notes, std::back_inserter(read.notes));
    std::ranges::move(of_project.origins, std::back_inserter(read.origins));
  }
  std::ranges::stable_sort(read.pictures, [](const TrainPicture& a, const TrainPicture& b) {
    return a.dataset != b.dataset ? name_before(a.dataset, b.dataset) : name_before(a.image, b.image);
  });
  return read;
}

std::string data_sha256(std::span<const TrainPicture> pictures) {
  std::string text;
  for (const TrainPicture& picture : pictures) {
    text += picture.dataset + '\n' + picture.image + '\n' + picture.pixels_sha256 + '\n';
    for (const std::size_t task : picture.tasks) text += std::to_string(task) + ' ';
    for (const TrainObject& object : picture.objects)
      text += object.class_name + '\n' + object.object + '\n' + coco_string(object.mask) + '\n';
  }
  return sha256_hex(std::as_bytes(std::span(text)));
}

}  // namespace sonde
