// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/formats.h"

#include <array>

#include "sonde/io/dicom/meta.h"
#include "sonde/io/other_formats.h"
#include "sonde/io/volume/checks.h"
#include "sonde/io/volume/gzip.h"
#include "sonde/io/volume/metaimage_header.h"
#include "sonde/io/volume/npy_header.h"
#include "sonde/io/volume/nrrd_header.h"

namespace sonde {
namespace {

constexpr std::array<std::string_view, 6> kPicture{".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp"};
constexpr std::array<std::string_view, 3> kDicom{".dcm", ".dicom", ".ima"};
constexpr std::array<std::string_view, 5> kNifti{".nii", ".nii.gz", ".hdr", ".img", ".img.gz"};
constexpr std::array<std::string_view, 2> kNrrd{".nrrd", ".nhdr"};
constexpr std::array<std::string_view, 2> kMetaImage{".mha", ".mhd"};
constexpr std::array<std::string_view, 2> kMgh{".mgh", ".mgz"};
constexpr std::array<std::string_view, 1> kNpy{".npy"};

const std::array kFormats{
    Format{.name = "PNG, JPEG, TIFF, BMP",
           .extensions = kPicture,
           .recognises = recognises_picture,
           .read = read_picture,
           .inspect = inspect_picture,
           .count_frames = count_picture_frames,
           .masks = Extensions(kPicture).first(1)},
    Format{.name = "DICOM",
           .extensions = kDicom,
           .recognises = looks_like_dicom,
           .read = read_dicom,
           .inspect = inspect_dicom,
           .count_frames = count_dicom_frames},
    Format{.name = "NIfTI",
           .extensions = Extensions(kNifti).first(3),
           .recognises = recognises_nifti,
           .read = read_nifti,
           .inspect = inspect_nifti,
           .count_frames = count_nifti_frames,
           .by_name = kNifti,
           .masks = Extensions(kNifti).first(2),
           .mask_bytes = nifti_bytes},
    Format{.name = "NRRD",
           .extensions = kNrrd,
           .recognises = starts_as_nrrd,
           .read = read_nrrd,
           .inspect = inspect_nrrd,
           .count_frames = count_nrrd_frames,
           .by_name = kNrrd,
           .masks = Extensions(kNrrd).first(1),
           .mask_bytes = nrrd_bytes},
    Format{.name = "MetaImage (.mha, .mhd)",
           .extensions = kMetaImage,
           .recognises = starts_as_metaimage,
           .read = read_metaimage,
           .inspect = inspect_metaimage,
           .count_frames = count_metaimage_frames,
           .by_name = kMetaImage,
           .masks = Extensions(kMetaImage).first(1),
           .mask_bytes = metaimage_bytes},
    Format{.name = "MGH (.mgh, .mgz)",
           .extensions = kMgh,
           .recognises = nullptr,
           .read = read_mgh,
           .inspect = inspect_mgh,
           .count_frames = count_mgh_frames,
           .by_name = kMgh},
    Format{.name = "npy",
           .extensions = kNpy,
           .recognises = starts_as_npy,
           .read = read_npy,
           .inspect = inspect_npy,
           .count_frames = count_npy_frames,
           .by_name = kNpy},
};

}  // namespace

std::span<const Format> formats() { return kFormats; }

const Format* recognised(ByteView head, const std::filesystem::path& path) {
  for (const Format& format : kFormats)
    if (format.recognises != nullptr && format.recognises(head)) return &format;
  const std::string extension = lower_extension(path);
  // The name deceives where the content is known to be something else; an .img may begin with anything.
  if (extension != ".img" && !starts_as_gzip(head) && other_format(head)) return nullptr;
  for (const Format& format : kFormats)
    if (has(format.by_name, extension)) return &format;
  return nullptr;
}

}  // namespace sonde
