// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/volume/nrrd_header.h"

#include <algorithm>
#include <array>
#include <set>

#include "sonde/core/text.h"
#include "sonde/io/volume/checks.h"
#include "sonde/io/volume/nrrd_segments.h"

namespace sonde {
namespace {

constexpr std::string_view kMagic = "NRRD000";

struct TypeName {
  std::string_view name;
  SampleType type;
};
constexpr TypeName kTypes[] = {
    {"signed char", SampleType::int8},
    {"int8", SampleType::int8},
    {"int8_t", SampleType::int8},
    {"uchar", SampleType::uint8},
    {"unsigned char", SampleType::uint8},
    {"uint8", SampleType::uint8},
    {"uint8_t", SampleType::uint8},
    {"short", SampleType::int16},
    {"short int", SampleType::int16},
    {"signed short", SampleType::int16},
    {"signed short int", SampleType::int16},
    {"int16", SampleType::int16},
    {"int16_t", SampleType::int16},
    {"ushort", SampleType::uint16},
    {"unsigned short", SampleType::uint16},
    {"unsigned short int", SampleType::uint16},
    {"uint16", SampleType::uint16},
    {"uint16_t", SampleType::uint16},
    {"int", SampleType::int32},
    {"signed int", SampleType::int32},
    {"int32", SampleType::int32},
    {"int32_t", SampleType::int32},
    {"uint", SampleType::uint32},
    {"unsigned int", SampleType::uint32},
    {"uint32", SampleType::uint32},
    {"uint32_t", SampleType::uint32},
    {"longlong", SampleType::int64},
    {"long long", SampleType::int64},
    {"long long int", SampleType::int64},
    {"signed long long", SampleType::int64},
    {"signed long long int", SampleType::int64},
    {"int64", SampleType::int64},
    {"int64_t", SampleType::int64},
    {"ulonglong", SampleType::uint64},
    {"unsigned long long", SampleType::uint64},
    {"unsigned long long int", SampleType::uint64},
    {"uint64", SampleType::uint64},
    {"uint64_t", SampleType::uint64},
    {"float", SampleType::float32},
    {"double", SampleType::float64},
};

// Other spellings of fields, as the standard allows them.
std::string field_name(std::string_view text) {
  std::string name = lower_case(trimmed(text));
  if (name == "datafile") return "data file";
  if (name == "lineskip") return "line skip";
  if (name == "byteskip") return "byte skip";
  return name;
}

// Of a value: "\n" is the end of a line, "\\" a backslash.
std::string unescaped(std::string_view text) {
  std::string plain;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool escaped = text[at] == '\\' && at + 1 < text.size();
    if (escaped) ++at;
    plain += escaped && text[at] == 'n' ? '\n' : text[at];
  }
  return plain;
}

struct ParsedLines {
  HeaderFields fields;
  NrrdKeys keys;
  bool ended = false;  // by an empty line
  std::size_t end = 0;
};

ParsedLines read_lines(const std::string& name, ByteView file) {
  HeaderLines lines(name, file);
  ParsedLines parsed{HeaderFields(name), {}, false, 0};
  lines.next();  // the magic
  while (const auto line = lines.next()) {
    if (line->empty()) {
      parsed.ended = true;
      break;
    }
    const std::size_t colon = line->find(':');
    if (line->starts_with('#')) continue;
    if (colon == std::string_view::npos)
      refuse_corrupt(name, "header line " + in_quotes(*line) + " is not \"field: value\"");
    if (line->substr(colon).starts_with(":="))
      parsed.keys[std::string(line->substr(0, colon))] = unescaped(line->substr(colon + 2));
    else
      parsed.fields.add(field_name(line->substr(0, colon)), trimmed(line->substr(colon + 1)));
  }
  parsed.end = lines.position();
  return parsed;
}

SampleType type_of(const HeaderFields& fields) {
  const std::string text = lower_case(fields.require("type"));
  const auto found = std::ranges::find(kTypes, text, &TypeName::name);
  if (found != std::end(kTypes)) return found->type;
  if (text == "block")
    refuse_unsupported(fields.file(), "type \"block\" is not read: sonde knows no meaning for it");
  fields.refuse("type", "must be a number type such as uint8, short or float");
}

NrrdHeader::Encoding encoding_of(const HeaderFields& fields) {
  const std::string text = lower_case(fields.require("encoding"));
  if (text == "raw") return NrrdHeader::Encoding::raw;
  if (text == "gz" || text == "gzip") return NrrdHeader::Encoding::gzip;
  if (text == "txt" || text == "text" || text == "ascii") return NrrdHeader::Encoding::text;
  if (text == "hex") return NrrdHeader::Encoding::hex;
  if (text == "bz2" || text == "bzip2")
    refuse_unsupported(fields.file(), "encoding bzip2 is not read; write it with gzip");
  fields.refuse("encoding", "must be raw, gzip, ascii or hex");
}

ByteOrder order_of(const HeaderFields& fields, SampleType type, NrrdHeader::Encoding encoding) {
  if (byte_size(type) == 1 || encoding == NrrdHeader::Encoding::text) return ByteOrder::little;
  const std::string text = lower_case(fields.require("endian"));
  if (text != "little" && text != "big") fields.refuse("endian", "must be little or big");
  return text == "big" ? ByteOrder::big : ByteOrder::little;
}

// What an axis counts; unsaid: space, unless it is the fourth.
enum class AxisRole { space, unsaid, colour, samples };

AxisRole role_of_kind(std::string_view kind, std::int64_t size, SampleType type) {
  if (kind == "domain" || kind == "space") return AxisRole::space;
  if (kind == "???" || kind == "none") return AxisRole::unsaid;
  if (type != SampleType::uint8) return AxisRole::samples;
  const bool three = kind == "rgb-color" || kind == "3-color" || kind == "vector" || kind == "3-vector";
  const bool four = kind == "rgba-color" || kind == "4-color";
  return (three && size == 3) || (four && size == 4) ? AxisRole::colour : AxisRole::samples;
}

std::vector<AxisRole> roles_of(const HeaderFields& fields, const std::vector<std::int64_t>& sizes,
                               SampleType type) {
  std::vector<AxisRole> roles(sizes.size(), AxisRole::unsaid);
  const auto kinds = words(fields.find("kinds").value_or(""));
  if (!kinds.empty() && kinds.size() != sizes.size())
    fields.refuse("kinds", "must be " + std::to_string(sizes.size()) + " words");
  for (std::size_t axis = 0; axis < kinds.size(); ++axis)
    roles[axis] = role_of_kind(lower_case(kinds[axis]), sizes[axis], type);
  const auto directed = nrrd_axes_with_direction(fields, sizes.size());
  for (std::size_t axis = 0; directed && axis < sizes.size(); ++axis) {
    if ((*directed)[axis]) roles[axis] = AxisRole::space;
    if (!(*directed)[axis] && roles[axis] <= AxisRole::unsaid) roles[axis] = AxisRole::samples;
  }
  // Of four axes one counts time points or labels: the one of which nothing is said, else the last, as
  // everywhere (SimpleITK says of all four that they are of space).
  const bool none_else = std::ranges::all_of(roles, [](AxisRole role) { return role <= AxisRole::unsaid; });
  if (sizes.size() == 4 && none_else) {
    const bool one_unsaid = std::ranges::count(roles, AxisRole::unsaid) == 1;
    (one_unsaid ? *std::ranges::find(roles, AxisRole::unsaid) : roles.back()) = AxisRole::samples;
  }
  std::ranges::replace(roles, AxisRole::unsaid, AxisRole::space);
  return roles;
}

// Fits the array to frames of a volume of voxels: [channels] x y [z] [frames].
std::vector<std::size_t> lay_out(StoredImage& image, const HeaderFields& fields,
                                 const std::vector<std::int64_t>& sizes) {
  const auto roles = roles_of(fields, sizes, image.type);
  std::size_t first = 0;
  std::size_t last = sizes.size();
  if (roles.back() == AxisRole::samples) image.frame_count = sizes[--last];
  if (roles.front() != AxisRole::space && last > 0) {
    image.channel_count = sizes[first++];
    image.channels = roles.front() == AxisRole::colour ? Channels::colour : Channels::frames;
  }
  std::vector<std::size_t> spatial;
  for (std::size_t axis = first; axis < last; ++axis) {
    if (roles[axis] == AxisRole::space) spatial.push_back(axis);
  }
  const bool understood = spatial.size() == last - first && (spatial.size() == 2 || spatial.size() == 3) &&
                          (image.channels != Channels::frames || image.frame_count == 1);
  if (!understood) {
    refuse_unsupported(
        fields.file(),
        "its axes are not read: two or three of space, and before them one of colours or samples, "
        "or after them one of samples");
  }
  image.geometry.extent = {sizes[spatial[0]], sizes[spatial[1]], spatial.size() == 3 ? sizes[spatial[2]] : 1};
  if (image.channels == Channels::colour && image.channel_count == 4)
    image.notes.emplace_back("the alpha channel is ignored");
  return spatial;
}

std::string format_name(NrrdHeader::Encoding encoding) {
  switch (encoding) {
    case NrrdHeader::Encoding::raw:
      return "NRRD";
    case NrrdHeader::Encoding::gzip:
      return "NRRD (gzip)";
    case NrrdHeader::Encoding::text:
      return "NRRD (text)";
    case NrrdHeader::Encoding::hex:
      return "NRRD (hex)";
  }
  return "NRRD";
}

std::string data_file_of(const HeaderFields& fields) {
  const auto value = fields.find("data file");
  if (!value) return "";
  if (words(*value).empty()) fields.refuse("data file", "must name a file");
  if (words(*value).front() == "LIST" || value->find('%') != std::string_view::npos)
    refuse_unsupported(fields.file(), "data in several files is not read; write it as one file");
  return std::string(*value);
}

}  // namespace

