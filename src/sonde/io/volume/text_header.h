// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sonde/core/bytes.h"
#include "sonde/io/volume/checks.h"
#include "sonde/io/volume/stored_image.h"

// Headers of lines of text, as NRRD and MetaImage have them.
namespace sonde {

// The lines at the start of a file, one at a time without their ends. A line of more than 64 KiB, and a
// header of more than 1 MiB, are refused as Error{corrupt_data} naming the file.
class HeaderLines {
 public:
  HeaderLines(std::string name, ByteView file);
  // Absent at the end of the file. A last line without an end is one.
  std::optional<std::string_view> next();
  std::size_t position() const { return position_; }  // bytes consumed

 private:
  std::string name_;
  std::string_view text_;
  std::size_t position_ = 0;
};

// Fields by name, each once. Errors name the file and the field.
class HeaderFields {
 public:
  explicit HeaderFields(std::string file) : file_(std::move(file)) {}

  const std::string& file() const { return file_; }
  void add(std::string_view field, std::string_view value);
  bool has(std::string_view field) const { return find(field).has_value(); }
  std::optional<std::string_view> find(std::string_view field) const;
  std::string_view require(std::string_view field) const;

  // The value as a number or as exactly `count` of them. They throw Error{corrupt_data} for anything else.
  std::int64_t integer(std::string_view field) const;
  double number(std::string_view field) const;
  std::vector<std::int64_t> integers(std::string_view field, std::size_t count) const;
  std::vector<double> numbers(std::string_view field, std::size_t count) const;  // finite

  [[noreturn]] void refuse(std::string_view field, const std::string& allowed) const;

 private:
  std::string file_;
  std::map<std::string, std::string, std::less<>> values_;
};

std::vector<std::string_view> words(std::string_view text);  // between white space

// The image of such a header, with its samples behind it or in a file beside it.
template <class Header>
OpenedImage open_image(const std::filesystem::path& path, Header (*parse)(const std::string&, ByteView),
                       PackedStream (*open_samples)(const std::string&, MappedFile, std::size_t,
                                                    const Header&)) {
  MappedFile file(path);
  Header header = parse(path.string(), file.bytes());
  const bool is_beside = !header.data_file.empty();
  const auto data = is_beside ? data_file_beside(path, header.data_file) : path;
  if (is_beside) file = MappedFile(data);
  auto samples = open_samples(data.string(), std::move(file), is_beside ? 0 : header.end, header);
  return {std::move(header.image), std::move(samples)};
}

// Absent unless the whole text is a number.
std::optional<std::int64_t> integer_of(std::string_view text);
std::optional<double> number_of(std::string_view text);

}  // namespace sonde
