// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sonde/annotate/project.h"
#include "sonde/core/progress.h"
#include "sonde/predict/embedding_store.h"
#include "sonde/predict/everything.h"
#include "sonde/predict/sam_model.h"
#include "sonde/server/encoding_queue.h"
#include "sonde/server/open_images.h"

namespace sonde {

struct ServiceOptions {
  std::uint64_t image_bytes = 2ull << 30;  // of images in memory
  EncodingOptions encoding;
};
struct ServedModel {
  SamModel model;
  std::optional<EmbeddingStore> store;  // absent: every picture is encoded again
  wire::ModelFacts facts() const;
};

// How long an ask took.
struct AskTimes {
  double wait_ms = 0;    // for the picture to be encoded
  double decode_ms = 0;  // prompts to masks
};

// The images that people have before them, and the network's view of them.
class ImageService {
 public:
  using ReadImage = std::function<Volume(const ImageSource&)>;
  ImageService(Project& project, ServedModel model, ReadImage read, ServiceOptions options = {});

  // Throws Error{unavailable} for an image that cannot be read (the project keeps why), not_found for an
  // unknown one.
  std::shared_ptr<const OpenImage> open(ImageId id) { return images_.open(id); }

  wire::EmbeddingFacts focus(const PictureKey& key);
  wire::EmbeddingFacts embedding(const PictureKey& key);

  // `times` gets those of each ask and must live as long as what is returned.
  AnnotationSegmenter segmenter(AskTimes& times);
  // Of a job, which may be stopped by an exception of its progress, and shows masks while it runs.
  AnnotationSegmenter segmenter(const Progress& progress, const MasksSoFar& so_far);
  const ServedModel& model() const { return model_; }

 private:
  std::shared_ptr<const OpenImage> read(ImageId id);
  std::shared_ptr<const Predictor> encode(const PictureKey& key, Priority priority);
  PictureKey checked(const PictureKey& key);
  std::vector<EncodingQueue::Neighbour> neighbours(const PictureKey& key);
  std::vector<ScoredMask> ask(const PictureKey& key, const PromptWithWindow& prompt, const Mask& inside,
                              AskTimes& times);
  std::vector<ScoredRle> everything(ImageId image, const EverythingAction& action, const Progress& progress,
                                    const MasksSoFar& so_far);

  Project& project_;
  ServedModel model_;
  ReadImage read_;
  OpenImages images_;
  EncodingQueue queue_;  // last: its thread uses all of the above
};

}  // namespace sonde
