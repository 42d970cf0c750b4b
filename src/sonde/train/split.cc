// SPDX-License-Identifier: Apache-2.0
#include "sonde/train/split.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <regex>
#include <set>
#include <string_view>

#include "sonde/core/bytes.h"
#include "sonde/core/error.h"
#include "sonde/core/random.h"
#include "sonde/core/text.h"
#include "sonde/evaluate/csv.h"

namespace sonde {
namespace {

using Pictures = std::vector<TrainPicture*>;

// Of the pictures that are to be divided, by data set.
std::map<std::string, Pictures> by_dataset(std::vector<TrainPicture>& pictures) {
  std::map<std::string, Pictures> sets;
  for (TrainPicture& picture : pictures)
    if (picture.part != SplitPart::guard) sets[picture.dataset].push_back(&picture);
  return sets;
}

void set_cases_by_pattern(const Pictures& pictures, const std::string& text) {
  std::regex pattern;
  try {
    pattern = std::regex(text);
  } catch (const std::regex_error&) {
    throw Error(ErrorKind::usage, "--split case:" + text + ": is not a regular expression (ECMAScript)");
  }
  if (pattern.mark_count() < 1)
    throw Error(ErrorKind::usage, "--split case:" + text + ": needs a group in brackets, which is the case");
  for (TrainPicture* picture : pictures) {
    std::smatch match;
    if (!std::regex_search(picture->image, match, pattern))
      throw Error(ErrorKind::usage,
                  "--split case:" + text + ": does not fit " + picture->dataset + '/' + picture->image);
    picture->case_name = match[1].str();
  }
}

// Returns a note where the names tell nothing.
std::optional<std::string> set_cases(const std::string& dataset, const Pictures& pictures,
                                     const SplitOptions& options) {
  for (TrainPicture* picture : pictures) picture->case_name = picture->whole;
  if (options.by == SplitBy::dataset) {
    for (TrainPicture* picture : pictures) picture->case_name = dataset;
    return std::nullopt;
  }
  if (options.by == SplitBy::image) return std::nullopt;
  if (!options.pattern.empty()) {
    set_cases_by_pattern(pictures, options.pattern);
    return std::nullopt;
  }
  std::vector<std::string> names;
  for (const TrainPicture* picture : pictures)
    names.push_back(picture->whole.find('/') == 0 ? picture->image : picture->whole);
  if (const auto found = cases_of_names(names)) {
    for (std::size_t i = 0; i < pictures.size(); ++i) pictures[i]->case_name = found->cases[i];
    return dataset + ": cases are " + found->how;
  }
  const bool slices = std::ranges::any_of(pictures, [](auto* p) { return p->whole != p->image; });
  if (options.by == SplitBy::case_name && !slices)
    throw Error(ErrorKind::usage,
                dataset + ": its names tell no cases: give --split 'case:REGEX' or --split image");
  if (slices) return dataset + ": the slices of a volume stay together";
  return dataset +
         ": its names tell no cases, so it is split by picture: if a patient has several, they may be in "
         "more "
         "than one part (--split 'case:REGEX')";
}

struct Group {
  std::uint64_t order = 0;
  std::string name;
  Pictures pictures;
};

// Whole files stay together, also where their slices have several cases: groups that share a file are one.
std::vector<Group> groups_of(const Pictures& pictures, std::uint64_t seed, const std::string& scope) {
  std::map<std::string, std::string> group_of_file;
  std::map<std::string, Group> groups;
  for (TrainPicture* picture : pictures) {
    const auto [file, is_new] =
        group_of_file.try_emplace(picture->dataset + '\n' + picture->whole, picture->case_name);
    if (!is_new) picture->case_name = file->second;
    Group& group = groups[picture->case_name];
    group.name = picture->case_name;
    group.order = named_seed(seed, "split\n" + scope + '\n' + group.name);
    group.pictures.push_back(picture);
  }
  std::vector<Group> drawn;
  for (auto& [name, group] : groups) drawn.push_back(std::move(group));
  std::ranges::sort(drawn, {}, [](const Group& group) { return std::pair(group.order, group.name); });
  return drawn;
}

// Test first, then validation, until each has its share; a group that would overshoot by more than it helps
// is passed over. What is left trains.
void assign(std::vector<Group>& groups, const SplitOptions& options) {
  std::size_t total = 0, free_groups = groups.size();
  for (const Group& group : groups) total += group.pictures.size();
  for (const auto& [part, share] :
       {std::pair{SplitPart::test, options.test}, std::pair{SplitPart::validation, options.validation}}) {
    if (share <= 0) continue;
    // With two groups there is one to train and one to choose by.
    if (part == SplitPart::test && options.validation > 0 && groups.size() < 3) continue;
    const auto wanted = std::max(1.0, std::round(share * static_cast<double>(total)));
    double have = 0;
    for (Group& group : groups) {
      const auto size = static_cast<double>(group.pictures.size());
      const bool is_free = group.pictures.front()->part == SplitPart::train;
      if (!is_free || free_groups < 2 || have >= wanted) continue;
      if (have > 0 && have + size - wanted > wanted - have) continue;
      for (TrainPicture* picture : group.pictures) picture->part = part;
      have += size;
      --free_groups;
    }
  }
}

constexpr std::array<std::string_view, 4> kColumns{"dataset", "image", "case", "part"};

struct Row {
  std::string case_name;
  SplitPart part = SplitPart::train;
};

std::map<std::pair<std::string, std::string>, Row> read_split(const std::filesystem::path& file) {
  const MappedFile mapped(file);
  const auto* text = reinterpret_cast<const char*>(mapped.bytes().data());  // NOLINT: bytes as text
  CsvReader reader(file.string(), {text, mapped.bytes().size()}, kColumns);
  std::map<std::pair<std::string, std::string>, Row> rows;
  while (reader.next()) {
    const auto part = from_word<SplitPart>(reader.text(3));
    if (!part) reader.fail_field(3, "train, validation, test or guard");
    if (!rows.emplace(std::pair(reader.text(0), reader.text(1)), Row{reader.text(2), *part}).second)
      reader.fail(reader.text(0) + '/' + reader.text(1) + " is there twice");
  }
  return rows;
}

std::vector<std::string> split_by_file(std::vector<TrainPicture>& pictures,
                                       const std::filesystem::path& file) {
  const auto rows = read_split(file);
  std::map<std::string, const TrainPicture*> first_of_whole;
  std::size_t used = 0;
  for (TrainPicture& picture : pictures) {
    if (picture.part == SplitPart::guard) continue;
    const std::string name = picture.dataset + '/' + picture.image;
    const auto row = rows.find({picture.dataset, picture.image});
    if (row == rows.end()) throw Error(ErrorKind::usage, file.string() + ": does not list " + name);
    if (row->second.part == SplitPart::guard)
      throw Error(ErrorKind::usage, file.string() + ": " + name + " is of a guard set, and given as --data");
    ++used;
    picture.part = row->second.part;
    picture.case_name = row->second.case_name;
    const auto [first, is_new] = first_of_whole.try_emplace(picture.dataset + '\n' + picture.whole, &picture);
    if (!is_new && first->second->part != picture.part)
      throw Error(ErrorKind::usage, file.string() + ": puts slices of one volume into two parts: " +
                                        first->second->image + " and " + picture.image);
  }
  if (used == rows.size()) return {};
  return {file.string() + ": lists " + counted(static_cast<std::int64_t>(rows.size() - used), "picture") +
          " that the data does not have"};
}

std::size_t count_of(const std::vector<TrainPicture>& pictures, SplitPart part) {
  return static_cast<std::size_t>(std::ranges::count(pictures, part, &TrainPicture::part));
}

void require_parts(const std::vector<TrainPicture>& pictures, const SplitOptions& options) {
  if (count_of(pictures, SplitPart::train) == 0)
    throw Error(ErrorKind::usage,
                "no picture is left to train on: give more data, or smaller --validation and --test");
  const auto require = [&](SplitPart part, double share) {
    if (share <= 0 || options.file || count_of(pictures, part) > 0) return;
    const std::string word(to_string(part));
    throw Error(ErrorKind::usage, "the " + word + " part is empty: there are too few " +
                                      (options.by == SplitBy::dataset ? "data sets" : "pictures or cases") +
                                      " to give it one (" + std::to_string(pictures.size()) +
                                      (pictures.size() == 1 ? " picture" : " pictures") +
                                      "); give more data, or --" + word + " 0");
  };
  require(SplitPart::validation, options.validation);
  require(SplitPart::test, options.test);
}

}  // namespace

void parse_split(const std::string& text, SplitOptions& options) {
  constexpr std::string_view kPattern = "case:";
  if (text.starts_with(kPattern)) {
    options.by = SplitBy::case_name;
    options.pattern = text.substr(kPattern.size());
    if (!options.pattern.empty()) return;
  } else if (const auto by = from_word<SplitBy>(text)) {
    options.by = *by;
    options.pattern.clear();
    return;
  }
  throw Error(ErrorKind::usage, "--split " + text + ": auto, image, case, case:REGEX or dataset");
}

std::vector<std::string> split(std::vector<TrainPicture>& pictures, const SplitOptions& options) {
  if (!(options.validation >= 0 && options.test >= 0 && options.validation + options.test < 1))
    throw Error(ErrorKind::usage, "--validation and --test are shares, 0 or more and together less than 1");
  if (options.file) {
    std::vector<std::string> notes = split_by_file(pictures, *options.file);
    require_parts(pictures, options);
    return notes;
  }
  std::vector<std::string> notes;
  auto sets = by_dataset(pictures);
  Pictures all;
  for (auto& [dataset, of_set] : sets) {
    for (TrainPicture* picture : of_set) picture->part = SplitPart::train;
    if (const auto note = set_cases(dataset, of_set, options)) notes.push_back(*note);
    all.insert(all.end(), of_set.begin(), of_set.end());
    if (options.by == SplitBy::dataset) continue;
    std::vector<Group> groups = groups_of(of_set, options.seed, dataset);
    if (groups.size() < 3 && sets.size() > 1)
      notes.push_back(dataset + ": too small for three parts: " +
                      counted(static_cast<std::int64_t>(groups.size()), "case"));
    assign(groups, options);
  }
  if (options.by == SplitBy::dataset) {
    std::vector<Group> groups = groups_of(all, options.seed, "");
    assign(groups, options);
  }
  require_parts(pictures, options);
  return notes;
}

void check_leakage(std::span<const TrainPicture> pictures) {
  std::map<std::string, const TrainPicture*> seen;
  for (const TrainPicture& picture : pictures) {
    const auto [other, is_new] = seen.try_emplace(picture.pixels_sha256, &picture);
    if (is_new || other->second->part == picture.part) continue;
    throw Error(ErrorKind::usage, picture.file.string() + ": the same pixels are in " +
                                      other->second->file.string() + ": one would be in the " +
                                      std::string(to_string(picture.part)) + " part, one in the " +
                                      std::string(to_string(other->second->part)) +
                                      " part; leave one out, or give both one case");
  }
}

std::string split_csv(std::span<const TrainPicture> pictures) {
  std::string text = "dataset,image,case,part\n";
  for (const TrainPicture& picture : pictures) {
    for (const std::string& field : {picture.dataset, picture.image, picture.case_name}) {
      append_csv_field(text, field);
      text += ',';
    }
    text += std::string(to_string(picture.part)) + '\n';
  }
  return text;
}

}  // namespace sonde
