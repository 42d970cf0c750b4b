// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>
#include <memory>

#include "dcmtk/config/osconfig.h"
#include "dcmtk/dcmfg/fgderimg.h"
#include "dcmtk/dcmfg/fgfracon.h"
#include "dcmtk/dcmfg/fgpixmsr.h"
#include "dcmtk/dcmfg/fgplanor.h"
#include "dcmtk/dcmfg/fgplanpo.h"
#include "dcmtk/dcmiod/cielabutil.h"
#include "dcmtk/dcmseg/segdoc.h"
#include "dcmtk/dcmseg/segment.h"

#include "sonde/core/error.h"
#include "sonde/io/dicom/seg_dcmtk.h"

namespace sonde {
namespace {

constexpr const char* kProgram = "sonde";

void require(const OFCondition& status, const std::string& what) {
  if (status.bad()) throw Error(ErrorKind::internal, what + ": " + status.text());
}

// A decimal string (DS): at most 16 characters, up to twelve digits.
OFString decimal(double value) {
  for (int digits = 12;; --digits) {
    std::array<char, 40> text{};
    const int size = std::snprintf(text.data(), text.size(), "%.*g", digits, value);
    if (size <= 16) return text.data();
  }
}

// LO: 64 characters, no backslash.
OFString short_text(std::string text) {
  std::ranges::replace(text, '\\', '/');
  constexpr std::size_t kMax = 64;
  std::size_t characters = 0;
  std::size_t end = 0;
  for (; end < text.size(); ++end) {
    const bool begins = (static_cast<unsigned char>(text[end]) & 0xC0U) != 0x80U;
    if (begins && ++characters > kMax) break;
  }
  return {text.data(), end};
}

std::string ascii(std::string text) {
  std::ranges::replace_if(
      text, [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
  return text;
}

// The file of a slice, without its pixels.
std::unique_ptr<DcmFileFormat> load(const std::filesystem::path& path) {
  auto file = std::make_unique<DcmFileFormat>();
  const OFCondition status = file->loadFile(path.c_str());
  if (status.bad())
    throw Error(ErrorKind::unsupported, path.string() + ": DCMTK cannot read it: " + status.text());
  return file;
}

struct Instance {
  OFString sop_class, sop_instance, series;
};

class Writer {
 public:
  explicit Writer(const DicomSegRequest& request) : request_(request) { create(); }

  void add_all() {
    import_patient_and_study();
    describe_series();
    add_geometry();
    add_segments();
    add_frames();
    add_references();
  }

  void save(const std::filesystem::path& path) {
    // What is written is read back and compared; the time of these checks grows with the square of the
    // frames.
    seg_->setCheckDimensionsOnWrite(OFFalse);
    seg_->setCheckFGOnWrite(OFFalse);
    DcmFileFormat file;
    DcmDataset& data = *file.getDataset();
    require(seg_->writeDataset(data), "data set");
    set_names(data);
    set_pixels(data);
    require(file.saveFile(path.c_str(), EXS_LittleEndianExplicit), path.string() + ": DCMTK cannot write it");
  }

 private:
  void create() {
    const IODGeneralEquipmentModule::EquipmentInfo equipment(kProgram, kProgram, "1", "1");
    const ContentIdentificationMacro content("1", "SEGMENTATION", "Annotated with sonde", kProgram);
    DcmSegmentation* seg = nullptr;
    const Extent3 extent = request_.source.extent;
    require(DcmSegmentation::createBinarySegmentation(seg, static_cast<Uint16>(extent.y),
                                                      static_cast<Uint16>(extent.x), equipment, content),
            "segmentation");
    seg_.reset(seg);
  }

  void import_patient_and_study() {
    const auto& path = request_.source.slices.front().file;
    const auto file = load(path);
    DcmDataset& data = *file->getDataset();
    utf8_ = data.convertToUTF8().good();
    require(seg_->importFromSourceImage(data, OFTrue), path.string() + ": patient and study");
    OFString frame_of_reference;
    seg_->getFrameOfReference().getFrameOfReferenceUID(frame_of_reference);
    if (!frame_of_reference.empty()) return;
    std::array<char, 100> uid{};  // the frames need one to say where they lie
    seg_->getFrameOfReference().setFrameOfReferenceUID(dcmGenerateUniqueIdentifier(uid.data()));
  }

  void describe_series() {
    IODGeneralSeriesModule& series = seg_->getSeries();
    require(series.setSeriesNumber("1000"), "series number");
    require(series.setSeriesDescription("Annotated with sonde"), "series description");
  }

  void add_geometry() {
    const DicomSourceSlice& slice = request_.source.slices.front();
    const auto& [x, y, position] = slice.plane;
    FGPixelMeasures measures;
    require(measures.setPixelSpacing(decimal(slice.spacing[1]) + "\\" + decimal(slice.spacing[0])),
            "pixel spacing");
    const double between = request_.slice_spacing_mm;
    const double thickness = slice.thickness > 0 ? slice.thickness : between > 0 ? between : 1;
    require(measures.setSliceThickness(decimal(thickness)), "slice thickness");
    if (between > 0) require(measures.setSpacingBetweenSlices(decimal(between)), "slice spacing");
    require(seg_->addForAllFrames(measures), "pixel measures");
    FGPlaneOrientationPatient plane;
    require(plane.setImageOrientationPatient(decimal(x.x), decimal(x.y), decimal(x.z), decimal(y.x),
                                             decimal(y.y), decimal(y.z)),
            "orientation");
    require(seg_->addForAllFrames(plane), "orientation");
    std::array<char, 100> uid{};
    const OFString organisation = dcmGenerateUniqueIdentifier(uid.data());
    IODMultiframeDimensionModule& dimensions = seg_->getDimensions();
    require(dimensions.addDimensionIndex(DCM_ReferencedSegmentNumber, organisation,
                                         DCM_SegmentIdentificationSequence, "segment"),
            "dimensions");
    require(dimensions.addDimensionIndex(DCM_ImagePositionPatient, organisation, DCM_PlanePositionSequence,
                                         "slice"),
            "dimensions");
  }

  void add_segments() {
    const CodeSequenceMacro category("85756007", "SCT", "Tissue");
    for (std::size_t i = 0; i < request_.segments.size(); ++i) {
      const DicomSegInfo& info = request_.segments[i];
      const CodeSequenceMacro type("LABEL" + std::to_string(i + 1), "99SONDE", "label");
      DcmSegment* created = nullptr;
      require(DcmSegment::create(created, "label", category, type, DcmSegTypes::SAT_SEMIAUTOMATIC, kProgram),
              "segment \"" + info.label + "\"");
      std::unique_ptr<DcmSegment> segment(created);
      set_colour(*segment, request_.colours[i]);
      Uint16 number = 0;
      require(seg_->addSegment(segment.get(), number), "segment \"" + info.label + "\"");
      static_cast<void>(segment.release());  // DCMTK's now
    }
  }

  static void set_colour(DcmSegment& segment, const std::array<std::uint8_t, 3>& rgb) {
    double l = 0;
    double a = 0;
    double b = 0;
    IODCIELabUtil::rgb2DicomLab(l, a, b, rgb[0] / 255.0, rgb[1] / 255.0, rgb[2] / 255.0);
    const auto rounded = [](double value) {
      return static_cast<Uint16>(std::lround(std::clamp(value, 0.0, 65535.0)));
    };
    require(segment.setRecommendedDisplayCIELabValue(rounded(l), rounded(a), rounded(b)), "colour");
  }

  void add_frames() {
    for (std::size_t s = 0; s < request_.segments.size(); ++s) {
      for (std::size_t k = 0; k < request_.source.slices.size(); ++k) {
        std::vector<std::uint8_t> pixels = request_.pixels(s, k);
        if (!pixels.empty()) add_frame(s, k, pixels);
      }
    }
  }

  void add_frame(std::size_t s, std::size_t k, std::vector<std::uint8_t>& pixels) {
    const DicomSourceSlice& slice = request_.source.slices[k];
    const auto number = static_cast<Uint16>(s + 1);
    FGFrameContent content;
    require(content.setDimensionIndexValues(number, 0), "frame content");
    require(content.setDimensionIndexValues(static_cast<Uint32>(k) + 1, 1), "frame content");
    FGPlanePosPatient position;
    const Vec3 at = slice.plane.position;
    require(position.setImagePositionPatient(decimal(at.x), decimal(at.y), decimal(at.z)), "position");
    const std::unique_ptr<FGDerivationImage> derivation(derivation_of(slice));
    OFVector<FGBase*> groups;
    groups.push_back(&content);
    groups.push_back(&position);
    groups.push_back(derivation.get());
    require(seg_->addFrame(pixels.data(), number, groups), "frame");
    for (const std::uint8_t pixel : pixels) append_bit(pixel);
  }

  void append_bit(std::uint8_t pixel) {
    if (bit_count_ % 8 == 0) bits_.push_back(0);
    if (pixel != 0) bits_.back() = static_cast<std::uint8_t>(bits_.back() | 1U << (bit_count_ % 8));
    ++bit_count_;
  }

  // The annotator's words, which DCMTK's checks of its own model take in ASCII only.
  void set_names(DcmDataset& data) {
    for (std::size_t i = 0; i < request_.segments.size(); ++i) {
      const DicomSegInfo& info = request_.segments[i];
      DcmItem* segment = nullptr;
      DcmItem* type = nullptr;
      require(data.findAndGetSequenceItem(DCM_SegmentSequence, segment, static_cast<signed long>(i)),
              "segment");
      require(segment->findAndGetSequenceItem(DCM_SegmentedPropertyTypeCodeSequence, type), "segment type");
      const OFString label = short_text(utf8_ ? info.label : ascii(info.label));
      require(segment->putAndInsertOFStringArray(DCM_SegmentLabel, label), "segment label");
      require(type->putAndInsertOFStringArray(DCM_CodeMeaning, label), "segment type");
      if (info.description.empty()) continue;
      const OFString description = short_text(utf8_ ? info.description : ascii(info.description));
      require(segment->putAndInsertOFStringArray(DCM_SegmentDescription, description), "segment description");
    }
  }

  // DCMTK 3.6.7 packs frames wrongly whose pixels do not fill whole bytes.
  void set_pixels(DcmDataset& data) {
    if (bits_.size() % 2 == 1) bits_.push_back(0);
    require(data.putAndInsertUint8Array(DCM_PixelData, bits_.data(), bits_.size()), "pixels");
  }

  FGDerivationImage* derivation_of(const DicomSourceSlice& slice) {
    const Instance& instance = instance_of(slice.file);
    ImageSOPInstanceReferenceMacro reference;
    require(reference.setReferencedSOPClassUID(instance.sop_class), "reference");
    require(reference.setReferencedSOPInstanceUID(instance.sop_instance), "reference");
    if (slice.frame_count > 1)
      require(reference.addReferencedFrameNumber(static_cast<Uint16>(slice.frame + 1)), "reference");
    OFVector<ImageSOPInstanceReferenceMacro> references;
    references.push_back(reference);
    FGDerivationImage* derivation =
        DcmSegmentation::createDerivationImageFG(references, "Annotated with sonde");
    if (derivation == nullptr) throw Error(ErrorKind::internal, "derivation of a frame");
    return derivation;
  }

  const Instance& instance_of(const std::filesystem::path& path) {
    const auto known = instances_.find(path);
    if (known != instances_.end()) return known->second;
    const auto file = load(path);
    Instance instance;
    DcmDataset& data = *file->getDataset();
    data.findAndGetOFString(DCM_SOPClassUID, instance.sop_class);
    data.findAndGetOFString(DCM_SOPInstanceUID, instance.sop_instance);
    data.findAndGetOFString(DCM_SeriesInstanceUID, instance.series);
    if (instance.sop_class.empty() || instance.sop_instance.empty() || instance.series.empty())
      throw Error(ErrorKind::unsupported,
                  path.string() + ": has no UIDs, by which DICOM SEG names its source");
    return instances_.emplace(path, instance).first->second;
  }

  void add_references() {
    std::map<std::string, IODSeriesAndInstanceReferenceMacro::ReferencedSeriesItem*> series;
    for (const auto& [path, instance] : instances_) {
      auto*& item = series[instance.series.c_str()];
      if (item == nullptr) {
        item = new IODSeriesAndInstanceReferenceMacro::ReferencedSeriesItem();  // DCMTK's, two lines below
        require(item->setSeriesInstanceUID(instance.series), "references");
        seg_->getCommonInstanceReference().getReferencedSeriesItems().push_back(item);
      }
      require(item->addReference(instance.sop_class, instance.sop_instance), "references");
    }
  }

  const DicomSegRequest& request_;
  std::unique_ptr<DcmSegmentation> seg_;
  bool utf8_ = false;
  std::vector<std::uint8_t> bits_;  // of all frames, the first pixel in the lowest bit
  std::uint64_t bit_count_ = 0;
  std::map<std::filesystem::path, Instance> instances_;
};

}  // namespace

void dcmtk_write_seg(const DicomSegRequest& request, const std::filesystem::path& path) {
  quieten_dcmtk();
  Writer writer(request);
  writer.add_all();
  writer.save(path);
}

}  // namespace sonde
