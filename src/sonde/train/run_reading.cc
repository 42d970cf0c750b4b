// SPDX-License-Identifier: Apache-2.0
#include "sonde/train/run_reading.h"

#include "sonde/core/error.h"
#include "sonde/core/json_text.h"
#include "sonde/core/text.h"

namespace sonde {
namespace {

std::string_view text_of(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};  // NOLINT: bytes as text
}

}  // namespace

RunCsv::RunCsv(const std::filesystem::path& file, std::span<const std::string_view> columns)
    : mapped_(file), reader_(file.string(), text_of(mapped_.bytes()), columns) {}

nlohmann::ordered_json read_run_json(const std::filesystem::path& file) {
  const MappedFile mapped(file);
  try {
    return parse_ordered_json(text_of(mapped.bytes()));
  } catch (const nlohmann::ordered_json::exception& error) {
    throw Error(ErrorKind::corrupt_data, file.string() + ": no valid JSON: " + printable(error.what()));
  }
}

}  // namespace sonde
