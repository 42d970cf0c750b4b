// SPDX-License-Identifier: Apache-2.0
#include "sonde/predict/embedding_store.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sonde/core/bytes.h"
#include "sonde/core/durable_file.h"
#include "sonde/core/error.h"
#include "sonde/core/half.h"
#include "sonde/core/home.h"
#include "sonde/kernels/cpu.h"
#include "sonde/predict/embedding_impl.h"
#include "sonde/predict/sam_model_impl.h"

namespace sonde {
namespace {

namespace fs = std::filesystem;

// An entry: the head below, its key, how many values (uint64), the values, SHA-256 of all before.
constexpr std::string_view kHead = "sonde embedding 2\n";
constexpr std::string_view kExtension = ".embedding";
constexpr std::size_t kHashDigits = 64;
constexpr std::size_t kPayloadOffset = kHead.size() + kHashDigits + sizeof(std::uint64_t);

fs::path default_folder() {
  const auto variable = [](const char* name) -> std::string {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): sonde sets no environment
    return value == nullptr ? "" : value;
  };
  if (const auto cache = variable("SONDE_CACHE"); !cache.empty()) return cache;
  if (const auto cache = variable("XDG_CACHE_HOME"); !cache.empty())
    return fs::path(cache) / "sonde" / "embeddings";
  if (const auto home = home_folder(); !home.empty()) return home / ".cache" / "sonde" / "embeddings";
  return {};
}

constexpr std::size_t value_size(StoredValues values) {
  return values == StoredValues::fp16 ? sizeof(std::uint16_t) : sizeof(float);
}

std::string key_of(const SamModel& model, const RgbImage& picture, StoredValues values) {
  // Instruction sets differ in the last bits.
  const std::string device = model.impl().device == SamModel::Impl::Device::cuda
                                 ? "cuda"
                                 : std::string(kernels::to_string(kernels::instruction_set()));
  const std::string text =
      std::string(kHead) + model.sha256() + (model.precision() == Precision::bf16 ? " bf16 " : " fp32 ") +
      device + " " + std::to_string(picture.extent.width) + " x " + std::to_string(picture.extent.height) +
      " " + sha256_hex(as_byte_view(picture.pixels)) + (values == StoredValues::fp32 ? " kept whole" : "");
  return sha256_hex(std::as_bytes(std::span<const char>(text)));
}

fs::path entry_path(const fs::path& folder, const std::string& key) {
  return folder / (key + std::string(kExtension));
}

std::string_view text_at(ByteView bytes, std::size_t offset, std::size_t count) {
  return {reinterpret_cast<const char*>(bytes.data() + offset), count};  // NOLINT: bytes as text
}

void append(std::vector<std::byte>& bytes, ByteView more) {
  bytes.insert(bytes.end(), more.begin(), more.end());
}
void append(std::vector<std::byte>& bytes, std::string_view text) {
  append(bytes, std::as_bytes(std::span<const char>(text)));
}

std::vector<std::byte> to_entry(const std::string& key, const std::vector<float>& features,
                                StoredValues values) {
  const std::array count{static_cast<std::uint64_t>(features.size())};
  std::vector<std::byte> entry;
  entry.reserve(kPayloadOffset + features.size() * value_size(values) + kHashDigits);
  append(entry, kHead);
  append(entry, key);
  append(entry, std::as_bytes(std::span(count)));
  if (values == StoredValues::fp16) {
    std::vector<std::uint16_t> halves(features.size());
    std::transform(features.begin(), features.end(), halves.begin(), half_from_float);
    append(entry, as_byte_view(halves));
  } else {
    append(entry, as_byte_view(features));
  }
  append(entry, sha256_hex(entry));
  return entry;
}

std::size_t value_count(const SamModel& model) {
  const SamSizes& sizes = model.impl().sizes;
  const auto side = embedding_side(sizes);
  return static_cast<std::size_t>(side * side * sizes.prompt_embed_dim);
}

// Absent for an entry that is damaged.
std::optional<std::vector<float>> from_entry(ByteView entry, const std::string& key, StoredValues values) {
  if (entry.size() < kPayloadOffset + kHashDigits) return std::nullopt;
  const std::size_t hashed = entry.size() - kHashDigits;
  if (text_at(entry, 0, kHead.size()) != kHead || text_at(entry, kHead.size(), kHashDigits) != key)
    return std::nullopt;
  if (text_at(entry, hashed, kHashDigits) != sha256_hex(entry.first(hashed))) return std::nullopt;
  const ByteView payload = entry.subspan(kPayloadOffset, hashed - kPayloadOffset);
  std::uint64_t count = 0;
  std::memcpy(&count, entry.data() + kPayloadOffset - sizeof count, sizeof count);
  if (count == 0 || payload.size() % value_size(values) != 0 || payload.size() / value_size(values) != count)
    return std::nullopt;
  std::vector<float> features(count);
  if (values == StoredValues::fp32) {
    std::memcpy(features.data(), payload.data(), payload.size());
    return features;
  }
  std::vector<std::uint16_t> halves(count);
  std::memcpy(halves.data(), payload.data(), payload.size());
  std::transform(halves.begin(), halves.end(), features.begin(), float_from_half);
  return features;
}

struct Entry {
  fs::path path;
  std::uint64_t bytes = 0;
  fs::file_time_type used;
};

// Whatever another process removes meanwhile is left out. Files that a killed process left half-written count
// as entries.
std::vector<Entry> entries_in(const fs::path& folder) {
  std::vector<Entry> entries;
  std::error_code error;
  for (fs::directory_iterator item(folder, error); !error && item != fs::directory_iterator();
       item.increment(error)) {
    if (item->path().extension() != kExtension) continue;
    std::error_code gone;
    Entry entry{item->path(), item->file_size(gone), {}};
    if (!gone) entry.used = item->last_write_time(gone);
    if (!gone) entries.push_back(std::move(entry));
  }
  return entries;
}

std::uint64_t total_bytes(const std::vector<Entry>& entries) {
  std::uint64_t total = 0;
  for (const Entry& entry : entries) total += entry.bytes;
  return total;
}

void drop_oldest(const fs::path& folder, std::uint64_t limit_bytes) {
  std::vector<Entry> entries = entries_in(folder);
  std::uint64_t total = total_bytes(entries);
  if (total <= limit_bytes) return;
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return a.used != b.used ? a.used < b.used : a.path < b.path;
  });
  for (const Entry& entry : entries) {
    if (total <= limit_bytes) return;
    std::error_code ignored;
    fs::remove(entry.path, ignored);
    total -= entry.bytes;
  }
}

