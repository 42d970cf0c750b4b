// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "sonde/annotate/gather.h"
#include "sonde/annotate/image_changes.h"
#include "sonde/annotate/import.h"
#include "sonde/annotate/open_image.h"
#include "sonde/annotate/project.h"
#include "sonde/cli/command_line.h"
#include "sonde/cli/commands.h"
#include "sonde/cli/exit_status.h"
#include "sonde/cli/shared_options.h"
#include "sonde/cli/standard_streams.h"
#include "sonde/cli/verify_project.h"
#include "sonde/core/error.h"
#include "sonde/core/json_text.h"
#include "sonde/core/plugin.h"
#include "sonde/core/text.h"
#include "sonde/core/threads.h"
#include "sonde/server/api.h"
#include "sonde/server/http_server.h"
#include "sonde/server/kept_access.h"
#include "sonde/server/token.h"
#include "sonde/server/trainings.h"

namespace sonde {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

struct AnnotateCommand {
  std::vector<std::string> paths;
  std::string project, import, host = "127.0.0.1";
  int port = 0;
  bool json = false, no_store = false, verify = false;
  ImportOptions import_options;
  ModelArguments model;
};

void declare(CommandLine& line, AnnotateCommand& command) {
  line.add("path", command.paths,
           "Pictures, volumes, DICOM files, folders or patterns; or the folder of a project");
  line.add("--project", command.project,
           "Folder of the project, made if it is not there; default: STEM.sonde here, after the first path");
  line.add("--import", command.import, "Masks to begin with: a file or folder, named as their images");
  declare_frame_of_reference(line, command.import_options.frame_of_reference);
  line.add("--port", command.port, "Where the page is; 0: as last time, or any that is free")
      .within(0, 65535)
      .show_default();
  line.add("--host", command.host, "Address to listen on; others than loopback can be reached from outside")
      .show_default();
  line.add_flag("--json", command.json, "Print one line of JSON in place of text");
  line.add_flag("--no-store", command.no_store, "Neither use nor keep embeddings of pictures on the disk");
  line.add_flag(
      "--verify", command.verify,
      "Replay the history of a project in place of serving it, and compare every mask, bit for bit");
  declare_model(line, command.model);
  line.footer(
      "Opens no browser: open the address that it prints. Everything stays on this machine; work is saved as "
      "it\n"
      "is done. Ctrl-C ends it (status 0; before the address is printed: 130), the same command goes on with "
      "the\n"
      "project.\n"
      "Example: sonde annotate scans/ --project liver.sonde\n"
      "         sonde annotate --verify liver.sonde");
}

bool is_project(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path / "sonde.sqlite", error);
}

// "scans/p1.nii.gz" to "p1.sonde"; of a pattern, "scans/*.png", its folder's.
std::string default_project(const std::string& first) {
  fs::path path = fs::absolute(first).lexically_normal();
  while (path.filename().string().find_first_of("*?[") != std::string::npos) path = path.parent_path();
  return stem_of(path.string()) + ".sonde";
}

// Absolute, without the slash at the end: the name of the folder is shown.
fs::path normalised(const std::string& folder) {
  const fs::path path = fs::absolute(folder).lexically_normal();
  return path.has_filename() ? path : path.parent_path();
}

struct StartupPlan {
  fs::path project;
  std::vector<std::string> images;  // paths to gather
};
StartupPlan plan(const AnnotateCommand& command) {
  StartupPlan plan;
  std::vector<std::string> projects;
  for (const std::string& path : command.paths) (is_project(path) ? projects : plan.images).push_back(path);
  if (!command.project.empty()) projects.push_back(command.project);
  if (projects.size() > 1)
    throw Error(ErrorKind::usage,
                "two projects are named, " + projects[0] + " and " + projects[1] + ": one at a time");
  if (projects.empty() && plan.images.empty())
    throw Error(ErrorKind::usage,
                "say what to annotate: images, folders or a project; see sonde annotate --help");
  plan.project = normalised(projects.empty() ? default_project(plan.images.front()) : projects.front());
  if (!command.import.empty() && !fs::exists(command.import))
    throw Error(ErrorKind::not_found, command.import + ": there is no such file or folder of masks");
  if (plan.images.empty() && !is_project(plan.project))
    throw Error(ErrorKind::not_found,
                plan.project.string() + ": there is no such project; name images to begin one");
  return plan;
}

