// SPDX-License-Identifier: Apache-2.0
#include "sonde/weights/fit.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "sonde/core/error.h"

namespace sonde {
namespace {

bool may_be_extra(const std::string& name) {
  return name == "pixel_mean" || name == "pixel_std" || name.starts_with("image_encoder.norm_head.") ||
         name.starts_with("image_encoder.head.") || name.ends_with(".attention_bias_idxs");
}

bool may_be_missing(const std::string& name) { return name.ends_with(".num_batches_tracked"); }

std::string list_some(const std::string& what, const std::vector<std::string>& names) {
  constexpr std::size_t kMax = 5;
  if (names.empty()) return {};
  std::string text = "; " + what + ": ";
  for (std::size_t i = 0; i < std::min(kMax, names.size()); ++i) text += (i > 0 ? ", " : "") + names[i];
  if (names.size() > kMax) text += " and " + std::to_string(names.size() - kMax) + " more";
  return text;
}

std::string misfit(const std::string& name, const WeightTensor& tensor, const Parameter& parameter) {
  if (tensor.shape != parameter.shape)
    return name + " is " + to_string(tensor.shape) + ", not " + to_string(parameter.shape);
  if (is_floating_point(tensor.type) != is_floating_point(parameter.type))
    return name + " is of type " + std::string(to_string(tensor.type));
  return {};
}

}  // namespace

void check_fit(const NamedTensors& tensors, const SamSizes& sizes, const std::string& file) {
  const auto parameters = parameters_of(sizes);
  std::vector<std::string> missing, extra, misshapen;
  for (const auto& [name, parameter] : parameters) {
    const auto found = tensors.find(name);
    if (found == tensors.end()) {
      if (!may_be_missing(name)) missing.push_back(name);
    } else if (const auto problem = misfit(name, found->second, parameter); !problem.empty()) {
      misshapen.push_back(problem);
    }
  }
  for (const auto& [name, tensor] : tensors) {
    if (!parameters.contains(name) && !may_be_extra(name)) extra.push_back(name);
  }
  const auto problems =
      list_some("missing", missing) + list_some("extra", extra) + list_some("misshapen", misshapen);
  if (!problems.empty()) {
    throw Error(ErrorKind::corrupt_data,
                file + ": the tensors do not fit a SAM of architecture " + sizes.architecture + problems);
  }
}

}  // namespace sonde
