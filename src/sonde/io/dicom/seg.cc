// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/dicom/seg.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "sonde/core/durable_file.h"
#include "sonde/core/error.h"
#include "sonde/core/isolated.h"
#include "sonde/core/plugin.h"
#include "sonde/io/dicom/meta.h"
#include "sonde/io/dicom/seg_plugin.h"
#include "sonde/io/dicom/source.h"
#include "sonde/io/dicom/wire.h"

namespace sonde {
namespace {

const DicomSegPlugin& plugin() {
  static const auto* loaded =
      static_cast<const DicomSegPlugin*>(load_plugin({.file = "libsonde-dicom-seg.so",
                                                      .symbol = "sonde_dicom_seg_plugin",
                                                      .purpose = "DICOM segmentations"}));
  return *loaded;
}

constexpr IsolationLimits kLimits{.memory_bytes = std::size_t{8} << 30, .time = std::chrono::seconds{600}};

DicomSeg read_isolated(const std::string& name, const std::filesystem::path& path) {
  const DicomSegPlugin& dcmtk = plugin();
  const auto bytes = run_isolated(name, kLimits, [&](std::vector<std::byte>& out) {
    const DicomSeg seg = dcmtk.read(path);
    WireWriter wire(out);
    wire(seg);
  });
  DicomSeg seg;
  WireReader wire(bytes);
  wire(seg);
  return seg;
}

// --- Writing.

// Slices of a volume are those of the files: k of the voxels, rows along i.
SlicePlane stored_plane(Extent3 extent) {
  SlicePlane plane;
  plane.column = {0, GridAxis::Sense::forward};
  plane.row = {1, GridAxis::Sense::forward};
  plane.slice = {2, GridAxis::Sense::forward};
  plane.extent = {extent.x, extent.y};
  plane.slice_count = extent.z;
  return plane;
}

double spacing_between(const DicomSource& source) {
  if (source.slices.size() < 2) return 0;
  const Vec3 first = source.slices.front().plane.position;
  const Vec3 last = source.slices.back().plane.position;
  const Vec3 normal = cross(source.slices.front().plane.row, source.slices.front().plane.column);
  return std::abs(dot(normal, {last.x - first.x, last.y - first.y, last.z - first.z})) /
         static_cast<double>(source.slices.size() - 1);
}

void require_fitting(const std::filesystem::path& path, const DicomSource& source,
                     const std::vector<DicomSegSegment>& segments) {
  constexpr std::int64_t kMaxSide = 65535;  // rows and columns are 16-bit numbers
  if (segments.empty() || segments.size() > static_cast<std::size_t>(kMaxSide))
    throw Error(ErrorKind::usage, path.string() + ": a DICOM segmentation has 1 to 65535 segments");
  const bool fits = std::ranges::all_of(
      segments, [&](const DicomSegSegment& segment) { return segment.voxels.extent == source.extent; });
  if (!fits || std::max(source.extent.x, source.extent.y) > kMaxSide)
    throw Error(ErrorKind::usage, path.string() + ": the segments have another extent than their image");
}

double distance(Vec3 a, Vec3 b) { return length({a.x - b.x, a.y - b.y, a.z - b.z}); }

std::vector<std::uint8_t> bits_of(const std::vector<std::uint8_t>& pixels) {
  std::vector<std::uint8_t> bits((pixels.size() + 7) / 8);
  for (std::size_t i = 0; i < pixels.size(); ++i)
    if (pixels[i] != 0) bits[i / 8] = static_cast<std::uint8_t>(bits[i / 8] | 1U << (i % 8));
  return bits;
}

// The unused bits behind the last pixel are nobody's.
bool same_bits(std::vector<std::uint8_t> a, std::vector<std::uint8_t> b, std::int64_t pixels) {
  if (pixels % 8 != 0 && !a.empty() && a.size() == b.size()) {
    const auto used = static_cast<std::uint8_t>((1U << (pixels % 8)) - 1);
    a.back() &= used;
    b.back() &= used;
  }
  return a == b;
}

constexpr double kToleranceMm = 1e-4;  // what decimal strings keep

bool is_same_grid(const DicomSeg& read, const DicomSourceSlice& slice) {
  const auto& [row, column, position] = slice.plane;
  const auto [x_mm, y_mm] = slice.spacing;
  return distance(read.column_mm, {row.x * x_mm, row.y * x_mm, row.z * x_mm}) <= kToleranceMm &&
         distance(read.row_mm, {column.x * y_mm, column.y * y_mm, column.z * y_mm}) <= kToleranceMm;
}

std::string frame_difference(const DicomSegFrame& frame, const DicomSourceSlice& slice,
                             const std::vector<std::uint8_t>& pixels, Extent2 extent) {
  if (distance(frame.position, slice.plane.position) > kToleranceMm) return "the place of a frame";
  return same_bits(frame.bits, bits_of(pixels), pixel_count(extent)) ? "" : "the pixels of a frame";
}

// The frames in the order in which they were written, each where and what it should be.
std::string difference(const DicomSeg& read, const DicomSegRequest& request) {
  const auto& [extent, slices] = request.source;
  if (read.extent != Extent2{extent.x, extent.y}) return "the extent";
  if (!is_same_grid(read, slices.front())) return "the orientation or spacing";
  if (read.segments.size() != request.segments.size()) return "the number of segments";
  std::size_t next = 0;
  for (std::size_t s = 0; s < request.segments.size(); ++s) {
    for (std::size_t k = 0; k < slices.size(); ++k) {
      const std::vector<std::uint8_t> pixels = request.pixels(s, k);
      if (pixels.empty()) continue;
      if (next == read.frames.size()) return "the number of frames";
      const DicomSegFrame& frame = read.frames[next++];
      if (frame.segment != static_cast<std::int32_t>(s) + 1) return "the segment of a frame";
      std::string fault = frame_difference(frame, slices[k], pixels, read.extent);
      if (!fault.empty()) return fault;
    }
  }
  return next == read.frames.size() ? "" : "the number of frames";
}

// --- On a grid.

// A linear map from mm to voxel steps.
class Inverse {
 public:
  explicit Inverse(const Affine3& mm_from_voxel)
      : affine_(mm_from_voxel), determinant_(determinant(mm_from_voxel)) {}
  Vec3 steps(Vec3 mm) const {
    const auto& [a, b, c] = affine_.columns;
    return {dot(mm, cross(b, c)) / determinant_, dot(mm, cross(c, a)) / determinant_,
            dot(mm, cross(a, b)) / determinant_};
  }
  Vec3 voxel(Vec3 mm) const {
    const Vec3 o = affine_.origin;
    return steps({mm.x - o.x, mm.y - o.y, mm.z - o.z});
  }

