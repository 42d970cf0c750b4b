// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sonde/core/bytes.h"
#include "sonde/core/error.h"
#include "sonde/core/folder_testing.h"

// What the targets of libFuzzer share.
namespace sonde::fuzz {

// What must hold of every input: the fuzzer keeps one for which it does not.
inline void insist(bool holds) {
  if (!holds) std::abort();
}

// An input whose first byte chooses what reads the rest.
struct Chosen {
  std::size_t choice = 0;
  ByteView bytes;
  std::string_view text;  // the same
};
inline std::optional<Chosen> chosen(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return std::nullopt;
  return Chosen{data[0],
                std::as_bytes(std::span(data + 1, size - 1)),
                {reinterpret_cast<const char*>(data) + 1, size - 1}};
}

// The text of the refusal, which is one line that says something; absent where `work` went through.
template <typename Work>
std::optional<std::string> refusal(const Work& work) {
  try {
    work();
    return std::nullopt;
  } catch (const Error& error) {
    const std::string text = error.what();
    insist(!text.empty() && text.find('\n') == std::string::npos && error.kind() != ErrorKind::internal);
    return text;
  }
}

// A file of this name in the process's own folder, written anew for each input.
inline std::filesystem::path file_of(const std::string& name, ByteView bytes) {
  static const TestFolder folder;
  auto path = folder.path() / name;
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  return path;
}

}  // namespace sonde::fuzz
