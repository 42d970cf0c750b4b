// SPDX-License-Identifier: Apache-2.0
#include <zlib.h>

#include "sonde/io/formats.h"
#include "sonde/io/volume/samples.h"
#include "sonde/io/volume/volume_testing.h"

namespace sonde {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string deflated(const std::string& content) {
  std::string packed(compressBound(content.size()), '\0');
  uLongf size = packed.size();
  compress(reinterpret_cast<Bytef*>(packed.data()), &size, reinterpret_cast<const Bytef*>(content.data()),
           content.size());
  packed.resize(size);
  return packed;
}

const std::string kSmall = "ObjectType = Image\nNDims = 2\nDimSize = 2 2\nElementType = MET_UCHAR\n";

class ReadMetaImage : public testing::Test {
 protected:
  std::filesystem::path file(const std::string& content, const std::string& name = "a.mha") const {
    return write_file(folder_.path() / name, content);
  }
  std::filesystem::path local(const std::string& fields, const std::string& data) const {
    return file(fields + "ElementDataFile = LOCAL\n" + data);
  }
  Refused refused(const std::string& fields, const std::string& data) const {
    const auto path = local(fields, data);
    const Refused by_reading = refusal([&] { read_metaimage(path, {}); });
    EXPECT_EQ(refusal([&] { inspect_metaimage(path); }).message, by_reading.message);
    return by_reading;
  }

  TestFolder folder_;
};

TEST_F(ReadMetaImage, HasTheGeometryThatItkRead) {
  const auto path = local(
      "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = True\n"
      "TransformMatrix = 0.8660254 0.4698463 0.1710101 -0.5 0.8137977 0.2961981 0 0.3420201 -0.9396926\n"
      "Offset = -12.5 30.25 7.125\nAnatomicalOrientation = ???\nElementSpacing = 0.5 0.75 3\n"
      "DimSize = 2 3 2\nElementType = MET_SHORT\n",
      swapped_bytes<std::int16_t>({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1100}));
  const Volume volume = read_metaimage(path, {});
  const Affine3 by_itk{{Vec3{0.4330127, 0.23492315, 0.08550505}, Vec3{-0.375, 0.610348275, 0.222148575},
                        Vec3{0, 1.0260603, -2.8190778}},
                       {-12.5, 30.25, 7.125}};
  expect_near(volume.geometry.mm_from_voxel.value(), by_itk, 1e-9);
  expect_near(volume.geometry.mm_from_voxel.value(), oblique_affine(), 1e-6);
  EXPECT_THAT(volume.voxels, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1100));
}

TEST_F(ReadMetaImage, ReadsAFileThatItkWrote) {
  const auto data = bytes_from_hex("785e63601805a321306021c0080250db71b11990d40c984307abc5001a270014");
  const auto path = local(
      "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\n"
      "CompressedData = True\nCompressedDataSize = 32\n"
      "TransformMatrix = 0.86602540440140163 0.46984631699898627 0.17101005038849873 -0.50000002607294425 "
      "0.81379767528939062 0.29619810536301333 0 0.34202013182308877 -0.93969262497250494\n"
      "Offset = -12.5 30.25 7.125\nCenterOfRotation = 0 0 0\nAnatomicalOrientation = RAS\n"
      "ElementSpacing = 0.49999999066968048 0.74999996089058574 2.9999998459723125\nDimSize = 12 10 8\n"
      "ElementType = MET_UCHAR\n",
      raw_bytes(data.value()));
  const Volume volume = read_metaimage(path, {});
  EXPECT_EQ(volume.geometry.extent, (Extent3{12, 10, 8}));
  EXPECT_EQ(set_voxels(volume), kItkMask);
  expect_near(volume.geometry.mm_from_voxel.value(), oblique_affine(), 1e-6);
}

