// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

namespace sonde {

// What the values of masks mean: labels.json of a data set, or nothing but values without one.
struct LabelScheme {
  enum class Kind { classes, instances } kind = Kind::classes;
  std::map<std::int64_t, std::string> names;  // empty: values have no names, all are allowed
  std::string object_name = "object";         // of instances
};
// Where there is no labels.json, what nnU-Net's dataset.json says. Throws Error{corrupt_data} naming the file
// if it cannot be understood.
LabelScheme read_label_scheme(const std::filesystem::path& data_set_folder);
// With the names that a mask file itself gives, which come before those of labels.json.
LabelScheme with_names(LabelScheme scheme, const std::map<std::int64_t, std::string>& names);
bool is_named(const LabelScheme& scheme, std::int64_t value);

}  // namespace sonde
