// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <span>

#include "sonde/evaluate/task.h"

namespace sonde {

// The hashes of an image and of its label files. A file that cannot be read has a hash of its own, so that
// answers from when it could be read are not taken for answers to it.
CaseContent content_of_case(const std::filesystem::path& image,
                            std::span<const std::filesystem::path> truth_files);
// The hash of an image alone; the caller sets `truth`.
CaseContent content_of_case(const std::filesystem::path& image);

}  // namespace sonde
