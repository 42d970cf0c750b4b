// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "sonde/core/durable_file.h"
#include "sonde/core/error.h"
#include "sonde/core/text.h"
#include "sonde/weights/checkpoint.h"
#include "sonde/weights/checkpoint_cursor.h"
#include "sonde/weights/checkpoint_formats.h"

// The format: 8 bytes length of the header, the header (JSON: name to dtype, shape and the range of bytes),
// the data. Source: huggingface/safetensors, README.md, "Format".

namespace sonde {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t kMaxHeader = 100'000'000;  // as published
constexpr std::size_t kLengthSize = 8, kMaxDimensions = 16, kAlignment = 64;
constexpr int kMaxDepth = 4;
constexpr const char* kMetadata = "__metadata__";

constexpr std::array kTypes{NumberType::f32, NumberType::f16,    NumberType::bf16, NumberType::f64,
                            NumberType::i64, NumberType::i32,    NumberType::i16,  NumberType::i8,
                            NumberType::u8,  NumberType::boolean};

struct StoredTensor {
  std::string name;
  NumberType type = NumberType::f32;
  Shape shape;
  std::uint64_t begin = 0, end = 0;  // bytes of the data
};

[[noreturn]] void refuse(const std::string& file, const std::string& fault) {
  throw Error(ErrorKind::corrupt_data, file + ": " + fault);
}

// Refuses depth before it costs stack, and the same key twice, which the parsed object no longer shows.
class HeaderGuard {
 public:
  explicit HeaderGuard(const std::string& file) : file_(file) {}
  bool operator()(int depth, Json::parse_event_t event, Json& parsed) {
    if (depth > kMaxDepth) refuse(file_, "header: nested too deeply");
    if (event == Json::parse_event_t::object_start) keys_.emplace_back();
    if (event == Json::parse_event_t::object_end) keys_.pop_back();
    if (event == Json::parse_event_t::key && !keys_.back().insert(parsed.get<std::string>()).second) {
      refuse(file_, "header: holds " + printable(parsed.get<std::string>()) + " twice");
    }
    return true;
  }

