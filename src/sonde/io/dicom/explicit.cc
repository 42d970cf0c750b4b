// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/dicom/explicit.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

namespace sonde {
namespace {

constexpr std::uint32_t kUndefined = 0xffffffff;
constexpr std::uint32_t kItem = 0xfffee000, kItemEnd = 0xfffee00d, kSequenceEnd = 0xfffee0dd;
constexpr std::uint32_t kPixelData = 0x7fe00010;
constexpr std::size_t kMaxValueBytes = std::size_t{1} << 20;
constexpr int kMaxDepth = 64;

struct Encoding {
  bool is_explicit = true;
  bool is_big = false;
};
constexpr Encoding kImplicitLittle{.is_explicit = false, .is_big = false};

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_one_of(std::string_view vr, std::string_view list) { return list.find(vr) != std::string_view::npos; }

// As DCMTK has it: two letters that no standard knows are taken for a new value representation, which have
// long heads, anything else has a short one.
bool has_short_head(std::string_view vr) {
  return !is_upper(vr[0]) || !is_upper(vr[1]) ||
         is_one_of(vr, "AE,AS,AT,CS,DA,DS,DT,FD,FL,IS,LO,LT,PN,SH,SL,SS,ST,TM,UI,UL,US");
}
bool is_known(std::string_view vr) {
  return is_upper(vr[0]) && is_upper(vr[1]) &&
         (has_short_head(vr) || is_one_of(vr, "OB,OD,OF,OL,OV,OW,SV,UC,UR,UT,UV"));
}
std::size_t word_bytes(std::string_view vr) {
  if (is_one_of(vr, "US,SS,OW,AT")) return 2;
  if (is_one_of(vr, "UL,SL,FL,OF,OL")) return 4;
  return is_one_of(vr, "FD,OD,SV,UV,OV") ? 8 : 1;
}

struct Head {
  std::uint32_t tag = 0;
  std::string vr = "UN";
  std::uint32_t length = 0;
  bool is_private() const { return (tag >> 16 & 1) == 1; }
};

class Rewriter {
 public:
  explicit Rewriter(ByteView bytes) : bytes_(bytes) {}

  std::optional<ExplicitDataSet> run(Encoding encoding) {
    if (!take_elements(encoding, bytes_.size(), 0) || pixels_at_ == 0) return std::nullopt;
    return ExplicitDataSet{std::move(out_), pixels_at_, is_odd_};
  }

 private:
  std::uint32_t number(std::size_t at, std::size_t size, bool is_big) const {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i)
      value = value << 8 | std::to_integer<std::uint32_t>(bytes_[at + (is_big ? i : size - 1 - i)]);
    return value;
  }

  // Moves behind the head of the element or item here.
  std::optional<Head> take_head(Encoding encoding, std::size_t end) {
    if (end - at_ < 8) return std::nullopt;
    Head head;
    head.tag = number(at_, 2, encoding.is_big) << 16 | number(at_ + 2, 2, encoding.is_big);
    if (!encoding.is_explicit || head.tag >> 16 == kItem >> 16) {
      head.length = number(at_ + 4, 4, encoding.is_big);
      at_ += 8;
      return head;
    }
    head.vr.assign(reinterpret_cast<const char*>(bytes_.data()) + at_ + 4, 2);
    is_odd_ = is_odd_ || (!is_known(head.vr) && head.vr != "UN");
    if (has_short_head(head.vr)) {
      head.length = number(at_ + 6, 2, encoding.is_big);
      at_ += 8;
      return head;
    }
    if (end - at_ < 12) return std::nullopt;
    head.length = number(at_ + 8, 4, encoding.is_big);
    at_ += 12;
    return head;
  }

  // Up to `end`, the end of the item around them or, at depth 0, the pixels. False: they cannot be followed.
  bool take_elements(Encoding encoding, std::size_t end, int depth) {
    while (at_ < end) {
      const auto head = take_head(encoding, end);
      if (!head) return false;
      if (head->tag == kItemEnd && depth > 0) return true;
      if (head->tag >> 16 == kItem >> 16) return false;
      if (head->tag == kPixelData && depth == 0) {
        pixels_at_ = at_;
        return true;
      }
      if (!take_value(*head, encoding, end, depth)) return false;
    }
    return true;
  }

