// SPDX-License-Identifier: Apache-2.0
#include "sonde/train/picture_cache.h"

#include <algorithm>
#include <cstring>
#include <system_error>
#include <utility>

#include "sonde/core/durable_file.h"
#include "sonde/core/error.h"
#include "sonde/core/half.h"
#include "sonde/kernels/cpu.h"
#include "sonde/predict/embedding_impl.h"
#include "sonde/predict/preprocess.h"
#include "sonde/predict/sam_model_impl.h"

namespace sonde {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kHashDigits = 64;  // of all before, at the end of a file

// Whether a file is there and whole: of the right length, and what its hash says.
bool is_whole(const fs::path& path, std::size_t payload) {
  std::error_code absent;
  if (fs::file_size(path, absent) != payload + kHashDigits || absent) return false;
  const MappedFile file(path);
  const std::string hash = sha256_hex(file.bytes().first(payload));
  return std::memcmp(hash.data(), file.bytes().data() + payload, kHashDigits) == 0;
}

}  // namespace

Extent2 frame_extent(const TrainPicture& picture, std::int64_t side) {
  return resized_extent(picture.extent, side);
}

PictureCache::PictureCache(fs::path folder, Kind kind, const SamModel& model)
    : folder_(std::move(folder)), kind_(kind), model_(model) {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) throw Error(ErrorKind::unavailable, folder_.string() + ": " + error.message());
}

std::size_t PictureCache::value_count() const {
  const SamSizes& sizes = model_.impl().sizes;
  const std::int64_t side = embedding_side(sizes);
  return static_cast<std::size_t>(side * side * sizes.prompt_embed_dim);
}

fs::path PictureCache::path_of(const TrainPicture& picture) const {
  std::string key = picture.pixels_sha256 + (kind_ == Kind::pixels ? "pixels" : "embedding");
  if (kind_ == Kind::embeddings) {
    key += model_.sha256() + (model_.precision() == Precision::bf16 ? "bf16" : "fp32") +
           std::string(kernels::to_string(kernels::instruction_set()));
  }
  return folder_ / (sha256_hex(std::as_bytes(std::span(key))).substr(0, 32) + ".picture");
}

std::vector<std::byte> PictureCache::computed(const TrainPicture& picture,
                                              const EmbeddingStore* store) const {
  const RgbImage image = picture.load();
  if (kind_ == Kind::pixels) {
    const RgbImage frame = resize_bilinear(image, frame_extent(picture, model_.image_size()));
    const ByteView bytes = as_byte_view(frame.pixels);
    return {bytes.begin(), bytes.end()};
  }
  const Embedding embedding =
      store != nullptr ? embed_with_store(model_, image, *store) : embed(model_, image);
  std::vector<std::uint16_t> halves(embedding.impl().features.size());
  std::ranges::transform(embedding.impl().features, halves.begin(), half_from_float);
  const ByteView bytes = as_byte_view(halves);
  return {bytes.begin(), bytes.end()};
}

void PictureCache::fill(std::span<const TrainPicture> pictures, const EmbeddingStore* store,
                        const Progress& progress) {
  const auto count = static_cast<std::int64_t>(pictures.size());
  for (std::int64_t i = 0; i < count; ++i) {
    const TrainPicture& picture = pictures[static_cast<std::size_t>(i)];
    const Extent2 frame = frame_extent(picture, model_.image_size());
    const std::size_t payload = kind_ == Kind::pixels ? static_cast<std::size_t>(3 * pixel_count(frame))
                                                      : value_count() * sizeof(std::uint16_t);
    const fs::path path = path_of(picture);
    if (!is_whole(path, payload)) {
      std::vector<std::byte> bytes = computed(picture, store);
      if (bytes.size() != payload)
        throw Error(ErrorKind::corrupt_data, picture.file.string() + ": has changed while it was in use");
      const std::string hash = sha256_hex(bytes);
      const ByteView digits = std::as_bytes(std::span(hash));
      bytes.insert(bytes.end(), digits.begin(), digits.end());
      write_durably(path, ByteView(bytes));
    }
    if (progress) progress({"pictures", i + 1, count});
  }
}

std::vector<float> PictureCache::embedding(const TrainPicture& picture) const {
  const fs::path path = path_of(picture);
  const MappedFile file(path);
  std::vector<std::uint16_t> halves(value_count());
  const std::size_t bytes = halves.size() * sizeof(std::uint16_t);
  if (file.bytes().size() != bytes + kHashDigits)
    throw Error(ErrorKind::corrupt_data, path.string() + ": has changed while it was in use");
  std::memcpy(halves.data(), file.bytes().data(), bytes);
  std::vector<float> values(halves.size());
  std::ranges::transform(halves, values.begin(), float_from_half);
  return values;
}

PictureCache::Pixels PictureCache::pixels(const TrainPicture& picture) const {
  const fs::path path = path_of(picture);
  auto file = std::make_shared<const MappedFile>(path);
  const Extent2 frame = frame_extent(picture, model_.image_size());
  if (file->bytes().size() != static_cast<std::size_t>(3 * pixel_count(frame)) + kHashDigits)
    throw Error(ErrorKind::corrupt_data, path.string() + ": has changed while it was in use");
  const auto* rgb = reinterpret_cast<const std::uint8_t*>(file->bytes().data());  // NOLINT: bytes as pixels
  return {file, {.rgb = rgb, .width = frame.width, .height = frame.height}};
}

std::vector<float> PictureCache::embedding_by(const Network& network, const TrainPicture& picture) const {
  return kind_ == Kind::embeddings ? embedding(picture) : network.encode(pixels(picture).pixels);
}

}  // namespace sonde
