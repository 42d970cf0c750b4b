// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/picture/decode.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <type_traits>

#include "sonde/core/error.h"
#include "sonde/core/isolated.h"
#include "sonde/core/text.h"
#include "sonde/io/picture/codecs.h"
#include "sonde/io/volume/checks.h"

namespace sonde {
namespace {

// What is asked of the child; the path follows.
struct DecodeRequest {
  PictureCoding coding;
  enum class Purpose { verify, read } purpose = Purpose::verify;
};
static_assert(std::is_trivially_copyable_v<DecodeRequest>);

void serve_decoding(ByteView bytes, const ByteSink& give) {
  DecodeRequest request;
  std::memcpy(&request, bytes.data(), sizeof(request));
  const ByteView rest = bytes.subspan(sizeof(request));
  const std::string path(reinterpret_cast<const char*>(rest.data()), rest.size());
  const MappedFile file(path);
  const bool is_read = request.purpose == DecodeRequest::Purpose::read;
  request.coding.decode(
      path, file.bytes(), request.coding, is_read ? give : [](ByteView) {});
}

void ask(const std::filesystem::path& path, const DecodeRequest& request,
         const std::function<ByteSink()>& begin) {
  constexpr IsolationLimits kLimits{.memory_bytes = std::size_t{4} << 30, .time = std::chrono::seconds(60)};
  // The child has another standard input, and perhaps another current folder.
  std::error_code failed;
  const auto found = std::filesystem::canonical(path, failed);
  const std::string real = failed ? path.string() : found.string();
  std::vector<std::byte> bytes(sizeof(request) + real.size());
  std::memcpy(bytes.data(), &request, sizeof(request));
  std::memcpy(bytes.data() + sizeof(request), real.data(), real.size());
  const std::string name = path.string();
  try {
    ask_isolated(name, kLimits, serve_decoding, bytes, begin);
  } catch (const Error& error) {
    const std::string message = error.what();
    if (real == name || !message.starts_with(real + ": ")) throw;
    throw Error(error.kind(), name + message.substr(real.size()));
  }
}

// Puts rows together from pieces that are cut anywhere.
class Rows {
 public:
  Rows(const PictureCoding& coding, const RowTaker& take) : take_(take), bytes_(row_bytes(coding)) {}
  void add(ByteView piece) {
    while (!piece.empty()) {
      if (row_.empty() && piece.size() >= bytes_) {
        take_(y_++, piece.first(bytes_));
        piece = piece.subspan(bytes_);
        continue;
      }
      const auto part = piece.first(std::min(piece.size(), bytes_ - row_.size()));
      row_.insert(row_.end(), part.begin(), part.end());
      piece = piece.subspan(part.size());
      if (row_.size() < bytes_) continue;
      take_(y_++, row_);
      row_.clear();
    }
  }
  std::int64_t count() const { return y_; }

 private:
  const RowTaker& take_;
  std::size_t bytes_;
  std::vector<std::byte> row_;
  std::int64_t y_ = 0;
};

}  // namespace

void refuse_undecodable(const std::string& name, std::string_view says) {
  refuse_corrupt(name, "cut or damaged: its pixels cannot be decoded (" + in_quotes(says) + ")");
}

void verify_picture(const std::filesystem::path& path, const PictureCoding& coding) {
  ask(path, {coding, DecodeRequest::Purpose::verify}, [] { return [](ByteView) {}; });
}

void decode_rows(const std::filesystem::path& path, const PictureCoding& coding, const RowTaker& take) {
  const RowTaker take_within = [&](std::int64_t y, ByteView row) {
    if (y >= coding.extent.height) refuse_undecodable(path.string(), kAnotherPicture);
    take(y, row);
  };
  std::optional<Rows> rows;
  ask(path, {coding, DecodeRequest::Purpose::read}, [&] {
    rows.emplace(coding, take_within);
    return [&](ByteView piece) { rows->add(piece); };
  });
  if (rows->count() != coding.extent.height) refuse_undecodable(path.string(), kAnotherPicture);
}

void to_eight_bits(ByteView samples, SampleType sample, std::span<std::uint8_t> values) {
  if (sample == SampleType::uint8) {
    std::memcpy(values.data(), samples.data(), values.size());
    return;
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::uint16_t wide = 0;
    std::memcpy(&wide, &samples[2 * i], sizeof wide);
    values[i] = static_cast<std::uint8_t>((wide + 128) / 257);
  }
}

Volume decode_picture(const std::filesystem::path& path, const PictureHeader& header) {
  const PictureCoding& coding = header.coding;
  const bool coloured = header.photometric == Photometric::rgb;
  const auto count = static_cast<std::size_t>(pixel_count(coding.extent));
  const auto width = static_cast<std::size_t>(coding.extent.width);
  const TurnedPixels turned = turned_pixels(header);
  Volume volume;
  volume.photometric = header.photometric;
  std::vector<std::uint8_t> colours(coloured ? 3 * width : 0);
  std::vector<float> greys(coloured ? 0 : width);
  decode_rows(path, coding, [&](std::int64_t y, ByteView samples) {
    if (y == 0) coloured ? volume.rgb.resize(3 * count) : volume.voxels.resize(count);
    if (coloured) {
      to_eight_bits(samples, coding.sample, colours);
      place_row<3>(turned, y, std::span<const std::uint8_t>(colours), std::span(volume.rgb));
    } else {
      convert_samples(samples, {.type = coding.sample, .order = ByteOrder::little, .scaling = {}}, greys);
      place_row<1>(turned, y, std::span<const float>(greys), std::span(volume.voxels));
    }
  });
  return volume;
}

}  // namespace sonde
