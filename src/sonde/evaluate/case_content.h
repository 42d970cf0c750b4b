// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <span>

#include "sonde/evaluate/task.h"

namespace sonde {

// Of an image with label files. What cannot be read has a content of its own, so that answers from when it
// could be read are not taken for answers to it.
CaseContent content_of_case(const std::filesystem::path& image,
                            std::span<const std::filesystem::path> truth_files);
// Of an image alone: `truth` is the caller's.
CaseContent content_of_case(const std::filesystem::path& image);

}  // namespace sonde
