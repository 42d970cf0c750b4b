// SPDX-License-Identifier: Apache-2.0
#include <string_view>

#include "sonde/core/bytes.h"
#include "sonde/core/error.h"
#include "sonde/weights/checkpoint.h"
#include "sonde/weights/checkpoint_cursor.h"
#include "sonde/weights/registry.h"
#include "sonde/weights/sam_tensors.h"

namespace sonde {
namespace {

bool is_parameter(const std::string& name, const WeightTensor& tensor) {
  return is_floating_point(tensor.type) && !name.ends_with(".running_mean") &&
         !name.ends_with(".running_var") && !name.ends_with("positional_encoding_gaussian_matrix") &&
         !name.starts_with("pixel_");
}

}  // namespace

CheckpointInfo inspect_checkpoint(const std::filesystem::path& path) {
  const Checkpoint checkpoint = load_checkpoint(path);
  CheckpointInfo info{
      .sha256 = checkpoint.sha256, .architecture = {}, .problem = {}, .tensors = {}, .card = checkpoint.card};
  for (const auto& [name, tensor] : checkpoint.tensors) {
    info.tensors.push_back(
        {.name = name, .type = std::string(to_string(tensor.type)), .shape = tensor.shape});
    if (is_parameter(name, tensor)) info.parameter_count += element_count(tensor);
  }
  try {
    const SamSizes sizes = sizes_from_tensors(checkpoint.tensors, path.string());
    fit_tensors(checkpoint.tensors, sizes, path.string());
    info.architecture = sizes.architecture;
  } catch (const Error& error) {
    info.problem = error.what();
  }
  return info;
}

bool recognises_checkpoint(const std::filesystem::path& path) {
  constexpr std::size_t kHead = 16;
  const auto extension = path.extension();
  const bool is_named_so = extension == ".safetensors" || extension == ".pth" || extension == ".pt";
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return false;
  const auto head = read_head(path, kHead);
  const std::string_view text = as_text(head);
  const bool is_safetensors = text.size() > 9 && text[8] == '{' && (text[9] == '"' || text[9] == '}');
  return is_named_so || text.starts_with("PK\x03\x04") || is_safetensors;
}

}  // namespace sonde
