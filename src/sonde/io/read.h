// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sonde/imaging/picture.h"

namespace sonde {

// Of pictures: as people see them, or the numbers themselves (indices of palettes, bits as 0 and 1, whatever
// says that zero is white), for masks.
enum class PixelValues { shown, stored };

struct ReadOptions {
  std::optional<std::int64_t> frame{};  // time point or frame of a cine; absent: the first
  // DICOM folder: series UID or its number as `sonde info` prints it; empty: the only one.
  std::string series{};
  PixelValues values = PixelValues::shown;
};

// Reads any picture, volume, DICOM file or folder of one DICOM series, recognised by content, not by name.
// Throws Error naming the path: not_found, corrupt_data, unsupported; usage for a frame or series that is not
// there (says which are).
Volume read_volume(const std::filesystem::path& path, const ReadOptions& options = {});

// A picture of 8 bits or colours as people see it, its rows put where they belong as they are decoded: the
// largest pictures take three bytes a pixel. Absent for what needs a window and for all that is not a
// picture. Throws as read_volume.
struct ShownPicture {
  Volume shape;  // all but the pixels
  RgbImage image;
};
std::optional<ShownPicture> read_shown(const std::filesystem::path& path, const ReadOptions& options = {});

// Of a picture, 1 to 8 as Exif has it: read_volume turns it so. 1 for all else and what cannot be read.
std::int64_t picture_orientation(const std::filesystem::path& path, std::int64_t frame = 0);

// A label that a file describes: a segment of a .seg.nrrd.
struct SegmentInfo {
  std::int64_t value = 1;  // in its layer
  std::int64_t layer = 0;  // the frame that read_volume gives
  std::string name;
};

// What one image of a file or folder is, without reading its pixels where that can be avoided.
struct ImageInfo {
  std::string title;                 // series number and description, or empty
  std::string series_uid, modality;  // DICOM
  std::string stored_type;           // "int16", "uint8 rgb", "JPEG 2000, uint16"
  ImageGeometry geometry;
  std::int64_t frame_count = 1;
  Photometric photometric = Photometric::grey;
  std::optional<Window> file_window;
  bool eight_bit = false;
  std::int64_t file_count = 1;
  std::vector<std::string> notes;
  std::vector<SegmentInfo> segments;
};
// What is left out, and why.
struct Refusal {
  std::string name;    // path of the file, or name of the image
  std::string reason;  // one line, without the name
};
struct FileInfo {
  std::filesystem::path path;
  std::string format;  // "NIfTI-1 (gzip)", "PNG", "DICOM folder", ...
  std::vector<ImageInfo> images;
  std::vector<Refusal> refused;
};
// Every refusal that read_volume would make is found here too: a single file that cannot be read throws as
// read_volume does; a folder lists it under `refused`. A folder without DICOM lists the images in it, each
// titled with its file's name; read_volume takes them one by one. Throws if nothing at all is readable.
FileInfo inspect(const std::filesystem::path& path);

// How many frames read_volume offers of a file, from its headers alone: quick, and silent of damage that only
// the pixels show. Throws Error naming the path for what is refused by then.
std::int64_t count_frames(const std::filesystem::path& file);

}  // namespace sonde