  bool take_value(const Head& head, Encoding encoding, std::size_t end, int depth) {
    const bool is_open = head.length == kUndefined;
    if (!is_open && head.length > end - at_) return false;
    const std::size_t value_end = is_open ? end : at_ + head.length;
    const bool holds_fragments = is_open && (head.tag == kPixelData || is_one_of(head.vr, "OB,OW"));
    if (holds_fragments) return pass_fragments(encoding, end);
    if (is_open || head.vr == "SQ") return take_sequence(head, encoding, value_end, depth);
    const bool is_large = head.length > kMaxValueBytes;
    if (is_large && head.vr == "UN" && !head.is_private()) return false;  // frames' places, perhaps
    if (!head.is_private() && !is_large) write_value(head, encoding);
    at_ = value_end;
    return true;
  }

  bool take_sequence(const Head& head, Encoding encoding, std::size_t end, int depth) {
    if (depth == kMaxDepth) return false;
    const bool is_unknown = encoding.is_explicit && head.vr == "UN";
    is_odd_ = is_odd_ || is_unknown;
    const std::size_t before = out_.size();
    write_head(head.tag, "SQ", kUndefined);
    if (!take_items(is_unknown ? kImplicitLittle : encoding, end, head.length == kUndefined, depth + 1))
      return false;
    write_head(kSequenceEnd, "", 0);
    if (head.is_private()) out_.resize(before);
    return true;
  }

  bool take_items(Encoding encoding, std::size_t end, bool is_open, int depth) {
    while (at_ < end) {
      const auto head = take_head(encoding, end);
      if (!head) return false;
      if (head->tag == kSequenceEnd && is_open) return true;
      const bool is_open_item = head->length == kUndefined;
      if (head->tag != kItem || (!is_open_item && head->length > end - at_)) return false;
      write_head(kItem, "", kUndefined);
      if (!take_elements(encoding, is_open_item ? end : at_ + head->length, depth)) return false;
      write_head(kItemEnd, "", 0);
    }
    return !is_open;
  }

  bool pass_fragments(Encoding encoding, std::size_t end) {
    while (const auto head = take_head(encoding, end)) {
      if (head->tag == kSequenceEnd) return true;
      if (head->tag != kItem || head->length > end - at_) return false;
      at_ += head->length;
    }
    return false;
  }

  void write_number(std::uint32_t value, int size) {
    for (int i = 0; i < size; ++i) out_.push_back(static_cast<std::byte>(value >> (8 * i) & 0xff));
  }

  // vr: empty for items.
  void write_head(std::uint32_t tag, std::string_view vr, std::uint32_t length) {
    write_number(tag >> 16, 2);
    write_number(tag & 0xffff, 2);
    for (const char c : vr) out_.push_back(static_cast<std::byte>(c));
    if (!vr.empty() && has_short_head(vr)) {
      write_number(length, 2);
      return;
    }
    if (!vr.empty()) write_number(0, 2);
    write_number(length, 4);
  }

  void write_value(const Head& head, Encoding encoding) {
    const std::string_view vr = is_known(head.vr) ? std::string_view(head.vr) : "UN";
    write_head(head.tag, vr, head.length);
    const auto value = bytes_.subspan(at_, head.length);
    const std::size_t word = encoding.is_big ? word_bytes(vr) : 1;
    const auto begin = static_cast<std::ptrdiff_t>(out_.size());
    out_.insert(out_.end(), value.begin(), value.end());
    for (std::size_t at = 0; at + word <= value.size(); at += word)
      std::reverse(out_.begin() + begin + static_cast<std::ptrdiff_t>(at),
                   out_.begin() + begin + static_cast<std::ptrdiff_t>(at + word));
  }

  ByteView bytes_;
  std::size_t at_ = 0;
  std::size_t pixels_at_ = 0;
  bool is_odd_ = false;
  std::vector<std::byte> out_;
};

}  // namespace

std::optional<ExplicitDataSet> as_explicit_data_set(ByteView data_set, std::string_view syntax) {
  return Rewriter(data_set).run(
      {.is_explicit = syntax != "1.2.840.10008.1.2", .is_big = syntax == "1.2.840.10008.1.2.2"});
}

}  // namespace sonde
