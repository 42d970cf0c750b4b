// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace sonde {

// How masks are called after their images: the rules of studies and of imports (docs/data-sets.md).

// Says only that a file is a mask, not of what: "mask", "seg", "gt", ..., in capitals or not.
bool is_mask_word(std::string_view text);
// Ends with such a word, or is one: "patient1_seg", "mask". A number may follow: "a_mask_1".
bool is_named_as_mask(std::string_view stem);

// What follows an image's name in that of its mask.
struct MaskSuffix {
  std::string label;  // "cord" of NAME_cord, "mask" of NAME_mask; empty: nothing follows, or .seg, -mask, ...
  std::string number;  // "1" of NAME_mask_1, the second mask of an image; else empty
  std::string text() const { return number.empty() ? label : label + "_" + number; }
};
struct MaskName {
  std::string image;  // as it was added
  MaskSuffix suffix;
};

// Names of images without extension, with the folders that they share with their masks: "p1/17". Spellings of
// one name, as file systems have them, are one.
class ImageNames {
 public:
  void add(const std::string& name);
  bool contains(const std::string& name) const;
  // The longest image's name that the mask's begins with: NAME, NAME_ANYTHING, and NAME.WORD, NAME-WORD or
  // "NAME WORD" where WORD is_mask_word. NAME_0000 (the first channel, as nnU-Net has it) is also called
  // NAME.
  std::optional<MaskName> image_of(const std::string& mask) const;

 private:
  const std::string* find(const std::string& name) const;
  std::map<std::string, std::string> names_, first_channels_;  // decomposed, as added
};

}  // namespace sonde
