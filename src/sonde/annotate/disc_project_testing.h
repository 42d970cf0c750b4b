// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cmath>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sonde/annotate/project.h"
#include "sonde/core/error.h"
#include "sonde/core/folder_testing.h"
#include "sonde/imaging/image_geometry.h"

// For tests of the session: a project in a temporary folder, and a network that anybody can follow.
namespace sonde {

// A disc around the first point inside, or the middle of the box, with what is already inside, without discs
// of radius 3 around the points outside.
inline Mask disc_answer(Extent2 extent, const PromptWithWindow& prompt, double radius, const Mask& inside) {
  Point2 centre;
  if (prompt.box) centre = {(prompt.box->x0 + prompt.box->x1) / 2, (prompt.box->y0 + prompt.box->y1) / 2};
  for (auto point = prompt.points.rbegin(); point != prompt.points.rend(); ++point)
    if (point->label == PointLabel::foreground) centre = point->position;
  Mask mask = inside.pixels.empty() ? empty_mask(extent) : inside;
  const auto paint = [&](Point2 at, double reach, std::uint8_t value) {
    for (std::int64_t y = 0; y < extent.height; ++y) {
      for (std::int64_t x = 0; x < extent.width; ++x) {
        if (std::hypot(static_cast<double>(x) - at.x, static_cast<double>(y) - at.y) <= reach)
          mask.pixels[static_cast<std::size_t>(y * extent.width + x)] = value;
      }
    }
  };
  paint(centre, radius, 1);
  for (const PointPrompt& point : prompt.points)
    if (point.label == PointLabel::background) paint(point.position, 3, 0);
  return mask;
}

// Candidates are discs of radius 2, 4 and 6, regions of a grid discs of radius 2 along the diagonal.
// grid: of all images that are asked about.
inline AnnotationSegmenter disc_segmenter(const ImageGeometry& grid) {
  AnnotationSegmenter segmenter;
  segmenter.model_sha256 = std::string(64, 'd');
  segmenter.precision = "fp32";
  segmenter.ask = [grid](ImageId, PlaneRef at, const PromptWithWindow& prompt, const Mask& inside) {
    const Extent2 extent = slice_plane(grid, at.axis).extent;
    std::vector<ScoredMask> candidates;
    for (const double radius : {2.0, 4.0, 6.0})
      candidates.push_back({disc_answer(extent, prompt, radius, inside), 0.95 - radius / 100, 0.9});
    return candidates;
  };
  segmenter.everything = [grid](ImageId, const EverythingAction& action) {
    const Extent2 extent = slice_plane(grid, action.plane.axis).extent;
    std::vector<ScoredRle> regions;
    for (std::int64_t i = 1; i <= action.settings.points_per_side; ++i) {
      const double step = static_cast<double>(i) / static_cast<double>(action.settings.points_per_side + 1);
      PromptWithWindow prompt;
      prompt.points = {{{step * static_cast<double>(extent.width), step * static_cast<double>(extent.height)},
                        PointLabel::foreground}};
      regions.push_back({encode_rle(disc_answer(extent, prompt, 2, {})), 0.9, 0.95});
    }
    return regions;
  };
  return segmenter;
}

inline const ImageGeometry kPictureGrid{{40, 30, 1}, std::nullopt};

// Axes in another order, two of them reversed, a little oblique, anisotropic.
inline ImageGeometry oblique_grid() {
  Affine3 affine;
  affine.columns = {Vec3{0.02, -0.7, 0.01}, Vec3{0.03, 0.01, 3.0}, Vec3{-0.5, 0.02, 0.04}};
  affine.origin = {10, -20, 30};
  return {{14, 9, 17}, affine};
}

// A project with one image, opened.
class DiscProject {
 public:
  explicit DiscProject(ImageGeometry grid = kPictureGrid)
      : grid_(std::move(grid)), segmenter(disc_segmenter(grid_)), opened_(std::in_place, path()) {
    const std::vector<ImageSource> sources{{"/data/a.png", "", 0, "a.png"}};
    image = project().add_images(sources).front();
    project().set_opened(image, grid_);
  }

  std::filesystem::path path() const { return folder_.path() / "project"; }
  const ImageGeometry& grid() const { return grid_; }
  Project& project() { return opened_.value(); }
  void close() { opened_.reset(); }
  void reopen() {
    close();
    opened_.emplace(path());
  }

  Changes act(const Action& action) {
    return project().apply(image, "request-" + std::to_string(++requests_), action, segmenter);
  }
  // The kind of the error that the action is refused with; absent if it is not, or has changed something.
  std::optional<ErrorKind> refused(const Action& action) {
    const Revision before = project().revision();
    try {
      act(action);
    } catch (const Error& error) {
      return project().revision() == before ? std::optional(error.kind()) : std::nullopt;
    }
    return std::nullopt;
  }

  static Mask picture_of(const ObjectMask& mask) {
    const Extent3 extent = mask.pixels.extent;
    return {{extent.x, extent.y}, mask_from_voxels(mask.pixels).voxels};
  }
  bool has(ObjectId id) {
    for (const AnnotatedObject& object : project().objects(image))
      if (object.id == id) return true;
    return false;
  }
  AnnotatedObject object(ObjectId id) {
    for (const AnnotatedObject& object : project().objects(image))
      if (object.id == id) return object;
    throw Error(ErrorKind::not_found, "object " + std::to_string(id));
  }
  Mask mask(ObjectId id, PlaneRef plane = {}) {
    return picture_of(project().masks(image, plane, std::vector{id}).at(0));
  }

 private:
  TestFolder folder_;
  ImageGeometry grid_;
  int requests_ = 0;

 public:
  AnnotationSegmenter segmenter;
  ImageId image = 0;

 private:
  std::optional<Project> opened_;
};

inline ObjectId new_object(const Changes& changes) { return changes.changed.at(0).id; }

inline PlaneRef plane_at(std::int64_t slice) { return {Axis::axial, slice}; }

inline PromptAction prompt_at(double x, double y, PlaneRef plane = {}) {
  PromptAction action;
  action.plane = plane;
  action.prompt.points = {{{x, y}, PointLabel::foreground}};
  action.prompt.window = "auto";
  return action;
}

// A new object, a dot; and a dot on an object.
inline StrokeAction stroke_at(double x, double y, double radius, LabelId label = 1) {
  return {{}, std::nullopt, label, Paint::add, {radius, radius}, {{x, y}}};
}
inline StrokeAction stroke_on(ObjectId object, Paint paint, double x, double y, double radius) {
  return {{}, object, 0, paint, {radius, radius}, {{x, y}}};
}

}  // namespace sonde
