// SPDX-License-Identifier: Apache-2.0
#include "sonde/evaluate/csv.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "sonde/core/error.h"
#include "sonde/core/text.h"

namespace sonde {
namespace {

constexpr std::size_t kMaxBytesOfAField = std::size_t{1} << 20;
constexpr std::size_t kMaxFields = 1000;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

}  // namespace

void append_csv_field(std::string& line, std::string_view field) {
  if (field.find_first_of(",\"\r\n") == std::string_view::npos) {
    line += field;
    return;
  }
  line += '"';
  for (const char c : field) {
    if (c == '"') line += '"';
    line += c;
  }
  line += '"';
}

CsvReader::CsvReader(std::string file, std::string_view text, std::span<const std::string_view> columns,
                     std::size_t optional)
    : file_(std::move(file)), text_(text), names_(columns.begin(), columns.end()) {
  if (text_.starts_with(kByteOrderMark)) at_ = kByteOrderMark.size();
  if (!read_record()) fail("the header is missing");
  const auto end = fields_.begin() + static_cast<std::ptrdiff_t>(field_count_);
  for (const std::string& name : names_) {
    const auto found = std::find(fields_.begin(), end, name);
    if (found == end && positions_.size() >= optional) {
      positions_.push_back(std::nullopt);
      continue;
    }
    if (found == end) fail("no column is called \"" + name + "\"");
    if (std::find(found + 1, end, name) != end) fail("two columns are called \"" + name + "\"");
    positions_.push_back(static_cast<std::size_t>(found - fields_.begin()));
  }
}

bool CsvReader::next() {
  const std::size_t header_fields = field_count_;
  if (!read_record()) return false;
  if (field_count_ != header_fields) {
    fail(std::to_string(field_count_) + " fields, the header has " + std::to_string(header_fields));
  }
  return true;
}

const std::string& CsvReader::text(std::size_t column) const {
  static const std::string kMissing;
  return positions_[column] ? fields_[*positions_[column]] : kMissing;
}

std::int64_t CsvReader::integer(std::size_t column, std::int64_t min, std::int64_t max) const {
  const std::string& field = text(column);
  std::int64_t value = 0;
  const auto [stop, fault] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (fault != std::errc() || stop != field.data() + field.size() || value < min || value > max) {
    fail_field(column, "a whole number from " + std::to_string(min) + " to " + std::to_string(max));
  }
  return value;
}

double CsvReader::number(std::size_t column) const {
  const std::string& field = text(column);
  double value = 0;
  const auto [stop, fault] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (fault != std::errc() || stop != field.data() + field.size()) fail_field(column, "a number");
  return value;
}

void CsvReader::fail(const std::string& what) const {
  throw Error(ErrorKind::corrupt_data, file_ + ": line " + std::to_string(record_line_) + ": " + what);
}

void CsvReader::fail_field(std::size_t column, std::string_view allowed) const {
  fail(names_[column] + " is " + in_quotes(text(column)) + ", not " + std::string(allowed));
}

bool CsvReader::read_record() {
  while (at_ < text_.size() && take_line_end()) {
  }
  record_line_ = line_;
  if (at_ == text_.size()) return false;
  field_count_ = 0;
  for (;;) {
    if (field_count_ == kMaxFields) fail("more than " + std::to_string(kMaxFields) + " fields");
    if (field_count_ == fields_.size()) fields_.emplace_back();
    read_field(fields_[field_count_++]);
    if (at_ == text_.size() || take_line_end()) return true;
    if (text_[at_] != ',') fail("text after the closing quote of field " + std::to_string(field_count_));
    ++at_;
  }
}

void CsvReader::read_field(std::string& field) {
  field.clear();
  if (at_ < text_.size() && text_[at_] == '"') {
    read_quoted(field);
  } else {
    read_plain(field);
  }
  if (field.find('\0') != std::string::npos) fail("a zero byte in field " + std::to_string(field_count_));
}

void CsvReader::read_quoted(std::string& field) {
  ++at_;
  for (;;) {
    const std::size_t quote = std::min(text_.find('"', at_), text_.size());
    const std::string_view piece = text_.substr(at_, quote - at_);
    if (field.size() + piece.size() > kMaxBytesOfAField) {
      fail("field " + std::to_string(field_count_) + " is longer than 1 MiB");
    }
    if (quote == text_.size())
      fail("field " + std::to_string(field_count_) + " opens a quote and never closes it");
    field += piece;
    line_ += std::count(piece.begin(), piece.end(), '\n');
    at_ = quote + 1;
    if (at_ == text_.size() || text_[at_] != '"') return;
    field += '"';
    ++at_;
  }
}

void CsvReader::read_plain(std::string& field) {
  const std::size_t stop = std::min(text_.find_first_of(",\r\n", at_), text_.size());
  field = text_.substr(at_, stop - at_);
  if (field.size() > kMaxBytesOfAField)
    fail("field " + std::to_string(field_count_) + " is longer than 1 MiB");
  if (field.find('"') != std::string::npos) {
    fail("a quote inside field " + std::to_string(field_count_) + ", which does not start with one");
  }
  at_ = stop;
  if (at_ < text_.size() && text_[at_] == '\r' && !text_.substr(at_).starts_with("\r\n")) {
    fail("a carriage return in field " + std::to_string(field_count_) + ", which is not quoted");
  }
}

bool CsvReader::take_line_end() {
  const std::string_view rest = text_.substr(at_);
  const std::size_t length = rest.starts_with("\r\n") ? 2 : rest.starts_with('\n') ? 1 : 0;
  at_ += length;
  line_ += length == 0 ? 0 : 1;
  return length != 0;
}

}  // namespace sonde
