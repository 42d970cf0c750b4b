// SPDX-License-Identifier: Apache-2.0
#include "records.h"

#include <algorithm>
#include <iomanip>
#include <limits>
#include <sstream>

#include "sonde/core/bytes.h"
#include "sonde/core/durable_file.h"
#include "sonde/core/error.h"
#include "sonde/evaluate/csv.h"

namespace sonde::bench {
namespace {

constexpr std::array<std::string_view, 29> kColumns{"dataset",
                                                    "image",
                                                    "object",
                                                    "prompt",
                                                    "draw",
                                                    "picture_px",
                                                    "object_px",
                                                    "iou0",
                                                    "predicted_iou0",
                                                    "stability0",
                                                    "area_px0",
                                                    "iou1",
                                                    "predicted_iou1",
                                                    "stability1",
                                                    "area_px1",
                                                    "iou2",
                                                    "predicted_iou2",
                                                    "stability2",
                                                    "area_px2",
                                                    "iou_single",
                                                    "predicted_iou_single",
                                                    "stability_single",
                                                    "area_px_single",
                                                    "agreement01",
                                                    "agreement02",
                                                    "agreement12",
                                                    "single0",
                                                    "single1",
                                                    "single2"};
constexpr std::size_t kFirstAnswer = 7, kAnswerColumns = 4, kAgreement = 23, kWithSingle = 26;
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

PromptKind parse_kind(const CsvReader& reader, std::size_t column) {
  for (const PromptKind kind : kPromptKinds) {
    if (to_string(kind) == reader.text(column)) return kind;
  }
  reader.fail_field(column, "a kind of prompt");
}

ScoredAnswer read_answer(const CsvReader& reader, std::size_t column) {
  return {reader.number(column), reader.number(column + 1), reader.number(column + 2),
          reader.integer(column + 3, 0, kMax)};
}

Record read_record(const CsvReader& reader) {
  Record record{reader.text(0),
                reader.text(1),
                reader.integer(2, 0, kMax),
                parse_kind(reader, 3),
                reader.integer(4, 0, kMax),
                reader.integer(5, 1, kMax),
                reader.integer(6, 1, kMax),
                {},
                {},
                {},
                {}};
  for (std::size_t k = 0; k < 3; ++k) {
    record.candidates[k] = read_answer(reader, kFirstAnswer + k * kAnswerColumns);
    record.agreement[k] = reader.number(kAgreement + k);
    record.with_single[k] = reader.number(kWithSingle + k);
  }
  record.single = read_answer(reader, kFirstAnswer + 3 * kAnswerColumns);
  return record;
}

void write_answer(std::ostream& out, const ScoredAnswer& answer) {
  out << ',' << answer.iou << ',' << answer.predicted_iou << ',' << answer.stability << ',' << answer.area_px;
}

}  // namespace

std::string_view to_string(PromptKind kind) {
  switch (kind) {
    case PromptKind::study_click:
      return "study_click";
    case PromptKind::person_click:
      return "person_click";
    case PromptKind::two_clicks:
      return "two_clicks";
    case PromptKind::three_clicks:
      return "three_clicks";
    case PromptKind::box:
      return "box";
    case PromptKind::jittered_box:
      return "jittered_box";
    case PromptKind::box_and_outside:
      return "box_and_outside";
    case PromptKind::box_and_inside:
      return "box_and_inside";
    case PromptKind::box_and_two:
      return "box_and_two";
    case PromptKind::mask_and_click:
      return "mask_and_click";
    case PromptKind::mask_and_box:
      return "mask_and_box";
  }
  throw Error(ErrorKind::internal, "a kind of prompt without a name");
}

void write_records(const std::filesystem::path& file, std::span<const Record> records) {
  std::ostringstream out;
  out << std::setprecision(6);
  for (std::size_t i = 0; i < kColumns.size(); ++i) out << (i == 0 ? "" : ",") << kColumns[i];
  out << '\n';
  for (const Record& r : records) {
    std::string names;
    append_csv_field(names, r.dataset);
    names += ',';
    append_csv_field(names, r.image);
    out << names << ',' << r.object << ',' << to_string(r.kind) << ',' << r.draw << ',' << r.picture_px << ','
        << r.object_px;
    for (const ScoredAnswer& answer : r.candidates) write_answer(out, answer);
    write_answer(out, r.single);
    for (const double value : r.agreement) out << ',' << value;
    for (const double value : r.with_single) out << ',' << value;
    out << '\n';
  }
  write_durably(file, out.str());
}

std::vector<Record> read_records(const std::filesystem::path& file) {
  const MappedFile mapped(file);
  const std::string_view text(reinterpret_cast<const char*>(mapped.bytes().data()), mapped.bytes().size());
  CsvReader reader(file.string(), text, kColumns);
  std::vector<Record> records;
  while (reader.next()) records.push_back(read_record(reader));
  return records;
}

}  // namespace sonde::bench
