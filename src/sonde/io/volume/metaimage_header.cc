// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/volume/metaimage_header.h"

#include <algorithm>
#include <array>
#include <map>

#include "sonde/core/text.h"
#include "sonde/io/volume/checks.h"
#include "sonde/io/volume/text_header.h"

namespace sonde {
namespace {

constexpr std::string_view kDataFile = "ElementDataFile";  // the last field

// Fields that sonde uses, and older names of some.
const std::map<std::string, std::string, std::less<>>& field_names() {
  static const std::map<std::string, std::string, std::less<>> kNames{
      {"ObjectType", "ObjectType"},
      {"NDims", "NDims"},
      {"DimSize", "DimSize"},
      {"ElementType", "ElementType"},
      {"ElementNumberOfChannels", "ElementNumberOfChannels"},
      {"ElementSpacing", "ElementSpacing"},
      {"ElementSize", "ElementSize"},
      {"TransformMatrix", "TransformMatrix"},
      {"Rotation", "TransformMatrix"},
      {"Orientation", "TransformMatrix"},
      {"Offset", "Offset"},
      {"Position", "Offset"},
      {"Origin", "Offset"},
      {"BinaryData", "BinaryData"},
      {"BinaryDataByteOrderMSB", "BinaryDataByteOrderMSB"},
      {"ElementByteOrderMSB", "BinaryDataByteOrderMSB"},
      {"CompressedData", "CompressedData"},
      {"CompressedDataSize", "CompressedDataSize"},
      {"HeaderSize", "HeaderSize"},
      {"ElementToIntensityFunctionSlope", "ElementToIntensityFunctionSlope"},
      {"ElementToIntensityFunctionOffset", "ElementToIntensityFunctionOffset"},
      {"ElementDataFile", "ElementDataFile"}};
  return kNames;
}

struct ParsedLines {
  HeaderFields fields;
  std::size_t end = 0;
};

ParsedLines read_lines(const std::string& name, ByteView file) {
  HeaderLines lines(name, file);
  ParsedLines parsed{HeaderFields(name), 0};
  while (const auto line = lines.next()) {
    if (trimmed(*line).empty()) continue;
    const std::size_t sign = line->find('=');
    if (sign == std::string_view::npos)
      refuse_corrupt(name, "header line " + in_quotes(*line) + " is not \"field = value\"");
    const auto known = field_names().find(trimmed(line->substr(0, sign)));
    if (known == field_names().end()) continue;
    parsed.fields.add(known->second, trimmed(line->substr(sign + 1)));
    if (known->second != kDataFile) continue;
    parsed.end = lines.position();
    return parsed;
  }
  refuse_corrupt(name, "cut: its header has no ElementDataFile");
}

bool flag(const HeaderFields& fields, std::string_view field, bool otherwise) {
  const auto value = fields.find(field);
  if (!value) return otherwise;
  const std::string text = lower_case(*value);
  if (text == "true" || text == "1") return true;
  if (text != "false" && text != "0") fields.refuse(field, "must be True or False");
  return false;
}

SampleType type_of(const HeaderFields& fields) {
  // MetaIO's long has 4 bytes on every machine.
  static const std::map<std::string, SampleType, std::less<>> kTypes{
      {"MET_CHAR", SampleType::int8},       {"MET_UCHAR", SampleType::uint8},
      {"MET_SHORT", SampleType::int16},     {"MET_USHORT", SampleType::uint16},
      {"MET_INT", SampleType::int32},       {"MET_UINT", SampleType::uint32},
      {"MET_LONG", SampleType::int32},      {"MET_ULONG", SampleType::uint32},
      {"MET_LONG_LONG", SampleType::int64}, {"MET_ULONG_LONG", SampleType::uint64},
      {"MET_FLOAT", SampleType::float32},   {"MET_DOUBLE", SampleType::float64}};
  const auto found = kTypes.find(fields.require("ElementType"));
  if (found != kTypes.end()) return found->second;
  fields.refuse("ElementType",
                "must be MET_CHAR, UCHAR, SHORT, USHORT, INT, UINT, LONG, ULONG, LONG_LONG, "
                "ULONG_LONG, FLOAT or DOUBLE");
}

void lay_out(StoredImage& image, const HeaderFields& fields, std::size_t dimensions) {
  const auto sizes = fields.integers("DimSize", dimensions);
  checked_count(fields.file(), sizes);
  image.geometry.extent = {sizes[0], sizes[1], dimensions > 2 ? sizes[2] : 1};
  if (dimensions > 3) image.frame_count = sizes[3];
  if (!fields.has("ElementNumberOfChannels")) return;
  image.channel_count = fields.integer("ElementNumberOfChannels");
  if (image.channel_count == 1) return;
  const bool colour =
      image.type == SampleType::uint8 && (image.channel_count == 3 || image.channel_count == 4);
  image.channels = colour ? Channels::colour : Channels::frames;
  if (colour && image.channel_count == 4) image.notes.emplace_back("the alpha channel is ignored");
  if (!colour && image.frame_count > 1)
    refuse_unsupported(fields.file(), "four dimensions of several channels are not read");
}

// A row of TransformMatrix is the direction of an axis, in LPS+ (as ITK reads it; the first three of four).
Affine3 affine_of(const HeaderFields& fields, std::size_t dimensions) {
  const std::string_view spacing_field = fields.has("ElementSpacing") ? "ElementSpacing" : "ElementSize";
  std::vector<double> spacing(dimensions, 1.0);
  if (fields.has(spacing_field)) spacing = fields.numbers(spacing_field, dimensions);
  Affine3 affine;
  const std::size_t spatial = std::min<std::size_t>(dimensions, 3);
  const auto vector_at = [&](const std::vector<double>& values, std::size_t at) {
    return Vec3{values[at], values[at + 1], spatial > 2 ? values[at + 2] : 0.0};
  };
  if (fields.has("Offset")) affine.origin = vector_at(fields.numbers("Offset", dimensions), 0);
  if (fields.has("TransformMatrix")) {
    const auto matrix = fields.numbers("TransformMatrix", dimensions * dimensions);
    for (std::size_t axis = 0; axis < spatial; ++axis)
      affine.columns[axis] = vector_at(matrix, axis * dimensions);
  }
  for (std::size_t axis = 0; axis < spatial; ++axis) {
    if (!(spacing[axis] > 0)) fields.refuse(spacing_field, "must be above 0");
    const Vec3 u = affine.columns[axis];
    affine.columns[axis] = {u.x * spacing[axis], u.y * spacing[axis], u.z * spacing[axis]};
  }
  require_usable(fields.file(), "its geometry", affine);
  return affine;
}

void set_scaling(StoredImage& image, const HeaderFields& fields) {
  if (fields.has("ElementToIntensityFunctionSlope"))
    image.scaling.slope = fields.number("ElementToIntensityFunctionSlope");
  if (fields.has("ElementToIntensityFunctionOffset"))
    image.scaling.intercept = fields.number("ElementToIntensityFunctionOffset");
  if (image.scaling == Scaling{}) return;
  if (image.channels == Channels::colour)
    refuse_unsupported(fields.file(), "colours with an intensity function are not read");
  image.notes.emplace_back("its intensity function is applied");
}

void set_data_file(MetaImageHeader& header, const HeaderFields& fields) {
  const std::string_view name = fields.require(kDataFile);
  const auto parts = words(name);
  if (parts.empty()) fields.refuse(kDataFile, "must be LOCAL or name a file");
  if (parts.front() == "LIST" || name.find('%') != std::string_view::npos)
    refuse_unsupported(fields.file(), "data in several files is not read; write it as one file");
  if (lower_case(name) != "local") header.data_file = name;
  if (fields.has("HeaderSize")) header.header_size = fields.integer("HeaderSize");
  const bool local = header.data_file.empty();
  if (header.header_size < -1 || (local && header.header_size > 0))
    fields.refuse("HeaderSize", local ? "must be 0 or -1 for LOCAL data" : "must be at least -1");
}

void set_encoding(MetaImageHeader& header, const HeaderFields& fields) {
  if (fields.has("CompressedDataSize")) header.compressed_size = fields.integer("CompressedDataSize");
  if (header.compressed_size && *header.compressed_size < 1)
    fields.refuse("CompressedDataSize", "must be at least 1");
  header.image.format = "MetaImage";
  if (flag(fields, "CompressedData", /*otherwise=*/false)) {
    header.encoding = MetaImageHeader::Encoding::deflate;
    header.image.format += " (zlib)";
    if (header.header_size < 0) fields.refuse("HeaderSize", "must be at least 0 for compressed data");
  } else if (!flag(fields, "BinaryData", /*otherwise=*/true)) {
    header.encoding = MetaImageHeader::Encoding::text;
    header.image.format += " (text)";
  }
}

}  // namespace

bool starts_as_metaimage(ByteView head) {
  const std::string_view text(reinterpret_cast<const char*>(head.data()), head.size());
  const auto first = trimmed(text.substr(0, text.find('=')));
  return text.find('=') != std::string_view::npos && (first == "ObjectType" || first == "NDims");
}

MetaImageHeader parse_metaimage_header(const std::string& name, ByteView file) {
  const auto [fields, end] = read_lines(name, file);
  if (fields.has("ObjectType") && fields.require("ObjectType") != "Image")
    fields.refuse("ObjectType", "only Image is read");
  const std::int64_t dimensions = fields.integer("NDims");
  if (dimensions < 2 || dimensions > 4) fields.refuse("NDims", "sonde reads 2 to 4");
  MetaImageHeader header;
  header.end = end;
  header.image.type = type_of(fields);
  const bool big = flag(fields, "BinaryDataByteOrderMSB", /*otherwise=*/false);
  lay_out(header.image, fields, static_cast<std::size_t>(dimensions));
  set_scaling(header.image, fields);
  set_data_file(header, fields);
  set_encoding(header, fields);
  // Text is decoded to the machine's order.
  header.image.order =
      big && header.encoding != MetaImageHeader::Encoding::text ? ByteOrder::big : ByteOrder::little;
  header.image.geometry.mm_from_voxel = affine_of(fields, static_cast<std::size_t>(dimensions));
  std::ranges::move(notes_on(*header.image.geometry.mm_from_voxel), std::back_inserter(header.image.notes));
  return header;
}

}  // namespace sonde
