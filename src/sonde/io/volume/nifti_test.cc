// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include <nifti2_io.h>

#include "sonde/io/formats.h"
#include "sonde/io/volume/gzip.h"
#include "sonde/io/volume/volume_testing.h"

namespace sonde {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// 2 x 3 x 2 voxels of int16, sform of 0.5 x 0.75 x 3 mm.
nifti_1_header small_header() {
  nifti_1_header raw{};
  raw.sizeof_hdr = 348;
  const short dim[8] = {3, 2, 3, 2, 1, 1, 1, 1};
  std::copy_n(dim, 8, raw.dim);
  raw.datatype = DT_INT16;
  raw.bitpix = 16;
  raw.vox_offset = 352;
  raw.scl_slope = 1;
  std::fill_n(raw.pixdim, 8, 1.0F);
  raw.sform_code = 1;
  raw.srow_x[0] = 0.5F;
  raw.srow_y[1] = 0.75F;
  raw.srow_z[2] = 3;
  std::memcpy(raw.magic, "n+1", 4);
  return raw;
}

template <typename Raw>
std::string bytes_of(const Raw& raw) {
  return {reinterpret_cast<const char*>(&raw), sizeof raw};
}

std::string nifti(const nifti_1_header& raw, const std::string& voxels) {
  return bytes_of(raw) + std::string(4, '\0') + voxels;
}

std::vector<std::int16_t> twelve() { return {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}; }

class ReadNifti : public testing::Test {
 protected:
  std::filesystem::path file(const std::string& content, const std::string& name = "a.nii") const {
    return write_file(folder_.path() / name, content);
  }
  Volume read(const nifti_1_header& raw, const std::string& voxels, const ReadOptions& options = {}) const {
    return read_nifti(file(nifti(raw, voxels)), options);
  }
  Refused refused(const nifti_1_header& raw, const std::string& voxels) const {
    const auto path = file(nifti(raw, voxels));
    const Refused by_reading = refusal([&] { read_nifti(path, {}); });
    EXPECT_EQ(refusal([&] { inspect_nifti(path); }).message, by_reading.message);
    EXPECT_THAT(by_reading.message, HasSubstr("a.nii: "));
    return by_reading;
  }
  template <typename T>
  void expect_type(short code, const std::vector<T>& values, const std::vector<float>& read_as) const {
    nifti_1_header raw = small_header();
    raw.datatype = code;
    raw.bitpix = sizeof(T) * 8;
    raw.dim[1] = static_cast<short>(values.size());
    raw.dim[2] = raw.dim[3] = 1;
    EXPECT_EQ(read(raw, raw_bytes(values)).voxels, read_as) << "datatype " << code;
    nifti_swap_as_nifti1(&raw);
    EXPECT_EQ(read(raw, swapped_bytes(values)).voxels, read_as) << "big-endian datatype " << code;
  }

  TestFolder folder_;
};

TEST_F(ReadNifti, ReadsEveryNumberTypeInBothByteOrders) {
  expect_type<std::int8_t>(DT_INT8, {-128, 0, 127}, {-128, 0, 127});
  expect_type<std::uint8_t>(DT_UINT8, {0, 7, 255}, {0, 7, 255});
  expect_type<std::int16_t>(DT_INT16, {-32768, 258, 32767}, {-32768, 258, 32767});
  expect_type<std::uint16_t>(DT_UINT16, {0, 258, 65535}, {0, 258, 65535});
  expect_type<std::int32_t>(DT_INT32, {-70000, 0, 70000}, {-70000, 0, 70000});
  expect_type<std::uint32_t>(DT_UINT32, {0, 70000, 4294967295U}, {0, 70000, 4294967296.0F});
  expect_type<std::int64_t>(DT_INT64, {-5000000000, 1, 2}, {-5000000000.0F, 1, 2});
  expect_type<std::uint64_t>(DT_UINT64, {1, std::uint64_t{1} << 63, 3}, {1, 9223372036854775808.0F, 3});
  expect_type<float>(DT_FLOAT32, {-1.5F, 0, 3e38F}, {-1.5F, 0, 3e38F});
  expect_type<double>(DT_FLOAT64, {-1.5, 0.25, 1e300}, {-1.5, 0.25, INFINITY});
}

TEST_F(ReadNifti, KeepsTheOrderOfVoxelsWithTheFirstAxisFastest) {
  const Volume volume = read(small_header(), raw_bytes(twelve()));
  EXPECT_EQ(volume.geometry.extent, (Extent3{2, 3, 2}));
  EXPECT_THAT(volume.voxels, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11));
  EXPECT_FALSE(volume.eight_bit);
  EXPECT_THAT(volume.notes, IsEmpty());
}

