// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "sonde/predict/predictor.h"

namespace sonde {

// fp16 takes half the room; fp32 gives back exactly what the encoder computed.
enum class StoredValues { fp16, fp32 };

struct EmbeddingStoreOptions {
  std::filesystem::path
      folder;  // empty: $SONDE_CACHE, else $XDG_CACHE_HOME/sonde/embeddings, else ~/.cache/sonde/embeddings
  std::uint64_t limit_bytes = 2ull << 30;  // oldest use out first
  StoredValues values = StoredValues::fp16;
};

// Embeddings on the disk, addressed by the picture's pixels and extent, the weights' hash, the precision, the
// instruction set and how values are stored; checked by a hash when read (a damaged entry is dropped and
// computed again). Several processes may share a folder. A store that cannot be written is a store that
// forgets: never an error of the segmentation.
class EmbeddingStore {
 public:
  explicit EmbeddingStore(EmbeddingStoreOptions options = {});
  std::optional<Embedding> find(const SamModel& model, const RgbImage& picture) const;
  void put(const SamModel& model, const RgbImage& picture, const Embedding& embedding) const;
  std::uint64_t size_bytes() const;
  StoredValues values() const { return options_.values; }

 private:
  EmbeddingStoreOptions options_;
};

// From the store, else computed and kept: both give the same masks (the computed one is rounded as stored).
Embedding embed_with_store(const SamModel& model, const RgbImage& picture, const EmbeddingStore& store);

}  // namespace sonde
