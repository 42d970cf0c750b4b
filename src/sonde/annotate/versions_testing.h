// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>
#include <filesystem>

namespace sonde {

// The database of a project that nobody has open, as version 1 had it.
inline void make_version_1(const std::filesystem::path& database) {
  SQLite::Database(database.string(), SQLite::OPEN_READWRITE)
      .exec(
          "ALTER TABLE events DROP COLUMN client; ALTER TABLE images DROP COLUMN content;"
          "ALTER TABLE images DROP COLUMN stamp; PRAGMA user_version = 1");
}

}  // namespace sonde
