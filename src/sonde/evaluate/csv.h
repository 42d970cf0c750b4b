// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sonde {

// Appends `field` to a line of RFC 4180: quoted where a comma, quote, \r or \n is in it.
void append_csv_field(std::string& line, std::string_view field);

// Reads text with a header line by the names of its columns: their order is free, others are skipped. Lines
// end with \n or \r\n, empty ones are skipped, a byte order mark at the start too. Everything thrown is
// Error{corrupt_data} and names file and line.
class CsvReader {
 public:
  // `text` outlives the reader. `columns` that are missing or there twice are an error; those from `optional`
  // on are empty where they are missing.
  CsvReader(std::string file, std::string_view text, std::span<const std::string_view> columns,
            std::size_t optional = std::string_view::npos);

  // Moves to the next record; false at the end. A record with more or fewer fields than the header is an
  // error.
  bool next();

  // Of the record; `column` counts in `columns`. Numbers are the whole field: no blanks, no sign +.
  const std::string& text(std::size_t column) const;
  std::int64_t integer(std::size_t column, std::int64_t min, std::int64_t max) const;
  double number(std::size_t column) const;  // "inf" and "nan" included

  // "FILE: line 3: WHAT"
  [[noreturn]] void fail(const std::string& what) const;
  [[noreturn]] void fail_field(std::size_t column, std::string_view allowed) const;

 private:
  bool read_record();
  void read_field(std::string& field);
  void read_quoted(std::string& field);
  void read_plain(std::string& field);
  bool take_line_end();

  std::string file_;
  std::string_view text_;
  std::size_t at_ = 0;
  std::int64_t line_ = 1, record_line_ = 1;
  std::vector<std::string> names_;                     // of `columns`
  std::vector<std::optional<std::size_t>> positions_;  // of `columns` in a record
  std::vector<std::string> fields_;
  std::size_t field_count_ = 0;  // used of fields_, whose strings are kept for their memory
};

}  // namespace sonde
