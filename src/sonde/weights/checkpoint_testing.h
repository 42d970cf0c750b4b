// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sonde/weights/checkpoint_cursor.h"
#include "sonde/weights/checkpoint_formats.h"

// Small checkpoints for tests, whole, wrong and hostile.
namespace sonde::test {

template <typename T>
std::string le(T value) {  // little-endian bytes
  std::string bytes(sizeof(T), '\0');
  std::memcpy(bytes.data(), &value, sizeof(T));
  return bytes;
}

// Opcodes of a pickle as text that can be joined.
namespace pickle {
inline std::string global(const std::string& module, const std::string& name) {
  return "c" + module + "\n" + name + "\n";
}
inline std::string text(const std::string& value) {
  return std::string("X") + le(static_cast<std::uint32_t>(value.size())) + value;
}
inline std::string integer(std::int32_t value) { return std::string("J") + le(value); }
inline std::string tuple(const std::string& items) { return "(" + items + "t"; }
inline std::string storage(const std::string& type, const std::string& key, std::int32_t count) {
  return tuple(text("storage") + global("torch", type) + text(key) + text("cpu") + integer(count)) + "Q";
}
inline std::string tensor(const std::string& storage, std::int32_t offset, const std::string& shape,
                          const std::string& strides) {
  return global("torch._utils", "_rebuild_tensor_v2") +
         tuple(storage + integer(offset) + tuple(shape) + tuple(strides) + "\x89" +
               global("collections", "OrderedDict") + ")R") +
         "R";
}
inline std::string dict(const std::string& items) { return "}(" + items + "u"; }
inline std::string whole(const std::string& value) { return "\x80\x02" + value + "."; }
}  // namespace pickle

struct ZipFile {
  std::string name, content;
  std::uint32_t crc = 0;  // 0: not recorded
};

inline std::string zip_of(const std::vector<ZipFile>& files) {
  std::string archive, directory;
  for (const auto& [name, content, crc] : files) {
    const auto size = static_cast<std::uint32_t>(content.size());
    const auto offset = static_cast<std::uint32_t>(archive.size());
    const std::string shared = le<std::uint16_t>(0) + le<std::uint16_t>(0) + le<std::uint32_t>(0) + le(crc) +
                               le(size) + le(size) + le(static_cast<std::uint16_t>(name.size())) +
                               le<std::uint16_t>(0);
    archive += std::string("PK\x03\x04") + le<std::uint16_t>(20) + shared + name + content;
    directory += std::string("PK\x01\x02") + le<std::uint16_t>(20) + le<std::uint16_t>(20) + shared +
                 std::string(10, '\0') + le(offset) + name;
  }
  const auto count = static_cast<std::uint16_t>(files.size());
  return archive + directory + std::string("PK\x05\x06") + le<std::uint32_t>(0) + le(count) + le(count) +
         le(static_cast<std::uint32_t>(directory.size())) + le(static_cast<std::uint32_t>(archive.size())) +
         le<std::uint16_t>(0);
}

// weight: [2,3] float 0..5, transposed: its transpose, half: [2] half 1, 2, count: int64 7.
inline std::string small_pickle() {
  using namespace pickle;
  const std::string numbers = storage("FloatStorage", "0", 6);
  return whole(dict(text("weight") + tensor(numbers, 0, integer(2) + integer(3), integer(3) + integer(1)) +
                    text("transposed") +
                    tensor(numbers, 0, integer(3) + integer(2), integer(1) + integer(3)) + text("half") +
                    tensor(storage("HalfStorage", "1", 2), 0, integer(2), integer(1)) + text("count") +
                    tensor(storage("LongStorage", "2", 1), 0, "", "")));
}
inline std::vector<ZipFile> small_files(const std::string& data_pickle) {
  std::string numbers;
  for (int i = 0; i < 6; ++i) numbers += le(static_cast<float>(i));
  return {{"small/data.pkl", data_pickle},
          {"small/data/0", numbers},
          {"small/data/1", le<std::uint16_t>(0x3c00) + le<std::uint16_t>(0x4000)},
          {"small/data/2", le<std::int64_t>(7)},
          {"small/version", "3\n"}};
}
inline std::string small_pth() { return zip_of(small_files(small_pickle())); }

inline std::string safetensors_of(const std::string& header, const std::string& data) {
  return le(static_cast<std::uint64_t>(header.size())) + header + data;
}
inline std::string small_safetensors() {
  std::string data = le(1.5F);
  data += le(2.5F);
  data += le<std::int64_t>(9);
  return safetensors_of(
      R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"I64","shape":[],)"
      R"("data_offsets":[8,16]},"__metadata__":{"format":"pt"}})",
      data);
}

// A copy on the heap, so that a sanitizer sees every byte past its end.
inline CheckpointBytes source_of(std::string_view content, const std::string& file = "small") {
  const auto copy = std::make_shared<const std::vector<char>>(content.begin(), content.end());
  return {std::as_bytes(std::span(*copy)), copy, file};
}

// Deterministic damage: flipped bits, cuts, bytes doubled or lost, and numbers replaced by extreme ones.
class Mutator {
 public:
  std::string mutate(std::string bytes) {
    const auto count = 1 + below(4);
    for (std::size_t i = 0; i < count && !bytes.empty(); ++i) mutate_once(bytes);
    return bytes;
  }

 private:
  std::size_t below(std::size_t limit) { return static_cast<std::size_t>(random_()) % limit; }
  void mutate_once(std::string& bytes) {
    const std::size_t at = below(bytes.size()), run = 1 + below(16);
    switch (below(6)) {
      case 0:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
        break;
      case 1:
        bytes[at] = static_cast<char>(below(256));
        break;
      case 2:
        bytes.resize(at);
        break;
      case 3:
        bytes.insert(at, bytes.substr(below(bytes.size()), run));
        break;
      case 4:
        bytes.erase(at, run);
        break;
      default: {
        constexpr std::uint64_t kExtremes[] = {
            0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0x7fffffffffffffff, ~0ULL};
        const std::string number =
            le(kExtremes[below(std::size(kExtremes))]).substr(0, std::size_t{1} << below(4));
        bytes.replace(at, std::min(number.size(), bytes.size() - at), number);
      }
    }
  }

  std::mt19937 random_{20230411};
};

template <typename T>
std::vector<double> numbers_as(const WeightTensor& tensor) {
  std::vector<T> numbers(tensor.bytes.size() / sizeof(T));
  if (!numbers.empty()) std::memcpy(numbers.data(), tensor.bytes.data(), tensor.bytes.size());
  return {numbers.begin(), numbers.end()};
}
// The numbers of a tensor of any type.
inline std::vector<double> numbers_of(const WeightTensor& tensor) {
  if (is_floating_point(tensor.type)) return numbers_as<float>(as_f32(tensor));
  switch (size_of(tensor.type)) {
    case 8:
      return numbers_as<std::int64_t>(tensor);
    case 4:
      return numbers_as<std::int32_t>(tensor);
    case 2:
      return numbers_as<std::int16_t>(tensor);
    default:
      return numbers_as<std::int8_t>(tensor);
  }
}

// Reads every number of every tensor, as a network would, and checks that shape and bytes agree.
inline double sum_of(const NamedTensors& tensors) {
  double sum = 0;
  for (const auto& [name, tensor] : tensors) {
    std::int64_t count = 1;
    for (const std::int64_t extent : tensor.shape) count *= extent;
    if (count != element_count(tensor)) throw std::logic_error(name + ": shape and bytes do not agree");
    for (const double number : numbers_of(tensor)) sum += number;
  }
  return sum;
}

}  // namespace sonde::test
