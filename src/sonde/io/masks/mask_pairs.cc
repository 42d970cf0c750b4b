// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/masks/mask_pairs.h"

#include <algorithm>
#include <map>
#include <set>

namespace sonde {
namespace {

constexpr std::size_t kChannelDigits = 4;

// "liver_1" of "liver_1_0001"; empty: the name has no channel.
std::string without_channel(const std::string& stem) {
  const std::size_t at = stem.rfind('_');
  if (at == std::string::npos || at + 1 + kChannelDigits != stem.size()) return "";
  return stem.find_first_not_of("0123456789", at + 1) == std::string::npos ? stem.substr(0, at) : "";
}

std::string folder_of(const ImageFile& file) { return file.stem.substr(0, file.stem.rfind('/') + 1); }

class Pairing {
 public:
  explicit Pairing(std::span<const ImageFile> images) : images_(images.begin(), images.end()) {
    for (const ImageFile& image : images_) names_.add(image.stem);
  }

  void add(const ImageFile& mask) {
    const auto name = names_.image_of(mask.stem);
    if (name)
      masks_of_[name->image].push_back({mask, name->suffix});
    else
      lonely_.push_back({mask, "no image has a name that this one begins with"});
  }

  // Masks of a folder with one image belong to it.
  void take_only_images() {
    std::map<std::string, std::vector<const ImageFile*>> in_folder;
    for (const ImageFile& image : images_) in_folder[folder_of(image)].push_back(&image);
    std::erase_if(lonely_, [&](LonelyMask& mask) {
      const auto& images = in_folder[folder_of(mask.file)];
      if (images.size() == 1) {
        masks_of_[images.front()->stem].push_back({mask.file, suffix_in_folder(mask.file.stem)});
        return true;
      }
      if (images.size() > 1)
        mask.reason = "which of the folder's " + std::to_string(images.size()) + " images it belongs to (" +
                      images[0]->name + ", " + images[1]->name + (images.size() > 2 ? ", ..." : "") +
                      ") its name does not say";
      return false;
    });
  }

  MaskPairs finish() && {
    MaskPairs pairs{{}, std::move(lonely_), {}};
    std::set<std::string> channels;
    for (const ImageFile& image : images_) {
      const auto found = masks_of_.find(image.stem);
      if (found == masks_of_.end() && is_further_channel(image)) {
        channels.insert(image.name);
        continue;
      }
      pairs.images.push_back(
          {image, found == masks_of_.end() ? std::vector<MaskFile>() : meant(image, found->second)});
    }
    pairs.notes = std::move(notes_);
    if (!channels.empty())
      pairs.notes.push_back("images of several channels: the first, NAME_0000, is taken; left out: " +
                            std::to_string(channels.size()) + " others (" + *channels.begin() +
                            (channels.size() > 1 ? ", ...)" : ")"));
    return pairs;
  }

 private:
  bool is_further_channel(const ImageFile& image) const {
    const std::string first = without_channel(image.stem) + "_0000";
    const auto masks = masks_of_.find(first);
    return first != "_0000" && masks != masks_of_.end() &&
           std::ranges::any_of(masks->second,
                               [&](const MaskFile& mask) { return !mask.file.stem.starts_with(first); });
  }

  // "mask" says nothing; of "p1_liver" in p1/ the rest.
  static MaskSuffix suffix_in_folder(const std::string& stem) {
    const std::size_t name = stem.rfind('/') + 1;
    const std::size_t above = name < 2 ? 0 : stem.rfind('/', name - 2) + 1;
    ImageNames folder;
    if (name > 0) folder.add(stem.substr(above, name - 1 - above));
    const auto after_folder = folder.image_of(stem.substr(name));
    if (after_folder) return after_folder->suffix;
    const std::string text = stem.substr(name);
    return {is_mask_word(text) ? "" : text, ""};
  }

  std::vector<MaskFile> meant(const ImageFile& image, const std::vector<MaskFile>& masks) {
    const bool has_own =
        std::ranges::any_of(masks, [&](const MaskFile& mask) { return mask.file.name == image.name; });
    std::vector<MaskFile> kept;
    for (const MaskFile& mask : masks) {
      if (!has_own || !mask.suffix.text().empty() || mask.file.name == image.name)
        kept.push_back(mask);
      else
        notes_.push_back(mask.file.name + ": left out: the mask called " + image.name + " is taken");
    }
    return kept;
  }

  std::vector<ImageFile> images_;
  ImageNames names_;
  std::map<std::string, std::vector<MaskFile>> masks_of_;
  std::vector<LonelyMask> lonely_;
  std::vector<std::string> notes_;
};

}  // namespace

MaskPairs pair_masks(std::span<const ImageFile> images, std::span<const ImageFile> masks) {
  Pairing pairing(images);
  for (const ImageFile& mask : masks) pairing.add(mask);
  return std::move(pairing).finish();
}

MaskPairs pair_in_folders(std::span<const ImageFile> files) {
  std::vector<ImageFile> images, masks;
  for (const ImageFile& file : files) (is_named_as_mask(file.stem) ? masks : images).push_back(file);
  Pairing pairing(images);
  for (const ImageFile& mask : masks) pairing.add(mask);
  pairing.take_only_images();
  return std::move(pairing).finish();
}

}  // namespace sonde
