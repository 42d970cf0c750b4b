// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
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
};
wire::ModelFacts facts_of(const SamModel& model);

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

  // `times` gets those of each ask and must live as long as what is returned. The model that answers now goes
  // on for what is returned.
  AnnotationSegmenter segmenter(AskTimes& times) { return segmenter(times, model()); }
  AnnotationSegmenter segmenter(AskTimes& times, const SamModel& model);
  // Of a job, which may be stopped by an exception of its progress, and shows masks while it runs.
  AnnotationSegmenter segmenter(const Progress& progress, const MasksSoFar& so_far);

  const SamModel& first_model() const { return first_; }  // that it was begun with
  SamModel model() const;                                 // that answers now
  // From now on this one answers. Pictures that are encoded stay so where its encoder is that of a model that
  // has answered, which is known by its card.
  void use(const SamModel& model);
  // What another model says, which goes into no history.
  Prediction ask(const SamModel& model, const PictureKey& key, const PromptWithWindow& prompt);

 private:
  // Pictures as one encoder has them.
  struct Encoder {
    SamModel model;
    EncodingQueue queue;
  };
  // A model, and what its decoder has got ready of pictures that another one has encoded.
  struct Answering {
    SamModel model;
    std::shared_ptr<Encoder> encoder;
    std::mutex mutex = {};
    std::list<std::pair<std::shared_ptr<const Predictor>, std::shared_ptr<const Predictor>>> ready = {};
  };

  std::shared_ptr<const OpenImage> read(ImageId id);
  std::shared_ptr<const Predictor> encode(const SamModel& model, const PictureKey& key, Priority priority);
  PictureKey checked(const PictureKey& key);
  std::vector<EncodingQueue::Neighbour> neighbours(const PictureKey& key);
  std::shared_ptr<Encoder> encoder_of(const SamModel& model);
  std::shared_ptr<Answering> answering(const SamModel& model);
  std::shared_ptr<Answering> in_use() const;
  static std::shared_ptr<const Predictor> predictor(Answering& answering, const PictureKey& key);
  std::vector<ScoredMask> ask(Answering& answering, const PictureKey& key, const PromptWithWindow& prompt,
                              const Mask& inside, AskTimes& times);
  std::vector<ScoredRle> everything(const SamModel& model, ImageId image, const EverythingAction& action,
                                    const Progress& progress, const MasksSoFar& so_far);

  Project& project_;
  SamModel first_;
  std::optional<EmbeddingStore> store_;
  ReadImage read_;
  EncodingOptions encoding_;
  OpenImages images_;
  mutable std::mutex mutex_;
  // Last: the threads of their queues use all of the above. The one in use is first.
  std::list<std::shared_ptr<Answering>> answering_;
};

}  // namespace sonde
