// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/masks/set_layout.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include "sonde/core/error.h"
#include "sonde/core/natural_order.h"
#include "sonde/core/text.h"
#include "sonde/io/data_files.h"
#include "sonde/io/masks/mask_names.h"

namespace sonde {
namespace {

namespace fs = std::filesystem;

enum class Part { images, masks, labels, passed_over };
struct PartName {
  std::string_view name;  // in small letters
  Part part;
};
constexpr std::array kPartNames{PartName{"images", Part::images},
                                PartName{"image", Part::images},
                                PartName{"img", Part::images},
                                PartName{"imgs", Part::images},
                                PartName{"imagestr", Part::images},
                                PartName{"masks", Part::masks},
                                PartName{"mask", Part::masks},
                                PartName{"labels", Part::labels},
                                PartName{"label", Part::labels},
                                PartName{"labelstr", Part::labels},
                                PartName{"segmentations", Part::labels},
                                PartName{"segmentation", Part::labels},
                                PartName{"annotations", Part::labels},
                                PartName{"annotation", Part::labels},
                                PartName{"groundtruth", Part::labels},
                                PartName{"ground_truth", Part::labels},
                                PartName{"gt", Part::labels},
                                PartName{"imagests", Part::passed_over},
                                PartName{"labelsts", Part::passed_over}};

// annotations/ may also hold a COCO JSON alone.
bool holds_images(const fs::path& folder) { return !image_files_below(folder).empty(); }

// The documented name is meant where it is there.
void take(fs::path& part, const fs::path& folder, std::string_view documented) {
  if (!part.empty() && part.filename() == documented) return;
  if (!part.empty() && folder.filename() != documented)
    throw Error(ErrorKind::usage, folder.parent_path().string() + ": has both " + part.filename().string() +
                                      "/ and " + folder.filename().string() +
                                      "/: which is meant is not known");
  part = folder;
}

}  // namespace

std::vector<fs::path> folders_in(const fs::path& folder) {
  std::vector<fs::path> folders;
  std::error_code failed, unknown;
  fs::directory_iterator entries(folder, failed);
  for (; !failed && entries != fs::directory_iterator(); entries.increment(failed)) {
    if (!entries->path().filename().native().starts_with('.') && entries->is_directory(unknown))
      folders.push_back(entries->path());
  }
  if (failed)
    throw Error(ErrorKind::unavailable, folder.string() + ": cannot be listed: " + failed.message());
  std::ranges::sort(folders, [](const fs::path& a, const fs::path& b) {
    return name_before(a.filename().native(), b.filename().native());
  });
  return folders;
}

SetLayout layout_in(const fs::path& folder) {
  SetLayout layout;
  for (const fs::path& part : folders_in(folder)) {
    const auto named = std::ranges::find(kPartNames, lower_case(part.filename().string()), &PartName::name);
    if (named == kPartNames.end()) continue;
    switch (named->part) {
      case Part::images:
        take(layout.images, part, "images");
        break;
      case Part::masks:
        take(layout.masks, part, "masks");
        break;
      case Part::labels:
        if (part.filename() == "labels" || holds_images(part)) take(layout.labels, part, "labels");
        break;
      case Part::passed_over:
        layout.notes.push_back(part.filename().string() + "/ is passed over: no labels are studied with it");
        break;
    }
  }
  return layout;
}

bool has_folder_per_patient(const fs::path& folder) {
  if (!image_files(folder).empty()) return false;
  return std::ranges::any_of(folders_in(folder), [](const fs::path& patient) {
    const auto files = image_files(patient);
    const auto masks = std::ranges::count_if(files, [](const auto& f) { return is_named_as_mask(f.stem); });
    return masks > 0 && masks < static_cast<std::ptrdiff_t>(files.size());
  });
}

}  // namespace sonde
