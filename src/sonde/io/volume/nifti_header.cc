// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/volume/nifti_header.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>

#include <nifti2_io.h>

#include "sonde/core/text.h"
#include "sonde/io/volume/checks.h"

namespace sonde {
namespace {

static_assert(sizeof(nifti_1_header) == kNifti1HeaderBytes && sizeof(nifti_2_header) == kNifti2HeaderBytes);

constexpr std::string_view kMagic2Tail("\r\n\x1a\n", 4);

// The version and byte order that the first four bytes, the header's size, stand for.
struct Kind {
  int version = 1;
  ByteOrder order = ByteOrder::little;
};
std::optional<Kind> kind_of(ByteView head) {
  if (head.size() < sizeof(std::uint32_t)) return std::nullopt;
  std::uint32_t size = 0;
  std::memcpy(&size, head.data(), sizeof size);
  for (const ByteOrder order : {ByteOrder::little, ByteOrder::big}) {
    const std::uint32_t value = order == ByteOrder::little ? size : __builtin_bswap32(size);
    if (value == kNifti1HeaderBytes) return Kind{1, order};
    if (value == kNifti2HeaderBytes) return Kind{2, order};
  }
  return std::nullopt;
}

template <typename Raw>
Raw load_header(const std::string& name, ByteView head) {
  if (head.size() < sizeof(Raw)) {
    refuse_corrupt(name, "cut: a NIfTI header has " + std::to_string(sizeof(Raw)) +
                             " bytes, the file holds " + std::to_string(head.size()));
  }
  Raw raw{};
  std::memcpy(&raw, head.data(), sizeof(Raw));
  return raw;
}

template <typename Raw>
NiftiHeader fields_of(const Raw& raw, Kind kind) {
  NiftiHeader header;
  header.version = kind.version;
  header.order = kind.order;
  std::copy_n(raw.dim, 8, header.dim.begin());
  std::copy_n(raw.pixdim, 8, header.pixdim.begin());
  header.datatype = raw.datatype;
  header.bits = raw.bitpix;
  header.vox_offset = static_cast<double>(raw.vox_offset);
  header.slope = raw.scl_slope;
  header.intercept = raw.scl_inter;
  header.qform_code = raw.qform_code;
  header.sform_code = raw.sform_code;
  header.quaternion = {raw.quatern_b, raw.quatern_c, raw.quatern_d,
                       raw.qoffset_x, raw.qoffset_y, raw.qoffset_z};
  std::copy_n(raw.srow_x, 4, header.srow[0].begin());
  std::copy_n(raw.srow_y, 4, header.srow[1].begin());
  std::copy_n(raw.srow_z, 4, header.srow[2].begin());
  header.units = static_cast<unsigned char>(raw.xyzt_units);
  return header;
}

NiftiHeader::Storage storage_of(const std::string& name, ByteView magic, int version) {
  const char digit = version == 1 ? '1' : '2';
  const std::string_view text(reinterpret_cast<const char*>(magic.data()), magic.size());
  const bool known =
      text[0] == 'n' && (text[1] == '+' || text[1] == 'i') && text[2] == digit && text[3] == '\0';
  if (version == 1 && text == std::string_view("\0\0\0\0", 4)) {
    refuse_unsupported(name,
                       "an ANALYZE 7.5 header (no NIfTI magic), which says nothing of orientation; "
                       "convert it to NIfTI");
  }
  if (!known || (version == 2 && text.substr(4) != kMagic2Tail)) {
    refuse_corrupt(name, "its NIfTI magic is " + in_quotes(text) + ", must be n+" + digit + " or ni" + digit +
                             " and a zero byte");
  }
  return text[1] == '+' ? NiftiHeader::Storage::single_file : NiftiHeader::Storage::pair;
}

struct Datatype {
  std::int64_t code;
  std::int64_t bits;
  SampleType type;
  std::int64_t channels;
};
constexpr Datatype kDatatypes[] = {
    {DT_UINT8, 8, SampleType::uint8, 1},      {DT_INT16, 16, SampleType::int16, 1},
    {DT_INT32, 32, SampleType::int32, 1},     {DT_FLOAT32, 32, SampleType::float32, 1},
    {DT_FLOAT64, 64, SampleType::float64, 1}, {DT_INT8, 8, SampleType::int8, 1},
    {DT_UINT16, 16, SampleType::uint16, 1},   {DT_UINT32, 32, SampleType::uint32, 1},
    {DT_INT64, 64, SampleType::int64, 1},     {DT_UINT64, 64, SampleType::uint64, 1},
    {DT_RGB24, 24, SampleType::uint8, 3},     {DT_RGBA32, 32, SampleType::uint8, 4},
};

Datatype datatype_of(const std::string& name, const NiftiHeader& header) {
  const auto found = std::ranges::find(kDatatypes, header.datatype, &Datatype::code);
  const std::string code = std::to_string(header.datatype);
  if (found != std::end(kDatatypes)) {
    if (found->bits == header.bits) return *found;
    refuse_corrupt(name, "datatype " + code + " has " + std::to_string(found->bits) +
                             " bits a voxel, bitpix says " + std::to_string(header.bits));
  }
  switch (header.datatype) {
    case DT_BINARY:
      refuse_unsupported(name, "datatype 1 (one bit a voxel) is not read; convert it to uint8");
    case DT_COMPLEX64:
    case DT_COMPLEX128:
    case DT_COMPLEX256:
      refuse_unsupported(name,
                         "datatype " + code + " (complex numbers) is not read; store magnitude or phase");
    case DT_FLOAT128:
      refuse_unsupported(name, "datatype 1536 (128-bit floating point) is not read; convert it to float64");
    default:
      refuse_corrupt(name, "datatype " + code + " is none that NIfTI defines");
  }
}

void check_dimensions(const std::string& name, const NiftiHeader& header) {
  const std::int64_t count = header.dim[0];
  if (count < 1 || count > 7)
    refuse_corrupt(name, "dim[0] is " + std::to_string(count) + ", must be the number of dimensions, 1 to 7");
  for (std::size_t axis = 1; axis <= static_cast<std::size_t>(count); ++axis) {
    if (header.dim[axis] < 1)
      refuse_corrupt(name, "dim[" + std::to_string(axis) + "] is " + std::to_string(header.dim[axis]) +
                               ", must be at least 1");
  }
  for (std::size_t axis = 5; axis <= static_cast<std::size_t>(count); ++axis) {
    if (header.dim[axis] > 1)
      refuse_unsupported(name, "dim[" + std::to_string(axis) + "] is " + std::to_string(header.dim[axis]) +
                                   ": images of more than four dimensions (vectors, tensors) are not read");
  }
}

// Slope 0 means none, as the standard says. Not a number is what some writers mean by it; the other readers
// agree.
Scaling scaling_of(const std::string& name, const NiftiHeader& header) {
  if (header.slope == 0 || std::isnan(header.slope)) return {};
  if (!std::isfinite(header.slope) || !std::isfinite(header.intercept))
    refuse_corrupt(name, "scl_slope or scl_inter is not a finite number");
  return {header.slope, header.intercept};
}

}  // namespace

bool starts_as_nifti(ByteView head) {
  const auto kind = kind_of(head);
  if (!kind || head.size() < kNifti1HeaderBytes) return false;
  const std::size_t at =
      kind->version == 1 ? offsetof(nifti_1_header, magic) : offsetof(nifti_2_header, magic);
  return head[at] == std::byte{'n'} && (head[at + 1] == std::byte{'+'} || head[at + 1] == std::byte{'i'});
}

NiftiHeader parse_nifti_header(const std::string& name, ByteView head) {
  if (head.empty()) refuse_corrupt(name, "the file is empty");
  const auto kind = kind_of(head);
  if (!kind) refuse_corrupt(name, "not NIfTI: it must begin with the header's size, 348 or 540");
  NiftiHeader header;
  if (kind->version == 1) {
    auto raw = load_header<nifti_1_header>(name, head);
    if (kind->order == ByteOrder::big) nifti_swap_as_nifti1(&raw);
    header = fields_of(raw, *kind);
    header.storage = storage_of(name, std::as_bytes(std::span(raw.magic)), 1);
  } else {
    auto raw = load_header<nifti_2_header>(name, head);
    if (kind->order == ByteOrder::big) nifti_swap_as_nifti2(&raw);
    header = fields_of(raw, *kind);
    header.storage = storage_of(name, std::as_bytes(std::span(raw.magic)), 2);
  }
  return header;
}

std::int64_t header_bytes(const NiftiHeader& header) {
  const auto bytes = static_cast<std::int64_t>(header.version == 1 ? kNifti1HeaderBytes : kNifti2HeaderBytes);
  return header.storage == NiftiHeader::Storage::single_file ? bytes + 4 : bytes;
}

StoredImage image_of(const std::string& name, const NiftiHeader& header) {
  const Datatype datatype = datatype_of(name, header);
  check_dimensions(name, header);
  const auto size = [&](std::size_t axis) {
    return header.dim[0] >= static_cast<std::int64_t>(axis) ? header.dim[axis] : 1;
  };
  StoredImage image;
  image.format = header.version == 1 ? "NIfTI-1" : "NIfTI-2";
  image.type = datatype.type;
  image.order = header.order;
  image.geometry.extent = {size(1), size(2), size(3)};
  image.frame_count = size(4);
  image.channel_count = datatype.channels;
  if (datatype.channels > 1) image.channels = Channels::colour;
  if (datatype.channels == 1) image.scaling = scaling_of(name, header);  // the standard scales no colours
  if (std::isnan(header.slope))
    image.notes.push_back("scl_slope is not a number: values are taken as stored");
  if (datatype.channels == 4) image.notes.push_back("the alpha channel is ignored");
  NiftiGeometry geometry = geometry_of(name, header);
  image.geometry.mm_from_voxel = geometry.mm_from_voxel;
  for (auto& note : geometry.notes) image.notes.push_back(std::move(note));
  return image;
}

}  // namespace sonde
