// SPDX-License-Identifier: Apache-2.0
#include "sonde/evaluate/journal.h"

#include <cmath>
#include <utility>

#include <nlohmann/json.hpp>

#include "sonde/core/error.h"
#include "sonde/core/json_text.h"

namespace sonde {
namespace {

using Json = nlohmann::ordered_json;

// {"iou": 0.9, ...}; null where it is infinite. What is not known is left out.
Json score_json(const Scores& scores) {
  Json json = Json::object();
  for (const Metric& metric : kMetrics) {
    const double value = scores.*metric.value;
    if (!std::isnan(value)) json[metric.name] = std::isinf(value) ? Json(nullptr) : Json(value);
  }
  return json;
}

// Earlier versions wrote an array of the first metrics.
Scores scores_from(const Json& json) {
  Scores scores;
  for (std::size_t i = 0; i < kMetrics.size(); ++i) {
    const Metric& metric = kMetrics[i];
    double& score = scores.*metric.value;
    const bool is_later = i >= kFirstMetrics;
    if (is_later && (json.is_array() || !json.contains(metric.name))) {
      score = kNotKnown;
      continue;
    }
    const Json& value = json.is_array() ? json.at(i) : json.at(metric.name);
    score = value.is_null() ? kNoLimit : value.get<double>();
  }
  return scores;
}

// Masks that several outcomes share are written once.
class MaskList {
 public:
  int place_of(const Rle& rle) {
    if (rle.extent == Extent2{}) return -1;
    const auto [found, is_new] = places_.emplace(coco_string(rle), static_cast<int>(masks.size()));
    if (is_new) masks.push_back(found->first);
    return found->second;
  }
  Json masks = Json::array();

