// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/masks/label_values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "sonde/io/volume/checks.h"

namespace sonde {
namespace {

constexpr float kMaxLabel = (1 << 24) - 1;  // the next float may stand for 2^24 + 1
constexpr float kTolerance = 1e-3F;

// With as many digits as tell it from every other float.
std::string exact(float value) {
  std::array<char, 64> text{};
  const auto [end, fault] = std::to_chars(text.data(), text.data() + text.size(), value);
  return {text.data(), end};
}

[[noreturn]] void refuse_value(const std::string& name, std::span<const float> values, float value) {
  const bool are_shares = std::ranges::all_of(values, [](float v) { return v >= 0 && v <= 1; });
  refuse_corrupt(name, exact(value) +
                           " is not a label: labels are whole numbers (to 1/1000) from 0 to 16777215, " +
                           "and -1 for what is not labelled" +
                           (are_shares ? "; values from 0 to 1 are shares: threshold them, as at 0.5" : ""));
}

}  // namespace

LabelValues whole_labels(const std::string& name, std::span<const float> values) {
  LabelValues found;
  found.labels.reserve(values.size());
  for (const float value : values) {
    const float whole = std::round(value);
    if (!(std::abs(value - whole) <= kTolerance) || whole < -1 || whole > kMaxLabel)
      refuse_value(name, values, value);
    if (value != whole) ++found.rounded;
    if (whole < 0) ++found.ignored;
    found.labels.push_back(std::max(0, static_cast<std::int32_t>(whole)));
  }
  return found;
}

void refuse_soft_edges(const std::string& name, const std::vector<std::int32_t>& labels, std::int64_t width) {
  constexpr std::int32_t kBlack = 7;
  constexpr std::int32_t kWhite = 248;
  constexpr std::int64_t kMaxValues = 16;
  std::array<bool, 256> seen{};
  std::int64_t white = 0;
  std::int64_t between = 0;
  std::int64_t flat = 0;  // of those between
  for (std::size_t at = 0; at < labels.size(); ++at) {
    const std::int32_t value = labels[at];
    if (value < 0 || value > 255) return;
    seen[static_cast<std::size_t>(value)] = true;
    if (value >= kWhite) ++white;
    if (value <= kBlack || value >= kWhite) continue;
    ++between;
    const auto is_same = [&](std::size_t step) {
      return at + step < labels.size() && labels[at + step] == value;
    };
    if (is_same(1) || is_same(static_cast<std::size_t>(width))) ++flat;
  }
  const auto values = std::ranges::count(seen, true);
  if (values <= kMaxValues || 4 * white < white + between || 2 * flat > between) return;
  refuse_unsupported(
      name, "has " + std::to_string(values - (seen[0] ? 1 : 0)) +
                " values besides 0, most of them along edges: this looks like a mask with soft edges, or "
                "one that has been a JPEG; threshold it, as at 128");
}

}  // namespace sonde
