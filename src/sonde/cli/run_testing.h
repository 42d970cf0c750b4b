// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "sonde/cli/commands.h"
#include "sonde/cli/exit_status.h"
#include "sonde/core/error.h"

namespace sonde {

// For tests.

struct CommandOutcome {
  int status = 0;
  std::string out, error;
};

// The command as a shell would see it, in this process.
inline CommandOutcome run(int (*command)(Arguments), const std::vector<std::string>& args) {
  std::vector<const char*> pointers;
  for (const std::string& arg : args) pointers.push_back(arg.c_str());
  std::ostringstream out;
  std::ostringstream error;
  auto* const old_out = std::cout.rdbuf(out.rdbuf());
  auto* const old_error = std::cerr.rdbuf(error.rdbuf());
  CommandOutcome outcome;
  try {
    outcome.status = command(pointers);
  } catch (const Error& refused) {
    outcome.status = exit_status(refused.kind());
    error << refused.what();
  }
  std::cout.rdbuf(old_out);
  std::cerr.rdbuf(old_error);
  outcome.out = out.str();
  outcome.error = error.str();
  return outcome;
}

}  // namespace sonde
