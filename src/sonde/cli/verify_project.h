// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>

#include "sonde/server/image_service.h"

namespace sonde {

enum class OutputForm { text, json };

// `sonde annotate --verify`: replays the history of a project, which may be open elsewhere and is not written
// to, and prints what differs. `load`: weights that were chosen in it, whose answers are asked for again
// where they are still what they were. Returns the exit status: kSomeFailed where anything does or cannot be
// told.
int verify_project(const std::filesystem::path& folder, ServedModel model,
                   const std::function<SamModel(const std::filesystem::path&)>& load, OutputForm form);

}  // namespace sonde
