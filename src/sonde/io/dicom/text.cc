// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/dicom/text.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <iconv.h>
#include <optional>
#include <vector>

namespace sonde {
namespace {

constexpr std::string_view kUnknown = "\xef\xbf\xbd";  // U+FFFD

// What glibc makes of `bytes` in the encoding `name`; each byte that it cannot place is unknown.
std::string converted(std::string_view bytes, const char* name) {
  std::string out;
  const iconv_t converter = iconv_open("UTF-8", name);
  if (converter == reinterpret_cast<iconv_t>(-1)) {  // an installation without this converter
    for (std::size_t i = 0; i < bytes.size(); ++i) out += kUnknown;
    return out;
  }
  std::array<char, 256> buffer{};
  std::string rest(bytes);
  char* from = rest.data();
  std::size_t left = rest.size();
  while (left > 0) {
    char* to = buffer.data();
    std::size_t room = buffer.size();
    const bool failed = iconv(converter, &from, &left, &to, &room) == static_cast<std::size_t>(-1);
    const int fault = errno;
    out.append(buffer.data(), buffer.size() - room);
    if (!failed || fault == E2BIG) continue;
    out += kUnknown;
    ++from;
    --left;
  }
  iconv_close(converter);
  return out;
}

// A set of characters of ISO 2022. Sets of G0 are written with bytes below 0x80, those of G1 above.
struct CodeSet {
  enum class Place { g0, g1 } place;
  std::string_view escape;  // behind the escape character
  int registered;           // its number in ISO-IR, as in "ISO 2022 IR 87"
  const char* encoding;     // iconv's name; null: ASCII, whose bytes are their own
  std::string_view prefix;  // of each character there
  std::size_t bytes;        // of a character
};
using enum CodeSet::Place;
constexpr std::array<CodeSet, 20> kCodeSets{{
    {g0, "(B", 6, nullptr, "", 1},
    {g0, "(J", 14, nullptr, "", 1},  // ISO 646-JP, whose yen sign separates values as the backslash does
    {g0, "$@", 42, "EUC-JP", "", 2},
    {g0, "$B", 87, "EUC-JP", "", 2},
    {g0, "$(D", 159, "EUC-JP", "\x8f", 2},
    {g1, ")I", 13, "EUC-JP", "\x8e", 1},
    {g1, "$)C", 149, "EUC-KR", "", 2},
    {g1, "$)A", 58, "EUC-CN", "", 2},
    {g1, "-A", 100, "ISO-8859-1", "", 1},
    {g1, "-B", 101, "ISO-8859-2", "", 1},
    {g1, "-C", 109, "ISO-8859-3", "", 1},
    {g1, "-D", 110, "ISO-8859-4", "", 1},
    {g1, "-L", 144, "ISO-8859-5", "", 1},
    {g1, "-G", 127, "ISO-8859-6", "", 1},
    {g1, "-F", 126, "ISO-8859-7", "", 1},
    {g1, "-H", 138, "ISO-8859-8", "", 1},
    {g1, "-M", 148, "ISO-8859-9", "", 1},
    {g1, "-T", 166, "ISO-8859-11", "", 1},
    {g1, "-b", 203, "ISO-8859-15", "", 1},
    {g1, "-V", 226, "ISO-8859-16", "", 1},
}};

bool is_high(char c) { return static_cast<unsigned char>(c) >= 0x80; }
bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// Text with code extensions, run by run.
class Decoder {
 public:
  explicit Decoder(const CodeSet* first_g1) : first_g1_(first_g1), g1_(first_g1) {}

  std::string decode(std::string_view bytes) {
    while (!bytes.empty()) bytes.remove_prefix(take(bytes));
    return std::move(out_);
  }

 private:
  static constexpr const CodeSet* kAscii = kCodeSets.data();

