// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "sonde/server/image_service.h"

namespace sonde {

enum class OutputForm { text, json };

// `sonde annotate --verify`: replays the history of a project, which may be open elsewhere and is not written
// to, and prints what differs. Returns the exit status: kSomeFailed where anything does or cannot be told.
int verify_project(const std::filesystem::path& folder, ServedModel model, OutputForm form);

}  // namespace sonde
