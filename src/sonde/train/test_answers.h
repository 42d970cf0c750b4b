// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sonde/imaging/picture.h"

// What a run leaves of its test part, object by object: test.csv, and a few as pictures: cases.json.
namespace sonde {

// One object, prompted once, as the model answered before and after it was tuned: each by its own rule.
struct TestAnswer {
  std::string dataset, image, object, label_name;
  std::string prompt_kind;  // as in validation.csv
  std::string prompt;       // as in results.csv: "+3,4;-5,6" or "x0,y0,x1,y1", pixels of the picture
  std::string choice;       // the rule after tuning
  double iou_before = 0, iou_after = 0;
  double predicted_before = 0, predicted_after = 0;  // IoU as the model thought
  bool operator==(const TestAnswer&) const = default;
};

// What one of them looks like. All of one extent.
struct TestPicture {
  RgbImage image;
  Mask truth, before, after;
};
// By the answer's place in the list. Absent where the picture cannot be had any more.
using TestPictureOf = std::function<std::optional<TestPicture>(std::size_t place)>;

// Writes RUN/test.csv and RUN/cases.json: those that choose_test_answers takes, each with its picture, small,
// and outlines. The same answers give the same bytes. Throws Error{unavailable} naming the file.
void write_test_answers(const std::filesystem::path& run, const std::vector<TestAnswer>& answers,
                        const TestPictureOf& picture);

// Throws Error: not_found, corrupt_data naming file and line.
std::vector<TestAnswer> read_test_answers(const std::filesystem::path& file);

// Of the first kind of prompt without a box and of the first with one, each: by the IoU after tuning the two
// worst, the two about the median and the two best, and the one that lost most, where one lost more than
// 0.05.
struct ChosenAnswer {
  std::size_t place = 0;
  std::string_view rank;  // "worst", "median", "best", "lost most"; "only", "alike"
};
std::vector<ChosenAnswer> choose_test_answers(const std::vector<TestAnswer>& answers);

}  // namespace sonde
