// SPDX-License-Identifier: Apache-2.0
#include "sonde/weights/unpickler_parts.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

#include "sonde/core/error.h"
#include "sonde/core/text.h"
#include "sonde/weights/checkpoint_cursor.h"

namespace sonde {
namespace {

struct NamedClass {
  std::string_view name;
  KnownClass known;
};
constexpr std::array kClasses{NamedClass{"collections.OrderedDict", {Class::ordered_dict}},
                              NamedClass{"torch._utils._rebuild_tensor_v2", {Class::rebuild_tensor}},
                              NamedClass{"torch._utils._rebuild_parameter", {Class::rebuild_parameter}},
                              NamedClass{"torch.FloatStorage", {Class::storage, NumberType::f32}},
                              NamedClass{"torch.HalfStorage", {Class::storage, NumberType::f16}},
                              NamedClass{"torch.BFloat16Storage", {Class::storage, NumberType::bf16}},
                              NamedClass{"torch.DoubleStorage", {Class::storage, NumberType::f64}},
                              NamedClass{"torch.LongStorage", {Class::storage, NumberType::i64}},
                              NamedClass{"torch.IntStorage", {Class::storage, NumberType::i32}},
                              NamedClass{"torch.ShortStorage", {Class::storage, NumberType::i16}},
                              NamedClass{"torch.CharStorage", {Class::storage, NumberType::i8}},
                              NamedClass{"torch.ByteStorage", {Class::storage, NumberType::u8}},
                              NamedClass{"torch.BoolStorage", {Class::storage, NumberType::boolean}}};

}  // namespace

KnownClass known_class(const std::string& name, const std::string& file) {
  const auto* found = std::ranges::find(kClasses, std::string_view(name), &NamedClass::name);
  if (found != kClasses.end()) return found->known;
  if (name.starts_with("torch.") && name.ends_with("Storage")) {
    throw Error(ErrorKind::unsupported, file + ": holds numbers of type " + printable(name) +
                                            "; float, half, bfloat16, double, integers and bool are read");
  }
  throw Error(ErrorKind::corrupt_data, file + ": asks for class or function " + printable(name) +
                                           ", which is refused; only dicts of tensors are read");
}

std::string_view storage_class(NumberType type) {
  const auto* found = std::ranges::find_if(kClasses, [&](const NamedClass& named) {
    return named.known.what == Class::storage && named.known.number == type;
  });
  return found->name;
}

void TensorTable::refuse(const std::string& fault) const {
  throw Error(ErrorKind::corrupt_data, file_ + ": data.pkl " + fault);
}

std::size_t TensorTable::add_storage(PickledStorage storage) {
  const auto [found, is_new] = storage_by_key_.emplace(storage.key, result_.storages.size());
  if (is_new) {
    result_.storages.push_back(std::move(storage));
  } else if (const auto& known = result_.storages[found->second];
             known.type != storage.type || known.element_count != storage.element_count) {
    refuse("gives storage " + printable(storage.key) + " two types or sizes");
  }
  return found->second;
}

std::size_t TensorTable::add_view(PickledTensor view) {
  check_inside(view);
  views_.push_back(std::move(view));
  return views_.size() - 1;
}

void TensorTable::give_name(std::size_t view, const std::string& name) {
  result_.tensors.push_back(views_[view]);
  result_.tensors.back().name = name;
}

void TensorTable::check_inside(const PickledTensor& view) const {
  const PickledStorage& storage = result_.storages[view.storage];
  const std::int64_t available = storage.element_count;
  if (view.shape.size() != view.strides.size()) refuse("has a tensor with more sizes than strides");
  std::int64_t count = 1, last = view.offset;
  bool fits = view.offset >= 0, is_empty = false;
  for (std::size_t i = 0; i < view.shape.size() && fits; ++i) {
    const std::int64_t size = view.shape[i], stride = view.strides[i];
    std::int64_t reach = 0;
    is_empty = is_empty || size == 0;
    fits = size >= 0 && stride >= 0 &&
           !__builtin_mul_overflow(count, std::max<std::int64_t>(size, 1), &count) &&
           !__builtin_mul_overflow(std::max<std::int64_t>(size - 1, 0), stride, &reach) &&
           !__builtin_add_overflow(last, reach, &last);
  }
  // A view may not repeat elements either: a copy of it is no larger than the file.
  if (!fits || (is_empty ? view.offset > available : last >= available || count > available)) {
    refuse("has a tensor that reaches outside its storage " + printable(storage.key));
  }
}

}  // namespace sonde
