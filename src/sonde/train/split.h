// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sonde/train/data.h"

namespace sonde {

// What stays together. automatic: cases where the names tell them, else images.
enum class SplitBy { automatic, image, case_name, dataset };
constexpr auto words(SplitBy /*by*/) { return Words{"SplitBy", "auto", "image", "case", "dataset"}; }

struct SplitOptions {
  SplitBy by = SplitBy::automatic;
  std::string pattern{};  // of case_name: the first group of this regular expression in `image` is the case
  double validation = 0.2, test = 0.2;          // shares of the pictures of each data set
  std::optional<std::filesystem::path> file{};  // a split.csv that says it all
  std::uint64_t seed = 1;
};
// "image", "case", "case:REGEX", "dataset", "auto" into `by` and `pattern`. Throws Error{usage}.
void parse_split(const std::string& text, SplitOptions& options);

// Sets case_name and part of every picture whose part is not guard. The slices of a volume stay together
// whatever is asked for. Returns notes, one line each, which name the data set. Throws Error: usage (a
// pattern that does not fit a name, which is given; a share that leaves no picture to train on; a picture
// that the file does not list), corrupt_data (the file).
std::vector<std::string> split(std::vector<TrainPicture>& pictures, const SplitOptions& options);

// Throws Error{usage} naming both files where two parts show the same pixels.
void check_leakage(std::span<const TrainPicture> pictures);

// dataset,image,case,part
std::string split_csv(std::span<const TrainPicture> pictures);

// The cases that the names of a data set's pictures tell, one a picture, and how; absent where they tell
// none. In this order, each if all names have it and it gives several cases, one of them of several pictures:
//   the folder:                              p1/17.png
//   a word at the beginning with its number: patient7_12.png, sub-03_t2.png
//   what stands before the last number:      10008_12.png
struct NamedCases {
  std::vector<std::string> cases;
  std::string how;
};
std::optional<NamedCases> cases_of_names(std::span<const std::string> images);

}  // namespace sonde
