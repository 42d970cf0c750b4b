// SPDX-License-Identifier: Apache-2.0
#include "sonde/annotate/project.h"

#include <cmath>
#include <utility>

#include "sonde/annotate/text_rules.h"
#include "sonde/core/error.h"

namespace sonde {
namespace {

// How often the network is asked again because the object that it was asked about has changed meanwhile.
constexpr int kTries = 5;

bool asks_the_network(const Action& action) {
  return std::holds_alternative<PromptAction>(action) || std::holds_alternative<EverythingAction>(action);
}

}  // namespace

Project::Asked Project::ask_the_network(ImageId image, const Action& action, const ImageGeometry& grid,
                                        const Mask& inside, const AnnotationSegmenter& segmenter) {
  Asked asked{{}, segmenter.model_sha256, segmenter.precision};
  if (const auto* ask = std::get_if<PromptAction>(&action)) {
    const std::vector<ScoredMask> masks = segmenter.ask(image, ask->plane, ask->prompt, inside);
    asked.answers = answers_on_grid(masks, grid, ask->plane);
    asked.object_score = masks.front().object_score;
    if (asked.object_score && !std::isfinite(*asked.object_score)) asked.object_score = 0;  // as JSON has it
    return asked;
  }
  const auto& everything = std::get<EverythingAction>(action);
  asked.answers = answers_on_grid(segmenter.everything(image, everything), grid, everything.plane);
  return asked;
}

Revision Project::revision() const {
  return locked([&] { return revision_; });
}

Changes Project::apply(ImageId image, const std::string& request, const Action& action,
                       const AnnotationSegmenter& segmenter, const std::string& client) {
  if (!is_id_or_short(request) || !is_id_or_short(client))
    throw Error(ErrorKind::usage, "an id is of " + std::string(kIdForm));
  const bool asks = asks_the_network(action);
  Asked asked;
  std::optional<Mask> asked_inside;  // what the answers were computed from
  for (int tries = 0; tries <= kTries; ++tries) {
    ImageGeometry grid;
    std::optional<Changes> done = locked([&]() -> std::optional<Changes> {
      if (auto before = done_before(image, {request, client})) return before;
      grid = grid_of(image);
      Mask inside = prepare(image, action);
      if (asks && asked_inside != inside) {
        asked_inside = std::move(inside);
        return std::nullopt;
      }
      if (const auto* from_file = std::get_if<ImportAction>(&action))
        asked.answers = answers_of_import(*from_file, grid);
      return perform(image, {request, client}, action, asked);
    });
    if (done) return std::move(*done);
    asked = ask_the_network(image, action, grid, *asked_inside, segmenter);
  }
  throw Error(ErrorKind::conflict, "the object changes faster than the network answers");
}

}  // namespace sonde
