// SPDX-License-Identifier: Apache-2.0
// DICOM segmentations element by element: DCMTK 3.6.7's own model of them takes a segment's place for its
// number and knows no label maps.
#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <span>

#include "dcmtk/config/osconfig.h"
#include "dcmtk/dcmdata/dcrledrg.h"
#include "dcmtk/dcmdata/dctk.h"
#include "dcmtk/oflog/oflog.h"

#include "sonde/core/bytes.h"
#include "sonde/core/error.h"
#include "sonde/io/dicom/seg_dcmtk.h"
#include "sonde/io/dicom/text.h"

namespace sonde {
namespace {

constexpr std::size_t kMaxFrames = std::size_t{1} << 20;

std::string text_at(DcmItem& item, const DcmTagKey& tag) {
  OFString text;
  if (item.findAndGetOFStringArray(tag, text).bad()) return {};
  while (!text.empty() && (text.back() == ' ' || text.back() == '\0')) text.erase(text.size() - 1);
  return {text.data(), text.size()};
}

std::vector<DcmItem*> items_of(DcmItem& data, const DcmTagKey& tag) {
  std::vector<DcmItem*> items;
  DcmSequenceOfItems* sequence = nullptr;
  if (data.findAndGetSequence(tag, sequence).bad() || sequence == nullptr) return items;
  for (DcmObject* item = sequence->nextInContainer(nullptr); item != nullptr;
       item = sequence->nextInContainer(item))
    items.push_back(dynamic_cast<DcmItem*>(item));
  return items;
}

DcmItem* first_item(DcmItem* data, const DcmTagKey& tag) {
  const auto items = data == nullptr ? std::vector<DcmItem*>{} : items_of(*data, tag);
  return items.empty() ? nullptr : items.front();
}

Vec3 scaled(Vec3 v, double by) { return {v.x * by, v.y * by, v.z * by}; }

bool get_vector(DcmItem& item, const DcmTagKey& tag, unsigned long first, Vec3& v) {
  return item.findAndGetFloat64(tag, v.x, first).good() &&
         item.findAndGetFloat64(tag, v.y, first + 1).good() &&
         item.findAndGetFloat64(tag, v.z, first + 2).good();
}

enum class SegKind { binary, fractional, label_map };

class Reader {
 public:
  explicit Reader(const std::filesystem::path& path) : path_(path) { load(); }

  DicomSeg read() {
    kind_ = kind();
    DicomSeg seg;
    seg.extent = {number(DCM_Columns), number(DCM_Rows)};
    frame_pixels_ = static_cast<std::size_t>(pixel_count(seg.extent));
    seg.frame_of_reference_uid = text_at(*data_, DCM_FrameOfReferenceUID);
    if (DcmItem* series = first_item(data_, DCM_ReferencedSeriesSequence))
      seg.series_uid = text_at(*series, DCM_SeriesInstanceUID);
    read_segments(seg);
    read_frames(seg);
    if (kind_ == SegKind::fractional)
      seg.notes.emplace_back(
          "a fractional segmentation: what has half of the largest value or more is inside");
    return seg;
  }

 private:
  [[noreturn]] void refuse(const std::string& fault) const {
    throw Error(ErrorKind::unsupported, path_.string() + ": " + fault);
  }
  [[noreturn]] void refuse_corrupt(const std::string& fault) const {
    throw Error(ErrorKind::corrupt_data, path_.string() + ": " + fault);
  }

  void load() {
    const OFCondition status = file_.loadFile(path_.c_str());
    if (status.bad()) refuse_corrupt(std::string("cannot be read: ") + status.text());
    data_ = file_.getDataset();
    DcmRLEDecoderRegistration::registerCodecs();
    const bool is_raw = data_->chooseRepresentation(EXS_LittleEndianExplicit, nullptr).good();
    if (!is_raw)
      refuse(std::string("a segmentation compressed as ") + DcmXfer(data_->getOriginalXfer()).getXferName() +
             " is not read");
    character_set_ = text_at(*data_, DCM_SpecificCharacterSet);
  }

