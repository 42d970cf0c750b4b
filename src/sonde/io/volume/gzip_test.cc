// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/volume/gzip.h"

#include "sonde/io/volume/volume_testing.h"

namespace sonde {
namespace {

using testing::HasSubstr;

std::string packed(const std::string& content) {
  const auto bytes = gzip(std::as_bytes(std::span(content)));
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class PackedStreams : public testing::Test {
 protected:
  PackedStream open(const std::string& content, Packing packing = Packing::gzip) const {
    const auto path = write_file(folder_.path() / "a.gz", content);
    return {path.string(), MappedFile(path), {}, packing};
  }
  static std::string read(PackedStream& stream, std::size_t count) {
    std::string text(count, '\0');
    text.resize(stream.read(std::as_writable_bytes(std::span(text))));
    return text;
  }

  TestFolder folder_;
};

TEST_F(PackedStreams, ReadMembersAsOneStream) {
  PackedStream stream = open(packed("abc") + packed("") + packed("def"));
  EXPECT_EQ(read(stream, 4), "abcd");
  EXPECT_EQ(stream.skip(1), 1);
  EXPECT_EQ(read(stream, 9), "f");
}

TEST_F(PackedStreams, StayUsableWhenMoved) {
  PackedStream first = open(packed("abcdef"));
  EXPECT_EQ(read(first, 3), "abc");
  PackedStream second = std::move(first);
  EXPECT_EQ(read(second, 3), "def");
}

TEST_F(PackedStreams, CountWhatFollows) {
  PackedStream stream = open(packed("abcdef") + "garbage");
  EXPECT_EQ(read(stream, 2), "ab");
  const auto rest = stream.drain(100);
  EXPECT_EQ(rest.data, 4);
  EXPECT_EQ(rest.garbage, 7);
  EXPECT_EQ(open(packed("abc") + std::string(512, '\0')).drain(100).garbage, 0)
      << "zero padding, as of tapes";
}

TEST_F(PackedStreams, RefuseToDrainMoreThanAllowed) {
  EXPECT_THAT(refusal([&] { open(packed(std::string(1000, 'x'))).drain(999); }).message, HasSubstr("bomb"));
  EXPECT_EQ(open(packed(std::string(1000, 'x'))).drain(1000).data, 1000);
}

TEST_F(PackedStreams, RefuseCutAndDamagedData) {
  const std::string whole = packed("abcdefghij");
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_THAT(refusal([&] { open(whole.substr(0, size)).drain(100); }).message, HasSubstr("cut off"))
        << size;
  std::string wrong_sum = whole;
  wrong_sum[whole.size() - 8] = static_cast<char>(wrong_sum[whole.size() - 8] ^ 1);
  EXPECT_THAT(refusal([&] { open(wrong_sum).drain(100); }).message, HasSubstr("incorrect data check"));
}

TEST_F(PackedStreams, BoundWhatTheyCanHold) {
  EXPECT_EQ(open("abc", Packing::plain).at_most(), 3);
  const std::string zeros = packed(std::string(50'000'000, '\0'));
  EXPECT_GE(open(zeros).at_most(), 50'000'000);
}

TEST(Gzip, GivesTheSameBytesForTheSameContent) {
  EXPECT_EQ(packed("abc"), packed("abc"));
  EXPECT_EQ(packed("abc").substr(4, 4), std::string(4, '\0')) << "no time stamp";
}

}  // namespace
}  // namespace sonde
