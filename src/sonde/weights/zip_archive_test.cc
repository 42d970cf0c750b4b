// SPDX-License-Identifier: Apache-2.0
#include "sonde/weights/zip_archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "sonde/core/error.h"
#include "sonde/weights/checkpoint_testing.h"
#include "sonde/weights/refusal_testing.h"

namespace sonde {
namespace {

using namespace test;
using ::testing::HasSubstr;

std::map<std::string, std::string> unzip(const std::string& archive) {
  std::map<std::string, std::string> texts;
  for (const auto& [name, content] : read_zip(std::as_bytes(std::span(archive)), "file.pth"))
    texts[name] = as_text(content);
  return texts;
}

std::string refusal(const std::string& archive, ErrorKind kind = ErrorKind::corrupt_data) {
  return refusal_of([&] { unzip(archive); }, "file.pth", kind);
}

std::uint32_t crc_of(const std::string& text) {
  return static_cast<std::uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(text.data()), static_cast<uInt>(text.size())));
}

// Places in an archive of one file "a" of three bytes: its header has 30 bytes, its entry in the list 46.
constexpr std::size_t kList = 30 + 1 + 3, kEnd = kList + 46 + 1;
std::string one_file() { return zip_of({{"a", "abc", crc_of("abc")}}); }
std::string patched(std::size_t at, const std::string& bytes) {
  return one_file().replace(at, bytes.size(), bytes);
}

// The same file with its sizes and places in 64 bits, as for files of 4 GiB and more.
std::string zip64_file(std::uint64_t size, std::uint64_t offset) {
  const std::string all = le<std::uint32_t>(0xffffffff);
  const std::string extra = le<std::uint16_t>(1) + le<std::uint16_t>(24) + le(size) + le(size) + le(offset);
  const std::string head = le<std::uint32_t>(0) + le<std::uint32_t>(0) + le(crc_of("abc"));
  const std::string local = std::string("PK\x03\x04") + le<std::uint16_t>(45) + head + le<std::uint32_t>(3) +
                            le<std::uint32_t>(3) + le<std::uint16_t>(1) + le<std::uint16_t>(0) + "a" + "abc";
  const std::string list = std::string("PK\x01\x02") + le<std::uint16_t>(45) + le<std::uint16_t>(45) + head +
                           all + all + le<std::uint16_t>(1) + le<std::uint16_t>(28) + std::string(10, '\0') +
                           all + "a" + extra;
  const auto list_at = static_cast<std::uint64_t>(local.size()),
             list_size = static_cast<std::uint64_t>(list.size());
  return local + list + std::string("PK\x06\x06") + le<std::uint64_t>(44) + le<std::uint32_t>(0) +
         le<std::uint64_t>(0) + le<std::uint64_t>(1) + le<std::uint64_t>(1) + le(list_size) + le(list_at) +
         std::string("PK\x06\x07") + le<std::uint32_t>(0) + le(list_at + list_size) + le<std::uint32_t>(1) +
         std::string("PK\x05\x06") + le<std::uint32_t>(0) + le<std::uint16_t>(0xffff) +
         le<std::uint16_t>(0xffff) + all + all + le<std::uint16_t>(0);
}

TEST(ReadZip, GivesEveryFileByItsName) {
  const auto files = unzip(zip_of({{"a", "abc", crc_of("abc")}, {"b/c", "", 0}, {"d", "xyz", 0}}));
  EXPECT_EQ(files, (std::map<std::string, std::string>{{"a", "abc"}, {"b/c", ""}, {"d", "xyz"}}));
}

TEST(ReadZip, ReadsSizesOf64Bits) { EXPECT_EQ(unzip(zip64_file(3, 0)).at("a"), "abc"); }

TEST(ReadZip, RefusesSizesOf64BitsThatLie) {
  refusal(zip64_file(4, 0));
  refusal(zip64_file(~0ULL, 0));
  refusal(zip64_file(3, 1));
  refusal(zip64_file(3, ~0ULL));
}

TEST(ReadZip, RefusesArchivesThatAreCut) {
  const auto archive = one_file();
  for (std::size_t size = 0; size < archive.size(); ++size) refusal(archive.substr(0, size));
  for (std::size_t begin = 1; begin < archive.size(); ++begin) refusal(archive.substr(begin));
}

TEST(ReadZip, RefusesAChecksumThatDoesNotMatch) {
  EXPECT_THAT(refusal(patched(31, "x")), HasSubstr("checksum of a"));
}

TEST(ReadZip, RefusesWhatItDoesNotRead) {
  EXPECT_THAT(refusal(patched(kList + 10, le<std::uint16_t>(8)), ErrorKind::unsupported),
              HasSubstr("compressed"));
  EXPECT_THAT(refusal(patched(kList + 8, le<std::uint16_t>(1)), ErrorKind::unsupported),
              HasSubstr("encrypted"));
  EXPECT_THAT(refusal(patched(kEnd + 4, le<std::uint16_t>(1)), ErrorKind::unsupported), HasSubstr("volumes"));
}

TEST(ReadZip, RefusesHeadersThatDisagree) {
  refusal(patched(kList + 20, le<std::uint32_t>(2)));                         // packed size
  refusal(patched(kList + 20, le<std::uint32_t>(4) + le<std::uint32_t>(4)));  // both sizes, past the end
  refusal(patched(18, le<std::uint32_t>(2)));                                 // in front of the content
  refusal(patched(30, "b"));                                                  // name
  refusal(patched(kList + 42, le<std::uint32_t>(1000)));                      // offset
  refusal(patched(kEnd + 8, le<std::uint16_t>(2) + le<std::uint16_t>(2)));    // number of files
  refusal(patched(kEnd + 8, le<std::uint16_t>(0) + le<std::uint16_t>(0)));
  refusal(patched(kEnd + 16, le<std::uint32_t>(0)));  // where the list is
}

TEST(ReadZip, RefusesFilesThatShareBytesOrNames) {
  EXPECT_THAT(refusal(zip_of({{"a", "abc"}, {"a", "abc"}})), HasSubstr("twice"));
  // The first file's content is the second file's header and content.
  const auto inner = zip_of({{"b", "abc"}});
  auto archive = zip_of({{"a", inner.substr(0, 34)}, {"b", "abc"}});
  const auto list = archive.find("PK\x01\x02"), second = archive.find("PK\x01\x02", list + 1);
  archive.replace(second + 42, 4, le<std::uint32_t>(31));
  EXPECT_THAT(refusal(archive), HasSubstr("overlap"));
}

TEST(ReadZip, ReadsOrRefusesWhateverIsDamaged) {
  Mutator mutator;
  const std::string small = zip_of({{"a", "abc"}, {"b", std::string(100, 'x')}}), large = zip64_file(3, 0);
  int read = 0;
  for (int i = 0; i < 30000; ++i) {
    const std::string damaged = mutator.mutate(i % 2 == 0 ? small : large);
    try {
      for (const auto& [name, content] : unzip(damaged)) read += content.empty() ? 0 : 1;
    } catch (const Error&) {
    }
  }
  EXPECT_GT(read, 0);
}

}  // namespace
}  // namespace sonde
