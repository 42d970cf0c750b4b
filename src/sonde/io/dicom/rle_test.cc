// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/dicom/rle.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sonde {
namespace {

// A frame of the segments given, whose offsets are right.
std::vector<std::byte> frame_of(const std::vector<std::string>& segments) {
  std::string frame(64, '\0');
  frame[0] = static_cast<char>(segments.size());
  for (std::size_t s = 0; s < segments.size(); ++s) {
    frame[4 + 4 * s] = static_cast<char>(frame.size());
    frame += segments[s];
  }
  const auto bytes = std::as_bytes(std::span(frame));
  return {bytes.begin(), bytes.end()};
}

std::optional<std::string> decode(const std::vector<std::byte>& frame, std::size_t samples,
                                  std::size_t sample_bytes) {
  const auto bytes = decode_dicom_rle(frame, 3, samples, sample_bytes);
  if (!bytes) return std::nullopt;
  return std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size());
}

TEST(DicomRle, DecodesLiteralsRepeatsAndNothings) {
  EXPECT_EQ(decode(frame_of({"\x02"
                             "abc"}),
                   1, 1),
            "abc");
  EXPECT_EQ(decode(frame_of({"\xfe"
                             "a"}),
                   1, 1),
            "aaa");
  EXPECT_EQ(decode(frame_of({"\x80"
                             "\xff"
                             "a"
                             "\x80"
                             "\x01"
                             "bc"}),
                   1, 1),
            "aab");
}

TEST(DicomRle, PutsTheHighestByteOfEachColourFirst) {
  const auto frame =
      frame_of({"\x02"
                "ABC",
                "\x02"
                "abc",
                "\x02"
                "DEF",
                "\x02"
                "def",
                "\x02"
                "GHI",
                "\x02"
                "ghi"});
  EXPECT_EQ(decode(frame, 3, 2), "aAdDgGbBeEhHcCfFiI");
}

TEST(DicomRle, RefusesSegmentsThatDoNotFit) {
  const auto good =
      frame_of({"\x02"
                "abc"});
  EXPECT_FALSE(decode(good, 1, 2));
  EXPECT_FALSE(decode(frame_of({"\x02"
                                "ab"}),
                      1, 1));
  EXPECT_FALSE(decode(frame_of({"\x01"
                                "ab"}),
                      1, 1));
  EXPECT_FALSE(decode(frame_of({"\xfe"}), 1, 1));
  EXPECT_FALSE(decode({good.begin(), good.begin() + 40}, 1, 1));
  auto outside = good;
  outside[4] = std::byte{200};
  EXPECT_FALSE(decode(outside, 1, 1));
  outside[4] = std::byte{3};
  EXPECT_FALSE(decode(outside, 1, 1));
}

}  // namespace
}  // namespace sonde
