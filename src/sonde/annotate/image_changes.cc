// SPDX-License-Identifier: Apache-2.0
#include "sonde/annotate/image_changes.h"

#include "sonde/annotate/open_image.h"
#include "sonde/core/error.h"

namespace sonde {
namespace {

// Absent: it cannot be read.
std::optional<ImageContent> content_now(const ImageSource& source) {
  try {
    const std::string stamp = stamp_of(source);  // before it is read: a change meanwhile is seen later
    return ImageContent{content_sha256(read_image(source)), stamp};
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

std::optional<std::string> notice_of_change(const ImageSummary& image) {
  if (image.content.sha256.empty() || stamp_of(image.source) == image.content.stamp) return std::nullopt;
  const auto now = content_now(image.source);
  if (!now || now->sha256 == image.content.sha256) return std::nullopt;
  return kChangedNotice;
}

ChangesFound look_for_changes(Project& project) {
  ChangesFound found;
  for (const ImageSummary& image : project.images()) {
    if (image.approved + image.proposed == 0) continue;
    if (stamp_of(image.source) == image.content.stamp) continue;
    const auto now = content_now(image.source);
    if (!now) continue;
    if (image.content.sha256.empty()) ++found.of_unknown_age;
    project.set_content(image.id, *now);
    if (const ImageSummary after = project.image(image.id); after.notice) found.changed.push_back(after);
  }
  return found;
}

std::vector<std::string> lines_of(const ChangesFound& found) {
  std::vector<std::string> lines;
  for (const ImageSummary& image : found.changed)
    lines.push_back(image.source.name + ": " + image.notice.value_or(""));
  if (found.of_unknown_age > 0)
    lines.push_back("whether " + std::to_string(found.of_unknown_age) +
                    (found.of_unknown_age == 1 ? " image has" : " images have") +
                    " changed under objects of an earlier version is not known; from now on it is");
  return lines;
}

}  // namespace sonde
