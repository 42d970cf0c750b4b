// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/other_formats.h"

#include "sonde/io/picture/picture_testing.h"
#include "sonde/io/read.h"

namespace sonde {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Sample {
  std::string content, what;
};
const std::vector<Sample> kSamples{
    {"GIF89a" + std::string(20, '\1'), "a GIF picture"},
    {std::string("RIFF\x10\0\0\0WEBPVP8 ", 16), "a WebP picture"},
    {std::string("\0\0\0\x0cjP  \r\n\x87\n", 12) + "more", "a JPEG 2000 picture"},
    {std::string("\xff\x4f\xff\x51\0", 5), "a JPEG 2000 codestream"},
    {std::string("\0\0\0\x1c", 4) + "ftypavif", "an AVIF picture"},
    {std::string("\0\0\0\x18", 4) + "ftypheic", "a HEIC picture"},
    {"P5\n2 2\n255\nabcd", "a Netpbm picture"},
    {"P1 # made by hand\n1 1\n0\n", "a Netpbm picture"},
    {"P7\nWIDTH 2\n", "a Netpbm picture"},
    {"%PDF-1.7\n", "a PDF document"},
    {"<?xml version=\"1.0\"?>\n<svg width=\"3\">", "an SVG drawing"},
    {"\n<!DOCTYPE HTML><p>404", "an HTML page"},
    {"MATLAB 5.0 MAT-file, Platform: GLNXA64", "a Matlab file"},
    {"PK\3\4", "a zip archive (.npz"},
    {"\x89HDF\r\n\x1a\n", "an HDF5 file"},
    {"ZISRAWFILE", "a Zeiss CZI file"},
    {"\xda\xce\xbe\n", "a Nikon ND2 file"},
    {"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer"},
};

std::string reason_of(const std::filesystem::path& path) {
  const Refused by_reading = refusal([&] { read_volume(path); });
  EXPECT_EQ(by_reading.kind, ErrorKind::unsupported) << path;
  EXPECT_EQ(refusal([&] { inspect(path); }).message, by_reading.message);
  return by_reading.message;
}

TEST(OtherFormat, IsNamedByItsContentWhateverTheName) {
  const TestFolder folder;
  for (const auto& [content, what] : kSamples) {
    for (const char* name :
         {"a", "a.png", "a.nii", "a.nii.gz", "a.nrrd", "a.mha", "a.npy", "a.mgz", "a.dcm"}) {
      const auto path = write_file(folder.path() / name, content);
      EXPECT_THAT(reason_of(path), HasSubstr(path.string() + ": is " + what)) << name;
    }
  }
}

TEST(OtherFormat, OfPackedDataIsNamedWhereNoFormatIsPackedSo) {
  const TestFolder folder;
  const std::string gzip_head("\x1f\x8b\x08\0", 4);
  EXPECT_THAT(reason_of(write_file(folder.path() / "a.png", gzip_head)), HasSubstr("is gzip data"));
  EXPECT_THAT(refusal([&] { read_volume(write_file(folder.path() / "a.nii.gz", gzip_head)); }).message,
              Not(HasSubstr("is gzip data")));
}

TEST(OtherFormat, IsToldOfInAFolder) {
  const TestFolder folder;
  write_file(folder.path() / "1.webp", kSamples[1].content);
  write_file(folder.path() / "notes.pdf", "%PDF-1.7\n");
  EXPECT_THAT(refusal([&] { inspect(folder.path()); }).message,
              HasSubstr("none of its 1 images is read: 1.webp: is a WebP picture"));
  write_file(folder.path() / "2.png", png_of(grey_ramp<std::uint8_t>(1)));
  const FileInfo info = inspect(folder.path());
  ASSERT_EQ(info.images.size(), 1U);
  ASSERT_EQ(info.refused.size(), 1U);  // a document beside the images is none
  EXPECT_EQ(std::filesystem::path(info.refused[0].name).filename(), "1.webp");
  EXPECT_THAT(info.refused[0].reason,
              HasSubstr("is a WebP picture, which sonde does not read: convert it to PNG"));
}

TEST(OtherFormat, IsNotSeenInFilesThatSondeReads) {
  const TestFolder folder;
  write_file(folder.path() / "a.img", std::string("\x70\0\0\0", 4));  // voxels may be anything
  EXPECT_THAT(refusal([&] { read_volume(folder.path() / "a.img"); }).message, Not(HasSubstr("Leica")));
  const std::string png = png_of(grey_ramp<std::uint8_t>(1));
  EXPECT_FALSE(other_format(std::as_bytes(std::span(png))).has_value());
  EXPECT_FALSE(other_format({}).has_value());
}

}  // namespace
}  // namespace sonde
