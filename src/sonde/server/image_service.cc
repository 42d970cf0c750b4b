// SPDX-License-Identifier: Apache-2.0
#include "sonde/server/image_service.h"

#include <new>
#include <utility>

#include "sonde/annotate/open_image.h"
#include "sonde/core/error.h"
#include "sonde/core/parallel.h"
#include "sonde/core/stopwatch.h"
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

}  // namespace

wire::ModelFacts ServedModel::facts() const {
  wire::ModelFacts facts{model.name(),
                         model.architecture(),
                         model.sha256(),
                         model.precision() == Precision::bf16 ? "bf16" : "fp32",
                         {}};
  for (const CardClass& one : model.classes()) facts.classes.push_back({one});
  return facts;
}

ImageService::ImageService(Project& project, ServedModel model, ReadImage read_function,
                           ServiceOptions options)
    : project_(project),
      model_(std::move(model)),
      read_(std::move(read_function)),
      images_([this](ImageId id) { return read(id); }, options.image_bytes),
      queue_([this](const PictureKey& key, Priority priority) { return encode(key, priority); },
             options.encoding) {}

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

std::shared_ptr<const Predictor> ImageService::encode(const PictureKey& key, Priority priority) {
  const RgbImage seen = open(key.image)->seen_by_network(key.plane, key.window);
  // What may be needed later leaves the other cores to what is needed now.
  std::optional<ThreadLimit> limit;
  if (priority == Priority::prefetch) limit.emplace(1);
  const SamModel& network = model_.model;
  auto predictor = std::make_shared<const Predictor>(
      network, model_.store ? embed_with_store(network, seen, *model_.store) : embed(network, seen));
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

wire::EmbeddingFacts ImageService::focus(const PictureKey& key) {
  queue_.focus(checked(key), neighbours(key));
  return queue_.state(key);
}

wire::EmbeddingFacts ImageService::embedding(const PictureKey& key) { return queue_.state(checked(key)); }

std::vector<ScoredMask> ImageService::ask(const PictureKey& key, const PromptWithWindow& asked,
                                          const Mask& inside, AskTimes& times) {
  Stopwatch watch;
  const auto predictor = queue_.get(key);
  times.wait_ms += watch.lap_ms();
  Prompt prompt{asked.points, asked.box, {}, asked.class_name};
  if (!inside.pixels.empty()) prompt.mask = logits_from_mask(inside, model_.model.image_size());
  std::vector<ScoredMask> answers = predictor->propose(prompt);
  times.decode_ms += watch.lap_ms();
  return answers;
}

std::vector<ScoredRle> ImageService::everything(ImageId image, const EverythingAction& action,
                                                const Progress& progress, const MasksSoFar& so_far) {
  const RgbImage seen = open(image)->seen_by_network(action.plane, action.window);
  return segment_everything(model_.model, seen, options_of(action.settings), progress, so_far);
}

AnnotationSegmenter ImageService::segmenter(AskTimes& times) {
  const wire::ModelFacts facts = model_.facts();
  return {
      .model_sha256 = facts.sha256,
      .precision = facts.precision,
      .ask =
          [this, &times](ImageId image, PlaneRef plane, const PromptWithWindow& prompt, const Mask& inside) {
            return ask({image, plane, prompt.window}, prompt, inside, times);
          },
      .everything = [this](ImageId image,
                           const EverythingAction& action) { return everything(image, action, {}, {}); }};
}

AnnotationSegmenter ImageService::segmenter(const Progress& progress, const MasksSoFar& so_far) {
  const wire::ModelFacts facts = model_.facts();
  return {.model_sha256 = facts.sha256,
          .precision = facts.precision,
          .ask = {},
          .everything = [this, progress, so_far](ImageId image, const EverythingAction& action) {
            return everything(image, action, progress, so_far);
          }};
}

}  // namespace sonde