 private:
  std::string file_;
  std::vector<std::set<std::string>> keys_;
};

Json parse_header(ByteView bytes, const std::string& file) {
  try {
    const std::string_view text = as_text(bytes);
    if (!text.starts_with('{')) refuse(file, "header: does not start with {");
    return Json::parse(text.begin(), text.end(), HeaderGuard(file));
  } catch (const Json::exception& error) {
    refuse(file, "header: no valid JSON: " + printable(error.what()));
  }
}

std::vector<std::uint64_t> naturals(const Json& description, const char* field, const std::string& where) {
  const auto found = description.find(field);
  if (found == description.end() || !found->is_array()) refuse(where, std::string(field) + " is missing");
  std::vector<std::uint64_t> numbers;
  for (const Json& number : *found) {
    if (!number.is_number_unsigned())
      refuse(where, std::string(field) + " holds something else than whole numbers from 0");
    numbers.push_back(number.get<std::uint64_t>());
  }
  return numbers;
}

NumberType type_of(const Json& description, const std::string& where) {
  const auto found = description.find("dtype");
  if (found == description.end() || !found->is_string()) refuse(where, "dtype is missing");
  const auto name = found->get<std::string>();
  const auto* known =
      std::ranges::find(kTypes, std::string_view(name), [](NumberType type) { return to_string(type); });
  if (known == kTypes.end()) {
    throw Error(ErrorKind::unsupported, where + ": numbers of type " + printable(name) +
                                            "; F64, F32, F16, BF16, I64, I32, I16, I8, U8 and BOOL are read");
  }
  return *known;
}

// Checks that the range of bytes is what type and shape need.
StoredTensor read_description(const std::string& name, const Json& description, const std::string& file) {
  const std::string where = file + ": " + printable(name);
  if (name.empty() || printable(name) != name) refuse(file, "a tensor with an odd name: " + printable(name));
  if (!description.is_object() || description.size() != 3) refuse(where, "no description of a tensor");
  StoredTensor tensor{.name = name, .type = type_of(description, where), .shape = {}};
  const auto shape = naturals(description, "shape", where),
             range = naturals(description, "data_offsets", where);
  if (range.size() != 2 || range[1] < range[0]) refuse(where, "data_offsets are not a range");
  if (shape.size() > kMaxDimensions) refuse(where, "more than 16 dimensions");
  std::int64_t size = static_cast<std::int64_t>(size_of(tensor.type));  // if no extent is 0
  bool is_empty = false;
  for (const std::uint64_t extent : shape) {
    is_empty = is_empty || extent == 0;
    if (__builtin_mul_overflow(size, std::max<std::uint64_t>(extent, 1), &size)) {
      refuse(where, "its shape is larger than any file");
    }
    tensor.shape.push_back(static_cast<std::int64_t>(extent));
  }
  if ((is_empty ? 0 : static_cast<std::uint64_t>(size)) != range[1] - range[0])
    refuse(where, "its shape does not fit its bytes");
  tensor.begin = range[0];
  tensor.end = range[1];
  return tensor;
}

std::map<std::string, std::string> read_metadata(const Json& header, const std::string& file) {
  std::map<std::string, std::string> metadata;
  const auto found = header.find(kMetadata);
  if (found == header.end()) return metadata;
  if (!found->is_object()) refuse(file, "its metadata is not an object");
  for (const auto& [name, value] : found->items()) {
    if (!value.is_string()) refuse(file, "its metadata holds something else than texts");
    metadata.emplace(name, value.get<std::string>());
  }
  return metadata;
}

// Every byte of the data belongs to one tensor.
void check_tiling(std::vector<StoredTensor>& tensors, std::uint64_t data_size, const std::string& file) {
  std::ranges::sort(tensors, {}, [](const StoredTensor& t) { return std::pair(t.begin, t.end); });
  std::uint64_t at = 0;
  for (const StoredTensor& tensor : tensors) {
    if (tensor.end > data_size) refuse(file, printable(tensor.name) + " reaches past the end of the file");
    if (tensor.begin < at) refuse(file, printable(tensor.name) + " overlaps another tensor");
    if (tensor.begin > at) refuse(file, "bytes that no tensor names in front of " + printable(tensor.name));
    at = tensor.end;
  }
  if (at != data_size)
    refuse(file, std::to_string(data_size - at) + " bytes at the end that no tensor names");
}

std::string header_text(const NamedTensors& tensors, const std::map<std::string, std::string>& metadata) {
  Json header = Json::object();
  if (!metadata.empty()) header[kMetadata] = metadata;
  std::uint64_t at = 0;
  for (const auto& [name, tensor] : tensors) {
    header[name] = {{"dtype", to_string(tensor.type)},
                    {"shape", tensor.shape},
                    {"data_offsets", {at, at + tensor.bytes.size()}}};
    at += tensor.bytes.size();
  }
  std::string text = header.dump();
  text.resize((text.size() + kLengthSize + kAlignment - 1) / kAlignment * kAlignment - kLengthSize, ' ');
  return text;
}

}  // namespace

CheckpointContent read_safetensors(const CheckpointBytes& source) {
  const std::string& file = source.file;
  ByteCursor cursor(source.bytes, file);
  const auto header_size = cursor.number<std::uint64_t>();
  if (header_size > kMaxHeader || header_size > cursor.remaining()) {
    refuse(file, "its header should have " + std::to_string(header_size) + " bytes, but " +
                     std::to_string(cursor.remaining()) + " follow (100000000 are allowed)");
  }
  const Json header = parse_header(cursor.take(header_size), file);
  const ByteView data = cursor.take(cursor.remaining());
  std::vector<StoredTensor> stored;
  for (const auto& [name, description] : header.items()) {
    if (name != kMetadata) stored.push_back(read_description(name, description, file));
  }
  check_tiling(stored, data.size(), file);
  NamedTensors tensors;
  for (const StoredTensor& tensor : stored) {
    const ByteView content = data.subspan(tensor.begin, tensor.end - tensor.begin);
    tensors.emplace(tensor.name, numbers_over(source, content, tensor.type)).first->second.shape =
        tensor.shape;
  }
  if (tensors.empty()) refuse(file, "holds no tensors");
  return {.tensors = std::move(tensors), .metadata = read_metadata(header, file)};
}

void save_safetensors(const std::filesystem::path& path, const NamedTensors& tensors,
                      const std::map<std::string, std::string>& metadata) {
  const std::string header = header_text(tensors, metadata);
  const std::array length{static_cast<std::uint64_t>(header.size())};
  DurableFile file(path);
  file.write(std::as_bytes(std::span(length)));
  file.write(std::as_bytes(std::span(header)));
  for (const auto& [name, tensor] : tensors) file.write(tensor.bytes);
  file.commit();
}

}  // namespace sonde