 private:
  std::map<std::string, int> places_;
};

Json outcome_json(const Outcome& outcome, MaskList& masks) {
  return {outcome.protocol,
          to_string(outcome.choice),
          outcome.step,
          outcome.prompt,
          score_json(outcome.scores),
          outcome.predicted_iou,
          outcome.candidate ? Json(*outcome.candidate) : Json(nullptr),
          masks.place_of(outcome.mask)};
}

Outcome outcome_from(const Json& json, const Json& masks, Extent2 extent) {
  Outcome outcome;
  outcome.protocol = json.at(0).get<std::string>();
  outcome.choice = parse_choice(json.at(1).get<std::string>());
  outcome.step = json.at(2).get<int>();
  outcome.prompt = json.at(3).get<std::string>();
  outcome.scores = scores_from(json.at(4));
  outcome.predicted_iou = json.at(5).get<double>();
  if (!json.at(6).is_null()) outcome.candidate = json.at(6).get<int>();
  const int mask = json.at(7).get<int>();
  if (mask >= 0) {
    outcome.mask =
        rle_from_coco_string(masks.at(static_cast<std::size_t>(mask)).get_ref<const std::string&>(), extent);
  }
  return outcome;
}

Json task_json(const StudyTask& task) {
  return {{"label", task.label},
          {"label_name", task.label_name},
          {"object", task.object},
          {"area_px", task.area_px},
          {"truth_file", task.truth_file.string()}};
}
StudyTask task_from(const Json& json) {
  return {json.at("label").get<std::int64_t>(), json.at("label_name").get<std::string>(),
          json.at("object").get<std::string>(), json.at("area_px").get<std::int64_t>(),
          json.at("truth_file").get<std::string>()};
}

TaskRecord record_from(const Json& json) {
  TaskRecord record;
  record.dataset = json.at("dataset").get<std::string>();
  record.image = json.at("image").get<std::string>();
  record.level =
      json.at("level").get<std::string>() == to_string(Level::volume) ? Level::volume : Level::slice;
  record.task = task_from(json.at("task"));
  record.image_file = json.at("image_file").get<std::string>();
  if (json.contains("slice")) {
    const Json& slice = json.at("slice");
    record.slice = {parse_axis(slice.at(0).get<std::string>()), slice.at(1).get<std::int64_t>()};
  }
  record.unit =
      json.at("unit").get<std::string>() == to_string(DistanceUnit::mm) ? DistanceUnit::mm : DistanceUnit::px;
  record.window = json.at("window").get<std::string>();
  if (json.contains("content")) {
    const Json& content = json.at("content");
    record.content = {content.at(0).get<std::string>(), content.at(1).get<std::string>()};
  }
  const Json& size = json.at("size");
  const Extent2 extent{size.at(0).get<std::int64_t>(), size.at(1).get<std::int64_t>()};
  for (const Json& outcome : json.at("outcomes")) {
    record.outcomes.push_back(outcome_from(outcome, json.at("masks"), extent));
  }
  return record;
}

}  // namespace

TaskRecord pending_record(const StudyCase& study_case, const StudyTask& task) {
  TaskRecord record;
  record.dataset = study_case.dataset;
  record.image = study_case.image;
  record.task = task;
  record.image_file = study_case.image_file;
  record.slice = study_case.slice;
  record.content = study_case.content;
  return record;
}

TaskRecord pending_record(const VolumeTask& volume) {
  TaskRecord record;
  record.dataset = volume.dataset;
  record.image = volume.image;
  record.level = Level::volume;
  record.task = volume.task;
  record.image_file = volume.image_file;
  record.content = volume.content;
  return record;
}

std::string task_key(const TaskRecord& record) {
  const StudyTask& task = record.task;
  std::string key;
  for (const std::string& part :
       {record.dataset, record.image, std::string(to_string(record.level)), std::to_string(task.label),
        task.label_name, task.object, std::to_string(task.area_px)}) {
    key += part + '\n';
  }
  return key;
}

std::vector<ResultRow> result_rows(const TaskRecord& record) {
  std::vector<ResultRow> rows;
  for (const Outcome& outcome : record.outcomes) {
    ResultRow row{.dataset = record.dataset,
                  .image = record.image,
                  .label = record.task.label,
                  .label_name = record.task.label_name,
                  .object = record.task.object,
                  .level = record.level,
                  .area_px = record.task.area_px,
                  .protocol = outcome.protocol,
                  .choice = outcome.choice,
                  .step = outcome.step,
                  .prompt = outcome.prompt,
                  .scores = outcome.scores,
                  .unit = record.unit,
                  .predicted_iou = {},
                  .candidate = {}};
    if (record.level == Level::slice) {
      row.predicted_iou = outcome.predicted_iou;
      row.candidate = outcome.candidate;
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string to_json(const TaskRecord& record) {
  Json json{{"dataset", record.dataset},
            {"image", record.image},
            {"level", to_string(record.level)},
            {"task", task_json(record.task)},
            {"image_file", record.image_file.string()}};
  if (record.slice) json["slice"] = {to_string(record.slice->axis), record.slice->slice};
  json["unit"] = to_string(record.unit);
  json["window"] = record.window;
  if (record.content != CaseContent{}) json["content"] = {record.content.image, record.content.truth};
  const Extent2 size = record.outcomes.empty() ? Extent2{} : record.outcomes.front().mask.extent;
  json["size"] = {size.width, size.height};
  MaskList masks;
  Json outcomes = Json::array();
  for (const Outcome& outcome : record.outcomes) outcomes.push_back(outcome_json(outcome, masks));
  json["outcomes"] = std::move(outcomes);
  json["masks"] = std::move(masks.masks);
  // File names may be in any encoding.
  return json_text(json);
}

TaskRecord task_record_from_json(const std::string& text) {
  try {
    return record_from(parse_ordered_json(text));
  } catch (const Json::exception& error) {
    throw Error(ErrorKind::corrupt_data, std::string("a record of the journal: ") + error.what());
  } catch (const Error& error) {
    throw Error(ErrorKind::corrupt_data, std::string("a record of the journal: ") + error.what());
  }
}

Journal::Journal(std::filesystem::path path) : file_(std::move(path)) {
  for (const RecordFile::Place place : file_.records()) {
    try {
      const TaskRecord record = task_record_from_json(file_.read(place));
      entries_[task_key(record)] = {place, {record.dataset, record.image, record.content}};
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::corrupt_data) throw;
    }
  }
}

bool Journal::holds(const std::string& key) const {
  const std::lock_guard lock(mutex_);
  return entries_.contains(key);
}

TaskRecord Journal::read(const std::string& key) const {
  RecordFile::Place place;
  {
    const std::lock_guard lock(mutex_);
    place = entries_.at(key).place;
  }
  return task_record_from_json(file_.read(place));
}

Journal::About Journal::about(const std::string& key) const {
  const std::lock_guard lock(mutex_);
  return entries_.at(key).about;
}

void Journal::append(const TaskRecord& record) {
  const RecordFile::Place place = file_.append(to_json(record));
  const std::lock_guard lock(mutex_);
  entries_[task_key(record)] = {place, {record.dataset, record.image, record.content}};
}

std::vector<std::string> Journal::keys() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> keys;
  for (const auto& [key, entry] : entries_) keys.push_back(key);
  return keys;
}

}  // namespace sonde
