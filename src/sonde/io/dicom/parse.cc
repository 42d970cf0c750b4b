// SPDX-License-Identifier: Apache-2.0
// From GDCM's data set to a DicomHeader. Numbers in comments are sections of the DICOM standard, PS3.3.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <utility>

#include <gdcmUIDs.h>

#include "sonde/core/text.h"
#include "sonde/io/dicom/codestream.h"
#include "sonde/io/dicom/gdcm.h"
#include "sonde/io/dicom/syntax.h"

namespace sonde::dicom {
namespace {

constexpr std::int64_t kMaxFrames = 1 << 20;
constexpr std::int64_t kMaxPixels = std::int64_t{1} << 28;  // of one frame
constexpr std::int64_t kMaxVoxels = std::int64_t{1} << 33;  // of a file

using Items = gdcm::SmartPointer<gdcm::SequenceOfItems>;

const DataSet* item(const Items& items, std::int64_t index) {
  if (items == nullptr || index < 0 || index >= static_cast<std::int64_t>(items->GetNumberOfItems()))
    return nullptr;
  return &items->GetItem(static_cast<gdcm::SequenceOfItems::SizeType>(index + 1)).GetNestedDataSet();
}

// Where the attributes of a frame are: its own functional groups, the shared ones, the data set itself
// (C.7.6.16).
class FrameLookup {
 public:
  explicit FrameLookup(const DataSet& top)
      : top_(&top), shared_(sequence(top, Tag(0x5200, 0x9229))), each_(sequence(top, Tag(0x5200, 0x9230))) {
    const auto detectors = sequence(top, Tag(0x0054, 0x0022));  // nuclear medicine
    if (const auto* detector = item(detectors, 0)) detector_ = *detector;
  }
  std::vector<double> numbers(std::int64_t frame, const Tag& group, const Tag& tag) const {
    for (const auto* groups : {item(each_, frame), item(shared_, 0)}) {
      if (groups == nullptr) continue;
      const auto items = sequence(*groups, group);
      const auto* found = item(items, 0);
      if (found != nullptr && has(*found, tag)) return values(*found, tag);
    }
    if (has(*top_, tag)) return values(*top_, tag);
    return values(detector_, tag);
  }
  std::optional<double> number(std::int64_t frame, const Tag& group, const Tag& tag) const {
    const auto found = numbers(frame, group, tag);
    if (found.empty() || !std::isfinite(found[0])) return std::nullopt;
    return found[0];
  }