TEST_F(ReadNifti, KeepsVoxelsThatAreNotNumbers) {
  nifti_1_header raw = small_header();
  raw.datatype = DT_FLOAT32;
  raw.bitpix = 32;
  raw.dim[1] = 3;
  raw.dim[2] = raw.dim[3] = 1;
  const Volume volume = read(raw, raw_bytes<float>({1, NAN, INFINITY}));
  EXPECT_EQ(volume.voxels[0], 1);
  EXPECT_TRUE(std::isnan(volume.voxels[1]));
  EXPECT_EQ(volume.voxels[2], INFINITY);
}

TEST_F(ReadNifti, AppliesSlopeAndIntercept) {
  nifti_1_header raw = small_header();
  raw.scl_slope = 2;
  raw.scl_inter = -1024;
  EXPECT_EQ(read(raw, raw_bytes(twelve())).voxels[3], -1018);
}

TEST_F(ReadNifti, DoesNotScaleWithASlopeOfZeroOrNotANumber) {
  nifti_1_header raw = small_header();
  raw.scl_slope = 0;
  raw.scl_inter = 5;
  EXPECT_EQ(read(raw, raw_bytes(twelve())).voxels[3], 3);
  raw.scl_slope = NAN;
  const Volume volume = read(raw, raw_bytes(twelve()));
  EXPECT_EQ(volume.voxels[3], 3);
  EXPECT_THAT(volume.notes, ElementsAre(HasSubstr("scl_slope")));
}

TEST_F(ReadNifti, TurnsTheSformToLeftPosteriorSuperior) {
  nifti_1_header raw = small_header();
  const Affine3 ras = flip_world_xy(oblique_affine());
  for (std::size_t axis = 0; axis < 4; ++axis) {
    const Vec3 column = axis < 3 ? ras.columns[axis] : ras.origin;
    raw.srow_x[axis] = static_cast<float>(column.x);
    raw.srow_y[axis] = static_cast<float>(column.y);
    raw.srow_z[axis] = static_cast<float>(column.z);
  }
  const Volume volume = read(raw, raw_bytes(twelve()));
  expect_near(volume.geometry.mm_from_voxel.value(), oblique_affine(), 1e-5);
  EXPECT_THAT(volume.notes, ElementsAre(HasSubstr("oblique")));
}

TEST_F(ReadNifti, UsesTheQformWhereThereIsNoSform) {
  nifti_1_header raw = small_header();
  raw.sform_code = 0;
  raw.qform_code = 1;
  raw.pixdim[0] = -1;  // the third axis is reversed
  raw.pixdim[1] = 0.5F;
  raw.pixdim[2] = 0.75F;
  raw.pixdim[3] = 3;
  raw.quatern_d = std::sqrt(0.5F);  // 90 degrees about z: i runs to anterior, j to left
  raw.qoffset_x = 10;
  raw.qoffset_y = 20;
  raw.qoffset_z = 30;
  const Affine3 ras{{Vec3{0, 0.5, 0}, Vec3{-0.75, 0, 0}, Vec3{0, 0, -3}}, {10, 20, 30}};
  expect_near(read(raw, raw_bytes(twelve())).geometry.mm_from_voxel.value(), flip_world_xy(ras), 1e-5);
  raw.pixdim[0] = 0;
  EXPECT_NEAR(read(raw, raw_bytes(twelve())).geometry.mm_from_voxel.value().columns[2].z, 3, 1e-5);
}

TEST_F(ReadNifti, PrefersTheSformAndNotesADisagreement) {
  nifti_1_header raw = small_header();
  raw.qform_code = 1;
  const Volume volume = read(raw, raw_bytes(twelve()));
  EXPECT_NEAR(volume.geometry.mm_from_voxel.value().columns[2].z, 3, 1e-6);
  EXPECT_THAT(volume.notes, ElementsAre(HasSubstr("disagree")));
}

