// SPDX-License-Identifier: Apache-2.0
#include "sonde/annotate/gather_names.h"

#include <iterator>
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

std::string numbered(const std::string& name, int number) {
  return name + " (" + std::to_string(number) + ")";
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
    for (int number = 2; !used.insert(unique).second; ++number) unique = numbered(name, number);
    names.push_back(std::move(unique));
  }
  return names;
}

std::string name_among(const std::map<std::string, fs::path>& taken, const std::string& name,
                       const fs::path& path) {
  const auto same = taken.find(name);
  if (same == taken.end()) return name;
  const auto max =
      same->second == path ? 0 : static_cast<std::size_t>(std::distance(path.begin(), path.end()));
  std::size_t parts = max;  // of the path, that the name has already
  while (parts > 0 && !name.starts_with(last_parts(path, parts))) --parts;
  const std::string title = name.substr(parts == 0 ? 0 : last_parts(path, parts).size());
  for (std::size_t count = parts + 1; parts > 0 && count < max; ++count) {
    std::string longer = last_parts(path, count) + title;
    if (!taken.contains(longer)) return longer;
  }
  int number = 2;
  while (taken.contains(numbered(name, number))) ++number;
  return numbered(name, number);
}

}  // namespace sonde