 private:
  static std::vector<double> values(const DataSet& data, const Tag& tag) {
    if (tag != Tag(0x0020, 0x9128)) return dicom::numbers(data, tag);
    const auto bytes = raw(data, tag);  // TemporalPositionIndex is binary
    std::uint32_t value = 0;
    if (bytes.size() >= sizeof(value)) std::memcpy(&value, bytes.data(), sizeof(value));
    return {static_cast<double>(value)};
  }
  const DataSet* top_;
  Items shared_, each_;
  DataSet detector_;
};

std::optional<DicomPlane> plane_from(const std::vector<double>& cosines,
                                     const std::vector<double>& position) {
  if (cosines.size() != 6 || position.size() != 3) return std::nullopt;
  const auto finite = [](double v) { return std::isfinite(v); };
  if (!std::ranges::all_of(cosines, finite) || !std::ranges::all_of(position, finite)) return std::nullopt;
  DicomPlane plane{.row = {cosines[0], cosines[1], cosines[2]},
                   .column = {cosines[3], cosines[4], cosines[5]},
                   .position = {position[0], position[1], position[2]}};
  constexpr double kTolerance = 0.01;  // cosines are written with few digits
  const double row_length = length(plane.row);
  const double column_length = length(plane.column);
  if (std::abs(row_length - 1) > kTolerance || std::abs(column_length - 1) > kTolerance) return std::nullopt;
  if (std::abs(dot(plane.row, plane.column)) > kTolerance) return std::nullopt;
  plane.row = {plane.row.x / row_length, plane.row.y / row_length, plane.row.z / row_length};
  plane.column = {plane.column.x / column_length, plane.column.y / column_length,
                  plane.column.z / column_length};
  return plane;
}

std::optional<std::array<double, 2>> spacing_from(const std::vector<double>& row_and_column_spacing) {
  if (row_and_column_spacing.size() < 2) return std::nullopt;
  const std::array<double, 2> spacing{row_and_column_spacing[1], row_and_column_spacing[0]};
  if (!std::ranges::all_of(spacing, [](double v) { return std::isfinite(v) && v > 0; })) return std::nullopt;
  return spacing;
}

std::optional<Window> window_from(std::optional<double> centre, std::optional<double> width) {
  if (!centre || !width || *width <= 0) return std::nullopt;
  return Window{.centre = *centre, .width = *width};
}

DicomFrame frame_from(const DataSet& data, const FrameLookup& lookup, std::int64_t frame) {
  const Tag measures(0x0028, 0x9110);
  const Tag transformation(0x0028, 0x9145);
  const Tag voi(0x0028, 0x9132);
  DicomFrame out;
  out.plane = plane_from(lookup.numbers(frame, Tag(0x0020, 0x9116), Tag(0x0020, 0x0037)),
                         lookup.numbers(frame, Tag(0x0020, 0x9113), Tag(0x0020, 0x0032)));
  out.spacing = spacing_from(lookup.numbers(frame, measures, Tag(0x0028, 0x0030)));
  const auto between = lookup.number(frame, measures, Tag(0x0018, 0x0088));
  out.thickness = between.value_or(lookup.number(frame, measures, Tag(0x0018, 0x0050)).value_or(0));
  out.slope = lookup.number(frame, transformation, Tag(0x0028, 0x1053)).value_or(1);
  out.intercept = lookup.number(frame, transformation, Tag(0x0028, 0x1052)).value_or(0);
  if (const auto dose = number(data, Tag(0x3004, 0x000e))) out.slope = *dose;  // DoseGridScaling: gray a unit
  out.window = window_from(lookup.number(frame, voi, Tag(0x0028, 0x1050)),
                           lookup.number(frame, voi, Tag(0x0028, 0x1051)));
  out.order = {number(data, Tag(0x0020, 0x0100)).value_or(0), number(data, Tag(0x0018, 0x1060)).value_or(0),
               number(data, Tag(0x0020, 0x0012)).value_or(0), number(data, Tag(0x0020, 0x0013)).value_or(0)};
  return out;
}

// Frames of a dose grid and of a reconstructed emission volume lie along the normal without saying each
// position.
void spread_along_normal(const DataSet& data, std::vector<DicomFrame>& frames) {
  auto offsets = numbers(data, Tag(0x3004, 0x000c));  // GridFrameOffsetVector
  const bool is_tomographic = text(data, Tag(0x0008, 0x0008)).find("RECON TOMO") != std::string::npos;
  const auto between = number(data, Tag(0x0018, 0x0088));
  if (offsets.empty() && is_tomographic && between)
    for (std::size_t k = 0; k < frames.size(); ++k) offsets.push_back(static_cast<double>(k) * *between);
  if (offsets.size() != frames.size() ||
      !std::ranges::all_of(offsets, [](double v) { return std::isfinite(v); }))
    return;
  for (std::size_t k = 0; k < frames.size(); ++k) {
    auto& plane = frames[k].plane;
    if (!plane) return;
    const Vec3 normal = cross(plane->row, plane->column);
    const double along =
        offsets[k] - offsets[0];  // the first is 0, or the first position's own z (C.8.8.3.2)
    plane->position = {plane->position.x + normal.x * along, plane->position.y + normal.y * along,
                       plane->position.z + normal.z * along};
  }
}

std::vector<DicomFrame> frames_from(const DataSet& data, std::int64_t count) {
  const FrameLookup lookup(data);
  std::vector<DicomFrame> frames;
  frames.reserve(static_cast<std::size_t>(count));
  const bool each_has_groups = has(data, Tag(0x5200, 0x9230));
  for (std::int64_t f = 0; f < count; ++f) {
    const bool same_as_first = f > 0 && !each_has_groups;
    frames.push_back(same_as_first ? frames.front() : frame_from(data, lookup, f));
    if (count == 1) break;
    const auto temporal = lookup.number(f, Tag(0x0020, 0x9111), Tag(0x0020, 0x9128));
    frames.back().order = {temporal.value_or(0), 0, 0, static_cast<double>(f)};
  }
  spread_along_normal(data, frames);
  return frames;
}

[[noreturn]] void refuse(const std::filesystem::path& path, ErrorKind kind, const std::string& reason) {
  throw Error(kind, path.string() + ": " + reason);
}

void check_is_picture(const std::filesystem::path& path, const File& file) {
  const auto& data = file.data_set();
  if (file.has_pixels() && has(data, Tag(0x0028, 0x0010)) && has(data, Tag(0x0028, 0x0011))) return;
  for (const auto& [tag, name] :
       {std::pair{Tag(0x7fe0, 0x0008), "Float Pixel Data"}, {Tag(0x7fe0, 0x0009), "Double Float Pixel Data"}})
    if (data.FindDataElement(tag))
      refuse(path, ErrorKind::unsupported, std::string("floating-point pixels (") + name + ") are not read");
  if (has(data, Tag(0x0028, 0x0010)) && has(data, Tag(0x0028, 0x0100)))
    refuse(path, ErrorKind::corrupt_data,
           "the pixel data are missing: the file is cut or holds a header only");
  auto uid = text(data, Tag(0x0008, 0x0016));
  if (uid.empty()) uid = file.media_storage();
  gdcm::UIDs known{};
  const bool named = !uid.empty() && known.SetFromUID(uid.c_str()) && known.GetName() != nullptr;
  refuse(path, ErrorKind::unsupported,
         "holds no picture (" + (named ? std::string(known.GetName()) : "no pixel data") + ")");
}

std::int32_t short_or(const DataSet& data, const Tag& tag, std::int32_t otherwise) {
  const auto values = shorts(data, tag);
  return values.empty() ? otherwise : values[0];
}

void check_layout(const std::filesystem::path& path, const DicomHeader& header, std::int64_t frames) {
  const auto fail = [&](const std::string& reason) { refuse(path, ErrorKind::corrupt_data, reason); };
  if (header.rows < 1 || header.columns < 1) fail("rows or columns are 0");
  if (frames < 1 || frames > kMaxFrames)
    fail("the number of frames is not from 1 to " + std::to_string(kMaxFrames));
  if (header.rows * header.columns > kMaxPixels) fail("a picture has more than 2^28 pixels");
  if (header.rows * header.columns * frames > kMaxVoxels) fail("the file claims more than 2^33 pixels");
  const auto allocated = header.bits_allocated;
  if (allocated != 1 && allocated != 8 && allocated != 16 && allocated != 32)
    refuse(path, ErrorKind::unsupported,
           std::to_string(allocated) + " bits a sample are not read (1, 8, 16 and 32 are)");
  if (header.bits_stored < 1 || header.bits_stored > allocated || header.high_bit < header.bits_stored - 1 ||
      header.high_bit >= allocated)
    fail("bits stored and high bit do not fit the bits allocated");
  const bool is_colour = header.samples == 3;
  if (header.samples != 1 && !is_colour)
    refuse(path, ErrorKind::unsupported,
           std::to_string(header.samples) + " samples a pixel are not read (1 and 3 are)");
  if (is_colour != is_three_channel(header.photometric))
    fail("photometric interpretation " + header.photometric + " does not fit " +
         std::to_string(header.samples) + " samples a pixel");
  if (is_colour && allocated == 1) fail("a colour picture of 1 bit a sample");
  const auto finite = [](const DicomFrame& f) {
    return std::isfinite(f.slope) && std::isfinite(f.intercept);
  };
  if (!std::ranges::all_of(header.frames, finite)) fail("rescale slope or intercept is not a number");
}

void check_pixels(const std::filesystem::path& path, const File& file, const DicomHeader& header) {
  const auto frames = static_cast<std::int64_t>(header.frames.size());
  if (is_compressed_syntax(header.transfer_syntax) != file.is_encapsulated())
    refuse(path, ErrorKind::corrupt_data,
           "the transfer syntax does not fit the way the pixel data are stored");
  if (file.is_encapsulated()) {
    const auto first = compressed_frame(path, file, header, 0);
    check_codestream(path, first, header);
    if (frames > 1) compressed_frame(path, file, header, frames - 1);
    return;
  }
  const auto needed = (native_frame_bits(header) * frames + 7) / 8;
  if (static_cast<std::int64_t>(file.pixels().size()) < needed)
    refuse(path, ErrorKind::corrupt_data,
           "the pixel data are cut: " + std::to_string(file.pixels().size()) + " of " +
               std::to_string(needed) + " bytes are there");
}

void collect_notes(const DataSet& data, DicomHeader& header) {
  const auto note = [&](std::string_view text) { header.notes.emplace_back(text); };
  if (header.has_modality_table == 1 && (has(data, Tag(0x0028, 0x1053)) || has(data, Tag(0x0028, 0x1052))))
    note("its rescale slope and intercept are not used: it has a modality lookup table");
  if (has(data, Tag(0x0028, 0x3010))) note("its VOI lookup table is not used");
  if (text(data, Tag(0x0028, 0x1056)) == "SIGMOID") note("its window is a sigmoid and used as a linear one");
  const auto cosines = numbers(data, Tag(0x0020, 0x0037));
  if (!cosines.empty() && !header.frames.front().plane) note("its orientation or position is not usable");
  if (header.frames.front().plane && !header.frames.front().spacing) note("it says no usable pixel spacing");
  if (header.samples == 3 && header.bits_allocated > 8)
    note("colours are scaled from " + std::to_string(header.bits_stored) + " to 8 bits");
  for (auto& frame : header.frames) {
    if (frame.slope != 0) continue;
    frame.slope = 1;
    if (&frame == &header.frames.front()) note("its rescale slope is 0 and taken as 1");
  }
}

// Pixel Padding Value and Range Limit (C.7.5.1.1.2), which are stored values.
void find_padding(const DataSet& data, const std::optional<ModalityTable>& table, DicomHeader& header) {
  const auto stored = [&](const Tag& tag) -> std::optional<std::int64_t> {
    const auto values = shorts(data, tag);
    if (values.empty()) return std::nullopt;
    return header.is_signed == 1 ? static_cast<std::int16_t>(values[0]) : values[0];
  };
  const auto value = stored(Tag(0x0028, 0x0120));
  if (!value || header.samples != 1) return;
  const auto limit = stored(Tag(0x0028, 0x0121)).value_or(*value);
  for (DicomFrame& frame : header.frames) {
    const auto shown = [&](std::int64_t v) {
      return static_cast<float>(table ? table->at(v)
                                      : frame.slope * static_cast<double>(v) + frame.intercept);
    };
    frame.padding = ValueRange{std::min(shown(*value), shown(limit)), std::max(shown(*value), shown(limit))};
  }
}

}  // namespace

std::int64_t native_frame_bits(const DicomHeader& header) {
  const auto pixels = header.rows * header.columns;
  if (header.photometric == "YBR_FULL_422" && !is_compressed_syntax(header.transfer_syntax))
    return pixels * 2 * header.bits_allocated;  // two luminances share their two chrominances
  return pixels * header.samples * header.bits_allocated;
}

DicomHeader parse_header(const std::filesystem::path& path, const File& file) {
  check_is_picture(path, file);
  const auto& data = file.data_set();
  DicomHeader header;
  header.sop_instance_uid = text(data, Tag(0x0008, 0x0018));
  header.modality = shown_text(data, Tag(0x0008, 0x0060));
  header.series_uid = shown_text(data, Tag(0x0020, 0x000e));
  header.series_number = shown_text(data, Tag(0x0020, 0x0011));
  header.series_description = shown_text(data, Tag(0x0008, 0x103e));
  header.patient_id = shown_text(data, Tag(0x0010, 0x0020));
  header.patient_name = shown_text(data, Tag(0x0010, 0x0010));
  header.frame_of_reference_uid = shown_text(data, Tag(0x0020, 0x0052));
  header.transfer_syntax = file.transfer_syntax();
  header.photometric = shown_text(data, Tag(0x0028, 0x0004));
  header.rows = short_or(data, Tag(0x0028, 0x0010), 0);
  header.columns = short_or(data, Tag(0x0028, 0x0011), 0);
  header.samples = short_or(data, Tag(0x0028, 0x0002), 1);
  header.bits_allocated = short_or(data, Tag(0x0028, 0x0100), 0);
  header.bits_stored = short_or(data, Tag(0x0028, 0x0101), header.bits_allocated);
  header.high_bit = short_or(data, Tag(0x0028, 0x0102), header.bits_stored - 1);
  header.is_signed = short_or(data, Tag(0x0028, 0x0103), 0) == 1 ? 1 : 0;
  header.planar = short_or(data, Tag(0x0028, 0x0006), 0);
  if (header.photometric.empty()) header.photometric = header.samples == 3 ? "RGB" : "MONOCHROME2";
  if (!is_known_photometric(header.photometric))
    refuse(path, ErrorKind::unsupported,
           "the photometric interpretation " + header.photometric + " is not read");
  const double claimed = number(data, Tag(0x0028, 0x0008)).value_or(1);
  const auto frames = static_cast<std::int64_t>(std::clamp(claimed, 0.0, kMaxFrames + 1.0));
  check_layout(path, header, frames);
  if (static_cast<std::uint64_t>(frames) > 8 * file.pixels().size())
    refuse(path, ErrorKind::corrupt_data, "claims more frames than its pixel data have bits");
  header.frames = frames_from(data, frames);
  check_layout(path, header, frames);
  check_pixels(path, file, header);
  const auto table = modality_table(path, data, header.is_signed == 1);
  header.has_modality_table = table ? 1 : 0;
  collect_notes(data, header);
  find_padding(data, table, header);
  return header;
}

}  // namespace sonde::dicom