// What the command found before it serves.
struct StartupSummary {
  std::size_t images = 0, added = 0;
  std::vector<Refusal> refused;
  ImportResult imported;
};

StartupSummary prepare(Project& project, GatheredImages gathered, const AnnotateCommand& command) {
  StartupSummary summary;
  const std::size_t before = project.images().size();
  project.add_images(gathered.images);
  summary.images = project.images().size();
  summary.added = summary.images - before;
  summary.refused = std::move(gathered.refused);
  if (summary.images == 0) throw Error(ErrorKind::usage, project.folder().string() + ": there are no images");
  if (!command.import.empty())
    summary.imported = import_masks(project, command.import, command.import_options);
  return summary;
}

// So that the address does not scroll away; all are in the JSON.
void print_some(const std::vector<std::string>& lines) {
  constexpr std::size_t kShown = 10;
  for (std::size_t i = 0; i < std::min(kShown, lines.size()); ++i) complain(lines[i]);
  if (lines.size() > kShown)
    complain("and " + std::to_string(lines.size() - kShown) + " more; --json names all");
}

void print_refused(const StartupSummary& summary) {
  std::vector<std::string> lines;
  for (const Refusal& refusal : summary.refused)
    lines.push_back("left out " + refusal.name + ": " + refusal.reason);
  print_some(lines);
  lines.clear();
  for (const Refusal& failure : summary.imported.failures)
    lines.push_back("not imported " + failure.name + ": " + failure.reason);
  print_some(lines);
}

void print(const Project& project, const StartupSummary& summary, const std::string& url) {
  std::cout << escaped_on_one_line(project.folder().string()) << ": "
            << counted(static_cast<std::int64_t>(summary.images), "image");
  if (summary.added < summary.images) std::cout << ", " << summary.added << " of them new";
  if (!summary.refused.empty()) std::cout << ", " << summary.refused.size() << " left out";
  std::cout << '\n';
  if (summary.imported.objects > 0)
    std::cout << "imported " << counted(summary.imported.objects, "object") << '\n';
  for (const std::string& note : summary.imported.notes) std::cout << escaped_on_one_line(note) << '\n';
  std::cout << url << '\n';
}

void print_json(const Project& project, const StartupSummary& summary, const std::string& url) {
  Json refused = Json::array();
  for (const Refusal& refusal : summary.refused)
    refused.push_back({{"file", refusal.name}, {"reason", refusal.reason}});
  Json failures = Json::array();
  for (const Refusal& failure : summary.imported.failures)
    failures.push_back({{"image", failure.name}, {"reason", failure.reason}});
  const Json json{
      {"project", project.folder().string()},
      {"images", summary.images},
      {"added", summary.added},
      {"refused", refused},
      {"imported",
       {{"objects", summary.imported.objects}, {"notes", summary.imported.notes}, {"failed", failures}}},
      {"url", url}};
  std::cout << json_text(json) << '\n';
}

void warn_of_outside(const std::string& address) {
  if (is_loopback(address)) return;
  complain("warning: " + address +
           " can be reached from other machines; whoever has the address with its token sees and changes the "
           "images, and the connection is not encrypted");
}

// What the project's last server had, for a page that is still open. Nothing where the token travels through
// a network.
std::optional<KeptAccess> kept(const AnnotateCommand& command, const fs::path& project) {
  return is_loopback(command.host) ? kept_access(project) : std::nullopt;
}

