// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sonde/core/text.h"
#include "sonde/io/dicom/dicom_testing.h"

// DICOM segmentations as other programs write them, of slices that oblique_slice(step, ...) makes.
namespace sonde::dicom_test {

struct SegFrame {
  int segment = 1;
  double step = 0;          // mm along the normal
  std::vector<int> pixels;  // six: 0 or 1, fractions, or labels of a label map
};
struct Seg {
  std::string type = "BINARY";                        // FRACTIONAL, LABELMAP
  int bits = 1;                                       // allocated: 8 or 16 for the others
  std::vector<std::pair<int, std::string>> segments;  // numbers and labels, as they follow one another
  std::vector<SegFrame> frames;
  std::optional<int> shared_segment{};  // named for all frames at once
  int largest = 255;                    // of fractions
  std::string frame_of_reference = "1.2.3.77";
  std::string character_set = "ISO_IR 192";
};

inline std::string seg_pixels(const Seg& seg) {
  std::string bytes;
  std::size_t bit = 0;
  for (const SegFrame& frame : seg.frames) {
    for (const int pixel : frame.pixels) {
      if (seg.bits == 1) {
        if (bit % 8 == 0) bytes.push_back('\0');
        bytes.back() = static_cast<char>(bytes.back() | pixel << (bit++ % 8));
        continue;
      }
      bytes.push_back(static_cast<char>(pixel & 0xff));
      if (seg.bits == 16) bytes.push_back(static_cast<char>(pixel >> 8));
    }
  }
  return bytes;
}

inline Elements seg_position(const SegFrame& frame) {
  const auto position =
      std::to_string(10 - 0.8 * frame.step) + "\\" + std::to_string(20 + 0.6 * frame.step) + "\\30";
  Elements groups;
  groups.sequence(0x20, 0x9113, {Elements().text(0x20, 0x0032, "DS", position)});
  return groups;
}

inline Elements seg_elements(const Seg& seg) {
  const auto number = [](int value) { return std::vector<std::uint16_t>{static_cast<std::uint16_t>(value)}; };
  const auto shown = [&](int segment) { return std::vector{Elements().us(0x62, 0x000b, number(segment))}; };
  Elements data;
  const bool is_map = seg.type == "LABELMAP";
  data.text(8, 5, "CS", seg.character_set)
      .text(8, 0x0016, "UI", is_map ? "1.2.840.10008.5.1.4.1.1.66.7" : "1.2.840.10008.5.1.4.1.1.66.4")
      .text(8, 0x0018, "UI", "1.2.3.500")
      .text(8, 0x0060, "CS", "SEG")
      .text(0x20, 0x000e, "UI", "1.2.3.501")
      .text(0x20, 0x0052, "UI", seg.frame_of_reference)
      .text(0x28, 0x0008, "IS", std::to_string(seg.frames.size()));
  data.sequence(8, 0x1115, {Elements().text(0x20, 0x000e, "UI", "1.2.3")});
  data.us(0x28, 0x0002, {1})
      .text(0x28, 0x0004, "CS", "MONOCHROME2")
      .us(0x28, 0x0010, {2})
      .us(0x28, 0x0011, {3});
  data.us(0x28, 0x0100, number(seg.bits)).us(0x28, 0x0101, number(seg.bits));
  data.us(0x28, 0x0102, number(seg.bits - 1)).us(0x28, 0x0103, {0});
  data.text(0x62, 0x0001, "CS", seg.type);
  if (seg.type == "FRACTIONAL") data.us(0x62, 0x000e, number(seg.largest));
  std::vector<Elements> segments;
  for (const auto& [segment, label] : seg.segments)
    segments.push_back(Elements().us(0x62, 0x0004, number(segment)).text(0x62, 0x0005, "LO", label));
  data.sequence(0x62, 0x0002, segments);
  Elements shared;
  shared.sequence(0x20, 0x9116, {Elements().text(0x20, 0x0037, "DS", "0.6\\0.8\\0\\0\\0\\-1")});
  shared.sequence(0x28, 0x9110, {Elements().text(0x28, 0x0030, "DS", "0.75\\0.5")});
  if (seg.shared_segment) shared.sequence(0x62, 0x000a, shown(*seg.shared_segment));
  std::vector<Elements> groups;
  for (const SegFrame& frame : seg.frames) {
    groups.push_back(seg_position(frame));
    if (!is_map && !seg.shared_segment) groups.back().sequence(0x62, 0x000a, shown(frame.segment));
  }
  data.sequence(0x5200, 0x9229, {shared}).sequence(0x5200, 0x9230, groups);
  return data.bytes(0x7fe0, 0x0010, seg_pixels(seg));
}

inline std::string seg_file(const Seg& seg, const Elements& data,
                            const std::string& syntax = kExplicitLittle) {
  Elements meta;
  meta.text(2, 0x0002, "UI",
            seg.type == "LABELMAP" ? "1.2.840.10008.5.1.4.1.1.66.7" : "1.2.840.10008.5.1.4.1.1.66.4")
      .text(2, 0x0010, "UI", syntax);
  return std::string(128, '\0') + "DICM" + meta.encoded() + data.encoded();
}
inline std::string seg_file(const Seg& seg) { return seg_file(seg, seg_elements(seg)); }

}  // namespace sonde::dicom_test
