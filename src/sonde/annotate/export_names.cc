// SPDX-License-Identifier: Apache-2.0
#include "sonde/annotate/export_names.h"

#include <algorithm>
#include <cctype>
#include <set>

#include "sonde/core/text.h"
#include "sonde/io/data_files.h"

namespace sonde {
namespace {

constexpr std::size_t kMaxBytes = 100;

// Neither a separator nor a character that some file system refuses.
bool is_safe(char c) {
  return static_cast<unsigned char>(c) >= ' ' && c != '\x7f' &&
         std::string_view("/\\:*?\"<>|#").find(c) == std::string_view::npos;
}

// Not within a character of UTF-8.
std::string shortened(const std::string& text) {
  std::size_t size = std::min(text.size(), kMaxBytes);
  while (size > 0 && size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) --size;
  return text.substr(0, size);
}

std::string padded(std::int64_t number, std::size_t digits) {
  std::string text = std::to_string(number);
  return text.size() < digits ? std::string(digits - text.size(), '0') + text : text;
}

std::string stem_of(const std::string& name) {
  const std::size_t frame = name.rfind("#frame:");
  const std::string file = name.substr(0, frame);
  std::string stem = file;
  if (const auto known = image_stem(file)) stem = file.substr(0, file.rfind(*known) + known->size());
  return file_name_of(frame == std::string::npos ? stem : stem + "_frame_" + name.substr(frame + 7));
}

}  // namespace

std::string file_name_of(std::string_view text) {
  std::string name = shortened(std::string(text));
  std::ranges::replace_if(
      name, [](char c) { return !is_safe(c); }, '_');
  if (name.empty()) return "_";
  if (name.front() == '.') name.front() = '_';                      // hidden, or a way up
  if (name.back() == '.' || name.back() == ' ') name.back() = '_';  // Windows drops them
  return name;
}

std::vector<std::string> file_stems(std::span<const ImageSummary> images) {
  std::set<std::string> used;
  std::vector<std::string> stems;
  for (const ImageSummary& image : images) {
    const std::string stem = stem_of(image.source.name);
    std::string unique = stem;
    for (int number = 2; !used.insert(lower_case(unique)).second; ++number)
      unique = stem + "_" + std::to_string(number);
    stems.push_back(std::move(unique));
  }
  return stems;
}

std::string object_file_name(std::size_t index, const std::string& label) {
  return padded(static_cast<std::int64_t>(index) + 1, 3) + "_" + file_name_of(label);
}

std::string slice_file_name(const std::string& stem, const SlicePlane& plane, std::int64_t slice) {
  const std::size_t digits = std::to_string(plane.slice_count - 1).size();
  return stem + "_" + std::string(to_string(plane.axis)) + "_" + padded(slice, digits);
}

}  // namespace sonde
