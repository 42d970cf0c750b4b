// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace sonde {

// A model that a person has chosen for a project.
struct ChosenModel {
  std::string file;  // of its weights, relative to the project; empty: the one that sonde is started with
  std::string sha256, name;
  bool operator==(const ChosenModel&) const = default;
};
template <class V>
void describe(V& v, ChosenModel& model) {
  v("file", model.file);
  v("sha256", model.sha256);
  v("name", model.name);
}

}  // namespace sonde
