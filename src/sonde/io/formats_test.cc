// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/formats.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/folder_testing.h"
#include "sonde/core/text.h"
#include "sonde/io/data_files.h"
#include "sonde/io/volume/volume_testing.h"
#include "sonde/io/write.h"

namespace sonde {
namespace {

using testing::EndsWith;

ByteView bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

TEST(Formats, AreListedWhereAFileIsOfNone) {
  const TestFolder folder;
  const auto path = write_file(folder.path() / "a.txt", "neither image nor volume");
  EXPECT_THAT(refusal([&] { read_volume(path); }).message,
              EndsWith("a.txt: not a format that sonde reads: PNG, JPEG, TIFF, BMP, DICOM, NIfTI, NRRD, "
                       "MetaImage (.mha, .mhd), MGH (.mgh, .mgz), npy"));
}

TEST(Formats, AreListedWhereAMaskIsWrittenAsNone) {
  EXPECT_EQ(listed(mask_extensions()), ".png, .nii, .nii.gz, .nrrd, .mha");
  EXPECT_EQ(refusal([] { mask_extension("m.jpg"); }).message,
            "m.jpg: masks are written as .png, .nii, .nii.gz, .nrrd or .mha");
  EXPECT_EQ(refusal([] {
              write_label_map("m.png", {{{1, 1, 2}, {}}, {0, 1}});
            }).message,
            "m.png: a volume does not fit a PNG; use .nii.gz, .nrrd or .mha");
}

TEST(Formats, OfAVolumesMasksAreItsOwnWhereTheyAreWritten) {
  EXPECT_EQ(volume_mask_extension("a.nii"), ".nii.gz");
  EXPECT_EQ(volume_mask_extension("a.nhdr"), ".nrrd");
  EXPECT_EQ(volume_mask_extension("a.mhd"), ".mha");
  EXPECT_EQ(volume_mask_extension("a.mgz"), ".nii.gz");
  EXPECT_EQ(volume_mask_extension("folder"), ".nii.gz");
}

TEST(Formats, AreRecognisedByContentElseByName) {
  EXPECT_EQ(recognised(bytes_of("NRRD0004\n"), "a.nii")->read, read_nrrd);
  EXPECT_EQ(recognised(bytes_of("anything"), "A.MGZ")->read, read_mgh);
  EXPECT_EQ(recognised(bytes_of("%PDF-1.4"), "a.nii"), nullptr);
  EXPECT_EQ(recognised(bytes_of("%PDF-1.4"), "a.img")->read, read_nifti);  // voxels may be anything
  EXPECT_EQ(recognised(bytes_of("anything"), "a.png"), nullptr);
}

TEST(Formats, TakeADicomPreambleThatLooksLikeATiffForDicom) {
  std::string file(132, '\0');
  file.replace(0, 4, std::string("II*\0", 4));
  EXPECT_EQ(recognised(bytes_of(file), "a")->read, read_picture);
  file.replace(128, 4, "DICM");
  EXPECT_EQ(recognised(bytes_of(file), "a")->read, read_dicom);
}

TEST(Formats, NameTheFilesThatStandForImages) {
  for (const Format& format : formats())
    for (const std::string_view extension : format.extensions)
      EXPECT_EQ(image_stem("scan" + std::string(extension)), "scan") << extension;
  EXPECT_EQ(image_stem("scan.img"), std::nullopt);  // the header does
  EXPECT_EQ(image_stem(".nii"), std::nullopt);
}

}  // namespace
}  // namespace sonde
