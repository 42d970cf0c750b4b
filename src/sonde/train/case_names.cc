// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <map>
#include <regex>

#include "sonde/io/data_files.h"
#include "sonde/train/split.h"

namespace sonde {
namespace {

struct Habit {
  const char* how;
  const char* pattern;  // its first group is the case
};
constexpr std::array kHabits{
    Habit{"the folder in their names", R"(^(.+)/[^/]+$)"},
    Habit{"the number after a word like patient at the beginning of their names",
          R"(^((?:patient|subject|subj|sub|case|pat|pid|volunteer|donor)[-_ ]?\d+)(?!\d))"},
    Habit{"what stands before the last number in their names",
          R"(^(.*[^-_. ])[-_. ]+[A-Za-z]{0,6}\d+[^/\d]*$)"}};

std::optional<std::vector<std::string>> cases_by(const Habit& habit, std::span<const std::string> stems) {
  const std::regex pattern(habit.pattern, std::regex::icase);
  std::vector<std::string> cases;
  std::map<std::string, int> sizes;
  bool shared = false;
  for (const std::string& stem : stems) {
    std::smatch match;
    if (!std::regex_search(stem, match, pattern)) return std::nullopt;
    cases.push_back(match[1].str());
    shared |= ++sizes[cases.back()] > 1;
  }
  constexpr std::size_t kMinCases = 3;  // fewer are words like "train" or "slice"
  if (sizes.size() < kMinCases || !shared) return std::nullopt;
  return cases;
}

}  // namespace

std::optional<NamedCases> cases_of_names(std::span<const std::string> images) {
  std::vector<std::string> stems;
  for (const std::string& image : images) {
    const std::filesystem::path path(image);
    stems.push_back((path.parent_path() / image_stem(path).value_or(path.filename().string())).string());
  }
  for (const Habit& habit : kHabits)
    if (auto cases = cases_by(habit, stems)) return NamedCases{std::move(*cases), habit.how};
  return std::nullopt;
}

}  // namespace sonde
