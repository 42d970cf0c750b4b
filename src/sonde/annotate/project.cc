// SPDX-License-Identifier: Apache-2.0
#include "sonde/annotate/project.h"

#include <utility>

#include "sonde/annotate/project_impl.h"
#include "sonde/annotate/text_rules.h"
#include "sonde/core/error.h"

namespace sonde {
namespace {

// How often the network is asked again because the object that it was asked about has changed meanwhile.
constexpr int kTries = 5;

bool asks_the_network(const Action& action) {
  return std::holds_alternative<PromptAction>(action) || std::holds_alternative<EverythingAction>(action);
}

std::vector<RecordedAnswer> ask_the_network(ImageId image, const Action& action, const ImageGeometry& grid,
                                            const Mask& inside, const AnnotationSegmenter& segmenter) {
  if (const auto* ask = std::get_if<PromptAction>(&action))
    return answers_on_grid(segmenter.ask(image, ask->plane, ask->prompt, inside), grid, ask->plane);
  const auto& everything = std::get<EverythingAction>(action);
  return answers_on_grid(segmenter.everything(image, everything), grid, everything.plane);
}

}  // namespace

Project::Project(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Project::Project(Project&&) noexcept = default;
Project& Project::operator=(Project&&) noexcept = default;
Project::~Project() = default;

Project Project::open(const std::filesystem::path& folder) { return Project(std::make_unique<Impl>(folder)); }

const std::filesystem::path& Project::folder() const { return impl_->folder(); }

Revision Project::revision() const {
  return impl_->locked([&] { return impl_->revision(); });
}

std::vector<ImageId> Project::add_images(std::span<const ImageSource> images) {
  return impl_->locked([&] { return impl_->add_images(images); });
}

std::vector<ImageSummary> Project::images() const {
  return impl_->locked([&] { return impl_->images(); });
}

ImageSummary Project::image(ImageId id) const {
  return impl_->locked([&] { return ImageSummary(impl_->image(id)); });
}

void Project::set_opened(ImageId id, const ImageGeometry& grid) {
  impl_->locked([&] { impl_->set_opened(id, grid); });
}

void Project::set_content(ImageId id, const ImageContent& content) {
  impl_->locked([&] { impl_->set_content(id, content); });
}

void Project::set_fault(ImageId id, const std::string& fault) {
  impl_->locked([&] { impl_->set_fault(id, fault); });
}

void Project::add_active_time(ImageId id, std::chrono::milliseconds active) {
  impl_->locked([&] { impl_->add_active_time(id, active); });
}

void Project::set_done(ImageId id, ImageStatus status) {
  impl_->locked([&] { impl_->set_done(id, status); });
}

std::vector<Label> Project::labels() const {
  return impl_->locked([&] { return impl_->labels(); });
}

std::vector<Label> Project::add_label(const LabelEdit& label) {
  return impl_->locked([&] {
    impl_->add_label(label);
    return impl_->labels();
  });
}

std::vector<Label> Project::edit_label(LabelId id, const LabelEdit& label) {
  return impl_->locked([&] {
    impl_->edit_label(id, label);
    return impl_->labels();
  });
}

std::vector<Label> Project::delete_label(LabelId id) {
  return impl_->locked([&] {
    impl_->delete_label(id);
    return impl_->labels();
  });
}

Overlap Project::overlap() const {
  return impl_->locked([&] { return impl_->overlap(); });
}

void Project::set_overlap(Overlap overlap) {
  impl_->locked([&] { impl_->set_overlap(overlap); });
}

bool Project::has_done(const std::string& request) const {
  return impl_->locked([&] { return impl_->has_done(request); });
}

Changes Project::apply(ImageId image, const std::string& request, const Action& action,
                       const AnnotationSegmenter& segmenter, const std::string& client) {
  if (!is_id_or_short(request) || !is_id_or_short(client))
    throw Error(ErrorKind::usage, "an id is of " + std::string(kIdForm));
  const bool asks = asks_the_network(action);
  Impl::Asked asked;
  std::optional<Mask> asked_inside;  // what the answers were computed from
  for (int tries = 0; tries <= kTries; ++tries) {
    ImageGeometry grid;
    std::optional<Changes> done = impl_->locked([&]() -> std::optional<Changes> {
      if (auto before = impl_->done_before(image, {request, client})) return before;
      grid = impl_->grid_of(image);
      Mask inside = impl_->prepare(image, action);
      if (asks && asked_inside != inside) {
        asked_inside = std::move(inside);
        return std::nullopt;
      }
      if (const auto* from_file = std::get_if<ImportAction>(&action))
        asked.answers = answers_of_import(*from_file, grid);
      return impl_->perform(image, {request, client}, action, asked);
    });
    if (done) return std::move(*done);
    asked = {ask_the_network(image, action, grid, *asked_inside, segmenter), segmenter.model_sha256,
             segmenter.precision};
  }
  throw Error(ErrorKind::conflict, "the object changes faster than the network answers");
}

std::vector<AnnotatedObject> Project::objects(ImageId image) const {
  return impl_->locked([&] { return impl_->objects(image); });
}

Changes Project::changes_since(ImageId image, Revision since, const std::string& client) const {
  return impl_->locked([&] { return impl_->changes_since(image, since, client); });
}

std::vector<ObjectMask> Project::masks(ImageId image, PlaneRef plane,
                                       std::span<const ObjectId> objects) const {
  return impl_->locked([&] { return impl_->masks(image, plane, objects); });
}

RunLengthMask Project::voxels(ObjectId object) const {
  return impl_->locked([&] { return impl_->voxels(object); });
}

std::vector<HistoryEvent> Project::history(ImageId image, std::int64_t limit) const {
  return impl_->locked([&] { return impl_->history(image, limit); });
}

}  // namespace sonde
