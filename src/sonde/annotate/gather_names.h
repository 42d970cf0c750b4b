// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace sonde {

struct ImagePlace {
  std::filesystem::path path;  // absolute
  std::string title;           // what tells it apart from others at the same path
};

// A name for each place, all different: the file name; where paths share it, with as many folders in front as
// tell them apart; where several are at one path, with the title behind.
std::vector<std::string> unique_names(std::span<const ImagePlace> places);

}  // namespace sonde
