// SPDX-License-Identifier: Apache-2.0
#include "sonde/train/test_answers.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <nlohmann/json.hpp>

#include "sonde/core/durable_file.h"
#include "sonde/core/json_text.h"
#include "sonde/evaluate/csv.h"
#include "sonde/evaluate/report_drawing.h"
#include "sonde/evaluate/report_page.h"
#include "sonde/train/run_reading.h"

namespace sonde {
namespace {

using nlohmann::json;

struct TextColumn {
  std::string_view name;
  std::string TestAnswer::*value;
};
struct NumberColumn {
  std::string_view name;
  double TestAnswer::*value;
};
constexpr std::array kTexts{TextColumn{"dataset", &TestAnswer::dataset},
                            TextColumn{"image", &TestAnswer::image},
                            TextColumn{"object", &TestAnswer::object},
                            TextColumn{"label_name", &TestAnswer::label_name},
                            TextColumn{"prompt_kind", &TestAnswer::prompt_kind},
                            TextColumn{"prompt", &TestAnswer::prompt},
                            TextColumn{"choice", &TestAnswer::choice}};
constexpr std::array kNumbers{NumberColumn{"iou_before", &TestAnswer::iou_before},
                              NumberColumn{"iou_after", &TestAnswer::iou_after},
                              NumberColumn{"predicted_before", &TestAnswer::predicted_before},
                              NumberColumn{"predicted_after", &TestAnswer::predicted_after}};

std::vector<std::string_view> column_names() {
  std::vector<std::string_view> names;
  for (const TextColumn& column : kTexts) names.push_back(column.name);
  for (const NumberColumn& column : kNumbers) names.push_back(column.name);
  return names;
}

void append_number(std::string& line, double value) {
  constexpr int kDigits = 6;
  std::array<char, 400> text;  // the largest double has 309 digits before the point
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed, kDigits);
  line.append(text.data(), end.ptr);
}

std::string test_csv(const std::vector<TestAnswer>& answers) {
  std::string text;
  for (const std::string_view name : column_names()) (text += text.empty() ? "" : ",") += name;
  text += '\n';
  for (const TestAnswer& answer : answers) {
    for (const TextColumn& column : kTexts) {
      append_csv_field(text, answer.*column.value);
      text += ',';
    }
    for (const NumberColumn& column : kNumbers) {
      append_number(text, answer.*column.value);
      text += ',';
    }
    text.back() = '\n';
  }
  return text;
}

std::vector<ChosenAnswer> chosen_of(const std::vector<TestAnswer>& answers, std::vector<std::size_t> places) {
  constexpr double kClearLoss = 0.05;
  const auto after = [&](std::size_t place) { return answers[place].iou_after; };
  const auto gain = [&](std::size_t place) { return answers[place].iou_after - answers[place].iou_before; };
  std::ranges::stable_sort(places, {}, after);
  std::vector<double> ious(places.size());
  std::ranges::transform(places, ious.begin(), after);
  std::vector<ChosenAnswer> chosen;
  for (const auto& [place, rank] : places_by_rank(ious, 2)) chosen.push_back({places[place], rank});
  std::ranges::reverse(chosen);  // the worst are looked at first
  const auto lost = std::ranges::min_element(places, {}, gain);
  if (lost == places.end() || gain(*lost) > -kClearLoss) return chosen;
  const auto known = std::ranges::find(chosen, *lost, &ChosenAnswer::place);
  if (known != chosen.end())
    known->rank = "lost most";
  else if (chosen.size() < 6)
    chosen.push_back({*lost, "lost most"});
  else
    chosen[4] = {*lost, "lost most"};  // rather than a second of the best
  return chosen;
}

json case_json(const TestAnswer& answer, std::string_view rank) {
  json line{{"rank", rank}};
  for (const TextColumn& column : kTexts) line[column.name] = answer.*column.value;
  for (const NumberColumn& column : kNumbers) line[column.name] = rounded(answer.*column.value, 3);
  return line;
}

json cases_json(const std::vector<TestAnswer>& answers, const TestPictureOf& picture_of) {
  PictureBook book;
  json lines = json::array();
  for (const auto& [place, rank] : choose_test_answers(answers)) {
    const TestAnswer& answer = answers[place];
    json line = case_json(answer, rank);
    if (const std::optional<TestPicture> picture = picture_of(place)) {
      json drawing =
          book.draw({answer.dataset, answer.image}, picture->image,
                    {{"truth", picture->truth}, {"before", picture->before}, {"after", picture->after}},
                    parse_prompt_marks(answer.prompt));
      if (!drawing.is_null()) line["drawing"] = std::move(drawing);
    }
    lines.push_back(std::move(line));
  }
  return {{"pictures", book.data_uris()}, {"lines", std::move(lines)}};
}

}  // namespace

std::vector<ChosenAnswer> choose_test_answers(const std::vector<TestAnswer>& answers) {
  std::vector<ChosenAnswer> chosen;
  for (const bool has_box : {false, true}) {
    const auto fits = [&](const TestAnswer& answer) {
      const PromptMarks prompt = parse_prompt_marks(answer.prompt);
      return has_box ? !prompt.boxes.empty() : prompt.boxes.empty() && !prompt.positive.empty();
    };
    const auto first = std::ranges::find_if(answers, fits);
    if (first == answers.end()) continue;
    std::vector<std::size_t> own;
    for (std::size_t i = 0; i < answers.size(); ++i)
      if (answers[i].prompt_kind == first->prompt_kind) own.push_back(i);
    for (const ChosenAnswer& one : chosen_of(answers, std::move(own))) chosen.push_back(one);
  }
  return chosen;
}

void write_test_answers(const std::filesystem::path& run, const std::vector<TestAnswer>& answers,
                        const TestPictureOf& picture) {
  write_durably(run / "test.csv", test_csv(answers));
  write_durably(run / "cases.json", json_text(cases_json(answers, picture)) + "\n");
}

std::vector<TestAnswer> read_test_answers(const std::filesystem::path& file) {
  const std::vector<std::string_view> names = column_names();
  RunCsv csv(file, names);
  std::vector<TestAnswer> answers;
  while (csv->next()) {
    TestAnswer& answer = answers.emplace_back();
    std::size_t at = 0;
    for (const TextColumn& column : kTexts) answer.*column.value = csv->text(at++);
    for (const NumberColumn& column : kNumbers) answer.*column.value = csv->number(at++);
  }
  return answers;
}

}  // namespace sonde
