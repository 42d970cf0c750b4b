// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "sonde/core/record_file.h"
#include "sonde/evaluate/protocol.h"
#include "sonde/evaluate/task.h"

namespace sonde {

// Everything that a study knows about one task: enough for its rows of results.csv and for a picture.
struct TaskRecord {
  std::string dataset, image;
  Level level = Level::slice;
  StudyTask task;
  std::filesystem::path image_file;
  std::optional<PlaneRef> slice;  // of a volume
  CaseContent content;            // empty in journals of earlier versions
  DistanceUnit unit = DistanceUnit::px;
  std::string window;             // as used; empty for a volume
  std::vector<Outcome> outcomes;  // masks empty for a volume
};
// A task's record without outcomes.
TaskRecord pending_record(const StudyCase& study_case, const StudyTask& task);
TaskRecord pending_record(const VolumeTask& volume);

// Tells tasks apart; part of it is the area, so that a truth that was changed is another task.
std::string task_key(const TaskRecord& record);
std::vector<ResultRow> result_rows(const TaskRecord& record);

// One line of JSON and back. Throws Error{corrupt_data} for anything else.
std::string to_json(const TaskRecord& record);
TaskRecord task_record_from_json(const std::string& text);

// The tasks that are done, on the disk. Any number of threads.
class Journal {
 public:
  // Throws as RecordFile. Records that cannot be understood are as if they were not there.
  explicit Journal(std::filesystem::path path);
  bool holds(const std::string& key) const;
  TaskRecord read(const std::string& key) const;
  void append(const TaskRecord& record);  // throws as RecordFile::append
  std::vector<std::string> keys() const;  // sorted
  // Which image a record is of, without reading it again.
  struct About {
    std::string dataset, image;
    CaseContent content;
  };
  About about(const std::string& key) const;

 private:
  RecordFile file_;
  mutable std::mutex mutex_;
  struct Entry {
    RecordFile::Place place;
    About about;
  };
  std::map<std::string, Entry> entries_;
};

}  // namespace sonde
