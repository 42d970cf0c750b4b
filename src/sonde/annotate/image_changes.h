// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sonde/annotate/project.h"

namespace sonde {

// What people are told of an image that has changed under its objects: one line without its name.
inline constexpr const char* kChangedNotice =
    "the image has changed since its objects were drawn: they may not fit it";

inline constexpr const char* kTurnedNotice =
    "its objects were drawn by a version that did not turn the picture as its orientation says: they may not "
    "fit it";

// Of objects that were drawn on what `drawn_on` says (empty: not known) and see `now`. Absent: they fit.
std::optional<std::string> notice_of(const ImageContent& drawn_on, const ImageContent& now);

// Looks at the image as it is now, by the times of its files and, where these differ, by its voxels. Absent:
// it has not changed, or cannot be told.
std::optional<std::string> notice_of_change(const ImageSummary& image);

struct ChangesFound {
  std::vector<ImageSummary> changed;
  std::int64_t of_unknown_age = 0;  // images with objects of versions that kept no content: kept from now on
};
// Of every image with objects; the project knows it then. Images that cannot be read are passed over.
ChangesFound look_for_changes(Project& project);
// For people, one line each.
std::vector<std::string> lines_of(const ChangesFound& found);

}  // namespace sonde
