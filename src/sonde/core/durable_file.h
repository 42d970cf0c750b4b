// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string_view>

#include "sonde/core/bytes.h"
#include "sonde/core/leftovers.h"

namespace sonde {

// A file that appears whole or not at all: written under a temporary name in the same folder (which keeps the
// extension), flushed to the disk, renamed. Destroyed before commit(), or ended by a signal: the temporary
// file is removed and the target is as it was. A target that is a link is written through: the link stays,
// what it points to is replaced; where only the owner may read, the link itself is replaced, for somebody
// else may have laid it.
class DurableFile {
 public:
  // Who may read it; of everybody, whom the process's umask lets.
  enum class Readers { everybody, owner };
  // Throws Error{unavailable} naming `target` if its folder cannot be written, or if it is a folder, a
  // device, a pipe or a link that leads nowhere.
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
  std::filesystem::path target_;     // as it was named
  std::filesystem::path file_;       // the same, with links followed
  std::filesystem::path temporary_;  // empty once it has been renamed
  Leftover leftover_;
  int descriptor_ = -1;
};

void write_durably(const std::filesystem::path& target, ByteView bytes);
void write_durably(const std::filesystem::path& target, std::string_view text);

}  // namespace sonde
