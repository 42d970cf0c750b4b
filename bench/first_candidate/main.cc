// SPDX-License-Identifier: Apache-2.0
// first_candidate ask RECORDS.csv DATA...: asks mobile-sam for the objects of data sets (docs/data-sets.md)
// as a person would, and writes how good each answer was. first_candidate rules RECORDS.csv: of such a
// measurement, what rules that choose the candidate shown first would have reached (docs/annotate.md, "Which
// candidate comes first").
#include <iostream>
#include <string>
#include <vector>

#include "ask.h"
#include "compare.h"
#include "records.h"

#include "sonde/core/error.h"

namespace {

using namespace sonde;         // NOLINT: a program
using namespace sonde::bench;  // NOLINT

int run(const std::string& what, const std::filesystem::path& records,
        const std::vector<std::filesystem::path>& data) {
  if (what == "rules") {
    std::cout << compare_rules(read_records(records));
    return 0;
  }
  const SamModel model = SamModel::load("mobile-sam", {.threads = 1});
  write_records(records, ask_for_objects(model, data, {}));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc < 3 ? "" : argv[1];
  if (!(what == "rules" && argc == 3) && !(what == "ask" && argc > 3)) {
    std::cerr << "usage: first_candidate ask RECORDS.csv DATA... | first_candidate rules RECORDS.csv\n";
    return 2;
  }
  try {
    return run(what, argv[2], {argv + 3, argv + argc});
  } catch (const sonde::Error& error) {
    std::cerr << "first_candidate: " << error.what() << '\n';
    return 3;
  }
}
