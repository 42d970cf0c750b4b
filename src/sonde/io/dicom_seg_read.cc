// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <span>

#include "dcmtk/config/osconfig.h"
#include "dcmtk/dcmfg/fgpixmsr.h"
#include "dcmtk/dcmfg/fgplanor.h"
#include "dcmtk/dcmfg/fgplanpo.h"
#include "dcmtk/dcmfg/fgseg.h"
#include "dcmtk/dcmseg/segdoc.h"
#include "dcmtk/dcmseg/segment.h"
#include "dcmtk/oflog/oflog.h"

#include "sonde/core/bytes.h"
#include "sonde/core/error.h"
#include "sonde/io/dicom_seg_dcmtk.h"

namespace sonde {
namespace {

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& fault) {
  throw Error(ErrorKind::unsupported, path.string() + ": " + fault);
}

struct Loaded {
  std::unique_ptr<DcmFileFormat> file = std::make_unique<DcmFileFormat>();
  std::unique_ptr<DcmSegmentation> seg;
};

Loaded load(const std::filesystem::path& path) {
  Loaded loaded;
  OFCondition status = loaded.file->loadFile(path.c_str());
  if (status.bad())
    throw Error(ErrorKind::corrupt_data, path.string() + ": cannot be read: " + status.text());
  loaded.file->getDataset()->convertToUTF8();  // where it fails, names stay as they are
  DcmSegmentation* seg = nullptr;
  status = DcmSegmentation::loadDataset(*loaded.file->getDataset(), seg);
  loaded.seg.reset(seg);
  if (status.bad() || seg == nullptr)
    throw Error(ErrorKind::corrupt_data,
                path.string() + ": is no DICOM segmentation that can be used: " + status.text());
  return loaded;
}

template <typename Group>
Group& group_of(DcmSegmentation& seg, Uint32 frame, DcmFGTypes::E_FGType type,
                const std::filesystem::path& path) {
  auto* group = OFstatic_cast(Group*, seg.getFunctionalGroups().get(frame, type));
  if (group == nullptr) refuse(path, "a frame does not say where it lies in the patient");
  return *group;
}

Vec3 scaled(Vec3 v, double by) { return {v.x * by, v.y * by, v.z * by}; }

struct Steps {
  Vec3 column_mm, row_mm;
  bool operator==(const Steps&) const = default;
};
Steps steps_of(DcmSegmentation& seg, Uint32 frame, const std::filesystem::path& path) {
  auto& measures = group_of<FGPixelMeasures>(seg, frame, DcmFGTypes::EFG_PIXELMEASURES, path);
  auto& plane = group_of<FGPlaneOrientationPatient>(seg, frame, DcmFGTypes::EFG_PLANEORIENTPATIENT, path);
  double between_rows = 0;
  double between_columns = 0;
  Vec3 x;
  Vec3 y;
  if (measures.getPixelSpacing(between_rows, 0).bad() || measures.getPixelSpacing(between_columns, 1).bad() ||
      plane.getImageOrientationPatient(x.x, x.y, x.z, y.x, y.y, y.z).bad())
    refuse(path, "a frame does not say where it lies in the patient");
  return {scaled(x, between_columns), scaled(y, between_rows)};
}

// Frames follow one another without a gap, also within a byte; DCMTK 3.6.7 unpacks frames that begin within
// one wrongly.
std::vector<std::uint8_t> binary_bits(ByteView all, std::size_t frame, std::size_t pixels) {
  std::vector<std::uint8_t> bits((pixels + 7) / 8);
  for (std::size_t i = 0; i < pixels; ++i) {
    const std::size_t at = frame * pixels + i;
    const unsigned bit = std::to_integer<unsigned>(all[at / 8]) >> (at % 8) & 1U;
    bits[i / 8] = static_cast<std::uint8_t>(bits[i / 8] | bit << (i % 8));
  }
  return bits;
}

// From half of the range on.
std::vector<std::uint8_t> fractional_bits(ByteView frame, unsigned largest) {
  std::vector<std::uint8_t> bits((frame.size() + 7) / 8);
  for (std::size_t i = 0; i < frame.size(); ++i)
    if (2 * std::to_integer<unsigned>(frame[i]) >= largest)
      bits[i / 8] = static_cast<std::uint8_t>(bits[i / 8] | 1U << (i % 8));
  return bits;
}

// The values of all frames, as they are stored.
class Pixels {
 public:
  Pixels(DcmDataset& data, DcmSegTypes::E_SegmentationType type, std::size_t frame_pixels)
      : is_binary_(type == DcmSegTypes::ST_BINARY), frame_pixels_(frame_pixels) {
    const Uint8* bytes = nullptr;
    unsigned long count = 0;
    if (data.findAndGetUint8Array(DCM_PixelData, bytes, &count).good() && bytes != nullptr)
      all_ = std::as_bytes(std::span(bytes, count));
    Uint16 largest = 1;
    if (data.findAndGetUint16(DCM_MaximumFractionalValue, largest).good())
      largest_ = std::max<unsigned>(1, largest);
  }
  bool holds(std::size_t frames) const {
    const std::size_t pixels = frames * frame_pixels_;
    return all_.size() >= (is_binary_ ? (pixels + 7) / 8 : pixels);
  }
  std::vector<std::uint8_t> bits(std::size_t frame) const {
    if (is_binary_) return binary_bits(all_, frame, frame_pixels_);
    return fractional_bits(all_.subspan(frame * frame_pixels_, frame_pixels_), largest_);
  }

