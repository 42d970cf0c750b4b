// SPDX-License-Identifier: Apache-2.0
#include "sonde/annotate/gather_names.h"

#include <map>
#include <set>

namespace sonde {
namespace {

namespace fs = std::filesystem;

std::string last_parts(const fs::path& path, std::size_t count) {
  fs::path name = path.filename();
  fs::path rest = path.parent_path();
  for (std::size_t i = 1; i < count && rest.has_relative_path(); ++i) {
    name = rest.filename() / name;
    rest = rest.parent_path();
  }
  return name.string();
}

std::size_t parts_that_differ(const std::set<fs::path>& paths) {
  for (std::size_t count = 1;; ++count) {  // whole paths differ
    std::set<std::string> names;
    for (const fs::path& path : paths) names.insert(last_parts(path, count));
    if (names.size() == paths.size()) return count;
  }
}

std::map<fs::path, std::string> names_of_paths(std::span<const ImagePlace> places) {
  std::map<std::string, std::set<fs::path>> by_file_name;
  for (const ImagePlace& place : places) by_file_name[last_parts(place.path, 1)].insert(place.path);
  std::map<fs::path, std::string> names;
  for (const auto& [file_name, paths] : by_file_name) {
    const std::size_t parts = parts_that_differ(paths);
    for (const fs::path& path : paths) names[path] = last_parts(path, parts);
  }
  return names;
}

}  // namespace

std::vector<std::string> unique_names(std::span<const ImagePlace> places) {
  const auto name_of_path = names_of_paths(places);
  std::map<fs::path, int> images_at;
  for (const ImagePlace& place : places) ++images_at[place.path];
  std::set<std::string> used;
  std::vector<std::string> names;
  for (const ImagePlace& place : places) {
    std::string name = name_of_path.at(place.path);
    if (images_at.at(place.path) > 1 && !place.title.empty()) name.append(", ").append(place.title);
    std::string unique = name;
    for (int number = 2; !used.insert(unique).second; ++number)
      unique = name + " (" + std::to_string(number) + ")";
    names.push_back(std::move(unique));
  }
  return names;
}

}  // namespace sonde
