// SPDX-License-Identifier: Apache-2.0
#include "sonde/core/plugin.h"

#include <algorithm>
#include <dlfcn.h>
#include <filesystem>
#include <vector>

#include "sonde/core/error.h"

namespace sonde {
namespace {

namespace fs = std::filesystem;

// Of whatever program or library this code has become part of.
fs::path own_folder() {
  static const char inside = 0;
  Dl_info self{};
  std::error_code error;
  if (::dladdr(&inside, &self) == 0 || self.dli_fname == nullptr) return {};
  return fs::canonical(self.dli_fname, error).parent_path();
}

std::vector<fs::path> possible_files(const std::string& file) {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error).parent_path();
  std::vector<fs::path> files;
  for (const fs::path& folder : {own_folder(), program}) {
    if (folder.empty()) continue;
    files.push_back(folder / file);
    files.push_back(folder / "sonde" / file);  // installed, seen from libsonde.so
    files.push_back(folder.parent_path() / SONDE_LIBRARY_FOLDER / "sonde" / file);  // and from the program
  }
  return files;
}

bool is_file(const fs::path& file) {
  std::error_code ignored;
  return fs::is_regular_file(file, ignored);
}

void* open_library(const PluginRequest& request) {
  for (const fs::path& file : possible_files(request.file)) {
    if (!is_file(file)) continue;
    if (void* library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL); library != nullptr) return library;
    throw Error(ErrorKind::unavailable,  // NOLINTNEXTLINE(concurrency-mt-unsafe)
                request.purpose + ": " + file.string() + " cannot be loaded: " + ::dlerror());
  }
  throw Error(ErrorKind::unavailable,
              request.purpose + ": sonde was installed without " + request.file + ", which is needed for it");
}

}  // namespace

bool has_plugin(const std::string& file) { return std::ranges::any_of(possible_files(file), is_file); }

const void* load_plugin(const PluginRequest& request) {
  const void* symbol = ::dlsym(open_library(request), request.symbol.c_str());
  if (symbol == nullptr)
    throw Error(ErrorKind::unavailable, request.purpose + ": " + request.file + " is of another version");
  return symbol;
}

}  // namespace sonde
