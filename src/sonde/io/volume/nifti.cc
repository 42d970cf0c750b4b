// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cmath>
#include <cstring>

#include "sonde/io/formats.h"
#include "sonde/io/volume/checks.h"
#include "sonde/io/volume/gzip.h"
#include "sonde/io/volume/nifti_header.h"
#include "sonde/io/volume/stored_image.h"

// NIfTI-1 and NIfTI-2: nifti1.h and nifti2.h of the NIfTI group are the standard. sonde reads header and
// voxels from one checked stream; libnifti2 swaps headers and turns quaternions into matrices.
namespace sonde {
namespace {

PackedStream open_stream(const std::filesystem::path& path) {
  MappedFile file(path);
  const Packing packing = starts_as_gzip(file.bytes()) ? Packing::gzip : Packing::plain;
  return {path.string(), std::move(file), {}, packing};
}

// The header's file of a pair, whichever of the two was named.
std::filesystem::path header_path(const std::filesystem::path& path) {
  const std::string extension = lower_extension(path);
  if (extension != ".img" && extension != ".img.gz") return path;
  auto header = path;
  if (extension == ".img.gz") header.replace_extension();
  header.replace_extension(".hdr");
  return header;
}

PackedStream open_pair_data(const std::filesystem::path& header) {
  if (lower_extension(header) != ".hdr") {
    refuse_corrupt(header.string(),
                   "its magic says that the voxels are in an .img file beside an .hdr file, "
                   "but its name does not end in .hdr");
  }
  auto name = header.filename();
  name.replace_extension(".img");
  const auto packed = name.string() + ".gz";
  std::error_code failed;
  const bool only_packed = !std::filesystem::exists(header.parent_path() / name, failed) &&
                           std::filesystem::exists(header.parent_path() / packed, failed);
  return open_stream(data_file_beside(header, only_packed ? packed : name.string()));
}

// Where the voxels begin in their file. NIfTI-1 keeps a float: it must be a whole number that a float holds.
std::int64_t voxel_offset(const std::string& name, const NiftiHeader& header,
                          std::vector<std::string>& notes) {
  constexpr double kMax = 1e15;
  const double offset = header.vox_offset;
  if (!(offset >= 0 && offset <= kMax) || offset != std::floor(offset))
    refuse_corrupt(name, "vox_offset is not a whole number of bytes, as it must be");
  const auto whole = static_cast<std::int64_t>(offset);
  if (header.storage == NiftiHeader::Storage::pair || whole >= header_bytes(header)) return whole;
  notes.push_back("vox_offset " + std::to_string(whole) + " lies in the header: taken as " +
                  std::to_string(header_bytes(header)) + ", as the standard says");
  return header_bytes(header);
}

// Walks the chain of extensions between the header and `end`; their content is not used, but a broken chain
// is a broken file.
void skip_extensions(PackedStream& stream, const NiftiHeader& header, std::int64_t end) {
  std::int64_t at = header_bytes(header);
  std::array<std::byte, 8> head{};
  const auto broken = [&](const std::string& what) {
    refuse_corrupt(stream.name(), "header extension: " + what);
  };
  while (end - at >= 16) {
    if (stream.read(head) < head.size()) broken("cut");
    std::uint32_t raw = 0;
    std::memcpy(&raw, head.data(), sizeof raw);
    const auto size =
        static_cast<std::int32_t>(header.order == ByteOrder::big ? __builtin_bswap32(raw) : raw);
    if (size < 16 || size % 16 != 0 || size > end - at) {
      broken("size " + std::to_string(size) + ", must be a multiple of 16 from 16 to the " +
             std::to_string(end - at) + " bytes before the voxels");
    }
    const auto rest = static_cast<std::uint64_t>(size) - head.size();
    if (stream.skip(rest) < rest) broken("cut");
    at += size;
  }
  const auto gap = static_cast<std::uint64_t>(end - at);
  if (stream.skip(gap) < gap) refuse_corrupt(stream.name(), "cut: it ends before its voxels begin");
}

// Leaves a single file's stream at its first voxel.
void seek_voxels(PackedStream& stream, const NiftiHeader& header, ByteView after_header,
                 std::int64_t offset) {
  if (after_header.size() < 4)
    refuse_corrupt(stream.name(), "cut: it ends after its header, before its voxels");
  if (after_header[0] != std::byte{0}) {
    skip_extensions(stream, header, offset);
    return;
  }
  const auto gap = static_cast<std::uint64_t>(offset - header_bytes(header));
  if (stream.skip(gap) < gap) refuse_corrupt(stream.name(), "cut: it ends before its voxels begin");
}

struct HeaderAndRest {
  NiftiHeader header;
  std::vector<std::byte> extension_flag;  // the four bytes after a single file's header
};

HeaderAndRest read_header(PackedStream& stream) {
  std::vector<std::byte> head(kNifti1HeaderBytes);
  head.resize(stream.read(head));
  const bool longer =
      head.size() == kNifti1HeaderBytes && !head.empty() &&
      (head[0] == std::byte{0x1c} || head[3] == std::byte{0x1c});  // 540 is 0x21c, 348 is 0x15c
  if (longer) {
    head.resize(kNifti2HeaderBytes);
    head.resize(kNifti1HeaderBytes + stream.read(std::span(head).subspan(kNifti1HeaderBytes)));
  }
  HeaderAndRest result{parse_nifti_header(stream.name(), head), std::vector<std::byte>(4)};
  if (result.header.storage == NiftiHeader::Storage::single_file)
    result.extension_flag.resize(stream.read(result.extension_flag));
  return result;
}

OpenedImage open_nifti(const std::filesystem::path& path) {
  const auto first = header_path(path);
  PackedStream stream = open_stream(first);
  const auto [header, extension_flag] = read_header(stream);
  OpenedImage opened{image_of(stream.name(), header), std::move(stream)};
  const std::int64_t offset = voxel_offset(opened.samples.name(), header, opened.image.notes);
  if (header.storage == NiftiHeader::Storage::single_file) {
    seek_voxels(opened.samples, header, extension_flag, offset);
  } else {
    opened.samples = open_pair_data(first);
    opened.image.format += " pair";
    if (opened.samples.skip(static_cast<std::uint64_t>(offset)) < static_cast<std::uint64_t>(offset))
      refuse_corrupt(opened.samples.name(), "cut: it ends before its voxels begin");
  }
  if (opened.samples.packing() == Packing::gzip) opened.image.format += " (gzip)";
  return opened;
}

}  // namespace

bool recognises_nifti(ByteView head) {
  return starts_as_nifti(starts_as_gzip(head) ? inflate_head(head, kNifti1HeaderBytes) : head);
}

Volume read_nifti(const std::filesystem::path& path, const ReadOptions& options) {
  return read_opened(open_nifti(path), options);
}

FileInfo inspect_nifti(const std::filesystem::path& path) { return inspect_opened(open_nifti(path), path); }

std::int64_t count_nifti_frames(const std::filesystem::path& path) {
  return frames_announced(open_nifti(path));
}

}  // namespace sonde
