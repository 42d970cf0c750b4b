// SPDX-License-Identifier: Apache-2.0
#include "sonde/model/torch_tensor.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "sonde/core/error.h"

namespace sonde {
namespace {

constexpr std::array<std::pair<NumberType, torch::ScalarType>, 10> kTypes{
    {{NumberType::f64, torch::kDouble},
     {NumberType::f32, torch::kFloat},
     {NumberType::f16, torch::kHalf},
     {NumberType::bf16, torch::kBFloat16},
     {NumberType::i64, torch::kLong},
     {NumberType::i32, torch::kInt},
     {NumberType::i16, torch::kShort},
     {NumberType::i8, torch::kChar},
     {NumberType::u8, torch::kByte},
     {NumberType::boolean, torch::kBool}}};

}  // namespace

torch::Tensor to_torch(const WeightTensor& tensor) {
  const auto* type = std::ranges::find(kTypes, tensor.type, [](const auto& pair) { return pair.first; });
  // from_blob takes a pointer to non-const; nobody writes to the weights of a network in use.
  auto* data = const_cast<std::byte*>(tensor.bytes.data());  // NOLINT(cppcoreguidelines-pro-type-const-cast)
  if (tensor.bytes.empty()) return torch::empty(tensor.shape, type->second);
  return torch::from_blob(
      data, tensor.shape, [owner = tensor.owner](void*) {}, torch::TensorOptions(type->second));
}

WeightTensor from_torch(const torch::Tensor& tensor) {
  const auto kept = std::make_shared<const torch::Tensor>(tensor.detach().cpu().contiguous());
  const auto* type =
      std::ranges::find(kTypes, kept->scalar_type(), [](const auto& pair) { return pair.second; });
  if (type == kTypes.end())
    throw Error(ErrorKind::internal,
                std::string("no checkpoint holds numbers of type ") + torch::toString(kept->scalar_type()));
  return {.type = type->first,
          .shape = kept->sizes().vec(),
          .bytes = {static_cast<const std::byte*>(kept->data_ptr()), kept->nbytes()},
          .owner = kept};
}

}  // namespace sonde
