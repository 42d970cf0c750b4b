// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "sonde/annotate/project.h"
#include "sonde/core/json_fields.h"

// Whose answers a person wants: what the history says of it.
namespace sonde {
namespace {

std::vector<ChosenModel> chosen_in(const HistoryStore& history) {
  std::vector<ChosenModel> chosen;
  for (const StoredEvent& event : history.of_kind(kModelEvent))
    chosen.push_back(from_json<ChosenModel, Layout::stored>(parse_ordered_json(event.input)));
  return chosen;
}

}  // namespace

std::optional<ChosenModel> Project::chosen_model() const {
  return locked([&]() -> std::optional<ChosenModel> {
    const std::vector<ChosenModel> all = chosen_in(history_);
    if (all.empty() || all.back().file.empty()) return std::nullopt;
    return all.back();
  });
}

void Project::choose_model(const ChosenModel& model) {
  locked([&] {
    note(
        std::nullopt, std::string(kModelEvent), json_text(to_json<Layout::stored>(model)), [] {},
        "from here on " + model.name + " answers (" + model.sha256.substr(0, 12) + ")");
  });
}

std::vector<ChosenModel> Project::models_chosen() const {
  return locked([&] {
    std::vector<ChosenModel> files;
    for (ChosenModel& model : chosen_in(history_)) {
      if (!model.file.empty() && std::ranges::find(files, model) == files.end())
        files.push_back(std::move(model));
    }
    return files;
  });
}

}  // namespace sonde
