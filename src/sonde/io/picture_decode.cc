// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/picture_decode.h"

#include <cstring>

#include "sonde/core/error.h"
#include "sonde/core/isolated.h"
#include "sonde/io/picture_codecs.h"
#include "sonde/io/volume_checks.h"

namespace sonde {
namespace {

std::vector<std::uint8_t> eight_bit_colours(ByteView samples, SampleType sample) {
  std::vector<std::uint8_t> rgb(samples.size() / static_cast<std::size_t>(byte_size(sample)));
  if (sample == SampleType::uint8) {
    std::memcpy(rgb.data(), samples.data(), samples.size());
    return rgb;
  }
  for (std::size_t i = 0; i < rgb.size(); ++i) {
    std::uint16_t wide = 0;
    std::memcpy(&wide, &samples[2 * i], sizeof wide);
    rgb[i] = static_cast<std::uint8_t>((wide + 128) / 257);
  }
  return rgb;
}

}  // namespace

void refuse_undecodable(const std::string& name, std::string_view says) {
  refuse_corrupt(name, "cut or damaged: its pixels cannot be decoded (" + shown(says) + ")");
}

Volume decode_picture(const std::string& name, ByteView file, const PictureHeader& header) {
  constexpr IsolationLimits kLimits{.memory_bytes = std::size_t{4} << 30, .time = std::chrono::seconds(60)};
  const bool coloured = header.photometric == Photometric::rgb;
  const auto count = static_cast<std::size_t>(pixel_count(header.extent));
  const auto bytes = count * (coloured ? 3 : 1) * static_cast<std::size_t>(byte_size(header.sample));
  const auto samples = run_isolated(name, kLimits, [&](std::vector<std::byte>& out) {
    out.resize(bytes);
    header.decode(name, file, header, out);
  });
  if (samples.size() != bytes) throw Error(ErrorKind::internal, name + ": the decoder's reply is cut");
  Volume volume;
  volume.photometric = header.photometric;
  if (coloured) {
    volume.rgb = eight_bit_colours(samples, header.sample);
  } else {
    volume.voxels.resize(count);
    convert_samples(samples, {.type = header.sample, .order = ByteOrder::little, .scaling = {}},
                    volume.voxels);
  }
  return volume;
}

}  // namespace sonde
