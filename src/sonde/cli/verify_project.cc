// SPDX-License-Identifier: Apache-2.0
#include "sonde/cli/verify_project.h"

#include <algorithm>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "sonde/annotate/image_changes.h"
#include "sonde/annotate/open_image.h"
#include "sonde/annotate/snapshot.h"
#include "sonde/cli/exit_status.h"
#include "sonde/cli/standard_streams.h"
#include "sonde/cli/terminal.h"
#include "sonde/core/error.h"
#include "sonde/core/json_text.h"
#include "sonde/core/text.h"

namespace sonde {
namespace {

using Json = nlohmann::ordered_json;
using Kind = ReplayFault::Kind;

std::string_view to_string(Kind kind) {
  switch (kind) {
    case Kind::differs:
      return "differs";
    case Kind::another_model:
      return "another_model";
    case Kind::not_computed:
      return "not_computed";
  }
  return "";
}

std::int64_t count_of(const Replay& replay, Kind kind) {
  return std::ranges::count(replay.faults, kind, &ReplayFault::kind);
}

Json to_json(const std::filesystem::path& folder, const Project& project, const Replay& replay) {
  Json faults = Json::array();
  for (const ReplayFault& fault : replay.faults)
    faults.push_back({{"image", project.image(fault.image).source.name},
                      {"event", fault.event},
                      {"kind", to_string(fault.kind)},
                      {"fault", fault.what}});
  return {{"project", folder.string()},
          {"images", replay.images},
          {"events", replay.events},
          {"verified", count_of(replay, Kind::differs) + count_of(replay, Kind::not_computed) == 0},
          {"not_asked_again", count_of(replay, Kind::another_model)},
          {"faults", faults}};
}

void print(const std::filesystem::path& folder, const Project& project, const Replay& replay) {
  for (const ReplayFault& fault : replay.faults)
    if (fault.kind != Kind::another_model)
      complain(project.image(fault.image).source.name + ": event " + std::to_string(fault.event) + ": " +
               fault.what);
  if (const auto others = count_of(replay, Kind::another_model); others > 0)
    complain(counted(others, "event") +
             " of another model or precision: compared from the network's stored answers alone; "
             "--model and --precision name the one to ask again");
  std::cout << escaped_on_one_line(folder.string()) << ": " << counted(replay.events, "event") << " of "
            << counted(replay.images, "image") << " replayed, ";
  const auto differ = count_of(replay, Kind::differs), unknown = count_of(replay, Kind::not_computed);
  if (differ + unknown == 0)
    std::cout << "every mask is what its history gives, bit for bit\n";
  else
    std::cout << differ << " differ, " << unknown << " cannot be computed again\n";
}

}  // namespace

int verify_project(const std::filesystem::path& folder, ServedModel model,
                   const std::function<SamModel(const std::filesystem::path&)>& load, OutputForm form) {
  ProjectSnapshot snapshot(folder);
  Project& project = snapshot.project();
  for (const std::string& line : lines_of(look_for_changes(project))) complain("warning: " + line);
  ImageService service(project, std::move(model), read_image);
  AskTimes times;
  std::vector<AnnotationSegmenter> segmenters{service.segmenter(times)};
  for (const ChosenModel& chosen : project.models_chosen()) {
    try {
      const SamModel other = load(folder / chosen.file);
      if (other.sha256() == chosen.sha256) segmenters.push_back(service.segmenter(times, other));
    } catch (const Error& error) {
      complain("warning: " + std::string(error.what()));
    }
  }
  const Replay replay = project.replay(segmenters, terminal_progress());
  clear_progress();
  if (form == OutputForm::json)
    std::cout << json_text(to_json(folder, project, replay)) << '\n';
  else
    print(folder, project, replay);
  const bool is_whole = std::ranges::all_of(
      replay.faults, [](const ReplayFault& fault) { return fault.kind == Kind::another_model; });
  return is_whole ? kDone : kSomeFailed;
}

}  // namespace sonde
