// SPDX-License-Identifier: Apache-2.0
#include "sonde/annotate/image_changes.h"

#include "sonde/annotate/open_image.h"
#include "sonde/core/error.h"

namespace sonde {
namespace {

// Absent: it cannot be read.
std::optional<ImageContent> content_now(const ImageSource& source) {
  try {
    std::string stamp = stamp_of(source);
    return content_of(source, read_image(source), std::move(stamp));
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

std::optional<std::string> notice_of(const ImageContent& drawn_on, const ImageContent& now) {
  if (drawn_on.sha256 == now.sha256) return std::nullopt;
  if (!drawn_on.sha256.empty()) return kChangedNotice;
  if (now.shown == ImageContent::Shown::turned) return kTurnedNotice;
  return std::nullopt;
}

std::optional<std::string> notice_of_change(const ImageSummary& image) {
  if (stamp_of(image.source) == image.content.stamp) return std::nullopt;
  const auto now = content_now(image.source);
  return now ? notice_of(image.content, *now) : std::nullopt;
}

ChangesFound look_for_changes(Project& project) {
  ChangesFound found;
  for (const ImageSummary& image : project.images()) {
    if (image.approved + image.proposed == 0) continue;
    if (stamp_of(image.source) == image.content.stamp) continue;
    const auto now = content_now(image.source);
    if (!now) continue;
    project.set_content(image.id, *now);
    if (const ImageSummary after = project.image(image.id); after.notice)
      found.changed.push_back(after);
    else if (image.content.sha256.empty())
      ++found.of_unknown_age;
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
