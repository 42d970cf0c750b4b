// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/file_content.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/core/error.h"
#include "sonde/core/folder_testing.h"

namespace sonde {
namespace {

namespace fs = std::filesystem;

fs::path write_bytes(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

TEST(ContentSha256, TellsBytesApartThatSizeAndTimeDoNot) {
  const TestFolder folder;
  const fs::path file = write_bytes(folder.path() / "a.png", "one");
  const std::string before = content_sha256(file);
  const auto time = fs::last_write_time(file);
  write_bytes(file, "two");
  fs::last_write_time(file, time);
  EXPECT_NE(content_sha256(file), before);
  write_bytes(file, "one");
  EXPECT_EQ(content_sha256(file), before);
  EXPECT_THROW(content_sha256(folder.path() / "none.png"), Error);
}

TEST(ContentSha256, IsAlsoThatOfTheDataBesideAHeader) {
  const TestFolder folder;
  const auto at = [&](const char* name) { return folder.path() / name; };
  const std::string nrrd =
      "NRRD0004\ntype: uint8\ndimension: 3\nsizes: 2 1 1\nencoding: raw\ndata file: v.raw\n";
  const std::string meta =
      "ObjectType = Image\nNDims = 3\nDimSize = 2 1 1\nElementType = MET_UCHAR\nElementDataFile = m.raw\n";
  const std::vector<std::pair<fs::path, fs::path>> headers{
      {write_bytes(at("v.nhdr"), nrrd), at("v.raw")},
      {write_bytes(at("m.mhd"), meta), at("m.raw")},
      {write_bytes(at("n.hdr"), "header"), at("n.img")},
      {write_bytes(at("z.hdr"), "header"), at("z.img.gz")}};
  for (const auto& [header, data] : headers) {
    write_bytes(data, "ab");
    const std::string before = content_sha256(header);
    EXPECT_THAT(files_of(header), testing::ElementsAre(header, data));
    write_bytes(data, "ac");
    EXPECT_NE(content_sha256(header), before) << header;
  }
}

}  // namespace
}  // namespace sonde
