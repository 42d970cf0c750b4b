// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "sonde/core/error.h"
#include "sonde/core/folder_testing.h"
#include "sonde/io/formats.h"

// Small DICOM files for tests, written byte by byte so that they may also be wrong.
namespace sonde::dicom_test {

// Data elements in explicit little endian, kept in the order of their tags.
class Elements {
 public:
  Elements& text(std::uint16_t group, std::uint16_t number, const char* vr, std::string value) {
    if (value.size() % 2 == 1) value.push_back(std::string(vr) == "UI" ? '\0' : ' ');
    return put(group, number, vr, value);
  }
  Elements& us(std::uint16_t group, std::uint16_t number, std::vector<std::uint16_t> values) {
    return put(group, number, "US", as_text(values));
  }
  Elements& words(std::uint16_t group, std::uint16_t number, const std::vector<std::uint16_t>& values) {
    return put(group, number, "OW", as_text(values));
  }
  Elements& bytes(std::uint16_t group, std::uint16_t number, std::string value) {
    if (value.size() % 2 == 1) value.push_back('\0');
    return put(group, number, "OB", value);
  }
  Elements& sequence(std::uint16_t group, std::uint16_t number, const std::vector<Elements>& items) {
    std::string value;
    for (const auto& item : items) {
      const auto content = item.encoded();
      value += std::string("\xfe\xff\x00\xe0", 4) + number32(content.size()) + content;
    }
    return put(group, number, "SQ", value);
  }
  // Pixels in fragments behind an empty table of offsets.
  Elements& fragments(const std::vector<std::string>& pieces) {
    std::string value("\xfe\xff\x00\xe0\0\0\0\0", 8);
    for (auto piece : pieces) {
      if (piece.size() % 2 == 1) piece.push_back('\0');
      value += std::string("\xfe\xff\x00\xe0", 4) + number32(piece.size()) + piece;
    }
    value += std::string("\xfe\xff\xdd\xe0\0\0\0\0", 8);
    elements_[{0x7fe0, 0x0010}] = head(0x7fe0, 0x0010) + std::string("OB\0\0\xff\xff\xff\xff", 8) + value;
    return *this;
  }
  Elements& erase(std::uint16_t group, std::uint16_t number) {
    elements_.erase({group, number});
    return *this;
  }
  std::string encoded() const {
    std::string all;
    for (const auto& [tag, element] : elements_) all += element;
    return all;
  }

 private:
  static std::string number32(std::size_t value) {
    std::string out(4, '\0');
    const auto narrow = static_cast<std::uint32_t>(value);
    std::memcpy(out.data(), &narrow, 4);
    return out;
  }
  static std::string as_text(const std::vector<std::uint16_t>& values) {
    std::string out(values.size() * 2, '\0');
    std::memcpy(out.data(), values.data(), out.size());
    return out;
  }
  static std::string head(std::uint16_t group, std::uint16_t number) { return as_text({group, number}); }
  Elements& put(std::uint16_t group, std::uint16_t number, const std::string& vr, const std::string& value) {
    const bool is_long = vr == "OB" || vr == "OW" || vr == "SQ";
    const auto length = is_long ? std::string(2, '\0') + number32(value.size())
                                : as_text({static_cast<std::uint16_t>(value.size())});
    elements_[{group, number}] = head(group, number) + vr + length + value;
    return *this;
  }
  std::map<std::pair<std::uint16_t, std::uint16_t>, std::string> elements_;
};

constexpr const char* kExplicitLittle = "1.2.840.10008.1.2.1";

inline std::string with_preamble(const Elements& data, const std::string& syntax = kExplicitLittle) {
  Elements meta;
  meta.text(2, 0x0002, "UI", "1.2.840.10008.5.1.4.1.1.7").text(2, 0x0010, "UI", syntax);
  return std::string(128, '\0') + "DICM" + meta.encoded() + data.encoded();
}

inline std::filesystem::path write(const std::filesystem::path& path, const std::string& content) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << content;
  return path;
}
inline std::filesystem::path write(const std::filesystem::path& path, const Elements& data) {
  return write(path, with_preamble(data));
}

// A 16-bit grey picture of 3 columns and 2 rows.
inline Elements grey_picture(const std::vector<std::uint16_t>& pixels = {0, 1, 2, 3, 4, 5}) {
  Elements data;
  data.text(8, 0x0016, "UI", "1.2.840.10008.5.1.4.1.1.7").text(8, 0x0060, "CS", "OT");
  data.us(0x28, 0x0002, {1})
      .text(0x28, 0x0004, "CS", "MONOCHROME2")
      .us(0x28, 0x0010, {2})
      .us(0x28, 0x0011, {3});
  data.us(0x28, 0x0100, {16}).us(0x28, 0x0101, {16}).us(0x28, 0x0102, {15}).us(0x28, 0x0103, {0});
  data.words(0x7fe0, 0x0010, pixels);
  return data;
}

// An oblique slice, 0.5 mm along i and 0.75 mm along j, `step` mm along the normal from (10, 20, 30).
// Rows run along (0.6, 0.8, 0), columns along (0, 0, -1): the normal is (-0.8, 0.6, 0).
inline Elements oblique_slice(double step, int instance, const std::string& series = "1.2.3") {
  Elements data = grey_picture();
  const double x = 10 - 0.8 * step;
  const double y = 20 + 0.6 * step;
  data.text(8, 0x0018, "UI", series + "." + std::to_string(instance)).text(8, 0x0060, "CS", "MR");
  data.text(0x20, 0x000e, "UI", series)
      .text(0x20, 0x0011, "IS", "7")
      .text(0x20, 0x0013, "IS", std::to_string(instance));
  data.text(0x20, 0x0032, "DS", std::to_string(x) + "\\" + std::to_string(y) + "\\30");
  data.text(0x20, 0x0037, "DS", "0.6\\0.8\\0\\0\\0\\-1").text(0x28, 0x0030, "DS", "0.75\\0.5");
  const auto value = static_cast<std::uint16_t>(instance * 10);
  data.words(0x7fe0, 0x0010, std::vector<std::uint16_t>(6, value));
  return data;
}

// "s3". GCC 12 warns of "s" + std::to_string(3) (its bug 105651).
inline std::string numbered(std::string prefix, int number) {
  prefix += std::to_string(number);
  return prefix;
}

// What reading throws; fails the test where it does not.
inline Error error_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return Error(ErrorKind::internal, "");
}

inline void expect_near(const Vec3& actual, const Vec3& expected) {
  EXPECT_NEAR(actual.x, expected.x, 1e-4);
  EXPECT_NEAR(actual.y, expected.y, 1e-4);
  EXPECT_NEAR(actual.z, expected.z, 1e-4);
}

}  // namespace sonde::dicom_test