TEST_F(ReadNifti, TakesSpacingAloneAsStoredAndSaysSo) {
  nifti_1_header raw = small_header();
  raw.sform_code = 0;
  raw.pixdim[1] = 0.5F;
  raw.pixdim[3] = 7.5F;
  const Volume volume = read(raw, raw_bytes(twelve()));
  expect_near(spacing_mm(volume.geometry.mm_from_voxel.value()), {0.5, 1, 7.5}, 1e-6);
  EXPECT_THAT(volume.notes, ElementsAre(HasSubstr("no orientation")));
  raw.pixdim[2] = 0;
  EXPECT_FALSE(read(raw, raw_bytes(twelve())).geometry.mm_from_voxel.has_value());
}

TEST_F(ReadNifti, ConvertsMetresAndMicronsToMillimetres) {
  nifti_1_header raw = small_header();
  raw.xyzt_units = NIFTI_UNITS_MICRON;
  EXPECT_NEAR(read(raw, raw_bytes(twelve())).geometry.mm_from_voxel.value().columns[2].z, 0.003, 1e-9);
  raw.xyzt_units = NIFTI_UNITS_METER | NIFTI_UNITS_SEC;
  EXPECT_NEAR(read(raw, raw_bytes(twelve())).geometry.mm_from_voxel.value().columns[2].z, 3000, 1e-3);
}

TEST_F(ReadNifti, RefusesASpacingOfZeroAndNamesTheAxis) {
  nifti_1_header raw = small_header();
  raw.srow_y[1] = 0;
  EXPECT_THAT(refused(raw, raw_bytes(twelve())).message, HasSubstr("spacing is 0 mm along y"));
  raw.sform_code = 0;
  raw.qform_code = 1;
  raw.pixdim[3] = 0;
  EXPECT_THAT(refused(raw, raw_bytes(twelve())).message, HasSubstr("spacing along z (pixdim[3]) is 0"));
}

TEST_F(ReadNifti, ReadsTheRequestedTimePointAndNamesThoseThereAre) {
  nifti_1_header raw = small_header();
  raw.dim[0] = 4;
  raw.dim[3] = 1;
  raw.dim[4] = 2;
  const Volume volume = read(raw, raw_bytes(twelve()), {.frame = 1, .series = ""});
  EXPECT_THAT(volume.voxels, ElementsAre(6, 7, 8, 9, 10, 11));
  EXPECT_EQ(volume.frame, 1);
  EXPECT_EQ(volume.frame_count, 2);
  const auto path = file(nifti(raw, raw_bytes(twelve())));
  const Refused out_of_range = refusal([&] { read_nifti(path, {.frame = 2, .series = ""}); });
  EXPECT_EQ(out_of_range.kind, ErrorKind::usage);
  EXPECT_THAT(out_of_range.message, HasSubstr("frame 2 is not there: 0..1 are"));
}

TEST_F(ReadNifti, RefusesAFileWhoseLaterTimePointIsCut) {
  nifti_1_header raw = small_header();
  raw.dim[0] = 4;
  raw.dim[4] = 2;
  EXPECT_THAT(refused(raw, raw_bytes(twelve())).message,
              HasSubstr("announces 48 bytes of voxels, the file holds 24"));
}

TEST_F(ReadNifti, ReadsColour) {
  nifti_1_header raw = small_header();
  raw.datatype = DT_RGB24;
  raw.bitpix = 24;
  raw.dim[3] = 1;
  raw.scl_slope = 3;  // of no meaning for colours
  const auto path = file(nifti(raw, counting_bytes(18)));
  const Volume volume = read_nifti(path, {});
  EXPECT_EQ(volume.photometric, Photometric::rgb);
  EXPECT_TRUE(volume.voxels.empty());
  ASSERT_EQ(volume.rgb.size(), 18);
  EXPECT_EQ(volume.rgb[17], 17);
  EXPECT_EQ(inspect_nifti(path).images[0].stored_type, "uint8 rgb");
  raw.datatype = DT_RGBA32;
  raw.bitpix = 32;
  EXPECT_THAT(read(raw, counting_bytes(24)).rgb,
              ElementsAre(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 16, 17, 18, 20, 21, 22));
}

TEST_F(ReadNifti, NamesTypesThatItDoesNotRead) {
  nifti_1_header raw = small_header();
  raw.datatype = DT_COMPLEX64;
  raw.bitpix = 64;
  EXPECT_EQ(refused(raw, std::string(96, '\0')).kind, ErrorKind::unsupported);
  raw.datatype = 777;
  EXPECT_EQ(refused(raw, std::string(96, '\0')).kind, ErrorKind::corrupt_data);
}

