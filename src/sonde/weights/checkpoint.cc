// SPDX-License-Identifier: Apache-2.0
#include "sonde/weights/checkpoint.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "sonde/core/error.h"
#include "sonde/weights/checkpoint_cursor.h"
#include "sonde/weights/checkpoint_formats.h"

namespace sonde {
namespace {

// torch.save before 1.6 wrote a pickle of the number 0x1950a86a20f9469cfc6c first; before 0.1.10 a tar
// archive.
constexpr std::string_view kLegacyMagic("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 14);
constexpr std::string_view kZipMagic("PK\x03\x04", 4), kTarMagic("ustar", 5);
constexpr std::size_t kTarMagicAt = 257, kSafetensorsJsonAt = 8;

bool is_safetensors(std::string_view text, const std::string& file) {
  return file.ends_with(".safetensors") ||
         (text.size() > kSafetensorsJsonAt && text[kSafetensorsJsonAt] == '{');
}

}  // namespace

WeightTensor numbers_over(const CheckpointBytes& source, ByteView content, NumberType type) {
  const auto is_no_bool = [](std::byte byte) { return byte > std::byte{1}; };
  if (type == NumberType::boolean && std::ranges::any_of(content, is_no_bool)) {
    throw Error(ErrorKind::corrupt_data, source.file + ": holds truth values other than 0 and 1");
  }
  const Shape shape{static_cast<std::int64_t>(content.size() / size_of(type))};
  if (content.empty() || reinterpret_cast<std::uintptr_t>(content.data()) % size_of(type) != 0) {
    const auto copy = std::make_shared<const std::vector<std::byte>>(content.begin(), content.end());
    return {.type = type, .shape = shape, .bytes = *copy, .owner = copy};
  }
  return {.type = type, .shape = shape, .bytes = content, .owner = source.owner};
}

CheckpointContent read_checkpoint(const CheckpointBytes& source) {
  const std::string_view text = as_text(source.bytes);
  if (text.starts_with(kZipMagic)) return {.tensors = read_pth(source), .metadata = {}};
  if (text.starts_with(kLegacyMagic) ||
      (text.size() > kTarMagicAt && text.substr(kTarMagicAt).starts_with(kTarMagic))) {
    throw Error(
        ErrorKind::unsupported,
        source.file + ": saved by PyTorch before 1.6; load it there and save it again, or as .safetensors");
  }
  if (is_safetensors(text, source.file)) return read_safetensors(source);
  throw Error(ErrorKind::corrupt_data,
              source.file + ": no checkpoint; .safetensors and PyTorch's .pth and .pt are read");
}

Checkpoint load_checkpoint(const std::filesystem::path& path) {
  const auto mapped = std::make_shared<const MappedFile>(path);
  const CheckpointBytes source{mapped->bytes(), mapped, path.string()};
  CheckpointContent content = read_checkpoint(source);
  std::string sha256 = sha256_hex(source.bytes);
  auto card = find_card(path, sha256, content.metadata);
  return {.tensors = std::move(content.tensors), .sha256 = std::move(sha256), .card = std::move(card)};
}

}  // namespace sonde
