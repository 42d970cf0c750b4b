// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/data_files.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <set>

#include "sonde/core/bytes.h"
#include "sonde/core/cause.h"
#include "sonde/core/error.h"
#include "sonde/core/json_text.h"
#include "sonde/core/natural_order.h"
#include "sonde/core/text.h"
#include "sonde/io/volume/checks.h"

namespace sonde {
namespace {

// Of headers with a data file beside them the header stands for the image.
constexpr std::array<std::string_view, 19> kExtensions{
    ".mgh", ".mgz", ".png",    ".jpg", ".jpeg", ".tif",  ".tiff", ".bmp", ".dcm", ".dicom",
    ".ima", ".nii", ".nii.gz", ".hdr", ".nrrd", ".nhdr", ".mha",  ".mhd", ".npy"};

bool is_marked_as_dicom(const std::filesystem::path& path) {
  constexpr std::size_t kPreambleBytes = 128;
  try {
    const auto head = read_head(path, kPreambleBytes + 4);
    return head.size() == kPreambleBytes + 4 && std::memcmp(head.data() + kPreambleBytes, "DICM", 4) == 0;
  } catch (const Error&) {
    return false;
  }
}

// Recursion over hostile nesting would take the stack.
void require_shallow(const std::string& name, std::string_view text) {
  constexpr int kMaxNesting = 64;
  int depth = 0;
  bool quoted = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (quoted) {
      if (c == '\\') ++at;
      if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kMaxNesting) refuse_corrupt(name, "its JSON nests deeper than 64 levels");
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
}

}  // namespace

std::optional<std::string> image_stem(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  const std::string extension = lower_extension(path);
  if (std::ranges::find(kExtensions, extension) == kExtensions.end() || extension.size() >= name.size())
    return std::nullopt;
  return name.substr(0, name.size() - extension.size());
}

std::vector<ImageFile> image_files(const std::filesystem::path& folder) {
  std::vector<ImageFile> files;
  std::error_code failed;
  std::filesystem::directory_iterator entries(folder, failed);
  for (; !failed && entries != std::filesystem::directory_iterator(); entries.increment(failed)) {
    const std::filesystem::path& path = entries->path();
    const std::string name = path.filename().string();
    if (name.starts_with('.')) continue;
    std::error_code unknown;
    const auto status = entries->status(unknown);
    // A broken link is a file that cannot be read, which is reported later.
    if (!std::filesystem::is_regular_file(status) && std::filesystem::exists(status)) continue;
    if (auto stem = image_stem(path))
      files.push_back({path, name, std::move(*stem)});
    else if (is_marked_as_dicom(path))
      files.push_back({path, name, name});
  }
  if (failed)
    throw Error(ErrorKind::unavailable, folder.string() + ": cannot be listed: " + failed.message());
  std::ranges::sort(files,
                    [](const ImageFile& a, const ImageFile& b) { return name_before(a.name, b.name); });
  return files;
}

std::vector<ImageFile> image_files_below(const std::filesystem::path& folder) {
  std::vector<ImageFile> files;
  std::set<std::filesystem::path> seen;  // a link may lead back
  std::error_code failed;
  const auto search = [&](const auto& search_again, const std::filesystem::path& from,
                          const std::string& prefix) -> void {
    if (!seen.insert(std::filesystem::weakly_canonical(from, failed)).second) return;
    for (ImageFile& file : image_files(from))
      files.push_back({file.path, prefix + file.name, prefix + file.stem});
    for (const auto& entry : std::filesystem::directory_iterator(from, failed)) {
      const std::string name = entry.path().filename().string();
      if (!name.starts_with('.') && entry.is_directory(failed))
        search_again(search_again, entry.path(), prefix + name + '/');
    }
  };
  search(search, folder, "");
  std::ranges::sort(files,
                    [](const ImageFile& a, const ImageFile& b) { return name_before(a.name, b.name); });
  return files;
}

nlohmann::json read_json_file(const std::filesystem::path& path, std::size_t most_bytes) {
  const std::string name = path.string();
  const MappedFile file(path);
  const std::string_view text(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size());
  if (text.size() > most_bytes)
    refuse_unsupported(name, "JSON of more than " + std::to_string(most_bytes >> 20) + " MB is not read");
  require_shallow(name, text);
  try {
    return parse_json(text);
  } catch (const nlohmann::json::parse_error& error) {
    refuse_corrupt(name, "is not JSON: byte " + std::to_string(error.byte) + " is not what may follow");
  } catch (const nlohmann::json::exception& error) {  // a number that no double holds
    refuse_corrupt(name, "is not JSON that can be used: " + in_quotes(error.what()));
  }
}

std::string reason_naming(const std::filesystem::path& file, const std::exception& error) {
  const std::string name = file.string();
  std::string reason = cause_of(error);
  if (reason.find(name) == std::string::npos) reason = name + ": " + reason;
  std::ranges::replace_if(
      reason, [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  return reason;
}

}  // namespace sonde
