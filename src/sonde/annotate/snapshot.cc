// SPDX-License-Identifier: Apache-2.0
#include "sonde/annotate/snapshot.h"

#include <SQLiteCpp/Backup.h>
#include <SQLiteCpp/SQLiteCpp.h>
#include <cerrno>
#include <stdlib.h>  // NOLINT(modernize-deprecated-headers): POSIX's mkdtemp
#include <system_error>

#include "sonde/core/error.h"

namespace sonde {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDatabase = "sonde.sqlite";
constexpr const char* kMasks = "masks";

fs::path new_folder() {
  std::string name = (fs::temp_directory_path() / "sonde-snapshot-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr)
    throw Error(ErrorKind::unavailable,
                name + ": cannot be created: " + std::generic_category().message(errno));
  return name;
}

// SQLite's own copy is one state of the database, whatever others write meanwhile.
void copy_database(const fs::path& folder, const fs::path& copy) {
  constexpr int kBusyMs = 10'000;
  SQLite::Database from((folder / kDatabase).string(), SQLite::OPEN_READONLY, kBusyMs);
  SQLite::Database to((copy / kDatabase).string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  SQLite::Backup backup(to, from);
  constexpr int kAllPages = -1;
  backup.executeStep(kAllPages);
}

// Mask files never change. One that has gone since belongs to no object any more, or to one that is made
// again from its history.
void copy_masks(const fs::path& folder, const fs::path& copy) {
  fs::create_directory(copy / kMasks);
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(folder / kMasks, failed)) {
    const fs::path target = copy / kMasks / entry.path().filename();
    std::error_code ignored;
    fs::create_hard_link(entry.path(), target, ignored);
    if (ignored) fs::copy_file(entry.path(), target, ignored);
  }
}

// Errors name the folder that was asked for, not its copy.
[[noreturn]] void throw_naming(const fs::path& folder, const fs::path& copy, const Error& error) {
  std::string text = error.what();
  if (const auto at = text.find(copy.string()); at != std::string::npos)
    text.replace(at, copy.string().size(), folder.string());
  throw Error(error.kind(), text);
}

void require_project(const fs::path& folder) {
  std::error_code unknown;
  if (!fs::is_regular_file(folder / kDatabase, unknown))
    throw Error(ErrorKind::not_found, folder.string() + ": there is no project in this folder");
}

void copy_to(const fs::path& folder, const fs::path& copy) {
  try {
    copy_database(folder, copy);
    copy_masks(folder, copy);
  } catch (const SQLite::Exception& error) {
    throw Error(ErrorKind::unavailable, folder.string() + ": its database cannot be read: " + error.what());
  } catch (const fs::filesystem_error& error) {
    throw Error(ErrorKind::unavailable, folder.string() + ": cannot be copied: " + error.code().message());
  }
}

std::unique_ptr<Project> opened_copy(const fs::path& folder, const fs::path& copy) {
  try {
    copy_to(folder, copy);
    return std::make_unique<Project>(copy);
  } catch (const Error& error) {
    throw_naming(folder, copy, error);
  }
}

}  // namespace

void copy_project(const fs::path& folder, const fs::path& copy) {
  require_project(folder);
  std::error_code failed;
  fs::create_directories(copy, failed);
  if (failed) throw Error(ErrorKind::unavailable, copy.string() + ": " + failed.message());
  copy_to(folder, copy);
}

ProjectSnapshot::ProjectSnapshot(const fs::path& folder) {
  require_project(folder);
  copy_ = new_folder();
  try {
    project_ = opened_copy(folder, copy_);
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(copy_, ignored);
    throw;
  }
}

ProjectSnapshot::~ProjectSnapshot() {
  project_.reset();
  std::error_code ignored;
  fs::remove_all(copy_, ignored);
}

}  // namespace sonde
