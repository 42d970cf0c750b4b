// SPDX-License-Identifier: Apache-2.0
#include "sonde/predict/everything.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "sonde/core/error.h"
#include "sonde/core/parallel.h"
#include "sonde/imaging/regions.h"
#include "sonde/predict/class_masks.h"
#include "sonde/predict/embedding_impl.h"
#include "sonde/predict/mask_upscaler.h"
#include "sonde/predict/predictor.h"
#include "sonde/predict/proposals.h"
#include "sonde/predict/sam_model_impl.h"

namespace sonde {
namespace {

constexpr std::int64_t kMaxPointsPerSide = 1024;
constexpr std::int64_t kMaxCropLayers = 6;

std::int64_t points_per_side(const EverythingOptions& options, std::int64_t layer) {
  return static_cast<std::int64_t>(static_cast<double>(options.points_per_side) /
                                   std::pow(static_cast<double>(options.crop_points_downscale), layer));
}

[[noreturn]] void refuse(const std::string& option, const std::string& value, const std::string& allowed) {
  throw Error(ErrorKind::usage, option + " " + value + " is not allowed: it must be " + allowed);
}

void check_at_least(const std::string& option, std::int64_t value, std::int64_t least) {
  if (value < least) refuse(option, std::to_string(value), std::to_string(least) + " or more");
}

void check_between(const std::string& option, std::int64_t value, std::int64_t least, std::int64_t most) {
  if (value >= least && value <= most) return;
  refuse(option, std::to_string(value), std::to_string(least) + ".." + std::to_string(most));
}

void check_share(const std::string& option, double value) {
  if (!(value >= 0 && value <= 1)) refuse(option, std::to_string(value), "0..1");
}

RgbImage cut_out(const RgbImage& picture, const Crop& crop) {
  if (extent_of(crop) == picture.extent) return picture;
  RgbImage part{extent_of(crop), {}};
  part.pixels.reserve(static_cast<std::size_t>(3 * pixel_count(part.extent)));
  for (std::int64_t y = crop.y0; y < crop.y1; ++y) {
    const auto row = picture.pixels.begin() + 3 * (y * picture.extent.width + crop.x0);
    part.pixels.insert(part.pixels.end(), row, row + 3 * part.extent.width);
  }
  return part;
}

// Points done so far of all crops. Safe to use from several threads.
class PointCounter {
 public:
  PointCounter(const Progress& progress, std::int64_t total) : progress_(progress), total_(total) {}
  void report(const std::string& what, std::int64_t more) {
    const std::lock_guard lock(mutex_);
    done_ += more;
    if (progress_) progress_({what, done_, total_});
  }

 private:
  const Progress& progress_;
  std::mutex mutex_;
  std::int64_t done_ = 0, total_ = 0;
};

// The masks of one crop: its picture is encoded once, its grid of points decoded batch by batch; what stays
// of a mask is run lengths.
class CropPass {
 public:
  CropPass(const SamModel& model, const RgbImage& picture, const Crop& crop, const EverythingOptions& options)
      : options_(options),
        picture_(picture.extent),
        crop_(crop),
        predictor_(model, embed(model, cut_out(picture, crop))),
        upscaler_(extent_of(crop), model.image_size()) {}

  std::vector<ScoredRle> propose(std::span<const Point2> points,
                                 const std::function<void(std::int64_t)>& report) const {
    const SamModel::Impl& model = predictor_.model().impl();
    predictor_.embedding().impl().prepared_for(model.network);  // by all threads
    // On the CPU what decodes a point also finishes its masks, so that none wait in memory; a GPU wants many.
    const std::size_t together = model.device == SamModel::Impl::Device::cpu ? 1 : points.size();
    const std::size_t calls = (points.size() + together - 1) / together;
    std::vector<std::vector<ScoredRle>> found(calls);
    parallel_for(model.threads, static_cast<std::int64_t>(calls), [&](std::int64_t call) {
      const auto at = static_cast<std::size_t>(call), first = at * together;
      const std::size_t count = std::min(together, points.size() - first);
      found[at] = propose_at(points.subspan(first, count));
      report(static_cast<std::int64_t>(count));
    });
    std::vector<ScoredRle> proposals;
    for (auto& some : found) std::move(some.begin(), some.end(), std::back_inserter(proposals));
    return proposals;
  }

  // In the whole picture only.
  std::vector<FoundClass> classes() const { return find_classes(predictor_); }