  // Appends what the text begins with and says how many bytes that was.
  std::size_t take(std::string_view bytes) {
    if (bytes[0] == '\x1b') return take_escape(bytes.substr(1)) + 1;
    if (is_control(bytes[0]) || (g0_->bytes == 1 && is_delimiter(bytes[0]))) {
      out_ += bytes[0];
      begin_again();
      return 1;
    }
    const bool high = is_high(bytes[0]);
    const auto ends = [&](char c) {
      return is_high(c) != high || is_control(c) || (g0_->bytes == 1 && is_delimiter(c));
    };
    const auto run =
        bytes.substr(0, static_cast<std::size_t>(std::ranges::find_if(bytes, ends) - bytes.begin()));
    append(run, high ? g1_ : g0_);
    return run.size();
  }

  std::size_t take_escape(std::string_view behind) {
    for (const CodeSet& set : kCodeSets) {
      if (!behind.starts_with(set.escape)) continue;
      (set.place == g0 ? g0_ : g1_) = &set;
      return set.escape.size();
    }
    return 0;
  }

  // Behind these the first character sets hold again (PS3.5, 6.1.2.5.3). Writers that have but one set for
  // the upper half often call it once.
  static bool is_delimiter(char c) { return c == '\\' || c == '^' || c == '='; }
  void begin_again() {
    g0_ = kAscii;
    if (first_g1_ != nullptr) g1_ = first_g1_;
  }

  void append(std::string_view run, const CodeSet* set) {
    if (set == kAscii || (set != nullptr && set->encoding == nullptr)) {
      out_ += run;
      return;
    }
    if (set == nullptr) {
      for (std::size_t i = 0; i < run.size(); ++i) out_ += kUnknown;
      return;
    }
    std::string characters;
    for (std::size_t at = 0; at < run.size(); at += set->bytes) {
      characters += set->prefix;
      for (const char c : run.substr(at, set->bytes)) characters += static_cast<char>(c | '\x80');
    }
    out_ += converted(characters, set->encoding);
  }

  const CodeSet* first_g1_;
  const CodeSet* g0_ = kAscii;
  const CodeSet* g1_;
  std::string out_;
};

std::vector<std::string_view> values_of(std::string_view text) {
  std::vector<std::string_view> values;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('\\', at), text.size());
    values.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return values;
}

// "ISO_IR 100", "ISO 2022 IR 100" and what writers make of them: the number behind IR.
std::optional<int> registered_number(std::string_view term) {
  const std::size_t ir = term.rfind("IR");
  if (ir == std::string_view::npos) return std::nullopt;
  int number = 0;
  for (const char c : term.substr(ir))
    if (c >= '0' && c <= '9' && number < 1000) number = 10 * number + (c - '0');
  return number;
}

// Encodings that take whole values, without code extensions.
const char* whole_encoding(std::string_view term) {
  if (term.find("GB18030") != std::string_view::npos) return "GB18030";
  if (term.find("GBK") != std::string_view::npos) return "GBK";
  const bool is_utf8 = registered_number(term) == 192 || term.find("UTF") != std::string_view::npos;
  return is_utf8 ? "UTF-8" : nullptr;
}

// What the upper half means before any escape sequence: of the first value, or of the only one that says it.
const CodeSet* first_upper_half(const std::vector<std::string_view>& terms) {
  for (const std::string_view term : terms) {
    const auto number = registered_number(term);
    for (const CodeSet& set : kCodeSets)
      if (set.place == g1 && number == set.registered) return &set;
  }
  return nullptr;
}

bool is_utf8(std::string_view bytes) {
  return bytes.find('\x1b') == std::string_view::npos &&
         (std::ranges::none_of(bytes, is_high) || converted(bytes, "UTF-8") == bytes);
}

std::string decoded(std::string_view bytes, std::string_view character_set) {
  const auto terms = values_of(character_set);
  for (const std::string_view term : terms)
    if (const char* encoding = whole_encoding(term)) return converted(bytes, encoding);
  const CodeSet* upper = first_upper_half(terms);
  if (upper == nullptr && is_utf8(bytes)) return std::string(bytes);
  return Decoder(upper).decode(bytes);
}

}  // namespace

std::string decode_dicom_text(std::string_view bytes, std::string_view character_set) {
  std::string text = decoded(bytes, character_set);
  std::ranges::replace_if(text, is_control, ' ');
  return text;
}

}  // namespace sonde
