// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/dicom/image.h"

#include <algorithm>
#include <cstring>

#include "sonde/core/error.h"
#include "sonde/io/dicom/decode.h"
#include "sonde/io/dicom/syntax.h"

namespace sonde {
namespace {

constexpr std::int64_t kMaxVoxels = std::int64_t{1} << 31;  // of one volume: 8 GB of intensities

const DicomHeader& first_header(const DicomFiles& files, const DicomStack& stack) {
  return files.headers[stack.times.front().front().file];
}

Extent3 extent_of(const DicomFiles& files, const DicomStack& stack) {
  const auto& header = first_header(files, stack);
  return {.x = header.columns, .y = header.rows, .z = static_cast<std::int64_t>(stack.times.front().size())};
}

// The window of the middle slice; others' differ by a few per cent in MR series.
std::optional<Window> window_of(const DicomFiles& files, const std::vector<DicomSlice>& slices) {
  const auto& middle = slices[slices.size() / 2];
  return files.headers[middle.file].frames[static_cast<std::size_t>(middle.frame)].window;
}

std::vector<std::optional<ValueRange>> padding_of(const DicomFiles& files,
                                                  const std::vector<DicomSlice>& slices) {
  std::vector<std::optional<ValueRange>> padding;
  for (const auto& slice : slices)
    padding.push_back(files.headers[slice.file].frames[static_cast<std::size_t>(slice.frame)].padding);
  const bool has_any = std::ranges::any_of(padding, [](const auto& range) { return range.has_value(); });
  return has_any ? padding : std::vector<std::optional<ValueRange>>();
}

bool is_eight_bit(const DicomFiles& files, const std::vector<DicomSlice>& slices) {
  return std::ranges::all_of(slices,
                             [&](const DicomSlice& s) { return is_eight_bit(files.headers[s.file]); });
}

std::vector<DicomFrameRequest> requests_for(const DicomFiles& files, const std::vector<DicomSlice>& slices) {
  std::vector<DicomFrameRequest> requests;
  for (const auto& slice : slices)
    requests.push_back(frame_request(files.paths[slice.file], files.headers[slice.file], slice.frame));
  return requests;
}

std::size_t chosen_time(const std::filesystem::path& named, const DicomStack& stack,
                        const ReadOptions& options) {
  const auto count = static_cast<std::int64_t>(stack.times.size());
  const auto frame = options.frame.value_or(0);
  if (frame < 0 || frame >= count)
    throw Error(ErrorKind::usage, named.string() + ": frame " + std::to_string(frame) +
                                      " is not there (0 to " + std::to_string(count - 1) + " are)");
  return static_cast<std::size_t>(frame);
}

// Appends frames to a volume's pixels.
template <typename Value>
void decode_into(std::vector<Value>& values, std::size_t count,
                 const std::vector<DicomFrameRequest>& requests) {
  values.resize(count);
  auto* to = reinterpret_cast<std::byte*>(values.data());
  decode_dicom_frames(requests, [&](ByteView frame) {
    std::memcpy(to, frame.data(), frame.size());
    to += frame.size();
  });
}

}  // namespace

ImageInfo describe_dicom_stack(const DicomFiles& files, const DicomStack& stack) {
  const auto& header = first_header(files, stack);
  ImageInfo info;
  info.title = header.series_number.empty() ? "" : "series " + header.series_number;
  if (!header.series_description.empty())
    info.title += (info.title.empty() ? "" : ", ") + header.series_description;
  if (!stack.patient.empty()) info.title += (info.title.empty() ? "" : ", ") + stack.patient;
  info.series_uid = header.series_uid;
  info.modality = header.modality;
  info.stored_type = stored_type_of(header);
  info.geometry.extent = extent_of(files, stack);
  info.frame_count = static_cast<std::int64_t>(stack.times.size());
  info.photometric = photometric_of(header);
  info.geometry.mm_from_voxel = stack.mm_from_voxel.front();
  info.file_window = window_of(files, stack.times.front());
  info.eight_bit = is_eight_bit(files, stack.times.front());
  info.file_count = header.frames.size() > 1 ? 1 : info.frame_count * info.geometry.extent.z;
  info.notes = stack.notes;
  return info;
}

Volume read_dicom_stack(const std::filesystem::path& named, const DicomFiles& files, const DicomStack& stack,
                        const ReadOptions& options) {
  const auto time = chosen_time(named, stack, options);
  const auto& slices = stack.times[time];
  Volume volume;
  volume.geometry.extent = extent_of(files, stack);
  if (voxel_count(volume.geometry.extent) > kMaxVoxels)
    throw Error(ErrorKind::unsupported, named.string() + ": the volume has more than 2^31 voxels");
  volume.photometric = photometric_of(first_header(files, stack));
  volume.geometry.mm_from_voxel = stack.mm_from_voxel[time];
  volume.file_window = window_of(files, slices);
  volume.padding = padding_of(files, slices);
  volume.eight_bit = is_eight_bit(files, slices);
  volume.frame = static_cast<std::int64_t>(time);
  volume.frame_count = static_cast<std::int64_t>(stack.times.size());
  volume.notes = stack.notes;
  const auto voxels = static_cast<std::size_t>(voxel_count(volume.geometry.extent));
  const auto requests = requests_for(files, slices);
  if (volume.photometric == Photometric::rgb) {
    decode_into(volume.rgb, 3 * voxels, requests);
  } else {
    decode_into(volume.voxels, voxels, requests);
  }
  return volume;
}

void try_dicom_stack(const DicomFiles& files, const DicomStack& stack) {
  constexpr std::int64_t kAffordable = std::int64_t{1} << 24;
  std::vector<DicomSlice> tried;
  std::int64_t pixels = 0;
  for (const auto& slice : stack.times.front()) {
    const auto& header = files.headers[slice.file];
    pixels += header.rows * header.columns;
    const bool is_plain =
        !is_compressed_syntax(header.transfer_syntax) && header.photometric != "PALETTE COLOR";
    if (!is_plain && pixels <= kAffordable) tried.push_back(slice);
  }
  decode_dicom_frames(requests_for(files, tried), [](ByteView) {});
}

}  // namespace sonde
