// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sonde/core/error.h"
#include "sonde/core/text.h"
#include "sonde/weights/checkpoint_cursor.h"
#include "sonde/weights/checkpoint_formats.h"
#include "sonde/weights/unpickler.h"
#include "sonde/weights/zip_archive.h"

namespace sonde {
namespace {

using ZipFiles = std::map<std::string, ByteView>;
constexpr std::string_view kPickleName = "/data.pkl";

// torch.save puts everything into one folder of the archive; its name is free.
std::string archive_folder(const ZipFiles& files, const std::string& file) {
  std::string folder;
  for (const auto& [name, content] : files) {
    if (name.ends_with("/constants.pkl")) {
      throw Error(ErrorKind::unsupported, file + ": a TorchScript program; only dicts of tensors are read");
    }
    if (!name.ends_with(kPickleName)) continue;
    if (!folder.empty()) throw Error(ErrorKind::corrupt_data, file + ": holds data.pkl twice");
    folder = name.substr(0, name.size() - kPickleName.size());
  }
  if (folder.empty())
    throw Error(ErrorKind::corrupt_data, file + ": a zip archive without data.pkl: not a checkpoint");
  return folder;
}

void check_byte_order(const ZipFiles& files, const std::string& folder, const std::string& file) {
  const auto found = files.find(folder + "/byteorder");
  if (found != files.end() && as_text(found->second) != "little") {
    throw Error(ErrorKind::unsupported, file + ": saved on a big-endian machine");
  }
}

ByteView storage_content(const ZipFiles& files, const std::string& folder, const PickledStorage& storage,
                         const std::string& file) {
  const std::string name = "data/" + storage.key;
  const auto found = files.find(folder + "/" + name);
  if (found == files.end())
    throw Error(ErrorKind::corrupt_data, file + ": " + printable(name) + " is missing");
  const ByteView content = found->second;
  const auto element_size = std::uint64_t{size_of(storage.type)};
  if (content.size() % element_size != 0 ||
      content.size() / element_size != static_cast<std::uint64_t>(storage.element_count)) {
    throw Error(ErrorKind::corrupt_data, file + ": " + printable(name) + " has " +
                                             std::to_string(content.size()) + " bytes, but should hold " +
                                             std::to_string(storage.element_count) + " numbers of " +
                                             std::to_string(element_size));
  }
  return content;
}

bool is_row_major(const PickledTensor& view) {
  std::int64_t step = 1;
  for (std::size_t i = view.shape.size(); i-- > 0;) {
    if (view.shape[i] != 1 && view.strides[i] != step) return false;
    step *= view.shape[i];
  }
  return true;
}

// Elements of a view in row-major order, `size` bytes each.
std::vector<std::byte> gathered(const PickledTensor& view, ByteView storage, std::size_t size,
                                std::int64_t count) {
  std::vector<std::byte> elements;
  elements.reserve(static_cast<std::size_t>(count) * size);
  std::vector<std::int64_t> index(view.shape.size(), 0);
  std::int64_t at = view.offset;
  for (std::int64_t done = 0; done < count; ++done) {
    const ByteView element = storage.subspan(static_cast<std::size_t>(at) * size, size);
    elements.insert(elements.end(), element.begin(), element.end());
    for (std::size_t i = index.size(); i-- > 0;) {
      at += view.strides[i];
      if (++index[i] < view.shape[i]) break;
      at -= view.strides[i] * view.shape[i];
      index[i] = 0;
    }
  }
  return elements;
}

// In place where its elements lie row-major, else copied. That it lies within its storage is checked.
WeightTensor view_of(const PickledTensor& view, const WeightTensor& storage) {
  const bool is_empty = std::ranges::find(view.shape, 0) != view.shape.end();
  std::int64_t count = is_empty ? 0 : 1;
  for (std::size_t i = 0; i < view.shape.size() && !is_empty; ++i) count *= view.shape[i];
  const std::size_t size = size_of(storage.type);
  if (is_empty) return {.type = storage.type, .shape = view.shape, .bytes = {}, .owner = storage.owner};
  if (is_row_major(view)) {
    const ByteView bytes = storage.bytes.subspan(static_cast<std::size_t>(view.offset) * size,
                                                 static_cast<std::size_t>(count) * size);
    return {.type = storage.type, .shape = view.shape, .bytes = bytes, .owner = storage.owner};
  }
  const auto copy =
      std::make_shared<const std::vector<std::byte>>(gathered(view, storage.bytes, size, count));
  return {.type = storage.type, .shape = view.shape, .bytes = *copy, .owner = copy};
}

}  // namespace

NamedTensors read_pth(const CheckpointBytes& source) {
  const ZipFiles files = read_zip(source.bytes, source.file);
  const std::string folder = archive_folder(files, source.file);
  check_byte_order(files, folder, source.file);
  const PickledTensors pickled = unpickle_tensors(files.at(folder + std::string(kPickleName)), source.file);
  std::vector<WeightTensor> storages;
  for (const PickledStorage& storage : pickled.storages) {
    const ByteView content = storage_content(files, folder, storage, source.file);
    storages.push_back(numbers_over(source, content, storage.type));
  }
  NamedTensors tensors;
  for (const PickledTensor& view : pickled.tensors) {
    tensors.emplace(view.name, view_of(view, storages[view.storage]));
  }
  return tensors;
}

}  // namespace sonde
