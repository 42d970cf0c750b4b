// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <ctime>
#include <variant>

#include "sonde/annotate/export.h"
#include "sonde/core/error.h"
#include "sonde/server/api.h"

// Requests about the project as a whole.
namespace sonde {
namespace {

template <typename... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <typename... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

// A folder that is not there yet: "2026-11-25 02-10-00 png".
std::filesystem::path new_export_folder(const std::filesystem::path& exports, std::string_view format) {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  std::array<char, 32> stamp{};
  const std::size_t length = std::strftime(stamp.data(), stamp.size(), "%Y-%m-%d %H-%M-%S ", &local);
  const std::string name = std::string(stamp.data(), length) + std::string(format);
  std::filesystem::path folder = exports / name;
  for (int i = 2; std::filesystem::exists(folder); ++i) folder = exports / (name + " " + std::to_string(i));
  return folder;
}

}  // namespace

Response Api::get_project(const Call& /*call*/) {
  const auto folder = project_.folder();
  const Revision revision = project_.revision();  // before what it covers: never too new
  return json_response(200, wire::ProjectFacts{.name = folder.filename().string(),
                                               .folder = folder.string(),
                                               .version = version_,
                                               .revision = revision,
                                               .model = trainings_.model_facts(),
                                               .overlap = project_.overlap(),
                                               .labels = project_.labels(),
                                               .images = project_.images()});
}

// The labels if they have changed since; where it is not certain, they have.
std::optional<std::vector<Label>> Api::labels_since(Revision since) {
  std::vector<Label> labels = project_.labels();
  const Revision revision = project_.revision();
  const std::lock_guard lock(labels_mutex_);
  if (labels != labels_seen_) {
    labels_seen_ = labels;
    labels_changed_ = std::max(labels_changed_, revision);
  }
  if (since >= labels_changed_) return std::nullopt;
  return labels;
}

Response Api::get_changes(const Call& call) {
  const Revision since = query_whole(call.target, "since");
  wire::ProjectChanges changes;
  changes.revision = project_.revision();
  changes.overlap = project_.overlap();
  changes.model = trainings_.model_facts();
  changes.labels = labels_since(since);
  for (ImageSummary& image : project_.images()) {
    if (image.revision > since) changes.images.push_back(std::move(image));
  }
  return json_response(200, changes);
}

Response Api::post_labels(const Call& call) {
  const wire::LabelAction action = wire::parse<wire::LabelAction>(call.body);
  const std::vector<Label> labels =
      std::visit(Overloaded{
                     [&](const wire::AddLabel& add) { return project_.add_label(add.label); },
                     [&](const wire::EditLabel& edit) { return project_.edit_label(edit.label, edit.edit); },
                     [&](const wire::DeleteLabel& gone) { return project_.delete_label(gone.label); },
                 },
                 action);
  return json_response(200, wire::LabelsChanged{project_.revision(), labels});
}

Response Api::post_settings(const Call& call) {
  project_.set_overlap(wire::parse<wire::SettingsRequest>(call.body).overlap);
  return json_response(200, wire::Settings{project_.revision(), project_.overlap()});
}

wire::JobResult Api::export_now(const wire::ExportRequest& request, const Progress& progress) {
  const auto folder = new_export_folder(project_.folder() / "exports", to_string(request.format));
  const ExportResult result =
      export_project(project_, {.format = request.format, .each = request.each, .folder = folder}, progress);
  std::vector<std::string> notes = result.notices;
  notes.insert(notes.end(), result.notes.begin(), result.notes.end());
  for (std::string& line : lines_of(result.failures)) notes.push_back(std::move(line));
  return wire::ExportedResult{folder.string(), result.files.size(), std::move(notes)};
}

Response Api::post_export(const Call& call) {
  const wire::ExportRequest request = wire::parse<wire::ExportRequest>(call.body);
  const auto job = jobs_.start(
      "export", [this, request](const JobReport& report) { return export_now(request, report.progress); });
  return json_response(202, job);
}

Response Api::get_job(const Call& call) { return json_response(200, jobs_.find(call.id())); }
Response Api::delete_job(const Call& call) { return json_response(200, jobs_.stop(call.id())); }
Response Api::get_preview(const Call& call) {
  return binary_response("application/x-sonde-masks",
                         jobs_.preview(call.id()).value_or(wire::encode_masks({})));
}

}  // namespace sonde
