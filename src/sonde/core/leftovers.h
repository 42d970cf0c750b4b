// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>

namespace sonde {

// A file that must not stay when a signal ends the program, as long as this lives: see end_on_signals().
// Where very many are wanted at once, or the path is longer than the system takes, the rest is not looked
// after.
class Leftover {
 public:
  explicit Leftover(const std::filesystem::path& path);
  Leftover(const Leftover&) = delete;
  Leftover& operator=(const Leftover&) = delete;
  ~Leftover();

 private:
  std::size_t slot_;
};

// From now on SIGHUP, SIGINT and SIGTERM remove what is left over and end the program with 128 + their number
// (130 for Ctrl-C), at any moment. One that is ignored stays so (nohup, a shell's background).
void end_on_signals();

}  // namespace sonde
