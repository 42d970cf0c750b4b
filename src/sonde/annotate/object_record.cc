// SPDX-License-Identifier: Apache-2.0
#include "sonde/annotate/object_record.h"

#include <array>
#include <string_view>

#include <nlohmann/json.hpp>

#include "sonde/annotate/action_json.h"
#include "sonde/core/error.h"
#include "sonde/core/json_text.h"

namespace sonde {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 5> kSources{"prompt", "everything", "brush", "import", "split"};

ObjectSource source_from_text(const std::string& text) {
  for (std::size_t i = 0; i < kSources.size(); ++i) {
    if (kSources[i] == text) return static_cast<ObjectSource>(i);
  }
  throw Error(ErrorKind::corrupt_data, "the history holds an object from \"" + text + "\"");
}

json proposal_to_json(const Proposal& proposal) {
  json candidates = json::array();
  for (const CandidateScore& score : proposal.candidates)
    candidates.push_back({score.predicted_iou, score.stability, score.area_px});
  return {{"plane", plane_to_json(proposal.plane)},
          {"target", proposal.target ? json(*proposal.target) : json(nullptr)},
          {"candidates", candidates},
          {"chosen", proposal.chosen},
          {"prompt", proposal.prompt ? prompt_to_json(*proposal.prompt) : json(nullptr)}};
}

Proposal proposal_from_json(const json& j) {
  Proposal proposal;
  proposal.plane = plane_from_json(j.at("plane"));
  if (!j.at("target").is_null()) proposal.target = integer_from(j.at("target"));
  for (const json& score : j.at("candidates")) {
    proposal.candidates.push_back(
        {score.at(0).get<double>(), score.at(1).get<double>(), integer_from(score.at(2))});
  }
  proposal.chosen = index_from(j.at("chosen"));
  if (!j.at("prompt").is_null()) proposal.prompt = prompt_from_json(j.at("prompt"));
  return proposal;
}

std::array<std::array<std::int64_t, 2>, 3> slices_from_json(const json& j) {
  std::array<std::array<std::int64_t, 2>, 3> slices{};
  for (std::size_t axis = 0; axis < slices.size(); ++axis)
    slices[axis] = {integer_from(j.at(axis).at(0)), integer_from(j.at(axis).at(1))};
  return slices;
}

}  // namespace

std::string record_to_json(const ObjectRecord& record) {
  const AnnotatedObject& object = record.object;
  const json j{{"id", object.id},
               {"image", object.image},
               {"state", object.state == ObjectState::proposed ? "proposed" : "approved"},
               {"locked", object.lock == Lock::locked},
               {"label", object.label ? json(*object.label) : json(nullptr)},
               {"name", object.name},
               {"source", kSources[static_cast<std::size_t>(object.source)]},
               {"proposal", object.proposal ? proposal_to_json(*object.proposal) : json(nullptr)},
               {"area", object.area},
               {"slices", object.slices ? json(*object.slices) : json(nullptr)},
               {"asked_at", record.asked_at}};
  return json_text(j);
}

ObjectRecord record_from_json(const std::string& text) {
  const json j = parse_json(text);
  ObjectRecord record;
  AnnotatedObject& object = record.object;
  object.id = integer_from(j.at("id"));
  object.image = integer_from(j.at("image"));
  object.state = j.at("state") == "proposed" ? ObjectState::proposed : ObjectState::approved;
  object.lock = j.at("locked").get<bool>() ? Lock::locked : Lock::open;
  if (!j.at("label").is_null()) object.label = integer_from(j.at("label"));
  object.name = j.at("name").get<std::string>();
  object.source = source_from_text(j.at("source").get<std::string>());
  if (!j.at("proposal").is_null()) object.proposal = proposal_from_json(j.at("proposal"));
  object.area = integer_from(j.at("area"));
  if (!j.at("slices").is_null()) object.slices = slices_from_json(j.at("slices"));
  record.asked_at = integer_from(j.at("asked_at"));
  return record;
}

void measure(ObjectRecord& record, const ImageGeometry& grid) {
  record.object.area = voxel_count(*record.voxels);
  const std::optional<VoxelBounds> box = bounds(*record.voxels);
  record.object.slices = std::nullopt;
  if (!box) return;
  constexpr std::array kAxes{Axis::axial, Axis::coronal, Axis::sagittal};
  auto& slices = record.object.slices.emplace();
  for (std::size_t a = 0; a < kAxes.size(); ++a) slices[a] = slices_of(*box, slice_plane(grid, kAxes[a]));
}

}  // namespace sonde
