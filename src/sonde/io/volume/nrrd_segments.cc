// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/volume/nrrd_segments.h"

#include <algorithm>
#include <optional>
#include <set>

#include "sonde/core/text.h"
#include "sonde/io/volume/checks.h"
#include "sonde/io/volume/text_header.h"

namespace sonde {
namespace {

constexpr std::int64_t kMaxLabel = (1 << 24) - 1;
constexpr std::size_t kMaxNameBytes = 200;

// The N of "SegmentN_...".
std::optional<std::int64_t> segment_number(std::string_view key) {
  constexpr std::string_view kPrefix = "Segment";
  if (!key.starts_with(kPrefix)) return std::nullopt;
  key.remove_prefix(kPrefix.size());
  const std::size_t digits = key.find_first_not_of("0123456789");
  if (digits == 0 || digits == std::string_view::npos || key[digits] != '_') return std::nullopt;
  return integer_of(key.substr(0, digits));
}

class Reader {
 public:
  Reader(const std::string& file, const NrrdKeys& keys, std::int64_t layers)
      : file_(file), keys_(keys), layers_(layers) {}

  SegmentInfo read(std::int64_t number) const {
    const std::string prefix = "Segment" + std::to_string(number) + "_";
    const bool has_layers = keys_.contains(prefix + "Layer");
    SegmentInfo segment;
    segment.value = within(prefix + "LabelValue", 1, kMaxLabel, 1);
    segment.layer = within(prefix + "Layer", 0, layers_ - 1, has_layers || layers_ == 1 ? 0 : number);
    segment.name = name_of(prefix);
    if (segment.name.empty()) segment.name = "segment " + std::to_string(number + 1);
    return segment;
  }

 private:
  std::int64_t within(const std::string& key, std::int64_t least, std::int64_t most,
                      std::int64_t otherwise) const {
    const auto text = keys_.find(key);
    const auto value = text == keys_.end() ? otherwise : integer_of(trimmed(text->second));
    if (!value || *value < least || *value > most)
      refuse_corrupt(file_, key + " is " + (value ? std::to_string(*value) : in_quotes(text->second)) +
                                ", not " + std::to_string(least) + " to " + std::to_string(most));
    return *value;
  }

  std::string name_of(const std::string& prefix) const {
    const auto found = keys_.find(prefix + "Name");
    const std::string name(found == keys_.end() ? "" : trimmed(found->second));
    if (name.size() > kMaxNameBytes ||
        std::ranges::any_of(name, [](char c) { return static_cast<unsigned char>(c) < ' '; }))
      refuse_corrupt(file_, prefix + "Name is not one short line of text");
    return name;
  }

  const std::string& file_;
  const NrrdKeys& keys_;
  std::int64_t layers_;
};

}  // namespace

std::vector<SegmentInfo> nrrd_segments(const std::string& file, const NrrdKeys& keys, std::int64_t layers) {
  std::set<std::int64_t> numbers;
  for (const auto& [key, value] : keys) {
    if (const auto number = segment_number(key)) numbers.insert(*number);
  }
  std::vector<SegmentInfo> segments;
  std::set<std::pair<std::int64_t, std::int64_t>> used;
  for (const std::int64_t number : numbers) {
    segments.push_back(Reader(file, keys, layers).read(number));
    const SegmentInfo& segment = segments.back();
    if (!used.insert({segment.layer, segment.value}).second)
      refuse_corrupt(file, "two of its segments are the value " + std::to_string(segment.value) +
                               " of layer " + std::to_string(segment.layer));
  }
  return segments;
}

}  // namespace sonde
