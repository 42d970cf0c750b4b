// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
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

// `name`, which unique_names() gave to an image at `path`, among the names of images at other places: if it
// is taken, with more folders of the path in front; where they do not tell, with a number behind.
std::string name_among(const std::map<std::string, std::filesystem::path>& taken, const std::string& name,
                       const std::filesystem::path& path);

}  // namespace sonde