 private:
  bool is_binary_;
  std::size_t frame_pixels_;
  ByteView all_;
  unsigned largest_ = 255;
};

DicomSegFrame frame_of(DcmSegmentation& seg, Uint32 number, const Pixels& pixels,
                       const std::filesystem::path& path) {
  DicomSegFrame frame;
  auto& plane = group_of<FGPlanePosPatient>(seg, number, DcmFGTypes::EFG_PLANEPOSPATIENT, path);
  auto& segment = group_of<FGSegmentation>(seg, number, DcmFGTypes::EFG_SEGMENTATION, path);
  Uint16 segment_number = 0;
  if (plane.getImagePositionPatient(frame.position.x, frame.position.y, frame.position.z).bad() ||
      segment.getReferencedSegmentNumber(segment_number).bad())
    refuse(path, "a frame does not say where it lies in the patient");
  frame.segment = segment_number;
  frame.bits = pixels.bits(number);
  return frame;
}

std::string series_of(DcmDataset& data) {
  DcmItem* series = nullptr;
  OFString uid;
  if (data.findAndGetSequenceItem(DCM_ReferencedSeriesSequence, series).good() && series != nullptr)
    series->findAndGetOFString(DCM_SeriesInstanceUID, uid);
  return uid;
}

DicomSegInfo info_of(DcmSegmentation& seg, std::size_t number) {
  DicomSegInfo info{static_cast<std::int32_t>(number), {}, {}};
  DcmSegment* segment = seg.getSegment(number);
  if (segment == nullptr) return info;
  OFString text;
  if (segment->getSegmentLabel(text).good()) info.label = text;
  text.clear();
  if (segment->getSegmentDescription(text).good()) info.description = text;
  return info;
}

}  // namespace

void quieten_dcmtk() { OFLog::configure(OFLogger::OFF_LOG_LEVEL); }

DicomSeg dcmtk_read_seg(const std::filesystem::path& path) {
  quieten_dcmtk();
  const Loaded loaded = load(path);
  DcmSegmentation& seg = *loaded.seg;
  DicomSeg read;
  Uint16 rows = 0;
  Uint16 columns = 0;
  loaded.file->getDataset()->findAndGetUint16(DCM_Rows, rows);
  loaded.file->getDataset()->findAndGetUint16(DCM_Columns, columns);
  read.extent = {columns, rows};
  for (std::size_t i = 1; i <= seg.getNumberOfSegments(); ++i) read.segments.push_back(info_of(seg, i));
  read.series_uid = series_of(*loaded.file->getDataset());
  const auto frames = static_cast<Uint32>(seg.getNumberOfFrames());
  if (frames == 0) refuse(path, "holds no frames");
  const Pixels pixels(*loaded.file->getDataset(), seg.getSegmentationType(),
                      static_cast<std::size_t>(pixel_count(read.extent)));
  if (!pixels.holds(frames)) throw Error(ErrorKind::corrupt_data, path.string() + ": pixels are missing");
  const Steps steps = steps_of(seg, 0, path);
  read.column_mm = steps.column_mm;
  read.row_mm = steps.row_mm;
  for (Uint32 i = 0; i < frames; ++i) {
    if (steps_of(seg, i, path) != steps) refuse(path, "its frames lie in different planes");
    read.frames.push_back(frame_of(seg, i, pixels, path));
  }
  if (seg.getSegmentationType() != DcmSegTypes::ST_BINARY)
    read.notes.emplace_back(
        "a fractional segmentation: what has half of the largest value or more is inside");
  return read;
}

}  // namespace sonde