Embedding as_stored(const Embedding& embedding, StoredValues values) {
  if (values == StoredValues::fp32) return embedding;
  std::vector<float> rounded = embedding.impl().features;
  for (float& value : rounded) value = float_from_half(half_from_float(value));
  return {embedding.picture(), std::make_shared<const Embedding::Impl>(std::move(rounded))};
}

}  // namespace

EmbeddingStore::EmbeddingStore(EmbeddingStoreOptions options) : options_(std::move(options)) {
  if (options_.folder.empty()) options_.folder = default_folder();
}

std::optional<Embedding> EmbeddingStore::find(const SamModel& model, const RgbImage& picture) const {
  if (options_.folder.empty()) return std::nullopt;
  const std::string key = key_of(model, picture, options_.values);
  const fs::path path = entry_path(options_.folder, key);
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored)) return std::nullopt;
  try {
    const MappedFile file(path);
    auto features = from_entry(file.bytes(), key, options_.values);
    if (!features || features->size() != value_count(model)) {
      fs::remove(path, ignored);
      return std::nullopt;
    }
    fs::last_write_time(path, fs::file_time_type::clock::now(), ignored);
    return Embedding(picture.extent, std::make_shared<const Embedding::Impl>(std::move(*features)));
  } catch (const Error&) {  // another process removed it, or it cannot be read: as if it were not there
    return std::nullopt;
  }
}

void EmbeddingStore::put(const SamModel& model, const RgbImage& picture, const Embedding& embedding) const {
  if (options_.folder.empty()) return;
  const std::string key = key_of(model, picture, options_.values);
  const std::vector<std::byte> entry = to_entry(key, embedding.impl().features, options_.values);
  if (entry.size() > options_.limit_bytes) return;
  std::error_code ignored;
  fs::create_directories(options_.folder, ignored);
  try {
    write_durably(entry_path(options_.folder, key), entry);
  } catch (const Error&) {  // full, read-only: the store forgets
    return;
  }
  drop_oldest(options_.folder, options_.limit_bytes);
}

std::uint64_t EmbeddingStore::size_bytes() const { return total_bytes(entries_in(options_.folder)); }

Embedding embed_with_store(const SamModel& model, const RgbImage& picture, const EmbeddingStore& store) {
  if (auto found = store.find(model, picture)) return std::move(*found);
  Embedding computed = as_stored(embed(model, picture), store.values());
  store.put(model, picture, computed);
  return computed;
}

}  // namespace sonde
