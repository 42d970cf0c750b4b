// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "sonde/io/formats.h"
#include "sonde/io/volume/volume_testing.h"

namespace sonde {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string npy(const std::string& dictionary, const std::string& data, char version = 1) {
  std::string start("\x93NUMPY", 6);
  start += version;
  start += '\0';
  start += static_cast<char>(dictionary.size());
  start += std::string(version == 1 ? 1 : 3, '\0');
  return start + dictionary + data;
}

std::string array(const std::string& descr, const std::string& shape, const std::string& data,
                  const std::string& fortran = "False") {
  return npy("{'descr': '" + descr + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }\n",
             data);
}

class ReadNpy : public testing::Test {
 protected:
  Volume read(const std::string& content, const ReadOptions& options = {}) const {
    return read_npy(write_file(folder_.path() / "a.npy", content), options);
  }
  Refused refused(const std::string& content) const {
    const auto path = write_file(folder_.path() / "a.npy", content);
    const Refused by_reading = refusal([&] { read_npy(path, {}); });
    EXPECT_EQ(refusal([&] { inspect_npy(path); }).message, by_reading.message);
    return by_reading;
  }
  template <typename T>
  void expect_type(const std::string& code, const std::vector<T>& values,
                   const std::vector<float>& read_as) const {
    const std::string shape = "(1, " + std::to_string(values.size()) + ")";
    EXPECT_EQ(read(array("<" + code, shape, raw_bytes(values))).voxels, read_as) << code;
    EXPECT_EQ(read(array(">" + code, shape, swapped_bytes(values))).voxels, read_as) << "big-endian " << code;
  }

  TestFolder folder_;
};

TEST_F(ReadNpy, ReadsEveryNumberTypeInBothByteOrders) {
  expect_type<std::int8_t>("i1", {-128, 127}, {-128, 127});
  expect_type<std::uint8_t>("u1", {0, 255}, {0, 255});
  expect_type<std::int16_t>("i2", {-300, 300}, {-300, 300});
  expect_type<std::uint16_t>("u2", {1, 65535}, {1, 65535});
  expect_type<std::int32_t>("i4", {-70000, 70000}, {-70000, 70000});
  expect_type<std::uint32_t>("u4", {1, 70000}, {1, 70000});
  expect_type<std::int64_t>("i8", {-70000, 70000}, {-70000, 70000});
  expect_type<std::uint64_t>("u8", {1, 70000}, {1, 70000});
  expect_type<std::uint16_t>("f2", {0x3c00, 0xc000, 0x0001, 0x7c00, 0x7bff},  // numpy.float16's bits
                             {1, -2, 0x1p-24F, INFINITY, 65504});
  expect_type<float>("f4", {-1.5F, 2}, {-1.5F, 2});
  expect_type<double>("f8", {-1.5, 2}, {-1.5, 2});
}

TEST_F(ReadNpy, TakesTheLastIndexAsTheColumn) {
  const Volume volume = read(array("|u1", "(2, 1, 5)", counting_bytes(10)));
  EXPECT_EQ(volume.geometry.extent, (Extent3{5, 1, 2}));
  EXPECT_THAT(volume.voxels, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
  EXPECT_TRUE(volume.eight_bit);
  EXPECT_FALSE(volume.geometry.mm_from_voxel.has_value());
}

TEST_F(ReadNpy, ReadsFortranOrderToTheSameVoxels) {
  // a[i, j, k] = 100 i + 10 j + k of shape (2, 3, 4), first index fastest
  std::vector<std::uint8_t> stored;
  std::vector<float> expected;
  for (int k = 0; k < 4; ++k)
    for (int j = 0; j < 3; ++j)
      for (int i = 0; i < 2; ++i) stored.push_back(static_cast<std::uint8_t>(100 * i + 10 * j + k));
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 3; ++j)
      for (int k = 0; k < 4; ++k) expected.push_back(static_cast<float>(100 * i + 10 * j + k));
  // Four columns of uint8 would be colour: a signed type is not.
  EXPECT_EQ(read(array("|i1", "(2, 3, 4)", raw_bytes(stored), "True")).voxels, expected);
}

TEST_F(ReadNpy, TakesALastAxisOfThreeOrFourBytesAsColour) {
  EXPECT_EQ(read(array("|u1", "(2, 1, 3)", counting_bytes(6))).rgb.size(), 6);
  const Volume picture = read(array("|u1", "(2, 2, 4)", counting_bytes(16)));
  EXPECT_EQ(picture.photometric, Photometric::rgb);
  EXPECT_EQ(picture.geometry.extent, (Extent3{2, 2, 1}));
  EXPECT_THAT(picture.rgb, ElementsAre(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14));
  EXPECT_THAT(picture.notes, ElementsAre(HasSubstr("alpha")));
}

TEST_F(ReadNpy, ReadsFramesOfFourDimensions) {
  const Volume volume =
      read(array("<i2", "(2, 1, 1, 2)", raw_bytes<std::int16_t>({1, 2, 3, 4})), {.frame = 1, .series = ""});
  EXPECT_THAT(volume.voxels, ElementsAre(3, 4));
  EXPECT_EQ(volume.frame_count, 2);
}

TEST_F(ReadNpy, ReadsBoolAndTheLaterVersions) {
  EXPECT_FALSE(read(array("|b1", "(1, 2)", std::string("\0\1", 2))).eight_bit);
  const std::string dictionary = "{\"shape\": (1, 2L), 'fortran_order': False, 'descr': '|u1'}";
  EXPECT_THAT(read(npy(dictionary, "ab", 2)).voxels, ElementsAre('a', 'b'));
  EXPECT_TRUE(read(npy(dictionary, "ab", 3)).eight_bit);
}

TEST_F(ReadNpy, RefusesWhatIsNotAnArrayOfNumbers) {
  for (const char* descr : {"|O", "<c8", "|S5", "<U3", "|V8", "<M8[ns]", "<f16"})
    EXPECT_EQ(refused(array(descr, "(1, 1)", std::string(64, '\0'))).kind, ErrorKind::unsupported) << descr;
  for (const char* shape : {"()", "(3,)", "(1, 1, 1, 1, 1)"})
    EXPECT_EQ(refused(array("<i2", shape, std::string(64, '\0'))).kind, ErrorKind::unsupported) << shape;
  EXPECT_THAT(refused(array("=i2", "(1, 1)", "ab")).message, HasSubstr("byte order"));
}

TEST_F(ReadNpy, RefusesHeadersThatBreakTheFormat) {
  for (const char* dictionary :
       {"", "{", "{}", "{'descr': '|u1'}", "__import__('os')",
        "{'descr': '|u1', 'fortran_order': 1, 'shape': (1, 1)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 1), 'more': 1}",
        "{'descr': '|u1', 'descr': '|u1'}", "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 1)} + x",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (1 1)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (1.5, 1)}", "{'descr': '|u1"})
    EXPECT_EQ(refused(npy(dictionary, "abc")).kind, ErrorKind::corrupt_data) << dictionary;
  EXPECT_THAT(refused(array("|i1", "(2, 3)", "abcde")).message,
              HasSubstr("announces 6 bytes of voxels, the file holds 5"));
  EXPECT_THAT(refused(array("|i1", "(0, 3)", "")).message, HasSubstr("at least 1"));
}

}  // namespace
}  // namespace sonde