 private:
  std::vector<ScoredRle> propose_at(std::span<const Point2> points) const {
    std::vector<Prompt> prompts;
    for (const Point2& point : points)
      prompts.push_back({.points = {{point, PointLabel::foreground}}, .box = {}, .mask = {}});
    std::optional<double> above_iou;
    if (options_.pred_iou_threshold > 0) above_iou = options_.pred_iou_threshold;
    const auto predictions = predictor_.decode(prompts, MaskSet::three, above_iou);
    std::vector<ScoredRle> proposals;
    for (std::size_t i = 0; i < predictions.size(); ++i) {
      for (const LowResCandidate& candidate : predictions[i]) {
        if (above_iou && !(candidate.predicted_iou > *above_iou)) continue;
        if (auto proposal = finish(points[i], candidate)) proposals.push_back(std::move(*proposal));
      }
    }
    return proposals;
  }

  std::optional<ScoredRle> finish(const Point2& point, const LowResCandidate& candidate) const {
    auto proposal = upscaler_.threshold_to_runs(candidate.logits, {picture_, crop_.x0, crop_.y0},
                                                options_.stability_threshold);
    if (!proposal || is_near_crop_edge(proposal->box, crop_, picture_)) return std::nullopt;
    const auto dx = static_cast<double>(crop_.x0);
    const auto dy = static_cast<double>(crop_.y0);
    proposal->predicted_iou = candidate.predicted_iou;
    proposal->point = {point.x + dx, point.y + dy};
    proposal->crop_box = {dx, dy, static_cast<double>(crop_.x1), static_cast<double>(crop_.y1)};
    return proposal;
  }

  const EverythingOptions& options_;
  Extent2 picture_;
  Crop crop_;
  Predictor predictor_;
  MaskUpscaler upscaler_;
};

std::vector<ScoredRle> without_duplicates(std::vector<ScoredRle> proposals, const std::vector<double>& scores,
                                          double threshold) {
  std::vector<Box2> boxes;
  for (const ScoredRle& proposal : proposals) boxes.push_back(proposal.box);
  std::vector<ScoredRle> kept;
  for (const std::size_t i : suppress_overlaps(boxes, scores, threshold))
    kept.push_back(std::move(proposals[i]));
  return kept;
}

std::vector<double> predicted_ious(const std::vector<ScoredRle>& proposals) {
  std::vector<double> scores;
  for (const ScoredRle& proposal : proposals) scores.push_back(proposal.predicted_iou);
  return scores;
}

// Masks of the smaller crops are finer.
std::vector<double> crop_scores(const std::vector<ScoredRle>& proposals) {
  std::vector<double> scores;
  for (const ScoredRle& proposal : proposals) {
    const Box2& crop = proposal.crop_box;
    scores.push_back(1.0 / ((crop.x1 - crop.x0) * (crop.y1 - crop.y0)));
  }
  return scores;
}

// What whoever watches is shown. What was covered once is dropped, so that each batch is compared with few.
class SoFar {
 public:
  SoFar(const MasksSoFar& tell, double threshold) : tell_(tell), threshold_(threshold) {}

  void add(std::span<const ScoredRle> more) {
    if (!tell_) return;
    for (const ScoredRle& mask : more) masks_.push_back({++last_, mask});
    std::vector<Box2> boxes;
    std::vector<double> scores;
    for (const MaskSoFar& one : masks_) {
      boxes.push_back(one.mask.box);
      scores.push_back(one.mask.predicted_iou);
    }
    std::vector<MaskSoFar> kept;
    for (const std::size_t i : suppress_overlaps(boxes, scores, threshold_))
      kept.push_back(std::move(masks_[i]));
    masks_ = std::move(kept);
    tell_(masks_);
  }

