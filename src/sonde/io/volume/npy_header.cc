// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/volume/npy_header.h"

#include <algorithm>
#include <cctype>
#include <optional>

#include "sonde/core/text.h"
#include "sonde/io/volume/checks.h"
#include "sonde/io/volume/text_header.h"

namespace sonde {
namespace {

constexpr std::string_view kMagic("\x93NUMPY", 6);
constexpr std::size_t kMaxHeaderBytes = 1 << 16;
constexpr std::size_t kMaxDimensions = 8;

std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Walks the text of the dictionary; nothing in it nests, so nothing recurses.
class Cursor {
 public:
  Cursor(const std::string& name, std::string_view text) : name_(name), rest_(text) {}

  [[noreturn]] void refuse() const {
    refuse_corrupt(name_, "its header breaks the npy format at " + in_quotes(rest_.substr(0, 20)));
  }
  bool take(char c) {
    skip_space();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void require(char c) {
    if (!take(c)) refuse();
  }
  std::string_view string() {
    const char quote = take('\'') ? '\'' : '"';
    if (quote == '"') require('"');
    const std::size_t end = rest_.find(quote);
    if (end == std::string_view::npos) refuse();
    const auto value = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return value;
  }
  std::string_view word() {
    skip_space();
    const auto end =
        std::ranges::find_if_not(rest_, [](unsigned char c) { return std::isalnum(c) != 0 || c == '-'; });
    const auto value = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
    rest_.remove_prefix(value.size());
    return value;
  }
  bool at_bracket() {
    skip_space();
    return rest_.starts_with('[');
  }
  bool at_end() {
    skip_space();
    return rest_.empty();
  }

 private:
  void skip_space() {
    while (!rest_.empty() && std::isspace(static_cast<unsigned char>(rest_.front())) != 0)
      rest_.remove_prefix(1);
  }

  const std::string& name_;
  std::string_view rest_;
};

void set_type(NpyHeader& header, const std::string& name, std::string_view descr) {
  const std::string text = in_quotes(descr);
  if (descr.size() < 2) refuse_corrupt(name, "its dtype " + text + " is none that numpy writes");
  const char order = descr[0];
  const std::string_view type = descr.substr(1);
  const std::string fix = "; sonde reads whole numbers, floating point and bool";
  if (type.starts_with('O'))
    refuse_unsupported(name, "its dtype " + text + " holds Python objects, which are never read");
  constexpr std::string_view kCodes[] = {"i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8"};
  const auto found = std::ranges::find(kCodes, type);
  header.is_bool = type == "b1";
  if (found == std::end(kCodes) && !header.is_bool)
    refuse_unsupported(name, "its dtype " + text + " is not read" + fix);
  header.type = header.is_bool ? SampleType::uint8 : static_cast<SampleType>(found - std::begin(kCodes));
  const bool single = byte_size(header.type) == 1;
  if (order != '<' && order != '>' && !(single && order == '|'))
    refuse_corrupt(name, "its dtype " + text + " does not say its byte order with < or >");
  header.order = order == '>' ? ByteOrder::big : ByteOrder::little;
}

std::vector<std::int64_t> read_shape(Cursor& cursor) {
  std::vector<std::int64_t> shape;
  cursor.require('(');
  while (!cursor.take(')')) {
    std::string_view word = cursor.word();
    if (word.ends_with('L')) word.remove_suffix(1);  // Python 2
    const auto size = integer_of(word);
    if (!size || shape.size() == kMaxDimensions) cursor.refuse();
    shape.push_back(*size);
    if (!cursor.take(',')) {
      cursor.require(')');
      break;
    }
  }
  return shape;
}

void read_value(NpyHeader& header, const std::string& name, std::string_view key, Cursor& cursor) {
  if (key == "descr") {
    if (cursor.at_bracket())
      refuse_unsupported(name, "its dtype is a structure of fields, which is not read");
    set_type(header, name, cursor.string());
  } else if (key == "fortran_order") {
    const auto word = cursor.word();
    if (word != "True" && word != "False") cursor.refuse();
    header.layout = word == "True" ? NpyHeader::Layout::fortran : NpyHeader::Layout::c;
  } else {
    header.shape = read_shape(cursor);
  }
}

void read_dictionary(NpyHeader& header, const std::string& name, std::string_view text) {
  Cursor cursor(name, text);
  bool has_type = false, has_layout = false, has_shape = false;
  cursor.require('{');
  while (!cursor.take('}')) {
    const auto key = cursor.string();
    cursor.require(':');
    bool& seen = key == "descr" ? has_type : key == "fortran_order" ? has_layout : has_shape;
    if (seen || (key != "descr" && key != "fortran_order" && key != "shape")) cursor.refuse();
    seen = true;
    read_value(header, name, key, cursor);
    if (!cursor.take(',')) {
      cursor.require('}');
      break;
    }
  }
  if (!cursor.at_end()) cursor.refuse();
  if (!has_type || !has_layout || !has_shape)
    refuse_corrupt(name, "its header lacks descr, fortran_order or shape");
}

}  // namespace

bool starts_as_npy(ByteView head) { return as_text(head).starts_with(kMagic); }

NpyHeader parse_npy_header(const std::string& name, ByteView file) {
  const std::string_view text = as_text(file);
  if (!text.starts_with(kMagic)) refuse_corrupt(name, "not npy: it must begin with \\x93NUMPY");
  if (text.size() < 10) refuse_corrupt(name, "cut: it ends in its header");
  const auto byte_at = [&](std::size_t at) {
    return static_cast<std::size_t>(static_cast<unsigned char>(text[at]));
  };
  const std::size_t version = byte_at(6);
  if (version < 1 || version > 3)
    refuse_unsupported(name, "npy version " + std::to_string(version) + " is not known; 1 to 3 are");
  const std::size_t start = version == 1 ? 10 : 12;
  if (text.size() < start) refuse_corrupt(name, "cut: it ends in its header");
  std::size_t length = byte_at(8) | (byte_at(9) << 8);
  if (version > 1) length |= (byte_at(10) << 16) | (byte_at(11) << 24);
  if (length > kMaxHeaderBytes)
    refuse_corrupt(name, "its header of " + std::to_string(length) + " bytes is longer than 65536");
  if (length > text.size() - start)
    refuse_corrupt(name, "cut: its header announces " + std::to_string(length) + " bytes, the file holds " +
                             std::to_string(text.size() - start));
  NpyHeader header;
  header.end = start + length;
  read_dictionary(header, name, text.substr(start, length));
  return header;
}

}  // namespace sonde
