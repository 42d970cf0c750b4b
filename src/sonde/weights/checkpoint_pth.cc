// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sonde/core/error.h"
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
    throw Error(ErrorKind::corrupt_data, file + ": a zip archive without data.pkl, no checkpoint");
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
  const auto element_size = static_cast<std::uint64_t>(torch::elementSize(storage.type));
  if (content.size() % element_size != 0 ||
      content.size() / element_size != static_cast<std::uint64_t>(storage.element_count)) {
    throw Error(ErrorKind::corrupt_data, file + ": " + printable(name) + " has " +
                                             std::to_string(content.size()) + " bytes, but should hold " +
                                             std::to_string(storage.element_count) + " numbers of " +
                                             std::to_string(element_size));
  }
  return content;
}

}  // namespace

NamedTensors read_pth(const CheckpointBytes& source) {
  const ZipFiles files = read_zip(source.bytes, source.file);
  const std::string folder = archive_folder(files, source.file);
  check_byte_order(files, folder, source.file);
  const PickledTensors pickled = unpickle_tensors(files.at(folder + std::string(kPickleName)), source.file);
  std::vector<torch::Tensor> storages;
  for (const PickledStorage& storage : pickled.storages) {
    const ByteView content = storage_content(files, folder, storage, source.file);
    storages.push_back(numbers_over(source, content, storage.type));
  }
  NamedTensors tensors;
  for (const PickledTensor& view : pickled.tensors) {
    tensors.emplace(view.name, storages[view.storage].as_strided(view.shape, view.strides, view.offset));
  }
  return tensors;
}

}  // namespace sonde