// At the port that is asked for, else that of last time, else any that is free.
HttpServer listen(const AnnotateCommand& command, const std::optional<KeptAccess>& last) {
  if (command.port == 0 && last) {
    try {
      return {command.host, last->port};
    } catch (const Error&) {
      // Another program has it by now.
    }
  }
  return {command.host, static_cast<std::uint16_t>(command.port)};
}

// The address to open; a server on all addresses is also on loopback.
std::string url_of(const HttpServer& server, const std::string& token) {
  const bool is_everywhere = server.address() == "0.0.0.0" || server.address() == "::";
  const std::string authority =
      is_everywhere ? "127.0.0.1:" + std::to_string(server.port()) : server.authority();
  return "http://" + authority + "/?token=" + token;
}

ServedModel served_model(const AnnotateCommand& command) {
  ServedModel model{load_model(command.model), std::nullopt};
  if (!command.no_store) model.store.emplace();
  return model;
}

// What one more core computes is the page's answers.
TrainingOptions training_options(const AnnotateCommand& command) {
  const ModelArguments& model = command.model;
  std::error_code error;
  TrainingOptions options;
  options.command = {fs::read_symlink("/proc/self/exe", error).string(),
                     "train",
                     "--model",
                     model.model,
                     "--device",
                     model.options.device,
                     "--precision",
                     model.precision,
                     "--threads",
                     std::to_string(std::max(physical_core_count() - 1, 1))};
  if (!has_plugin("libsonde-train.so"))
    options.missing = "this sonde is installed without libsonde-train.so (LibTorch), which training needs";
  options.load = [model](const fs::path& file) {
    ModelArguments trained = model;
    trained.model = file.string();
    return load_model(trained);
  };
  return options;
}

int verify(const AnnotateCommand& command, const StartupPlan& plan) {
  if (!plan.images.empty() || !command.import.empty())
    throw Error(ErrorKind::usage, "--verify takes a project alone: neither images nor masks are added");
  return verify_project(plan.project, served_model(command), training_options(command).load,
                        command.json ? OutputForm::json : OutputForm::text);
}

}  // namespace

int run_annotate(Arguments args) {
  AnnotateCommand command;
  CommandLine line("Annotate images in the browser", "sonde annotate");
  declare(line, command);
  if (line.parse(args) == Parsed::helped) return kDone;

  const StartupPlan planned = plan(command);
  if (command.verify) return verify(command, planned);
  GatheredImages gathered;
  if (!planned.images.empty()) gathered = gather_images(planned.images);
  const std::optional<KeptAccess> last = kept(command, planned.project);
  HttpServer server = listen(command, last);
  ServedModel model = served_model(command);
  Project project = Project::open(planned.project);
  const ChangesFound changes = look_for_changes(project);
  const StartupSummary summary = prepare(project, std::move(gathered), command);

  ImageService service(project, std::move(model), read_image);
  Trainings trainings(project, service, training_options(command));
  if (!is_given(args, "--model")) {
    if (const auto reason = trainings.choose_again()) complain(*reason);
  } else if (const auto chosen = project.chosen_model()) {
    complain("note: " + command.model.model + " answers, as --model says, in place of " + chosen->name);
  }
  Jobs jobs;
  const std::string token = last && last->port == server.port() ? last->token : random_token();
  if (is_loopback(command.host)) keep_access(project.folder(), {token, server.port()});
  Api api(project, service, trainings, jobs,
          Access(token, server.port(), hosts_of(server.address(), server.port())), SONDE_VERSION);

  server.end_on_signals();
  warn_of_outside(server.address());
  print_refused(summary);
  print_some(lines_of(changes));
  const std::string url = url_of(server, token);
  if (command.json) {
    print_json(project, summary, url);
  } else {
    print(project, summary, url);
  }
  flush_standard_output();  // nobody could open what nobody was told
  server.run({.refusal = [&](const RequestHead& head) { return api.refusal(head); },
              .handle = [&](const Request& request) { return api.handle(request); }});
  return kDone;
}

}  // namespace sonde
