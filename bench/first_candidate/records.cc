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

constexpr std::array<std::string_view, 37> kColumns{"dataset",
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
                                                    "clicks_kept0",
                                                    "mean_logit0",
                                                    "iou1",
                                                    "predicted_iou1",
                                                    "stability1",
                                                    "area_px1",
                                                    "clicks_kept1",
                                                    "mean_logit1",
                                                    "iou2",
                                                    "predicted_iou2",
                                                    "stability2",
                                                    "area_px2",
                                                    "clicks_kept2",
                                                    "mean_logit2",
                                                    "iou_single",
                                                    "predicted_iou_single",
                                                    "stability_single",
                                                    "area_px_single",
                                                    "clicks_kept_single",
                                                    "mean_logit_single",
                                                    "agreement01",
                                                    "agreement02",
                                                    "agreement12",
                                                    "single0",
                                                    "single1",
                                                    "single2"};
constexpr std::size_t kFirstAnswer = 7, kAnswerColumns = 6, kAgreement = kFirstAnswer + 4 * kAnswerColumns,
                      kWithSingle = kAgreement + 3;
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

Situation parse_kind(const CsvReader& reader, std::size_t column) {
  if (const auto kind = from_word<Situation>(reader.text(column))) return *kind;
  reader.fail_field(column, "a kind of prompt");
}

ScoredAnswer read_answer(const CsvReader& reader, std::size_t column) {
  return {reader.number(column),     reader.number(column + 1),
          reader.number(column + 2), reader.integer(column + 3, 0, kMax),
          reader.number(column + 4), reader.number(column + 5)};
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
  out << ',' << answer.iou << ',' << answer.predicted_iou << ',' << answer.stability << ',' << answer.area_px
      << ',' << answer.clicks_kept << ',' << answer.mean_logit;
}

}  // namespace

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