 private:
  Affine3 affine_;
  double determinant_;
};

Vec3 rounded(Vec3 v) { return {std::round(v.x), std::round(v.y), std::round(v.z)}; }
Vec3 moved(Vec3 from, Vec3 step, std::int64_t times) {
  const auto t = static_cast<double>(times);
  return {from.x + t * step.x, from.y + t * step.y, from.z + t * step.z};
}
bool is_near(Vec3 a, Vec3 b) {
  constexpr double kTolerance = 0.01;  // voxels
  return std::max({std::abs(a.x - b.x), std::abs(a.y - b.y), std::abs(a.z - b.z)}) <= kTolerance;
}

// Where the first pixel of a frame lies in the grid, and the voxel steps of x and y: whole numbers.
struct Placement {
  Vec3 first, x, y;
};
Placement place(const DicomSeg& seg, const DicomSegFrame& frame, const Inverse& voxel_from_mm) {
  const Placement exact{voxel_from_mm.voxel(frame.position), voxel_from_mm.steps(seg.column_mm),
                        voxel_from_mm.steps(seg.row_mm)};
  const Placement whole{rounded(exact.first), rounded(exact.x), rounded(exact.y)};
  const std::int64_t right = seg.extent.width - 1;
  const std::int64_t down = seg.extent.height - 1;
  const bool fits = length(whole.x) == 1 && length(whole.y) == 1 && dot(whole.x, whole.y) == 0 &&
                    is_near(exact.first, whole.first) &&
                    is_near(moved(exact.first, exact.x, right), moved(whole.first, whole.x, right)) &&
                    is_near(moved(exact.first, exact.y, down), moved(whole.first, whole.y, down));
  if (!fits) throw Error(ErrorKind::unsupported, "its frames are not slices of the image");
  return whole;
}

void paint(BinaryVolume& mask, const DicomSeg& seg, const DicomSegFrame& frame, const Placement& at) {
  const Extent3 extent = mask.extent;
  for (std::int64_t y = 0; y < seg.extent.height; ++y) {
    for (std::int64_t x = 0; x < seg.extent.width; ++x) {
      const auto pixel = static_cast<std::size_t>(y * seg.extent.width + x);
      if (((frame.bits.at(pixel / 8) >> (pixel % 8)) & 1U) == 0) continue;
      const Vec3 voxel = moved(moved(at.first, at.x, x), at.y, y);
      const auto i = static_cast<std::int64_t>(voxel.x);
      const auto j = static_cast<std::int64_t>(voxel.y);
      const auto k = static_cast<std::int64_t>(voxel.z);
      if (i < 0 || j < 0 || k < 0 || i >= extent.x || j >= extent.y || k >= extent.z)
        throw Error(ErrorKind::unsupported, "it reaches out of the image");
      mask.voxels[static_cast<std::size_t>((k * extent.y + j) * extent.x + i)] = 1;
    }
  }
}

}  // namespace

void write_dicom_seg(const std::filesystem::path& path, const std::filesystem::path& source,
                     const ReadOptions& options, const std::vector<DicomSegSegment>& segments) {
  DicomSegRequest request;
  request.source = locate_dicom(source, options);
  require_fitting(path, request.source, segments);
  request.slice_spacing_mm = spacing_between(request.source);
  for (const DicomSegSegment& segment : segments) {
    const auto number = static_cast<std::int32_t>(request.segments.size()) + 1;
    request.segments.push_back({number, segment.label, segment.description});
    request.colours.push_back(segment.rgb);
  }
  const SlicePlane plane = stored_plane(request.source.extent);
  request.pixels = [&](std::size_t s, std::size_t k) {
    const auto slice = static_cast<std::int64_t>(k);
    if (voxels_on_slice(segments[s].voxels, plane, slice).runs.empty()) return std::vector<std::uint8_t>{};
    return slice_from_voxels(segments[s].voxels, plane, slice).pixels;
  };
  const DicomSegPlugin& dcmtk = plugin();
  DurableFile file(path);
  run_isolated(path.string(), kLimits,
               [&](std::vector<std::byte>&) { dcmtk.write(request, file.temporary_path()); });
  const std::string fault = difference(read_isolated(path.string(), file.temporary_path()), request);
  if (!fault.empty())
    throw Error(ErrorKind::internal,
                path.string() + ": read back, " + fault + " differs from what was written");
  file.commit();
}

bool is_dicom_seg(const std::filesystem::path& path) {
  constexpr std::size_t kHeadBytes = 2048;
  const auto head = read_head(path, kHeadBytes);
  if (!looks_like_dicom(head)) return false;
  const std::string uid = parse_dicom_meta(head).media_storage;
  return uid == "1.2.840.10008.5.1.4.1.1.66.4" || uid == "1.2.840.10008.5.1.4.1.1.66.7";  // label maps
}

DicomSeg read_dicom_seg(const std::filesystem::path& path) {
  const std::string name = path.string();
  DicomSeg seg = read_isolated(name, path);
  const auto pixels =
      static_cast<std::uint64_t>(seg.extent.width) * static_cast<std::uint64_t>(seg.extent.height);
  const bool is_whole = seg.extent.width > 0 && seg.extent.height > 0 &&
                        std::ranges::all_of(seg.frames, [&](const DicomSegFrame& frame) {
                          return frame.bits.size() == (pixels + 7) / 8;
                        });
  if (!is_whole) throw Error(ErrorKind::corrupt_data, name + ": the decoder gave a cut answer");
  return seg;
}

DicomSeg read_dicom_seg(const std::filesystem::path& path, const DicomSegImage& image) {
  DicomSeg seg = read_dicom_seg(path);
  const std::string uid = frame_of_reference_of(image.path, image.options);
  if (uid.empty() || seg.frame_of_reference_uid.empty() || uid == seg.frame_of_reference_uid) return seg;
  const std::string fault =
      "lies in the frame of reference " + seg.frame_of_reference_uid + ", and the image in " + uid;
  if (image.frame_of_reference == FrameOfReference::same)
    throw Error(ErrorKind::unsupported,
                path.string() + ": " + fault + " (--any-frame-of-reference takes it all the same)");
  seg.notes.push_back(fault + ": taken all the same");
  return seg;
}

RunLengthMask voxels_of_segment(const DicomSeg& seg, std::int32_t segment, const ImageGeometry& grid) {
  if (!grid.mm_from_voxel)
    throw Error(ErrorKind::unsupported, "the image does not say where it lies in the patient");
  const Inverse voxel_from_mm(*grid.mm_from_voxel);
  BinaryVolume mask{grid.extent,
                    std::vector<std::uint8_t>(static_cast<std::size_t>(voxel_count(grid.extent)))};
  for (const DicomSegFrame& frame : seg.frames)
    if (frame.segment == segment) paint(mask, seg, frame, place(seg, frame, voxel_from_mm));
  return voxels_from_mask(mask);
}

}  // namespace sonde
