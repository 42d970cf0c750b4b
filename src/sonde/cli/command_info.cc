// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <iostream>
#include <sstream>
#include <string>
#include <system_error>

#include <nlohmann/json.hpp>

#include "sonde/cli/command_line.h"
#include "sonde/cli/commands.h"
#include "sonde/cli/exit_status.h"
#include "sonde/cli/shared_options.h"
#include "sonde/cli/standard_streams.h"
#include "sonde/core/error.h"
#include "sonde/core/json_text.h"
#include "sonde/io/read.h"
#include "sonde/weights/registry.h"

namespace sonde {
namespace {

using Json = nlohmann::ordered_json;

std::string_view to_string(Photometric photometric) {
  switch (photometric) {
    case Photometric::grey:
      return "grey";
    case Photometric::grey_inverted:
      return "grey, inverted (MONOCHROME1)";
    case Photometric::rgb:
      return "colour";
  }
  return "";
}

std::string default_window(const ImageInfo& info) {
  if (info.photometric == Photometric::rgb) return "colour";
  if (info.file_window) return describe({"dicom", info.file_window});
  return info.eight_bit ? "none" : "auto";
}

Json to_json(const ImageInfo& info, std::size_t number) {
  Json json{{"number", number},
            {"title", info.title},
            {"series_uid", info.series_uid},
            {"modality", info.modality},
            {"stored_type", info.stored_type},
            {"photometric", to_string(info.photometric)},
            {"extent", {info.geometry.extent.x, info.geometry.extent.y, info.geometry.extent.z}},
            {"frame_count", info.frame_count},
            {"file_count", info.file_count},
            {"orientation", orientation_code(info.geometry)},
            {"window", default_window(info)},
            {"notes", info.notes}};
  if (info.geometry.mm_from_voxel) {
    const Vec3 mm = spacing_mm(*info.geometry.mm_from_voxel);
    const auto& a = *info.geometry.mm_from_voxel;
    json["spacing_mm"] = {mm.x, mm.y, mm.z};
    json["origin_mm_lps"] = {a.origin.x, a.origin.y, a.origin.z};
    for (const Vec3& column : a.columns) json["step_mm_lps"].push_back({column.x, column.y, column.z});
  }
  for (const SegmentInfo& segment : info.segments)
    json["segments"].push_back({{"name", segment.name}, {"value", segment.value}, {"layer", segment.layer}});
  if (!is_plain(info.geometry)) {
    const SlicePlane plane = slice_plane(info.geometry, default_axis(info.geometry));
    json["default_axis"] = to_string(plane.axis);
    json["slice_count"] = plane.slice_count;
  }
  return json;
}

void print(const ImageInfo& info, std::size_t number, std::size_t of) {
  const bool plain = is_plain(info.geometry);
  if (of > 1 || !info.title.empty())
    std::cout << "  [" << number << "] " << escaped_on_one_line(info.title) << '\n';
  if (!info.series_uid.empty())
    std::cout << "  series       " << info.series_uid << (info.modality.empty() ? "" : ", " + info.modality)
              << '\n';
  std::cout << "  pixels       " << info.stored_type << ", " << to_string(info.photometric) << '\n'
            << "  extent       " << info.geometry.extent.x << " x " << info.geometry.extent.y;
  if (!plain) std::cout << " x " << info.geometry.extent.z;
  std::cout << '\n';
  if (info.frame_count > 1)
    std::cout << "  frames       " << info.frame_count << " (--frame 0.." << info.frame_count - 1 << ")\n";
  if (info.file_count > 1) std::cout << "  files        " << info.file_count << '\n';
  if (info.geometry.mm_from_voxel) {
    const Vec3 mm = spacing_mm(*info.geometry.mm_from_voxel);
    std::cout << "  spacing      " << mm.x << " x " << mm.y << " x " << mm.z << " mm\n"
              << "  orientation  " << orientation_code(info.geometry) << '\n';
  }
  if (!plain) {
    const SlicePlane plane = slice_plane(info.geometry, default_axis(info.geometry));
    std::cout << "  slices       " << to_string(plane.axis) << " by default, " << plane.slice_count << " of "
              << plane.extent.width << " x " << plane.extent.height << '\n';
  }
  std::cout << "  window       " << default_window(info) << '\n';
  for (const SegmentInfo& segment : info.segments)
    std::cout << "  segment      " << escaped_on_one_line(segment.name) << ", value " << segment.value
              << " of layer " << segment.layer << '\n';
  for (const std::string& note : info.notes)
    std::cout << "  note         " << escaped_on_one_line(note) << '\n';
}

enum class Form { text, json };

int show_checkpoint(const std::string& path, Form form) {
  const CheckpointInfo info = inspect_checkpoint(path);
  const std::string architecture = info.architecture.empty() ? "no SAM: " + info.problem : info.architecture;
  if (form == Form::json) {
    std::cout << json_text(Json{{"file", path},
                                {"format", "weights"},
                                {"architecture", info.architecture},
                                {"sha256", info.sha256},
                                {"tensors", info.tensors.size()},
                                {"parameters", info.parameter_count}})
              << '\n';
  } else {
    std::cout << escaped_on_one_line(path) << ": weights\n  architecture " << architecture
              << "\n  tensors      " << info.tensors.size() << "\n  parameters   " << info.parameter_count
              << "\n  sha256       " << info.sha256 << '\n';
  }
  return kDone;
}

int show_images(const std::string& path, Form form) {
  const FileInfo info = inspect(path);
  for (const Refusal& refusal : info.refused) {
    complain(refusal.name + ": " + refusal.reason);
  }
  Json json{{"path", path}, {"format", info.format}, {"images", Json::array()}, {"refused", Json::array()}};
  if (form == Form::text) std::cout << escaped_on_one_line(path) << ": " << info.format << '\n';
  for (std::size_t i = 0; i < info.images.size(); ++i) {
    if (form == Form::json) {
      json["images"].push_back(to_json(info.images[i], i + 1));
    } else {
      print(info.images[i], i + 1, info.images.size());
    }
  }
  for (const Refusal& refusal : info.refused) {
    json["refused"].push_back({{"path", refusal.name}, {"reason", refusal.reason}});
  }
  if (form == Form::json) std::cout << json_text(json) << '\n';
  return info.refused.empty() ? kDone : kSomeFailed;
}

}  // namespace

int run_info(Arguments args) {
  std::string path;
  bool json = false;
  CommandLine line("What a file or folder holds, and what would be refused and why", "sonde info");
  line.add("path", path, "A picture, volume, DICOM file or folder, or a file of weights").required();
  line.add_flag("--json", json, "Print one JSON object");
  line.footer("Example: sonde info scans/patient7/");
  if (line.parse(args) == Parsed::helped) return kDone;
  const Form form = json ? Form::json : Form::text;
  std::error_code unknown;
  if (std::filesystem::is_regular_file(path, unknown) && recognises_checkpoint(path))
    return show_checkpoint(path, form);
  return show_images(path, form);
}

}  // namespace sonde
