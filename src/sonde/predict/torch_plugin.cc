// SPDX-License-Identifier: Apache-2.0
#include "sonde/predict/torch_plugin.h"

#include <cstdlib>
#include <dlfcn.h>
#include <filesystem>
#include <vector>

#include "sonde/core/error.h"

namespace sonde {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFile = "libsonde-torch.so";

// Whatever program or library this code has become part of.
fs::path own_folder() {
  static const char inside = 0;
  Dl_info self{};
  std::error_code error;
  if (::dladdr(&inside, &self) == 0 || self.dli_fname == nullptr) return {};
  return fs::canonical(self.dli_fname, error).parent_path();
}

std::vector<fs::path> possible_files() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error).parent_path();
  std::vector<fs::path> files;
  for (const fs::path& folder : {own_folder(), program}) {
    if (folder.empty()) continue;
    files.push_back(folder / kFile);
    files.push_back(folder / "sonde" / kFile);  // from the folder of libraries
    files.push_back(folder.parent_path() / SONDE_LIBRARY_FOLDER / "sonde" / kFile);  // from that of programs
  }
  return files;
}

void* open_library(const std::string& device) {
  // OpenMP's threads wait for one another by spinning for a millisecond, which halves the speed where another
  // program has one of the cores. libgomp has no call for it and reads this as it is loaded.
  ::setenv("OMP_WAIT_POLICY", "passive", /*overwrite=*/0);  // NOLINT(concurrency-mt-unsafe)
  for (const fs::path& file : possible_files()) {
    std::error_code ignored;
    if (!fs::is_regular_file(file, ignored)) continue;
    if (void* library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL); library != nullptr) return library;
    throw Error(ErrorKind::unavailable,  // NOLINTNEXTLINE(concurrency-mt-unsafe)
                "device " + device + ": " + file.string() + " cannot be loaded: " + ::dlerror());
  }
  throw Error(ErrorKind::unavailable, "device " + device + ": sonde was installed without " + kFile +
                                          ", which runs networks on it; use cpu");
}

const TorchPlugin& plugin_of(void* library) {
  const auto* plugin = static_cast<const TorchPlugin*>(::dlsym(library, "sonde_torch_plugin"));
  if (plugin == nullptr) throw Error(ErrorKind::internal, std::string(kFile) + " is of another version");
  return *plugin;
}

}  // namespace

const TorchPlugin& load_torch_plugin(const std::string& device) {
  static const TorchPlugin& plugin = plugin_of(open_library(device));
  return plugin;
}

}  // namespace sonde
