// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

namespace sonde {

// Writes RUN/report.html from the other files of a run: one HTML page that needs nothing else and asks the
// network for nothing. Equal files give equal bytes. Of a run that has not come to its end (it may be going
// on) the page shows what is known and says so. Atomic. Throws Error{not_found} naming run.json, train.csv or
// validation.csv where it is missing, Error{corrupt_data} naming the file and the fault in it,
// Error{unavailable} where the page cannot be written.
void write_training_report(const std::filesystem::path& run);

}  // namespace sonde
