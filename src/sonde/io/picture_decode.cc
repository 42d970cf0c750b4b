// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/picture_decode.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <sys/mman.h>
#include <unistd.h>

#include "sonde/core/error.h"
#include "sonde/core/isolated.h"
#include "sonde/core/plugin.h"
#include "sonde/io/picture_codecs.h"
#include "sonde/io/volume_checks.h"

namespace sonde {
namespace {

// --- The child's side.

// The decoders tell of damaged pixels on stderr alone, and go on. For the child, which has no other use for
// it.
class CapturedErrors {
 public:
  CapturedErrors() : descriptor_(memfd_create("decoder messages", MFD_CLOEXEC)), before_(dup(STDERR_FILENO)) {
    if (descriptor_ >= 0) dup2(descriptor_, STDERR_FILENO);
  }
  CapturedErrors(const CapturedErrors&) = delete;
  CapturedErrors& operator=(const CapturedErrors&) = delete;
  ~CapturedErrors() {
    if (before_ >= 0) dup2(before_, STDERR_FILENO);
    if (before_ >= 0) close(before_);
    if (descriptor_ >= 0) close(descriptor_);
  }
  std::string text() const {
    std::string text(std::size_t{1} << 16, '\0');
    const auto size = descriptor_ < 0 ? 0 : pread(descriptor_, text.data(), text.size(), 0);
    text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return text;
  }

 private:
  int descriptor_;
  int before_;
};

// What libjpeg's and libtiff's messages say when pixels are lost; their other warnings are of no consequence.
bool tells_of_damage(std::string_view line) {
  constexpr std::array<std::string_view, 9> kDamage{
      "Corrupt JPEG data", "Premature end of JPEG", "Inconsistent progression", "JPEGLib:",     "Decode:",
      "Not enough data",   "code not yet in table", "TIFFFillStrip:",           "TIFFFillTile:"};
  constexpr std::array<std::string_view, 2> kHarmless{"extraneous bytes", "Discarding"};
  const auto has = [&](std::string_view text) { return line.find(text) != std::string_view::npos; };
  return std::ranges::any_of(kDamage, has) && std::ranges::none_of(kHarmless, has);
}

void refuse_damage(const std::string& name, const std::string& messages) {
  constexpr std::string_view kPrefix = "Warning, ";  // OpenCV's, before all that libtiff says
  for (std::size_t at = 0; at < messages.size();) {
    const auto end = std::min(messages.find('\n', at), messages.size());
    auto line = std::string_view(messages).substr(at, end - at);
    at = end + 1;
    if (!tells_of_damage(line)) continue;
    const auto prefix = line.find(kPrefix);
    if (prefix != std::string_view::npos) line.remove_prefix(prefix + kPrefix.size());
    refuse_corrupt(name, "cut or damaged: the decoder says " + shown(line));
  }
}

using Decoder = void(ByteView file, std::vector<std::byte>& out);

void decode(const std::string& name, ByteView file, const PictureHeader& header, Decoder* decoder,
            std::vector<std::byte>& out) {
  std::vector<std::byte> patched;
  if (!header.patches.empty()) {
    patched.assign(file.begin(), file.end());
    for (const BytePatch& patch : header.patches)
      std::ranges::copy(patch.bytes, patched.begin() + static_cast<std::ptrdiff_t>(patch.at));
    file = patched;
  }
  const CapturedErrors errors;
  decoder(file, out);
  refuse_damage(name, errors.text());
  if (out.empty()) refuse_corrupt(name, "cut or damaged: its pixels cannot be decoded");
}

// --- The parent's side.

struct Decoded {
  std::size_t channels = 1;
  ByteView pixels;  // row-major; colours as blue, green, red and perhaps alpha
};

Decoded checked(const std::string& name, ByteView reply, const PictureHeader& header) {
  DecodedHead head;
  if (reply.size() < sizeof head) throw Error(ErrorKind::internal, name + ": the decoder's reply is cut");
  std::memcpy(&head, reply.data(), sizeof head);
  const Decoded decoded{static_cast<std::size_t>(head.channels), reply.subspan(sizeof head)};
  if (head.rows != header.extent.height || head.columns != header.extent.width ||
      head.value_bytes != byte_size(header.sample) || (head.channels != 1 && head.channels < 3))
    refuse_corrupt(name, "the decoded picture is not what its header says");
  return decoded;
}

std::vector<std::uint8_t> rgb_of(const Decoded& decoded, std::size_t count, SampleType sample) {
  std::vector<std::uint8_t> rgb;
  rgb.reserve(count * 3);
  for (std::size_t pixel = 0; pixel < count; ++pixel) {
    for (std::size_t colour = 0; colour < 3; ++colour) {
      const std::size_t at = pixel * decoded.channels + (decoded.channels == 1 ? 0 : 2 - colour);
      if (sample == SampleType::uint8) {
        rgb.push_back(std::to_integer<std::uint8_t>(decoded.pixels[at]));
        continue;
      }
      std::uint16_t wide = 0;
      std::memcpy(&wide, &decoded.pixels[at * 2], sizeof wide);
      rgb.push_back(static_cast<std::uint8_t>((wide + 128) / 257));
    }
  }
  return rgb;
}

Photometric photometric_of(const PictureHeader& header, const Decoded& decoded) {
  if (header.colour_is_decoders) return decoded.channels == 1 ? Photometric::grey : Photometric::rgb;
  switch (header.colour) {
    case PictureHeader::Colour::grey:
      return Photometric::grey;
    case PictureHeader::Colour::grey_inverted:
      return Photometric::grey_inverted;
    case PictureHeader::Colour::rgb:
      return Photometric::rgb;
  }
  throw Error(ErrorKind::internal, "a picture's colour has no meaning");
}

// What decodes a format, ready for a child that is forked next to other threads.
Decoder* decoder_of(const std::string& name, const PictureHeader& header) {
  if (header.format == "PNG") return decode_png;
  static const PictureCodecs& codecs = [&]() -> const PictureCodecs& {
    const auto& loaded = *static_cast<const PictureCodecs*>(
        load_plugin({.file = "libsonde-pictures.so", .symbol = "sonde_picture_codecs", .purpose = name}));
    loaded.set_up();
    return loaded;
  }();
  return codecs.decode;
}

}  // namespace

Volume decode_picture(const std::string& name, ByteView file, const PictureHeader& header) {
  constexpr IsolationLimits kLimits{.memory_bytes = std::size_t{4} << 30, .time = std::chrono::seconds(60)};
  Decoder* const decoder = decoder_of(name, header);
  const auto reply = run_isolated(
      name, kLimits, [&](std::vector<std::byte>& out) { decode(name, file, header, decoder, out); });
  const Decoded decoded = checked(name, reply, header);
  const auto count = static_cast<std::size_t>(pixel_count(header.extent));
  Volume volume;
  volume.photometric = photometric_of(header, decoded);
  if (volume.photometric == Photometric::rgb) {
    volume.rgb = rgb_of(decoded, count, header.sample);
  } else {
    volume.voxels.resize(count);
    const SampleFormat format{
        header.sample, ByteOrder::little, {}, static_cast<std::int64_t>(decoded.channels)};
    convert_samples(decoded.pixels, format, volume.voxels);
  }
  return volume;
}

}  // namespace sonde
