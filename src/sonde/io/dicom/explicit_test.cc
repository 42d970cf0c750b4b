// SPDX-License-Identifier: Apache-2.0
// Data sets that GDCM stops in and other readers read.
#include <map>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sonde/io/dicom/dicom_testing.h"

namespace sonde {
namespace {

using dicom_test::error_of;
using testing::ElementsAre;
using testing::HasSubstr;

// Elements in one encoding, byte by byte.
struct Writer {
  bool is_big = false, is_explicit = true;

  std::string number(std::uint32_t value, int size) const {
    std::string bytes;
    for (int i = 0; i < size; ++i)
      bytes.push_back(static_cast<char>(value >> (8 * (is_big ? size - 1 - i : i))));
    return bytes;
  }
  std::string tag(std::uint32_t group, std::uint32_t element) const {
    return number(group, 2) + number(element, 2);
  }
  std::string with_length(std::uint32_t group, std::uint32_t element, const std::string& vr,
                          std::uint32_t length, const std::string& value) const {
    if (!is_explicit) return tag(group, element) + number(length, 4) + value;
    const bool is_long = vr == "SQ" || vr == "UN" || vr == "OB" || vr == "OW";
    return tag(group, element) + vr + (is_long ? number(0, 2) + number(length, 4) : number(length, 2)) +
           value;
  }
  std::string element(std::uint32_t group, std::uint32_t element, const std::string& vr,
                      const std::string& value) const {
    return with_length(group, element, vr, static_cast<std::uint32_t>(value.size()), value);
  }
  std::string open(std::uint32_t group, std::uint32_t element, const std::string& vr,
                   const std::string& items) const {
    return with_length(group, element, vr, 0xffffffff, items);
  }
  std::string item(const std::string& content) const {
    return tag(0xfffe, 0xe000) + number(0xffffffff, 4) + content + tag(0xfffe, 0xe00d) + number(0, 4);
  }
  std::string short_item(const std::string& content) const {
    return tag(0xfffe, 0xe000) + number(static_cast<std::uint32_t>(content.size()), 4) + content;
  }
  std::string end() const { return tag(0xfffe, 0xe0dd) + number(0, 4); }
  std::string us(std::uint32_t group, std::uint32_t element, std::uint32_t value) const {
    return this->element(group, element, "US", number(value, 2));
  }
  std::string code() const { return element(8, 0x0100, "SH", "113 ") + element(8, 0x0104, "LO", "mean"); }
};
const Writer kLittle{};
const Writer kBig{.is_big = true};
const Writer kImplicit{.is_explicit = false};

// A picture of 3 x 2 pixels, 0 to 5, rescaled by 2, with `odd` before its group 0010.
std::string file(const Writer& w, const std::string& odd) {
  const std::string syntax = !w.is_explicit ? "1.2.840.10008.1.2"
                             : w.is_big     ? "1.2.840.10008.1.2.2"
                                            : "1.2.840.10008.1.2.1";
  std::string data = w.element(8, 0x0016, "UI", "1.2.840.10008.5.1.4.1.1.7 ") +
                     w.element(8, 0x0060, "CS", "OT") + odd + w.element(0x20, 0x000e, "UI", "1.23");
  data += w.us(0x28, 2, 1) + w.element(0x28, 4, "CS", "MONOCHROME2 ") + w.us(0x28, 0x10, 2) +
          w.us(0x28, 0x11, 3) + w.us(0x28, 0x100, 16) + w.us(0x28, 0x101, 16) + w.us(0x28, 0x102, 15) +
          w.us(0x28, 0x103, 0) + w.element(0x28, 0x1052, "DS", "0 ") + w.element(0x28, 0x1053, "DS", "2 ");
  std::string pixels;
  for (std::uint32_t i = 0; i < 6; ++i) pixels += w.number(i, 2);
  data += w.element(0x7fe0, 0x0010, "OW", pixels);
  return dicom_test::with_preamble(dicom_test::Elements(), syntax) + data;
}

class OddDataSets : public testing::Test {
 protected:
  Volume read(const std::string& content) const {
    return read_dicom(dicom_test::write(folder_.path() / "a.dcm", content), {});
  }
  const TestFolder folder_;
};

TEST_F(OddDataSets, AreReadWhateverLiesBeforeTheirPixels) {
  const std::string within = kImplicit.item(
      kImplicit.code() + kImplicit.open(9, 0x1002, "SQ", kImplicit.item(kImplicit.code()) + kImplicit.end()));
  for (const Writer& w : {kLittle, kBig}) {
    const std::string creator = w.element(9, 0x0010, "LO", "ACME");
    const std::string icon = w.us(0x28, 0x10, 9) + w.element(0x7fe0, 0x0010, "OW", "123456");
    const std::string fragments =
        w.open(0x7fe0, 0x0010, "OB", w.short_item("") + w.short_item("abcd") + w.end());
    const std::map<std::string, std::string> odd{
        {"an open sequence", w.open(8, 0x1140, "SQ", w.item(w.code()) + w.item(w.code()) + w.end())},
        {"an empty one", w.open(8, 0x1140, "SQ", w.end())},
        {"open items in a closed one", w.element(8, 0x1140, "SQ", w.item(w.code()))},
        {"a picture within", w.open(8, 0x1140, "SQ", w.item(icon) + w.end())},
        {"a compressed picture within", w.open(8, 0x1140, "SQ", w.item(fragments) + w.end())},
        {"a private one", creator + w.open(9, 0x1001, "SQ", w.item(w.code()) + w.end())},
        {"unknown, open", creator + w.open(9, 0x1001, "UN", within + kImplicit.end())},
        {"unknown, of the standard", w.open(8, 0x1199, "UN", within + kImplicit.end())},
        {"unknown, closed", creator + w.element(9, 0x1001, "UN", within)},
        {"unknown in an item",
         w.open(8, 0x1140, "SQ",
                w.item(w.code() + w.open(9, 0x1001, "UN", within + kImplicit.end())) + w.end())},
        {"unknown in a closed item",
         w.element(8, 0x1140, "SQ",
                   w.short_item(w.code() + w.open(9, 0x1001, "UN", within + kImplicit.end())))},
        {"unknown letters", w.element(9, 0x1001, "??", "abcd")},
        {"spaces for letters", w.element(9, 0x1001, "  ", "abcd")},
        {"nothing for letters", w.element(9, 0x1001, std::string(2, '\0'), "abcd")}};
    for (const auto& [name, elements] : odd) {
      EXPECT_NO_THROW(EXPECT_THAT(read(file(w, elements)).voxels, ElementsAre(0, 2, 4, 6, 8, 10)) << name)
          << name << (w.is_big ? ", big endian" : "");
    }
  }
  EXPECT_THAT(read(file(kImplicit, kImplicit.open(9, 0x1001, "", within + kImplicit.end()))).voxels,
              ElementsAre(0, 2, 4, 6, 8, 10));
}

TEST_F(OddDataSets, AreRefusedWhereTheyCannotBeFollowed) {
  const auto refusal = [&](const std::string& odd) { return error_of([&] { read(file(kBig, odd)); }); };
  const std::string open = kBig.open(9, 0x1001, "UN", kImplicit.item(kImplicit.code()));  // not ended
  EXPECT_EQ(refusal(open).kind(), ErrorKind::corrupt_data);
  std::string deep = kImplicit.end();
  for (int i = 0; i < 1000; ++i) deep = kImplicit.open(9, 0x1001, "", kImplicit.item(deep)) + kImplicit.end();
  const Error too_deep = refusal(kBig.open(9, 0x1001, "UN", kImplicit.item(deep) + kImplicit.end()));
  EXPECT_EQ(too_deep.kind(), ErrorKind::corrupt_data);
  const std::string no_picture = dicom_test::with_preamble(dicom_test::Elements(), "1.2.840.10008.1.2.2") +
                                 kBig.element(8, 0x0016, "UI", "1.2.840.10008.5.1.4.1.1.481.5 ") +
                                 kBig.open(9, 0x1001, "SQ", kBig.item(kBig.code()) + kBig.end());
  EXPECT_THAT(error_of([&] { read(no_picture); }).what(), HasSubstr("holds no picture (RT Plan Storage)"));
}

}  // namespace
}  // namespace sonde
