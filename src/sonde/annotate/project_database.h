// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>
#include <filesystem>
#include <memory>

namespace sonde {

// A project folder that is this process's alone: sonde.lock is locked, sonde.sqlite open, of this program's
// version, in WAL mode, synchronous.
class ProjectDatabase {
 public:
  // Throws as Project::open.
  explicit ProjectDatabase(std::filesystem::path folder);
  ~ProjectDatabase();
  ProjectDatabase(const ProjectDatabase&) = delete;
  ProjectDatabase& operator=(const ProjectDatabase&) = delete;

  const std::filesystem::path& folder() const { return folder_; }
  std::filesystem::path file() const { return folder_ / "sonde.sqlite"; }
  SQLite::Database& connection() const { return *connection_; }

  // Does `work`; what SQLite, JSON and the file system throw becomes an Error that names the database.
  template <typename Work>
  auto guarded(Work work) const -> decltype(work()) {
    try {
      return work();
    } catch (...) {
      throw_again();
    }
  }

 private:
  [[noreturn]] void throw_again() const;  // the exception that is being handled
  void lock();
  void connect();

  std::filesystem::path folder_;
  int lock_ = -1;
  std::unique_ptr<SQLite::Database> connection_;
};

}  // namespace sonde
