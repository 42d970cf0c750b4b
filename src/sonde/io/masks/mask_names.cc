// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/masks/mask_names.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "sonde/core/same_name.h"
#include "sonde/core/text.h"

namespace sonde {
namespace {

constexpr std::array<std::string_view, 17> kMaskWords{
    "mask", "masks",       "msk",          "seg",   "segm",   "segment",    "segmentation", "label", "labels",
    "gt",   "groundtruth", "ground_truth", "truth", "manual", "annotation", "labelmap",     "roi"};
constexpr std::string_view kSeparators = "_-. ";
constexpr std::string_view kFirstChannel = "_0000";

// "mask_1" to "mask" and "1", "cord" to "cord": the number of one mask of several, which a word of masks has.
MaskSuffix split(std::string_view text) {
  const std::size_t word = text.find_last_not_of("0123456789");
  if (word == std::string_view::npos || word + 1 == text.size()) return {std::string(text), ""};
  const std::string_view number = text.substr(word + 1);
  const bool spelling = kSeparators.find(text[word]) != std::string_view::npos;
  const std::string_view label = text.substr(0, spelling ? word : word + 1);
  if (!is_mask_word(label)) return {std::string(text), ""};
  return {std::string(label), std::string(number)};
}

// Of what stands behind the image's name; absent: it is not a mask's suffix.
std::optional<MaskSuffix> suffix_of(std::string_view rest) {
  MaskSuffix suffix = split(rest.substr(1));
  if (rest.front() == '_') return suffix;
  if (!is_mask_word(suffix.label)) return std::nullopt;
  if (suffix.number.empty()) suffix.label.clear();
  return suffix;
}

}  // namespace

bool is_mask_word(std::string_view text) {
  return std::ranges::find(kMaskWords, lower_case(text)) != kMaskWords.end();
}

bool is_named_as_mask(std::string_view stem) {
  const std::string_view name = stem.substr(stem.rfind('/') + 1);
  for (std::size_t at = 0; at < name.size(); ++at) {
    const bool begins = at == 0 || kSeparators.find(name[at - 1]) != std::string_view::npos;
    if (begins && is_mask_word(split(name.substr(at)).label)) return true;
  }
  return false;
}

void ImageNames::add(const std::string& name) {
  names_.emplace(decomposed(name), name);
  if (name.ends_with(kFirstChannel))
    first_channels_.emplace(decomposed(name.substr(0, name.size() - kFirstChannel.size())), name);
}

const std::string* ImageNames::find(const std::string& name) const {
  const std::string spelling = decomposed(name);
  for (const auto* names : {&names_, &first_channels_}) {
    const auto found = names->find(spelling);
    if (found != names->end()) return &found->second;
  }
  return nullptr;
}

bool ImageNames::contains(const std::string& name) const { return names_.contains(decomposed(name)); }

std::optional<MaskName> ImageNames::image_of(const std::string& mask) const {
  if (const std::string* image = find(mask)) return MaskName{*image, {}};
  const std::size_t begin = mask.rfind('/') + 1;
  for (std::size_t at = mask.size(); at-- > begin + 1;) {
    if (kSeparators.find(mask[at]) == std::string_view::npos) continue;
    const auto suffix = suffix_of(std::string_view(mask).substr(at));
    const std::string* image = suffix ? find(mask.substr(0, at)) : nullptr;
    if (image != nullptr) return MaskName{*image, *suffix};
  }
  return std::nullopt;
}

}  // namespace sonde
