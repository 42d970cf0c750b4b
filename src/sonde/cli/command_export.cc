// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <string>

#include <nlohmann/json.hpp>

#include "sonde/annotate/export.h"
#include "sonde/annotate/snapshot.h"
#include "sonde/cli/command_line.h"
#include "sonde/cli/commands.h"
#include "sonde/cli/exit_status.h"
#include "sonde/cli/standard_streams.h"
#include "sonde/cli/terminal.h"
#include "sonde/core/json_text.h"

namespace sonde {
namespace {

using Json = nlohmann::ordered_json;

struct ExportCommand {
  std::string project, format, out, each = "labels";
  bool json = false, force = false;
};

void declare(CommandLine& line, ExportCommand& command) {
  line.add("project", command.project, "The folder of a project of sonde annotate").required();
  line.add("--format", command.format,
           "png: label maps; nifti, nrrd: label volumes; coco: annotations.json; dicom-seg: of DICOM")
      .required();
  line.add("--out", command.out, "Folder; created, other files in it stay").required();
  line.add("--each", command.each, "labels: a file an image; objects: a file (a segment) an object")
      .show_default();
  line.add_flag("--force", command.force, "Replace files that sonde did not write, too");
  line.add_flag("--json", command.json, "Print one JSON object");
  line.footer(
      "Approved objects are written. The project may be open in sonde annotate meanwhile.\n"
      "Example: sonde export livers/ --format nifti --out livers-labels/");
}

void print_json(const std::string& folder, const ExportResult& result) {
  Json json{{"folder", folder},
            {"files", Json::array()},
            {"notes", result.notes},
            {"changed", result.notices},
            {"failed", Json::array()}};
  for (const auto& file : result.files) json["files"].push_back(file.string());
  for (const auto& [image, reason] : result.failures)
    json["failed"].push_back({{"image", image}, {"reason", reason}});
  std::cout << json_text(json) << '\n';
}

void print_text(const std::string& folder, const ExportResult& result) {
  std::cout << escaped_on_one_line(folder) << ": " << result.files.size()
            << (result.files.size() == 1 ? " file\n" : " files\n");
  for (const std::string& note : result.notes) std::cout << "  note  " << escaped_on_one_line(note) << '\n';
}

}  // namespace

int run_export(Arguments args) {
  ExportCommand command;
  CommandLine line("Write the masks of a project: PNG, NIfTI, NRRD, COCO or DICOM SEG", "sonde export");
  declare(line, command);
  if (line.parse(args) == Parsed::helped) return kDone;
  const ExportOptions options{parse_export_format(command.format), parse_export_each(command.each),
                              command.out, command.force ? Existing::any : Existing::own_only};
  const ProjectSnapshot snapshot(command.project);
  const ExportResult result = export_project(snapshot.project(), options, terminal_progress());
  clear_progress();
  for (const std::string& notice : result.notices) complain("warning: " + notice);
  for (const std::string& failure : lines_of(result.failures)) complain(failure);
  if (result.files.empty() && result.failures.empty())
    for (const std::string& note : result.notes) complain("nothing is written: " + note);
  command.json ? print_json(command.out, result) : print_text(command.out, result);
  if (result.failures.empty()) return kDone;
  return result.files.empty() ? kNothingDone : kSomeFailed;
}

}  // namespace sonde