TEST_F(ReadMetaImage, ReadsEveryEncoding) {
  const std::string packed = deflated("abcd");
  EXPECT_THAT(read_metaimage(local(kSmall, "abcd"), {}).voxels, ElementsAre('a', 'b', 'c', 'd'));
  EXPECT_THAT(read_metaimage(local(kSmall + "CompressedData = True\n", packed), {}).voxels,
              ElementsAre('a', 'b', 'c', 'd'));
  EXPECT_THAT(read_metaimage(local(kSmall + "BinaryData = False\n", "1 2 3 4"), {}).voxels,
              ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(read_metaimage(local(kSmall + "HeaderSize = -1\n", "whatever abcd"), {}).voxels,
              ElementsAre('a', 'b', 'c', 'd'));
  EXPECT_THAT(refused(kSmall + "CompressedData = True\nCompressedDataSize = 5000000000\n", packed).message,
              HasSubstr("CompressedDataSize"));
  EXPECT_THAT(refused(kSmall + "CompressedData = True\nCompressedDataSize = 6\n", packed).message,
              HasSubstr("cut"));
  EXPECT_THAT(refused(kSmall + "CompressedData = True\n", "abcd").message, HasSubstr("damaged"));
}

TEST_F(ReadMetaImage, ReadsColourAndFrames) {
  const Volume colour =
      read_metaimage(local("NDims = 2\nDimSize = 2 2\nElementNumberOfChannels = 3\nElementType = MET_UCHAR\n",
                           counting_bytes(12)),
                     {});
  EXPECT_EQ(colour.photometric, Photometric::rgb);
  EXPECT_EQ(colour.rgb.size(), 12);
  const Volume channel =
      read_metaimage(local("NDims = 2\nDimSize = 2 2\nElementNumberOfChannels = 2\nElementType = MET_CHAR\n",
                           counting_bytes(8)),
                     {.frame = 1, .series = ""});
  EXPECT_THAT(channel.voxels, ElementsAre(1, 3, 5, 7));
  const Volume frame =
      read_metaimage(local("NDims = 4\nDimSize = 2 1 2 2\nElementType = MET_CHAR\n", counting_bytes(8)),
                     {.frame = 1, .series = ""});
  EXPECT_THAT(frame.voxels, ElementsAre(4, 5, 6, 7));
  EXPECT_EQ(frame.frame_count, 2);
}

TEST_F(ReadMetaImage, AppliesTheIntensityFunction) {
  const Volume volume = read_metaimage(
      local(kSmall + "ElementToIntensityFunctionSlope = 2\nElementToIntensityFunctionOffset = -1\n",
            "\1\2\3\4"),
      {});
  EXPECT_THAT(volume.voxels, ElementsAre(1, 3, 5, 7));
  EXPECT_FALSE(volume.eight_bit);
  EXPECT_THAT(volume.notes, ElementsAre(HasSubstr("intensity function")));
}

TEST_F(ReadMetaImage, FollowsADataFileInItsOwnFolderOnly) {
  file("abcd", "a.raw");
  EXPECT_THAT(read_metaimage(file(kSmall + "ElementDataFile = a.raw\n", "a.mhd"), {}).voxels,
              ElementsAre('a', 'b', 'c', 'd'));
  const TestFolder elsewhere;
  std::filesystem::create_symlink(write_file(elsewhere.path() / "secret", "abcd"),
                                  folder_.path() / "link.raw");
  for (const std::string& name :
       {std::string("../a.raw"), std::string("/etc/passwd"), std::string("link.raw"), std::string("LIST"),
        std::string("a%03d.raw 1 2 1")}) {
    const auto path = file(kSmall + "ElementDataFile = " + name + "\n", "b.mhd");
    EXPECT_THAT(refusal([&] { read_metaimage(path, {}); }).message, HasSubstr("b.mhd: ")) << name;
  }
}

TEST_F(ReadMetaImage, RefusesHeadersThatLie) {
  EXPECT_THAT(refusal([&] { read_metaimage(file(kSmall), {}); }).message, HasSubstr("no ElementDataFile"));
  EXPECT_THAT(refused(kSmall + "NDims = 3\n", "abcd").message, HasSubstr("twice"));
  EXPECT_THAT(refused(kSmall + "ElementSpacing = 1 0\n", "abcd").message, HasSubstr("above 0"));
  EXPECT_THAT(refused(kSmall + "ElementSpacing = 1\n", "abcd").message, HasSubstr("2 finite numbers"));
  EXPECT_THAT(refused(kSmall + "TransformMatrix = 1 0 1 0\n", "abcd").message, HasSubstr("singular"));
  EXPECT_THAT(refused(kSmall + "HeaderSize = 7\n", "abcd").message, HasSubstr("HeaderSize"));
  EXPECT_THAT(
      refused("ObjectType = Scene\nNDims = 2\nDimSize = 2 2\nElementType = MET_UCHAR\n", "abcd").message,
      HasSubstr("ObjectType"));
}

TEST(RecognisesMetaImage, ByContentOrByName) {
  EXPECT_EQ(recognised(std::as_bytes(std::span(kSmall)), "volume")->read, read_metaimage);
  EXPECT_EQ(recognised({}, "a.MHD")->read, read_metaimage);
  EXPECT_NE(recognised({}, "a.nii")->read, read_metaimage);
}

}  // namespace
}  // namespace sonde
