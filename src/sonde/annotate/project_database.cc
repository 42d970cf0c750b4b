// SPDX-License-Identifier: Apache-2.0
#include "sonde/annotate/project_database.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sqlite3.h>
#include <string>
#include <sys/file.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <nlohmann/json.hpp>

#include "sonde/annotate/project_schema.h"
#include "sonde/core/error.h"

namespace sonde {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kLockName = "sonde.lock";
constexpr std::string_view kDatabaseName = "sonde.sqlite";
constexpr int kBusyMs = 2000;

// What a project that was killed while it began may have left.
bool is_ours(const std::string& name) {
  return name == kLockName || name == "masks" || name.starts_with(kDatabaseName);
}

void make_folder(const fs::path& folder) {
  std::error_code error;
  if (fs::exists(folder, error) && !fs::is_directory(folder, error))
    throw Error(ErrorKind::usage, folder.string() + ": a project is a folder, this is a file");
  fs::create_directories(folder, error);
  if (error) throw Error(ErrorKind::unavailable, folder.string() + ": cannot be written: " + error.message());
  if (fs::exists(folder / kDatabaseName)) return;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    if (is_ours(entry.path().filename().string())) continue;
    throw Error(ErrorKind::usage,
                folder.string() + ": neither a project nor an empty folder: name another with --project");
  }
  if (error) throw Error(ErrorKind::unavailable, folder.string() + ": cannot be read: " + error.message());
}

ErrorKind kind_of_sqlite(int code) {
  switch (code & 0xFF) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_SCHEMA:
    case SQLITE_ERROR:  // a table that is not there
      return ErrorKind::corrupt_data;
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_READONLY:
    case SQLITE_NOMEM:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_NOLFS:
    case SQLITE_AUTH:
      return ErrorKind::unavailable;
    default:
      return ErrorKind::internal;
  }
}

[[noreturn]] void fail_as_sqlite(const fs::path& file, const SQLite::Exception& error) {
  const ErrorKind kind = kind_of_sqlite(error.getErrorCode());
  const char* what = kind == ErrorKind::corrupt_data  ? ": the project's database is damaged: "
                     : kind == ErrorKind::unavailable ? ": cannot be written or read: "
                                                      : ": ";
  throw Error(kind, file.string() + what + error.what());
}

}  // namespace

ProjectDatabase::ProjectDatabase(fs::path folder) : folder_(std::move(folder)) {
  make_folder(folder_);
  lock();
  try {
    guarded([this] { connect(); });
  } catch (...) {
    connection_.reset();
    ::close(lock_);
    throw;
  }
}

ProjectDatabase::~ProjectDatabase() {
  connection_.reset();  // before another process may open it
  ::close(lock_);
}

void ProjectDatabase::lock() {
  const fs::path name = folder_ / kLockName;
  lock_ = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (lock_ < 0) {
    throw Error(ErrorKind::unavailable,
                folder_.string() + ": cannot be written: " + std::generic_category().message(errno));
  }
  if (::flock(lock_, LOCK_EX | LOCK_NB) == 0) return;
  const int error = errno;
  ::close(lock_);
  if (error == EWOULDBLOCK)
    throw Error(ErrorKind::usage, folder_.string() + ": another process has this project open");
  throw Error(ErrorKind::unavailable,
              folder_.string() + ": cannot be locked: " + std::generic_category().message(error));
}

void ProjectDatabase::connect() {
  connection_ = std::make_unique<SQLite::Database>(file().string(),
                                                   SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, kBusyMs);
  SQLite::Database& db = *connection_;
  db.exec("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA foreign_keys = ON;");
  const int tables = db.execAndGet("SELECT count(*) FROM sqlite_master").getInt();
  const int application = db.execAndGet("PRAGMA application_id").getInt();
  const int version = db.execAndGet("PRAGMA user_version").getInt();
  if (tables > 0 && application != kProjectApplication)
    throw Error(ErrorKind::corrupt_data, file().string() + ": not the database of an annotation project");
  if (version > kProjectSchema) {
    throw Error(ErrorKind::unsupported, file().string() + ": written by a newer sonde (version " +
                                            std::to_string(version) + ", this one reads up to " +
                                            std::to_string(kProjectSchema) + ")");
  }
  const std::string mode = db.execAndGet("PRAGMA journal_mode = WAL").getString();
  if (mode != "wal")
    throw Error(ErrorKind::unavailable, file().string() + ": the file system keeps no write-ahead log");
  db.exec("PRAGMA synchronous = FULL");
  if (tables > 0 && version == kProjectSchema) return;
  SQLite::Transaction transaction(db);
  if (tables == 0) {
    db.exec(kProjectTables);
    db.exec("PRAGMA application_id = " + std::to_string(kProjectApplication));
  }
  for (int from = tables == 0 ? kProjectSchema : std::max(version, 1); from < kProjectSchema; ++from)
    db.exec(kProjectUpgrades.at(static_cast<std::size_t>(from - 1)));
  db.exec("PRAGMA user_version = " + std::to_string(kProjectSchema));
  transaction.commit();
}

void ProjectDatabase::throw_again() const {
  try {
    throw;
  } catch (const SQLite::Exception& error) {
    fail_as_sqlite(file(), error);
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorKind::corrupt_data,
                file().string() + ": the project's database is damaged: " + error.what());
  } catch (const fs::filesystem_error& error) {
    throw Error(ErrorKind::unavailable, error.path1().string() + ": " + error.code().message());
  }
}

}  // namespace sonde