bool starts_as_nrrd(ByteView head) {
  const std::string_view text(reinterpret_cast<const char*>(head.data()), head.size());
  return text.starts_with(kMagic);
}

NrrdHeader parse_nrrd_header(const std::string& name, ByteView file) {
  if (!starts_as_nrrd(file)) refuse_corrupt(name, "not NRRD: it must begin with \"NRRD000\" and the version");
  const ParsedLines parsed = read_lines(name, file);
  const HeaderFields& fields = parsed.fields;
  NrrdHeader header;
  header.end = parsed.end;
  header.data_file = data_file_of(fields);
  if (!parsed.ended && header.data_file.empty())
    refuse_corrupt(name, "cut: its header does not end with an empty line");
  const std::int64_t dimension = fields.integer("dimension");
  if (dimension < 2 || dimension > 5) fields.refuse("dimension", "sonde reads 2 to 5");
  const auto sizes = fields.integers("sizes", static_cast<std::size_t>(dimension));
  checked_count(name, sizes);
  header.encoding = encoding_of(fields);
  header.image.format = format_name(header.encoding);
  header.image.type = type_of(fields);
  header.image.order = order_of(fields, header.image.type, header.encoding);
  const auto spatial = lay_out(header.image, fields, sizes);
  if (fields.has("line skip")) header.line_skip = fields.integer("line skip");
  if (fields.has("byte skip")) header.byte_skip = fields.integer("byte skip");
  if (header.line_skip < 0) fields.refuse("line skip", "must be at least 0");
  const std::int64_t least = header.encoding == NrrdHeader::Encoding::raw ? -1 : 0;
  if (header.byte_skip < least) fields.refuse("byte skip", "must be at least " + std::to_string(least));
  NrrdGeometry geometry = nrrd_geometry(fields, sizes.size(), spatial);
  header.image.geometry.mm_from_voxel = geometry.mm_from_voxel;
  std::ranges::move(geometry.notes, std::back_inserter(header.image.notes));
  const bool interleaved = header.image.channels == Channels::frames;
  header.image.segments =
      nrrd_segments(name, parsed.keys, interleaved ? header.image.channel_count : header.image.frame_count);
  return header;
}

}  // namespace sonde
