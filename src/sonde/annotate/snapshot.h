// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>

#include "sonde/annotate/project.h"

namespace sonde {

// A project as it is now, whoever has it open, as another one in `copy`, which must not be there. Nothing is
// written to the project itself. Throws Error naming the folder: not_found if there is no project,
// unavailable.
void copy_project(const std::filesystem::path& folder, const std::filesystem::path& copy);

// A project as it is now, whoever has it open: a copy that is gone with this object. Nothing is written to
// the project itself.
class ProjectSnapshot {
 public:
  // Throws Error naming the folder: not_found if there is no project; else as Project::open.
  explicit ProjectSnapshot(const std::filesystem::path& folder);
  ~ProjectSnapshot();
  ProjectSnapshot(const ProjectSnapshot&) = delete;
  ProjectSnapshot& operator=(const ProjectSnapshot&) = delete;

  const Project& project() const { return *project_; }
  Project& project() { return *project_; }  // what is done to it is gone with the copy

 private:
  std::filesystem::path copy_;
  std::unique_ptr<Project> project_;
};

}  // namespace sonde
