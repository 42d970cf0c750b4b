// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/file_content.h"

#include "sonde/core/bytes.h"
#include "sonde/io/volume/checks.h"
#include "sonde/io/volume/metaimage_header.h"
#include "sonde/io/volume/nrrd_header.h"

namespace sonde {
namespace {

// A name in the header's folder; empty: the voxels are in the header's file.
std::string data_file_named_by(const std::filesystem::path& header) {
  const std::string extension = lower_extension(header);
  if (extension == ".mhd")
    return parse_metaimage_header(header.string(), MappedFile(header).bytes()).data_file;
  if (extension == ".nhdr") return parse_nrrd_header(header.string(), MappedFile(header).bytes()).data_file;
  if (extension != ".hdr") return "";
  std::error_code unknown;
  for (const char* beside : {".img", ".img.gz"}) {
    auto data = header;
    data.replace_extension(beside);
    if (std::filesystem::exists(data, unknown)) return data.filename().string();
  }
  return "";
}

}  // namespace

std::vector<std::filesystem::path> files_of(const std::filesystem::path& file) {
  const std::string data = data_file_named_by(file);
  if (data.empty()) return {file};
  return {file, data_file_beside(file, data)};
}

std::string content_sha256(const std::filesystem::path& file) {
  const auto files = files_of(file);
  std::string all;
  for (const auto& part : files) all += sha256_hex(MappedFile(part).bytes());
  return files.size() == 1 ? all : sha256_hex(std::as_bytes(std::span(all)));
}

}  // namespace sonde
