// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sonde/weights/unpickler.h"

// What the unpickler builds with: the closed list of classes, and the tensors.
namespace sonde {

enum class Class { ordered_dict, rebuild_tensor, rebuild_parameter, storage };

struct KnownClass {
  Class what = Class::storage;
  NumberType number = NumberType::f32;  // of a storage
};

// name: MODULE.NAME. Throws Error{corrupt_data} that names any class or function outside the list;
// Error{unsupported} for a type of number.
KnownClass known_class(const std::string& name, const std::string& file);
// MODULE.NAME of the class that holds numbers of a type.
std::string_view storage_class(NumberType type);

// Storages and the views of them; each view is checked to lie within its storage. Throws Error{corrupt_data}
// naming `file`.
class TensorTable {
 public:
  explicit TensorTable(std::string file) : file_(std::move(file)) {}

  std::size_t add_storage(PickledStorage storage);  // returns its index; the same one for the same key
  std::size_t add_view(PickledTensor view);         // without a name; returns its index
  void give_name(std::size_t view, const std::string& name);
  PickledTensors take() { return std::move(result_); }

 private:
  [[noreturn]] void refuse(const std::string& fault) const;
  void check_inside(const PickledTensor& view) const;

  std::string file_;
  std::map<std::string, std::size_t> storage_by_key_;
  std::vector<PickledTensor> views_;
  PickledTensors result_;
};

}  // namespace sonde
