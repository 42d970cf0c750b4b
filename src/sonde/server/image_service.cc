// SPDX-License-Identifier: Apache-2.0
#include "sonde/server/image_service.h"

#include <algorithm>
#include <iterator>
#include <new>
#include <utility>

#include "sonde/annotate/open_image.h"
#include "sonde/core/error.h"
#include "sonde/core/parallel.h"
#include "sonde/core/stopwatch.h"
#include "sonde/predict/embedding_impl.h"
#include "sonde/predict/preprocess.h"

namespace sonde {
namespace {

constexpr std::int64_t kSlicesAhead = 3;  // on either side
constexpr std::int64_t kPointsPerBatch =
    32;  // masks are shown after each; what they are does not depend on it

EverythingOptions options_of(const EverythingSettings& settings) {
  EverythingOptions options;
  options.points_per_side = settings.points_per_side;
  options.points_per_batch = kPointsPerBatch;
  options.pred_iou_threshold = settings.pred_iou;
  options.stability_threshold = settings.stability;
  options.min_region_area = settings.min_region;
  return options;
}

// An embedding keeps what the decoder that it meets first has made of it.
Embedding own_copy(const Embedding& embedding) {
  return {embedding.picture(), std::make_shared<const Embedding::Impl>(embedding.impl().features)};
}

// Tuned by sonde in parts that leave the encoder as it is.
bool has_encoder_of(const SamModel& model, const SamModel& other) {
  const auto& card = model.card();
  return card && card->parent_sha256 == other.sha256() && model.precision() == other.precision() &&
         from_word<wire::TrainingPart>(card->tuned);
}

}  // namespace

wire::ModelFacts facts_of(const SamModel& model) {
  wire::ModelFacts facts{model.name(),
                         model.architecture(),
                         model.sha256(),
                         model.precision() == Precision::bf16 ? "bf16" : "fp32",
                         {},
                         {}};
  for (const CardClass& one : model.classes()) facts.classes.push_back({one});
  return facts;
}

ImageService::ImageService(Project& project, ServedModel model, ReadImage read_function,
                           ServiceOptions options)
    : project_(project),
      first_(std::move(model.model)),
      store_(std::move(model.store)),
      read_(std::move(read_function)),
      encoding_(options.encoding),
      images_([this](ImageId id) { return read(id); }, options.image_bytes) {
  use(first_);
}

std::shared_ptr<const OpenImage> ImageService::read(ImageId id) {
  const ImageSource source = project_.image(id).source;
  try {
    std::string stamp = stamp_of(source);
    auto image = std::make_shared<const OpenImage>(read_(source));
    project_.set_opened(id, image->geometry());
    project_.set_content(id, content_of(source, image->volume(), std::move(stamp)));
    return image;
  } catch (const Error& error) {
    project_.set_fault(id, error.what());
    throw Error(ErrorKind::unavailable, error.what());
  } catch (const std::bad_alloc&) {
    const std::string fault = source.name + ": there is not enough memory for it";
    project_.set_fault(id, fault);
    throw Error(ErrorKind::unavailable, fault);
  }
}

std::shared_ptr<const Predictor> ImageService::encode(const SamModel& model, const PictureKey& key,
                                                      Priority priority) {
  const RgbImage seen = open(key.image)->seen_by_network(key.plane, key.window);
  // What may be needed later leaves the other cores to what is needed now.
  std::optional<ThreadLimit> limit;
  if (priority == Priority::prefetch) limit.emplace(1);
  auto predictor = std::make_shared<const Predictor>(
      model, store_ ? embed_with_store(model, seen, *store_) : embed(model, seen));
  predictor->prepare();
  return predictor;
}

// Throws for what could not be encoded anyway, before it is put in the queue.
PictureKey ImageService::checked(const PictureKey& key) {
  parse_window(key.window);
  checked_plane(open(key.image)->geometry(), key.plane);
  return key;
}

// Slices of the same plane, then the first pictures of the next image and of the one before.
std::vector<EncodingQueue::Neighbour> ImageService::neighbours(const PictureKey& key) {
  std::vector<EncodingQueue::Neighbour> wanted;
  const std::int64_t slices = checked_plane(open(key.image)->geometry(), key.plane).slice_count;
  for (std::int64_t step = 1; step <= kSlicesAhead; ++step) {
    for (const std::int64_t slice : {key.plane.slice + step, key.plane.slice - step}) {
      if (slice < 0 || slice >= slices) continue;
      wanted.emplace_back([key = PictureKey{key.image, {key.plane.axis, slice}, key.window}] { return key; });
    }
  }
  std::optional<ImageId> before, after, last;
  for (const ImageSummary& image : project_.images()) {
    if (image.id == key.image) before = last;
    if (last == key.image) after = image.id;
    last = image.id;
  }
  for (const auto& id : {after, before}) {
    if (!id) continue;
    wanted.emplace_back([this, id = *id] {
      const auto image = open(id);
      return PictureKey{id, image->default_plane(), request_name(image->default_window())};
    });
  }
  return wanted;
}

std::shared_ptr<ImageService::Encoder> ImageService::encoder_of(const SamModel& model) {
  for (const auto& other : answering_) {
    if (has_encoder_of(model, other->encoder->model)) return other->encoder;
  }
  // Aggregates of what cannot be moved are made in place.
  return std::shared_ptr<Encoder>(new Encoder{
      model,
      {[this, model](const PictureKey& key, Priority priority) { return encode(model, key, priority); },
       encoding_}});
}

std::shared_ptr<ImageService::Answering> ImageService::answering(const SamModel& model) {
  constexpr std::size_t kKept = 3;  // the first, the one in use, one to compare
  const std::lock_guard lock(mutex_);
  for (const auto& known : answering_) {
    if (&known->model.impl() == &model.impl()) return known;
  }
  const auto made = std::shared_ptr<Answering>(new Answering{model, encoder_of(model)});
  answering_.push_back(made);
  if (answering_.size() > kKept) {
    const auto is_first = [&](const auto& one) { return &one->model.impl() == &first_.impl(); };
    const auto oldest = std::find_if_not(std::next(answering_.begin()), answering_.end(), is_first);
    answering_.erase(oldest);
  }
  return made;
}

std::shared_ptr<ImageService::Answering> ImageService::in_use() const {
  const std::lock_guard lock(mutex_);
  return answering_.front();
}

SamModel ImageService::model() const { return in_use()->model; }

void ImageService::use(const SamModel& model) {
  const auto wanted = answering(model);
  const std::lock_guard lock(mutex_);
  answering_.remove(wanted);
  answering_.push_front(wanted);
}

std::shared_ptr<const Predictor> ImageService::predictor(Answering& answering, const PictureKey& key) {
  constexpr std::size_t kKept = 4;
  auto encoded = answering.encoder->queue.get(key);
  if (&encoded->model().impl() == &answering.model.impl()) return encoded;
  const std::lock_guard lock(answering.mutex);
  for (const auto& [of, predictor] : answering.ready) {
    if (of == encoded) return predictor;
  }
  auto made = std::make_shared<const Predictor>(answering.model, own_copy(encoded->embedding()));
  answering.ready.emplace_front(std::move(encoded), made);
  if (answering.ready.size() > kKept) answering.ready.pop_back();
  return made;
}

wire::EmbeddingFacts ImageService::focus(const PictureKey& key) {
  const auto answering = in_use();
  answering->encoder->queue.focus(checked(key), neighbours(key));
  return answering->encoder->queue.state(key);
}

wire::EmbeddingFacts ImageService::embedding(const PictureKey& key) {
  return in_use()->encoder->queue.state(checked(key));
}

std::vector<ScoredMask> ImageService::ask(Answering& answering, const PictureKey& key,
                                          const PromptWithWindow& asked, const Mask& inside,
                                          AskTimes& times) {
  Stopwatch watch;
  const auto ready = predictor(answering, key);
  times.wait_ms += watch.lap_ms();
  Prompt prompt{asked.points, asked.box, {}, asked.class_name};
  if (!inside.pixels.empty()) prompt.mask = logits_from_mask(inside, answering.model.image_size());
  std::vector<ScoredMask> answers = ready->propose(prompt);
  times.decode_ms += watch.lap_ms();
  return answers;
}

Prediction ImageService::ask(const SamModel& model, const PictureKey& key, const PromptWithWindow& prompt) {
  AskTimes times;
  return ask(*answering(model), checked(key), prompt, {}, times);
}

std::vector<ScoredRle> ImageService::everything(const SamModel& model, ImageId image,
                                                const EverythingAction& action, const Progress& progress,
                                                const MasksSoFar& so_far) {
  const RgbImage seen = open(image)->seen_by_network(action.plane, action.window);
  return segment_everything(model, seen, options_of(action.settings), progress, so_far);
}

AnnotationSegmenter ImageService::segmenter(AskTimes& times, const SamModel& model) {
  const wire::ModelFacts facts = facts_of(model);
  return {.model_sha256 = facts.sha256,
          .precision = facts.precision,
          .ask =
              [this, &times, answering = answering(model)](
                  ImageId image, PlaneRef plane, const PromptWithWindow& prompt, const Mask& inside) {
                return ask(*answering, {image, plane, prompt.window}, prompt, inside, times);
              },
          .everything =
              [this, model](ImageId image, const EverythingAction& action) {
                return everything(model, image, action, {}, {});
              }};
}

AnnotationSegmenter ImageService::segmenter(const Progress& progress, const MasksSoFar& so_far) {
  const SamModel model = this->model();
  const wire::ModelFacts facts = facts_of(model);
  return {.model_sha256 = facts.sha256,
          .precision = facts.precision,
          .ask = {},
          .everything = [this, model, progress, so_far](ImageId image, const EverythingAction& action) {
            return everything(model, image, action, progress, so_far);
          }};
}

}  // namespace sonde
