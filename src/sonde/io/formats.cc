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

// The columns are Format's members, in their order.
const std::array kFormats{
    Format{"PNG, JPEG, TIFF, BMP", kPicture, recognises_picture, read_picture, inspect_picture,
           count_picture_frames, Extensions(), Extensions(kPicture).first(1)},
    Format{"DICOM", kDicom, looks_like_dicom, read_dicom, inspect_dicom, count_dicom_frames},
    Format{"NIfTI", Extensions(kNifti).first(3), recognises_nifti, read_nifti, inspect_nifti,
           count_nifti_frames, kNifti, Extensions(kNifti).first(2), nifti_bytes},
    Format{"NRRD", kNrrd, starts_as_nrrd, read_nrrd, inspect_nrrd, count_nrrd_frames, kNrrd,
           Extensions(kNrrd).first(1), nrrd_bytes},
    Format{"MetaImage (.mha, .mhd)", kMetaImage, starts_as_metaimage, read_metaimage, inspect_metaimage,
           count_metaimage_frames, kMetaImage, Extensions(kMetaImage).first(1), metaimage_bytes},
    Format{"MGH (.mgh, .mgz)", kMgh, nullptr, read_mgh, inspect_mgh, count_mgh_frames, kMgh},
    Format{"npy", kNpy, starts_as_npy, read_npy, inspect_npy, count_npy_frames, kNpy},
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