TEST_F(ReadNifti, SkipsExtensionsAndRefusesABrokenChain) {
  nifti_1_header raw = small_header();
  raw.vox_offset = 352 + 16 + 32;
  std::string extensions("\x10\0\0\0\x06\0\0\0 comment\x20\0\0\0\x06\0\0\0", 24);
  extensions.resize(48);
  const auto content = [&] {
    return bytes_of(raw) + std::string("\1\0\0\0", 4) + extensions + raw_bytes(twelve());
  };
  EXPECT_EQ(read_nifti(file(content()), {}).voxels[11], 11);
  extensions[16] = '\x30';
  EXPECT_THAT(refusal([&] { read_nifti(file(content()), {}); }).message, HasSubstr("header extension"));
}

TEST_F(ReadNifti, ReadsAPairByEitherName) {
  nifti_1_header raw = small_header();
  std::memcpy(raw.magic, "ni1", 4);
  raw.vox_offset = 0;
  const auto header = file(bytes_of(raw), "b.hdr");
  EXPECT_THAT(refusal([&] { read_nifti(header, {}); }).message, HasSubstr("\"b.img\" is not there"));
  const auto image = file(raw_bytes(twelve()), "b.img");
  EXPECT_EQ(read_nifti(header, {}).voxels, read_nifti(image, {}).voxels);
  EXPECT_EQ(inspect_nifti(header).format, "NIfTI-1 pair");
}

TEST_F(ReadNifti, DoesNotFollowALinkOutOfThePairsFolder) {
  nifti_1_header raw = small_header();
  std::memcpy(raw.magic, "ni1", 4);
  raw.vox_offset = 0;
  const TestFolder elsewhere;
  std::filesystem::create_symlink(write_file(elsewhere.path() / "secret", raw_bytes(twelve())),
                                  folder_.path() / "c.img");
  const auto header = file(bytes_of(raw), "c.hdr");
  EXPECT_THAT(refusal([&] { read_nifti(header, {}); }).message, HasSubstr("link out of its folder"));
}

TEST_F(ReadNifti, ReadsGzipWhateverTheName) {
  const std::string content = nifti(small_header(), raw_bytes(twelve()));
  const auto packed = gzip(std::as_bytes(std::span(content)));
  const auto path = write_file(folder_.path() / "packed.nii", packed);
  EXPECT_EQ(read_nifti(path, {}).voxels[11], 11);
  EXPECT_EQ(inspect_nifti(path).format, "NIfTI-1 (gzip)");
  EXPECT_TRUE(recognises_nifti(packed));
}

TEST_F(ReadNifti, GivesASliceWithoutAThirdAxisItsNormal) {
  nifti_1_header raw = small_header();
  raw.dim[0] = 2;
  raw.srow_z[2] = 0;
  const Volume volume = read(raw, raw_bytes(std::vector<std::int16_t>{1, 2, 3, 4, 5, 6}));
  expect_near(volume.geometry.mm_from_voxel.value().columns[2], {0, 0, 1}, 1e-6);
}

TEST_F(ReadNifti, ReadsNifti2InBothByteOrders) {
  nifti_2_header raw{};
  raw.sizeof_hdr = 540;
  std::memcpy(raw.magic, "n+2\0\r\n\x1a\n", 8);
  const std::int64_t dim[8] = {3, 2, 3, 2, 1, 1, 1, 1};
  std::copy_n(dim, 8, raw.dim);
  raw.datatype = DT_INT16;
  raw.bitpix = 16;
  raw.vox_offset = 544;
  raw.sform_code = 1;
  raw.srow_x[0] = 0.5;
  raw.srow_y[1] = 0.75;
  raw.srow_z[2] = 3;
  const auto little = read_nifti(file(bytes_of(raw) + std::string(4, '\0') + raw_bytes(twelve())), {});
  nifti_swap_as_nifti2(&raw);
  const auto big = read_nifti(file(bytes_of(raw) + std::string(4, '\0') + swapped_bytes(twelve())), {});
  EXPECT_EQ(little.voxels, big.voxels);
  EXPECT_EQ(little.geometry.mm_from_voxel, big.geometry.mm_from_voxel);
  EXPECT_EQ(little.voxels[11], 11);
}

TEST(RecognisesNifti, ByContentOrByName) {
  const std::string header = bytes_of(small_header());
  EXPECT_TRUE(recognises_nifti(std::as_bytes(std::span(header))));
  EXPECT_EQ(recognised({}, "empty.NII.GZ")->read, read_nifti);
  EXPECT_EQ(recognised({}, "picture.png"), nullptr);
}

}  // namespace
}  // namespace sonde
