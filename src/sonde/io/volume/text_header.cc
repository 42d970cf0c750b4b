// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/volume/text_header.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>

#include "sonde/core/text.h"
#include "sonde/io/volume/checks.h"

namespace sonde {
namespace {

constexpr std::size_t kMaxLineBytes = std::size_t{64} << 10, kMaxHeaderBytes = std::size_t{1} << 20;
constexpr std::string_view kSpace = " \t\r\n\v\f";

template <typename T>
std::optional<T> parse(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  T value{};
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

HeaderLines::HeaderLines(std::string name, ByteView file)
    : name_(std::move(name)), text_(reinterpret_cast<const char*>(file.data()), file.size()) {}

std::optional<std::string_view> HeaderLines::next() {
  const std::string_view rest = text_.substr(position_);
  if (rest.empty()) return std::nullopt;
  const std::size_t end = rest.substr(0, kMaxLineBytes + 1).find('\n');
  if (end == std::string_view::npos && rest.size() > kMaxLineBytes)
    refuse_corrupt(name_, "a line of its header is longer than 65536 bytes");
  std::string_view line = rest.substr(0, end);
  position_ += line.size() + (end == std::string_view::npos ? 0 : 1);
  if (position_ > kMaxHeaderBytes) refuse_corrupt(name_, "its header does not end within 1 MiB");
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

void HeaderFields::add(std::string_view field, std::string_view value) {
  if (!values_.emplace(field, value).second)
    refuse_corrupt(file_, "its header gives " + in_quotes(field) + " twice");
}

std::optional<std::string_view> HeaderFields::find(std::string_view field) const {
  const auto found = values_.find(field);
  if (found == values_.end()) return std::nullopt;
  return found->second;
}

std::string_view HeaderFields::require(std::string_view field) const {
  const auto value = find(field);
  if (!value) refuse_corrupt(file_, "its header has no " + in_quotes(field));
  return *value;
}

std::int64_t HeaderFields::integer(std::string_view field) const { return integers(field, 1).front(); }

double HeaderFields::number(std::string_view field) const { return numbers(field, 1).front(); }

std::vector<std::int64_t> HeaderFields::integers(std::string_view field, std::size_t count) const {
  std::vector<std::int64_t> values;
  for (const std::string_view word : words(require(field))) {
    const auto value = integer_of(word);
    if (!value || values.size() == count) break;
    values.push_back(*value);
  }
  if (values.size() != count || words(require(field)).size() != count)
    refuse(field, "must be " + std::to_string(count) + (count == 1 ? " whole number" : " whole numbers"));
  return values;
}

std::vector<double> HeaderFields::numbers(std::string_view field, std::size_t count) const {
  std::vector<double> values;
  for (const std::string_view word : words(require(field))) {
    const auto value = number_of(word);
    if (!value || !std::isfinite(*value) || values.size() == count) break;
    values.push_back(*value);
  }
  if (values.size() != count || words(require(field)).size() != count)
    refuse(field, "must be " + std::to_string(count) + (count == 1 ? " finite number" : " finite numbers"));
  return values;
}

void HeaderFields::refuse(std::string_view field, const std::string& allowed) const {
  refuse_corrupt(file_,
                 "its " + in_quotes(field) + " is " + in_quotes(find(field).value_or("")) + ", " + allowed);
}

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> found;
  while (!(text = trimmed(text)).empty()) {
    found.push_back(text.substr(0, text.find_first_of(kSpace)));
    text.remove_prefix(found.back().size());
  }
  return found;
}

std::optional<std::int64_t> integer_of(std::string_view text) { return parse<std::int64_t>(text); }

std::optional<double> number_of(std::string_view text) { return parse<double>(text); }

}  // namespace sonde
