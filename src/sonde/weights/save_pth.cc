// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "sonde/core/durable_file.h"
#include "sonde/weights/checkpoint.h"
#include "sonde/weights/checkpoint_cursor.h"
#include "sonde/weights/pickle_opcodes.h"
#include "sonde/weights/unpickler_parts.h"
#include "sonde/weights/zip_writer.h"

namespace sonde {
namespace {

constexpr unsigned char kProtocol = 2;

// Protocol 2 without memo: what is needed twice is written twice.
class Pickle {
 public:
  Pickle() { op(op_proto).byte(kProtocol); }

  Pickle& op(PickleOpcode opcode) { return byte(opcode); }
  Pickle& text(std::string_view text) {
    op(op_binunicode).number(static_cast<std::uint32_t>(text.size()));
    bytes_ += text;
    return *this;
  }
  Pickle& integer(std::int64_t value) {
    constexpr unsigned char kLongBytes = 8;
    if (value > std::numeric_limits<std::int32_t>::max()) return op(op_long1).byte(kLongBytes).number(value);
    return op(op_binint).number(static_cast<std::int32_t>(value));
  }
  Pickle& integers(const Shape& values) {
    op(op_mark);
    for (const std::int64_t value : values) integer(value);
    return op(op_tuple);
  }
  // name: MODULE.NAME
  Pickle& global(std::string_view name) {
    const auto dot = name.rfind('.');
    op(op_global);
    ((bytes_ += name.substr(0, dot)) += '\n') += name.substr(dot + 1);
    bytes_ += '\n';
    return *this;
  }
  std::string take() { return std::move(op(op_stop).bytes_); }

 private:
  Pickle& byte(unsigned char value) {
    bytes_ += static_cast<char>(value);
    return *this;
  }
  template <typename T>
  Pickle& number(T value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
    return *this;
  }

  std::string bytes_;
};

Shape row_major_strides(const Shape& shape) {
  Shape strides(shape.size(), 1);
  for (std::size_t i = shape.size(); i-- > 1;)
    strides[i - 1] = strides[i] * std::max<std::int64_t>(shape[i], 1);
  return strides;
}

// _rebuild_tensor_v2(storage, offset, shape, strides, requires_grad, hooks): a view of the whole of data/KEY.
void append_tensor(Pickle& pickle, const WeightTensor& tensor, const std::string& key) {
  const auto count = static_cast<std::int64_t>(tensor.bytes.size() / size_of(tensor.type));
  pickle.global("torch._utils._rebuild_tensor_v2").op(op_mark);
  pickle.op(op_mark).text("storage").global(storage_class(tensor.type)).text(key).text("cpu").integer(count);
  pickle.op(op_tuple).op(op_binpersid);
  pickle.integer(0).integers(tensor.shape).integers(row_major_strides(tensor.shape)).op(op_newfalse);
  pickle.global("collections.OrderedDict").op(op_empty_tuple).op(op_reduce);
  pickle.op(op_tuple).op(op_reduce);
}

std::string pickled(const NamedTensors& tensors) {
  Pickle pickle;
  pickle.op(op_empty_dict).op(op_mark);
  std::size_t key = 0;
  for (const auto& [name, tensor] : tensors) append_tensor(pickle.text(name), tensor, std::to_string(key++));
  return pickle.op(op_setitems).take();
}

ByteView bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

}  // namespace

void save_pth(const std::filesystem::path& path, const NamedTensors& tensors) {
  // The folder's name is free; readers look for the one that holds data.pkl.
  const std::string folder = "archive/";
  DurableFile file(path);
  ZipWriter zip(file, path.string());
  zip.add(folder + "origin", bytes_of("written by sonde\n"));
  zip.add(folder + "data.pkl", bytes_of(pickled(tensors)));
  std::size_t key = 0;
  for (const auto& [name, tensor] : tensors) zip.add(folder + "data/" + std::to_string(key++), tensor.bytes);
  zip.add(folder + "version", bytes_of("3\n"));
  zip.finish();
  file.commit();
}

}  // namespace sonde
