// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sonde/core/bytes.h"
#include "sonde/core/progress.h"
#include "sonde/imaging/picture.h"
#include "sonde/inference/network.h"
#include "sonde/predict/embedding_store.h"
#include "sonde/predict/sam_model.h"
#include "sonde/train/data.h"

namespace sonde {

// What the network needs of every picture, computed once and kept in files of the run: each is mapped while
// it is used, so that memory does not grow with the number of pictures.
class PictureCache {
 public:
  // embeddings: of `model`, as 16-bit floats; pixels: of the frame, for a network whose encoder changes.
  enum class Kind { embeddings, pixels };
  PictureCache(std::filesystem::path folder, Kind kind, const SamModel& model);

  // Computes what is not there yet; takes embeddings from `store` and keeps them there, where it is given.
  // Throws Error{unavailable} naming a file that cannot be written, and what loading a picture throws.
  void fill(std::span<const TrainPicture> pictures, const EmbeddingStore* store, const Progress& progress);

  // Of a picture that fill() has seen. Throws Error{corrupt_data} naming a file that was damaged since.
  std::vector<float> embedding(const TrainPicture& picture) const;
  // As the network takes them, valid as long as `owner` lives.
  struct Pixels {
    std::shared_ptr<const MappedFile> owner;
    FramePixels pixels;
  };
  Pixels pixels(const TrainPicture& picture) const;
  // The embedding that `network` gives: kept, or computed from the pixels.
  std::vector<float> embedding_by(const Network& network, const TrainPicture& picture) const;

  Kind kind() const { return kind_; }
  const std::filesystem::path& folder() const { return folder_; }

 private:
  std::filesystem::path path_of(const TrainPicture& picture) const;
  std::vector<std::byte> computed(const TrainPicture& picture, const EmbeddingStore* store) const;
  std::size_t value_count() const;

  std::filesystem::path folder_;
  Kind kind_;
  SamModel model_;
};

// The frame that the network looks at.
Extent2 frame_extent(const TrainPicture& picture, std::int64_t side);

}  // namespace sonde