  SegKind kind() const {
    const std::string type = text_at(*data_, DCM_SegmentationType);
    const std::int64_t bits = number(DCM_BitsAllocated);
    if (type == "BINARY" && bits == 1) return SegKind::binary;
    if (type == "FRACTIONAL" && bits == 8) return SegKind::fractional;
    if (type == "LABELMAP" && (bits == 8 || bits == 16)) return SegKind::label_map;
    refuse_corrupt("is not a DICOM segmentation that can be used: type \"" +
                   decode_dicom_text(type, character_set_) + "\" with " + std::to_string(bits) +
                   " bits a pixel");
  }

  std::int64_t number(const DcmTagKey& tag) const {
    Uint16 value = 0;
    data_->findAndGetUint16(tag, value);
    return value;
  }

  void read_segments(DicomSeg& seg) {
    for (DcmItem* segment : items_of(*data_, DCM_SegmentSequence)) {
      Uint16 number = 0;
      const bool is_numbered = segment->findAndGetUint16(DCM_SegmentNumber, number).good();
      if (kind_ == SegKind::label_map && is_numbered && number == 0) continue;  // the background's name
      const std::string label = decode_dicom_text(text_at(*segment, DCM_SegmentLabel), character_set_);
      if (number == 0) refuse_corrupt("its segment \"" + label + "\" has no number");
      if (!numbers_.insert(number).second)
        refuse_corrupt("two of its segments have the number " + std::to_string(number));
      seg.segments.push_back(
          {number, label, decode_dicom_text(text_at(*segment, DCM_SegmentDescription), character_set_)});
    }
  }

  void read_frames(DicomSeg& seg) {
    shared_ = first_item(data_, DCM_SharedFunctionalGroupsSequence);
    const auto groups = items_of(*data_, DCM_PerFrameFunctionalGroupsSequence);
    Sint32 frames = 0;
    data_->findAndGetSint32(DCM_NumberOfFrames, frames);
    if (groups.empty()) refuse("holds no frames");
    if (groups.size() > kMaxFrames || static_cast<std::size_t>(std::max(frames, 0)) != groups.size())
      refuse_corrupt("says where " + std::to_string(groups.size()) + " frames lie, and holds " +
                     std::to_string(frames));
    find_pixels(groups.size());
    for (std::size_t i = 0; i < groups.size(); ++i) read_frame(seg, i, groups[i]);
  }

  // A frame's own functional group, or the one that all share.
  DcmItem* group(DcmItem* own, const DcmTagKey& tag) const {
    DcmItem* found = first_item(own, tag);
    return found != nullptr ? found : first_item(shared_, tag);
  }

  void read_frame(DicomSeg& seg, std::size_t i, DcmItem* own) {
    place_frame(seg, i, own);
    Vec3 position;
    DcmItem* plane = group(own, DCM_PlanePositionSequence);
    if (plane == nullptr || !get_vector(*plane, DCM_ImagePositionPatient, 0, position))
      refuse("a frame does not say where it lies in the patient");
    if (kind_ == SegKind::label_map) {
      for (auto& [segment, bits] : label_bits(i)) {
        require_defined(i, segment);
        seg.frames.push_back({segment, position, std::move(bits)});
      }
      return;
    }
    Uint16 segment = 0;
    if (DcmItem* identified = group(own, DCM_SegmentIdentificationSequence))
      identified->findAndGetUint16(DCM_ReferencedSegmentNumber, segment);
    require_defined(i, segment);
    seg.frames.push_back({segment, position, kind_ == SegKind::binary ? binary_bits(i) : fractional_bits(i)});
  }

  void require_defined(std::size_t frame, std::int32_t segment) const {
    if (!numbers_.contains(segment))
      refuse_corrupt("frame " + std::to_string(frame + 1) + " shows segment " + std::to_string(segment) +
                     ", which is not defined");
  }

  void place_frame(DicomSeg& seg, std::size_t i, DcmItem* own) const {
    DcmItem* measures = group(own, DCM_PixelMeasuresSequence);
    DcmItem* plane = group(own, DCM_PlaneOrientationSequence);
    double between_rows = 0;
    double between_columns = 0;
    Vec3 x;
    Vec3 y;
    if (measures == nullptr || plane == nullptr ||
        measures->findAndGetFloat64(DCM_PixelSpacing, between_rows, 0).bad() ||
        measures->findAndGetFloat64(DCM_PixelSpacing, between_columns, 1).bad() ||
        !get_vector(*plane, DCM_ImageOrientationPatient, 0, x) ||
        !get_vector(*plane, DCM_ImageOrientationPatient, 3, y))
      refuse("a frame does not say where it lies in the patient");
    x = scaled(x, between_columns);
    y = scaled(y, between_rows);
    if (i == 0) {
      seg.column_mm = x;
      seg.row_mm = y;
    } else if (x != seg.column_mm || y != seg.row_mm) {
      refuse("its frames lie in different planes");
    }
  }

