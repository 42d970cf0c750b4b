// SPDX-License-Identifier: Apache-2.0
#include "sonde/cli/outputs.h"

#include <map>
#include <sys/stat.h>
#include <system_error>

#include <climits>
#include <nlohmann/json.hpp>

#include "sonde/core/error.h"
#include "sonde/io/write.h"

namespace sonde {
namespace {

namespace fs = std::filesystem;

bool names_a_file(const std::string& out) {
  std::error_code unknown;
  return !fs::is_directory(out, unknown) && !out.ends_with('/') && fs::path(out).has_extension();
}

// Names for results: the stem, with the folder's name in front where stems repeat.
std::vector<std::string> result_names(const std::vector<std::string>& inputs) {
  std::map<std::string, int> uses;
  for (const std::string& input : inputs) ++uses[stem_of(input)];
  std::vector<std::string> names;
  std::map<std::string, std::string> taken;
  for (const std::string& input : inputs) {
    const std::string stem = stem_of(input);
    const std::string folder = fs::absolute(input).lexically_normal().parent_path().filename().string();
    names.push_back(uses[stem] == 1 ? stem : folder + "_" + stem);
    const auto [other, is_new] = taken.emplace(names.back(), input);
    if (!is_new) {
      throw Error(ErrorKind::usage, input + " and " + other->second + " would both write " + names.back() +
                                        "_mask: run them apart");
    }
  }
  return names;
}

void require_single(const std::vector<std::string>& inputs, std::string_view option,
                    const std::string& file) {
  if (inputs.size() == 1) return;
  throw Error(ErrorKind::usage, std::string(option) + " " + file + " is one file for " +
                                    std::to_string(inputs.size()) + " images: give a folder");
}

BinaryVolume in_volume(const Mask& mask, const LoadedPicture& picture) {
  BinaryVolume volume{picture.volume.geometry.extent, {}};
  volume.voxels.assign(static_cast<std::size_t>(voxel_count(volume.extent)), 0);
  insert_slice(volume, mask, picture.plane, picture.slice);
  return volume;
}

}  // namespace

OutputPlan plan_outputs(const std::vector<std::string>& inputs, const OutputRequest& request) {
  OutputPlan plan;
  const auto names = result_names(inputs);
  if (!request.out.empty() && names_a_file(request.out)) {
    mask_extension(request.out);  // refuses an unknown extension before any work
    require_single(inputs, "--out", request.out);
    plan.masks.emplace_back(request.out);
  } else {
    for (const std::string& name : names) plan.masks.push_back(fs::path(request.out) / (name + "_mask"));
  }
  if (request.overlay.empty()) return plan;
  if (names_a_file(request.overlay)) {
    if (fs::path(request.overlay).extension() != ".png") {
      throw Error(ErrorKind::usage, "--overlay " + request.overlay + ": a .png file is needed");
    }
    require_single(inputs, "--overlay", request.overlay);
    plan.overlays.emplace_back(request.overlay);
  } else {
    for (const std::string& name : names)
      plan.overlays.push_back(fs::path(request.overlay) / (name + "_overlay.png"));
  }
  return plan;
}

OutputGuard::OutputGuard(const std::vector<std::string>& inputs, Existing replaced) : replaced_(replaced) {
  for (const std::string& input : inputs) inputs_.emplace(identity_of(input), input);
}

OutputGuard::Identity OutputGuard::identity_of(const fs::path& path) {
  struct stat there {};
  if (::stat(path.c_str(), &there) == 0) return {there.st_dev, there.st_ino, ""};
  std::error_code error;
  const fs::path place = fs::weakly_canonical(fs::absolute(path, error), error);
  return {0, 0, (error ? path : place).string()};
}

void OutputGuard::claim(const fs::path& output) {
  const std::string name = output.string();
  if (const std::size_t bytes = output.filename().string().size(); bytes > NAME_MAX) {
    throw Error(ErrorKind::usage, name + ": the name has " + std::to_string(bytes) + " bytes, a file takes " +
                                      std::to_string(NAME_MAX) + ": name another");
  }
  const Identity identity = identity_of(output);
  const auto input = inputs_.find(identity);
  if (input != inputs_.end() && replaced_ == Existing::own_only) {
    throw Error(ErrorKind::usage, name + ": would replace the input " + input->second +
                                      ": name another, or --force to replace it");
  }
  if (!claimed_.emplace(identity, name).second)
    throw Error(ErrorKind::usage, name + ": two results would be written to this file: name another");
  check_replaceable(output, replaced_);
}

void OutputGuard::written(const fs::path& output) { claimed_.emplace(identity_of(output), output.string()); }

std::string default_mask_extension(const std::string& input, const Volume& volume) {
  if (is_plain(volume.geometry)) return ".png";
  return std::string(volume_mask_extension(input));
}

std::filesystem::path numbered(const std::filesystem::path& path, std::size_t number) {
  std::string name = path.filename().string();
  name.insert(name.size() - mask_extension(path).size(), "_" + std::to_string(number));
  return path.parent_path() / name;
}

void create_parent(const std::filesystem::path& path) {
  if (!path.has_parent_path()) return;
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  if (error)
    throw Error(ErrorKind::unavailable,
                path.parent_path().string() + ": cannot be created: " + error.message());
}

void write_mask(const std::filesystem::path& path, const Mask& mask, const LoadedPicture& picture) {
  create_parent(path);
  if (mask_extension(path) == ".png") {
    write_mask_png(path, mask);
  } else {
    write_mask_volume(path, in_volume(mask, picture), picture.volume.geometry);
  }
}

void write_label_map(const std::filesystem::path& path, std::span<const Mask> masks,
                     const LoadedPicture& picture) {
  create_parent(path);
  const bool is_png = mask_extension(path) == ".png";
  LabelMap map{is_png ? ImageGeometry{{picture.image.extent.width, picture.image.extent.height, 1}, {}}
                      : picture.volume.geometry,
               {}};
  map.labels.assign(static_cast<std::size_t>(voxel_count(map.geometry.extent)), 0);
  std::int32_t value = 0;
  for (const Mask& mask : masks) {
    ++value;
    const auto inside = is_png ? mask.pixels : in_volume(mask, picture).voxels;
    for (std::size_t i = 0; i < inside.size(); ++i) {
      if (inside[i] != 0) map.labels[i] = value;
    }
  }
  sonde::write_label_map(path, map);
}

nlohmann::ordered_json image_json(const std::string& file, const LoadedPicture& picture) {
  nlohmann::ordered_json json{
      {"file", file}, {"width", picture.image.extent.width}, {"height", picture.image.extent.height}};
  if (!is_plain(picture.volume.geometry)) {
    json["axis"] = to_string(picture.plane.axis);
    json["slice"] = picture.slice;
    json["slice_count"] = picture.plane.slice_count;
  }
  if (picture.volume.frame_count > 1) json["frame"] = picture.volume.frame;
  if (!picture.volume.notes.empty()) json["notes"] = picture.volume.notes;
  return json;
}

}  // namespace sonde
