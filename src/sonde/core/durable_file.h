// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string_view>

#include "sonde/core/bytes.h"

namespace sonde {

// A file that appears whole or not at all: written under a temporary name in the same folder (which keeps the
// extension), flushed to the disk, renamed. Destroyed before commit(): the temporary file is removed and the
// target is as it was.
class DurableFile {
 public:
  // Who may read it; of everybody, whom the process's umask lets.
  enum class Readers { everybody, owner };
  // Throws Error{unavailable} naming `target` if its folder cannot be written.
  explicit DurableFile(std::filesystem::path target, Readers readers = Readers::everybody);
  DurableFile(const DurableFile&) = delete;
  DurableFile& operator=(const DurableFile&) = delete;
  ~DurableFile();

  // For libraries that write by name; they may replace the file's content.
  const std::filesystem::path& temporary_path() const { return temporary_; }

  // Appends. Throws Error{unavailable} naming the target (disk full, ...).
  void write(ByteView bytes);

  // Flushes and renames. Throws as write(). Call once.
  void commit();

 private:
  std::filesystem::path target_;
  std::filesystem::path temporary_;
  int descriptor_ = -1;
};

void write_durably(const std::filesystem::path& target, ByteView bytes);
void write_durably(const std::filesystem::path& target, std::string_view text);

}  // namespace sonde