  void find_pixels(std::size_t frames) {
    const std::size_t pixels = frames * frame_pixels_;
    unsigned long count = 0;
    if (kind_ == SegKind::label_map && number(DCM_BitsAllocated) == 16) {
      const Uint16* words = nullptr;
      data_->findAndGetUint16Array(DCM_PixelData, words, &count);
      if (words != nullptr) wide_ = std::span(words, count);
      if (wide_.size() < pixels) refuse_corrupt("pixels are missing");
      return;
    }
    const Uint8* bytes = nullptr;
    data_->findAndGetUint8Array(DCM_PixelData, bytes, &count);
    if (bytes != nullptr) bytes_ = std::as_bytes(std::span(bytes, count));
    if (bytes_.size() < (kind_ == SegKind::binary ? (pixels + 7) / 8 : pixels))
      refuse_corrupt("pixels are missing");
    Uint16 largest = 255;
    if (data_->findAndGetUint16(DCM_MaximumFractionalValue, largest).good())
      largest_ = std::max<unsigned>(1, largest);
  }

  std::vector<std::uint8_t> no_bits() const { return std::vector<std::uint8_t>((frame_pixels_ + 7) / 8); }
  static void set(std::vector<std::uint8_t>& bits, std::size_t pixel) {
    bits[pixel / 8] = static_cast<std::uint8_t>(bits[pixel / 8] | 1U << (pixel % 8));
  }

  // Frames follow one another without a gap, also within a byte; DCMTK 3.6.7 unpacks frames that begin within
  // one wrongly.
  std::vector<std::uint8_t> binary_bits(std::size_t frame) const {
    auto bits = no_bits();
    for (std::size_t i = 0; i < frame_pixels_; ++i) {
      const std::size_t at = frame * frame_pixels_ + i;
      if ((std::to_integer<unsigned>(bytes_[at / 8]) >> (at % 8) & 1U) != 0) set(bits, i);
    }
    return bits;
  }

  // From half of the range on.
  std::vector<std::uint8_t> fractional_bits(std::size_t frame) const {
    auto bits = no_bits();
    for (std::size_t i = 0; i < frame_pixels_; ++i)
      if (2 * std::to_integer<unsigned>(bytes_[frame * frame_pixels_ + i]) >= largest_) set(bits, i);
    return bits;
  }

  std::map<std::int32_t, std::vector<std::uint8_t>> label_bits(std::size_t frame) const {
    std::map<std::int32_t, std::vector<std::uint8_t>> labels;
    for (std::size_t i = 0; i < frame_pixels_; ++i) {
      const std::size_t at = frame * frame_pixels_ + i;
      const std::int32_t label = wide_.empty() ? std::to_integer<std::int32_t>(bytes_[at]) : wide_[at];
      if (label == 0) continue;
      const auto [entry, is_new] = labels.try_emplace(label);
      if (is_new) entry->second = no_bits();
      set(entry->second, i);
    }
    return labels;
  }

  std::filesystem::path path_;
  DcmFileFormat file_;
  DcmDataset* data_ = nullptr;
  DcmItem* shared_ = nullptr;
  std::string character_set_;
  SegKind kind_ = SegKind::binary;
  std::set<std::int32_t> numbers_;
  std::size_t frame_pixels_ = 0;
  ByteView bytes_;  // of all frames
  std::span<const Uint16> wide_;
  unsigned largest_ = 255;
};

}  // namespace

void quieten_dcmtk() { OFLog::configure(OFLogger::OFF_LOG_LEVEL); }

DicomSeg dcmtk_read_seg(const std::filesystem::path& path) {
  quieten_dcmtk();
  return Reader(path).read();
}

}  // namespace sonde
