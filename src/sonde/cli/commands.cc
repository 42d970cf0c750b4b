// SPDX-License-Identifier: Apache-2.0
#include "sonde/cli/commands.h"

#include <iostream>
#include <string>
#include <vector>

#include "sonde/core/error.h"

namespace sonde {

Parsed parse(CLI::App& app, Arguments args) {
  try {
    app.parse(std::vector<std::string>(args.rbegin(), args.rend()));  // CLI11 takes them last first
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() != 0) {
      throw Error(ErrorKind::usage,
                  app.get_name() + ": " + error.what() + "; see " + app.get_name() + " --help");
    }
    app.exit(error, std::cout, std::cerr);
    return Parsed::helped;
  }
  return Parsed::run;
}

}  // namespace sonde
