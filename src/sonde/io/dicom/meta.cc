// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/dicom/meta.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace sonde {
namespace {

constexpr std::size_t kPreamble = 128;
constexpr std::string_view kImplicitLittle = "1.2.840.10008.1.2";
constexpr std::string_view kExplicitLittle = "1.2.840.10008.1.2.1";
constexpr std::string_view kExplicitBig = "1.2.840.10008.1.2.2";

enum class ByteOrder { little, big };

std::uint32_t unsigned_at(ByteView bytes, std::size_t at, std::size_t size, ByteOrder order) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const auto byte =
        std::to_integer<std::uint32_t>(bytes[at + (order == ByteOrder::big ? i : size - 1 - i)]);
    value = value << 8 | byte;
  }
  return value;
}

bool is_value_representation(std::string_view vr) {
  static constexpr std::array<std::string_view, 34> kAll{
      "AE", "AS", "AT", "CS", "DA", "DS", "DT", "FD", "FL", "IS", "LO", "LT", "OB", "OD", "OF", "OL", "OV",
      "OW", "PN", "SH", "SL", "SQ", "SS", "ST", "SV", "TM", "UC", "UI", "UL", "UN", "UR", "US", "UT", "UV"};
  return std::ranges::find(kAll, vr) != kAll.end();
}

bool has_long_length(std::string_view vr) {
  static constexpr std::array<std::string_view, 13> kLong{"OB", "OD", "OF", "OL", "OV", "OW", "SQ",
                                                          "SV", "UC", "UN", "UR", "UT", "UV"};
  return std::ranges::find(kLong, vr) != kLong.end();
}

struct Element {
  std::uint32_t group = 0, number = 0;
  bool is_explicit = false;
  ByteOrder order = ByteOrder::little;
  std::size_t value_at = 0, length = 0;
  std::size_t end() const { return value_at + length; }
};

// The head of the element at `at`, whose value may lie beyond the bytes given; absent where not even the head
// fits.
std::optional<Element> element_at(ByteView bytes, std::size_t at, ByteOrder order) {
  if (at > bytes.size() || bytes.size() - at < 12) return std::nullopt;
  Element element{.order = order};
  element.group = unsigned_at(bytes, at, 2, order);
  element.number = unsigned_at(bytes, at + 2, 2, order);
  const std::string_view vr(reinterpret_cast<const char*>(bytes.data()) + at + 4, 2);
  element.is_explicit = is_value_representation(vr);
  if (!element.is_explicit) {
    element.value_at = at + 8;
    element.length = unsigned_at(bytes, at + 4, 4, order);
  } else if (has_long_length(vr)) {
    element.value_at = at + 12;
    element.length = unsigned_at(bytes, at + 8, 4, order);
  } else {
    element.value_at = at + 8;
    element.length = unsigned_at(bytes, at + 6, 2, order);
  }
  return element;
}

std::string uid_of(ByteView bytes, const Element& element) {
  if (element.value_at > bytes.size() || element.length > bytes.size() - element.value_at) return {};
  const std::string_view value(reinterpret_cast<const char*>(bytes.data()) + element.value_at,
                               element.length);
  return std::string(value.substr(0, value.find_first_of(std::string_view(" \0", 2))));
}

// Groups are small numbers: read in the wrong order they are large.
ByteOrder guess_order(ByteView bytes, std::size_t at) {
  const bool big = unsigned_at(bytes, at, 2, ByteOrder::big) < unsigned_at(bytes, at, 2, ByteOrder::little);
  return big ? ByteOrder::big : ByteOrder::little;
}

std::string guess_transfer_syntax(ByteView bytes, std::size_t at) {
  if (at > bytes.size() || bytes.size() - at < 12) return std::string(kImplicitLittle);
  const auto order = guess_order(bytes, at);
  const auto element = element_at(bytes, at, order);
  if (!element->is_explicit) return std::string(kImplicitLittle);
  return std::string(order == ByteOrder::big ? kExplicitBig : kExplicitLittle);
}

void append(std::vector<std::byte>& out, std::string_view text) {
  const auto bytes = std::as_bytes(std::span<const char>(text));
  out.insert(out.end(), bytes.begin(), bytes.end());
}

}  // namespace

bool has_dicom_preamble(ByteView bytes) {
  return bytes.size() >= kPreamble + 4 && std::memcmp(bytes.data() + kPreamble, "DICM", 4) == 0;
}

DicomMeta parse_dicom_meta(ByteView file) {
  DicomMeta meta;
  const bool preamble = has_dicom_preamble(file);
  std::size_t at = preamble ? kPreamble + 4 : 0;
  while (const auto element = element_at(file, at, ByteOrder::little)) {
    if (element->group != 2 || element->end() > file.size()) break;
    if (element->number == 0x0010) meta.transfer_syntax = uid_of(file, *element);
    if (element->number == 0x0002) meta.media_storage = uid_of(file, *element);
    at = element->end();
  }
  meta.data_set_at = std::min(at, file.size());
  const auto guessed = guess_transfer_syntax(file, meta.data_set_at);
  if (meta.transfer_syntax.empty()) {
    meta.transfer_syntax = guessed;
    meta.element_syntax = guessed;
    return meta;
  }
  const bool is_deflated = meta.transfer_syntax == "1.2.840.10008.1.2.1.99";
  const bool says_implicit = meta.transfer_syntax == kImplicitLittle;
  const bool keeps_to_it = is_deflated || says_implicit == (guessed == kImplicitLittle);
  meta.element_syntax = keeps_to_it ? meta.transfer_syntax : guessed;
  meta.is_usual = preamble && keeps_to_it;
  return meta;
}

std::vector<std::byte> with_dicom_meta(const std::string& transfer_syntax, ByteView data_set) {
  std::string uid = transfer_syntax;
  if (uid.size() % 2 == 1) uid.push_back('\0');
  const auto length = static_cast<char>(uid.size());  // UIDs have at most 64 characters
  std::string head(kPreamble, '\0');
  head += "DICM";
  head += std::string("\2\0\0\0UL\4\0", 8);
  head += {static_cast<char>(uid.size() + 8), 0, 0, 0};
  head += std::string("\2\0\x10\0UI", 6);
  head += {length, 0};
  head += uid;
  std::vector<std::byte> out;
  out.reserve(head.size() + data_set.size());
  append(out, head);
  out.insert(out.end(), data_set.begin(), data_set.end());
  return out;
}

bool looks_like_dicom(ByteView head) {
  if (has_dicom_preamble(head)) return true;
  constexpr std::size_t kMaxFirstElementBytes = 256;  // the first elements hold lengths, character sets, UIDs
  if (head.size() < 24) return false;
  const auto order = guess_order(head, 0);
  const auto first = element_at(head, 0, order);
  if (!first || (first->group != 2 && first->group != 8) || first->length > kMaxFirstElementBytes)
    return false;
  const auto second = element_at(head, first->end(), order);
  if (!second || second->is_explicit != first->is_explicit) return false;
  const bool ascends =
      second->group > first->group || (second->group == first->group && second->number > first->number);
  return ascends && (second->group == first->group || second->group == 8) && second->length < 0x10000;
}

}  // namespace sonde
