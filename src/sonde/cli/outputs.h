// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "sonde/cli/shared_options.h"
#include "sonde/io/own_file.h"

namespace sonde {

// Where the results of each input go.
struct OutputPlan {
  std::vector<std::filesystem::path> masks;     // one an input, before a candidate's number is put in
  std::vector<std::filesystem::path> overlays;  // empty: none are wanted
};
struct OutputRequest {
  std::string out;      // a mask file, a folder, or empty: STEM_mask in the current folder
  std::string overlay;  // a PNG (one input), a folder (several), or empty
};
// Masks without a format in `out` are named STEM_mask and get the extension of `default_extensions`. Inputs
// of one name get their folder's name in front. Throws Error{usage} if two results would still share a file,
// or if several inputs meet a single file. Creates no folder.
OutputPlan plan_outputs(const std::vector<std::string>& inputs, const OutputRequest& request);

// What a command is about to write: none of its inputs, no file twice, none that sonde did not write; with
// Existing::any only no file twice.
class OutputGuard {
 public:
  OutputGuard(const std::vector<std::string>& inputs, Existing replaced);
  // Before anything is written to it. Throws Error{usage}: one of the above, or a name that is too long.
  void claim(const std::filesystem::path& output);
  // It has been written: what names it in another way is the same file from now on.
  void written(const std::filesystem::path& output);

 private:
  // Device and inode of what is there, through links; else where it would be.
  using Identity = std::tuple<std::uint64_t, std::uint64_t, std::string>;
  static Identity identity_of(const std::filesystem::path& path);

  Existing replaced_;
  std::map<Identity, std::string> inputs_, claimed_;  // and how each was named
};

// ".png" for plain pictures, else the volume format of the input (.nii.gz, .nrrd, .mha; .nii.gz for the
// rest).
std::string default_mask_extension(const std::string& input, const Volume& volume);
// mask.nii.gz, 2 -> mask_2.nii.gz
std::filesystem::path numbered(const std::filesystem::path& path, std::size_t number);

// The mask on the picture (PNG) or on the volume's grid (the others). Creates the folder.
void write_mask(const std::filesystem::path& path, const Mask& mask, const LoadedPicture& picture);
// Values 1, 2, ... where the masks are, which share no pixel.
void write_label_map(const std::filesystem::path& path, std::span<const Mask> masks,
                     const LoadedPicture& picture);
void create_parent(const std::filesystem::path& path);

// {"file", "width", "height", and for volumes "axis", "slice", "slice_count", "frame"}
nlohmann::ordered_json image_json(const std::string& file, const LoadedPicture& picture);

}  // namespace sonde