 private:
  const MasksSoFar& tell_;
  double threshold_;
  std::vector<MaskSoFar> masks_;
  std::int64_t last_ = 0;
};

std::vector<ScoredRle> masks_of_crop(const CropPass& pass, std::vector<Point2> points,
                                     const EverythingOptions& options,
                                     const std::function<void(std::int64_t)>& report, SoFar& so_far) {
  std::vector<ScoredRle> proposals;
  const auto batch = static_cast<std::size_t>(options.points_per_batch);
  for (std::size_t begin = 0; begin < points.size(); begin += batch) {
    const std::size_t count = std::min(batch, points.size() - begin);
    auto found = pass.propose(std::span(points).subspan(begin, count), report);
    so_far.add(found);
    std::move(found.begin(), found.end(), std::back_inserter(proposals));
  }
  const std::vector<double> scores = predicted_ious(proposals);
  return without_duplicates(std::move(proposals), scores, options.box_nms_threshold);
}

std::vector<Point2> grid_in(const Crop& crop, const EverythingOptions& options) {
  const auto width = static_cast<double>(crop.x1 - crop.x0);
  const auto height = static_cast<double>(crop.y1 - crop.y0);
  std::vector<Point2> points = point_grid(points_per_side(options, crop.layer));
  for (Point2& point : points) {
    // A grid finer than the pixels would reach beyond the last one's centre by up to a pixel.
    point = {std::min(point.x * width, width - 0.5), std::min(point.y * height, height - 0.5)};
  }
  return points;
}

enum class Cleaning { unchanged, changed };

Cleaning clean(ScoredRle& proposal, std::int64_t min_area) {
  const CleanedMask filled = remove_small_regions(decode_rle(proposal.rle), min_area, SmallRegions::holes);
  const CleanedMask cleaned = remove_small_regions(filled.mask, min_area, SmallRegions::islands);
  if (!filled.changed && !cleaned.changed) return Cleaning::unchanged;
  proposal.rle = encode_rle(cleaned.mask);
  proposal.area_px = area_px(cleaned.mask);
  proposal.box = bounding_box(cleaned.mask).value_or(proposal.box);
  return Cleaning::changed;
}

// Cleaning makes some masks equal: of those the ones stay that were clean already.
std::vector<ScoredRle> without_small_regions(std::vector<ScoredRle> proposals,
                                             const EverythingOptions& options, int threads,
                                             PointCounter& counter) {
  std::vector<double> scores(proposals.size());
  parallel_for(threads, static_cast<std::int64_t>(proposals.size()), [&](std::int64_t i) {
    const auto at = static_cast<std::size_t>(i);
    scores[at] = clean(proposals[at], options.min_region_area) == Cleaning::unchanged ? 1.0 : 0.0;
    counter.report("small regions", 0);
  });
  return without_duplicates(std::move(proposals), scores,
                            std::max(options.box_nms_threshold, options.crop_nms_threshold));
}

}  // namespace

void validate(const EverythingOptions& options) {
  check_between("points-per-side", options.points_per_side, 1, kMaxPointsPerSide);
  check_at_least("points-per-batch", options.points_per_batch, 1);
  check_between("crop-layers", options.crop_layers, 0, kMaxCropLayers);
  check_at_least("crop-points-downscale", options.crop_points_downscale, 1);
  if (points_per_side(options, options.crop_layers) < 1) {
    refuse("crop-points-downscale", std::to_string(options.crop_points_downscale),
           "small enough to leave every crop layer a point");
  }
  check_share("pred-iou", options.pred_iou_threshold);
  check_share("stability", options.stability_threshold);
  check_share("box-nms", options.box_nms_threshold);
  check_share("crop-nms", options.crop_nms_threshold);
  check_share("crop-overlap-ratio", options.crop_overlap_ratio);
  check_at_least("min-region", options.min_region_area, 0);
}

std::vector<ScoredRle> segment_everything(const SamModel& model, const RgbImage& picture,
                                          const EverythingOptions& options, const Progress& progress,
                                          const MasksSoFar& so_far) {
  validate(options);
  const std::vector<Crop> crops = crops_of(picture.extent, options.crop_layers, options.crop_overlap_ratio);
  std::int64_t total = 0;
  for (const Crop& crop : crops) total += static_cast<std::int64_t>(grid_in(crop, options).size());
  PointCounter counter(progress, total);
  SoFar watched(so_far, options.box_nms_threshold);

  std::vector<ScoredRle> proposals;
  std::vector<FoundClass> classes;
  for (std::size_t i = 0; i < crops.size(); ++i) {
    const std::string name = "crop " + std::to_string(i + 1) + " of " + std::to_string(crops.size());
    counter.report(name, 0);
    const CropPass pass(model, picture, crops[i], options);
    if (i == 0) classes = pass.classes();  // the first crop is the whole picture
    auto found = masks_of_crop(
        pass, grid_in(crops[i], options), options, [&](std::int64_t more) { counter.report(name, more); },
        watched);
    std::move(found.begin(), found.end(), std::back_inserter(proposals));
  }
  if (crops.size() > 1) {
    const std::vector<double> scores = crop_scores(proposals);
    proposals = without_duplicates(std::move(proposals), scores, options.crop_nms_threshold);
  }
  if (options.min_region_area > 0)
    proposals = without_small_regions(std::move(proposals), options, model.impl().threads, counter);
  for (ScoredRle& proposal : proposals) name_by_class(proposal, classes);
  std::stable_sort(proposals.begin(), proposals.end(),
                   [](const ScoredRle& a, const ScoredRle& b) { return a.predicted_iou > b.predicted_iou; });
  return proposals;
}

}  // namespace sonde
