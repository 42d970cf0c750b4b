// SPDX-License-Identifier: Apache-2.0
// A folder of DICOM files: which images they make, and which one is meant.
#include <algorithm>
#include <cctype>
#include <charconv>
#include <map>

#include "sonde/core/error.h"
#include "sonde/core/text.h"
#include "sonde/io/dicom/copies.h"
#include "sonde/io/dicom/image.h"
#include "sonde/io/dicom/meta.h"
#include "sonde/io/dicom/series.h"
#include "sonde/io/dicom/source.h"
#include "sonde/io/formats.h"

namespace sonde {
namespace {

constexpr std::size_t kMaxFiles = 100000;
constexpr std::size_t kHeadBytes = 2048;

struct Folder {
  DicomFiles files;
  std::vector<DicomStack> stacks;
  std::vector<Refusal> refused;
};

// Regular files of the folder and its subfolders in the order of their names; links are not followed.
std::vector<std::filesystem::path> files_of(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  std::error_code fault;
  const auto skip = std::filesystem::directory_options::skip_permission_denied;
  for (auto entry = std::filesystem::recursive_directory_iterator(folder, skip, fault);
       !fault && entry != std::filesystem::recursive_directory_iterator(); entry.increment(fault)) {
    if (!entry->is_regular_file(fault) || entry->is_symlink(fault)) continue;
    paths.push_back(entry->path());
    if (paths.size() > kMaxFiles)
      throw Error(ErrorKind::unsupported,
                  folder.string() + ": holds more than " + std::to_string(kMaxFiles) + " files");
  }
  if (fault) throw Error(ErrorKind::unavailable, folder.string() + ": cannot be listed: " + fault.message());
  std::ranges::sort(paths);
  return paths;
}

bool is_named_dicom(const std::filesystem::path& path) {
  const std::string extension = lower_case(path.extension().string());
  return extension == ".dcm" || extension == ".dicom";
}

bool is_directory_record(ByteView head) {  // DICOMDIR
  return parse_dicom_meta(head).media_storage == "1.2.840.10008.1.3.10";
}

// The DICOM files among `paths`; what only bears the name is refused.
std::vector<std::filesystem::path> select_dicom(const std::vector<std::filesystem::path>& paths,
                                                std::vector<Refusal>& refused) {
  std::vector<std::filesystem::path> selected;
  for (const auto& path : paths) {
    try {
      const auto head = read_head(path, kHeadBytes);
      if (looks_like_dicom(head)) {
        if (!is_directory_record(head)) selected.push_back(path);
      } else if (is_named_dicom(path)) {
        refused.push_back({.name = path, .reason = "is not a DICOM file"});
      }
    } catch (const Error& error) {
      refused.push_back({.name = path, .reason = "cannot be read"});
    }
  }
  return selected;
}

// Adds the headers of `selected`, or why they cannot be read.
void add_headers(Folder& folder, const std::vector<std::filesystem::path>& selected) {
  auto outcomes = read_dicom_headers(selected);
  for (std::size_t i = 0; i < selected.size(); ++i) {
    if (auto* header = std::get_if<DicomHeader>(&outcomes[i])) {
      folder.files.paths.push_back(selected[i]);
      folder.files.headers.push_back(std::move(*header));
    } else {
      folder.refused.push_back({.name = selected[i], .reason = std::get<Error>(outcomes[i]).what()});
    }
  }
}

void stack_files(Folder& folder) {
  folder.files = without_copies(folder.files);
  folder.stacks = stack_dicom(folder.files.headers);
}

Folder scan(const std::filesystem::path& path) {
  Folder folder;
  add_headers(folder, select_dicom(files_of(path), folder.refused));
  stack_files(folder);
  if (!folder.stacks.empty()) return folder;
  if (folder.refused.empty()) throw Error(ErrorKind::unsupported, path.string() + ": holds no DICOM file");
  throw Error(ErrorKind::unsupported,
              path.string() + ": holds no DICOM picture; " +
                  std::filesystem::path(folder.refused.front().name).filename().string() + ": " +
                  folder.refused.front().reason);
}

std::string one_line(const ImageInfo& info) {
  auto line = std::to_string(info.geometry.extent.x) + " x " + std::to_string(info.geometry.extent.y) +
              " x " + std::to_string(info.geometry.extent.z);
  if (info.frame_count > 1) line += ", " + std::to_string(info.frame_count) + " frames";
  return (info.title.empty() ? info.modality : info.title) + " (" + line + ")";
}

[[noreturn]] void ask_for_series(const std::filesystem::path& path, const Folder& folder,
                                 const std::string& fault) {
  constexpr std::size_t kMaxListed = 20;
  std::string text = path.string() + ": " + fault;
  for (std::size_t i = 0; i < std::min(folder.stacks.size(), kMaxListed); ++i) {
    text += (i == 0 ? ": " : "; ") + std::to_string(i + 1) + " = " +
            one_line(describe_dicom_stack(folder.files, folder.stacks[i]));
  }
  if (folder.stacks.size() > kMaxListed)
    text += "; and " + std::to_string(folder.stacks.size() - kMaxListed) + " more";
  throw Error(ErrorKind::usage, text);
}

// Errors begin with the path of the file at fault.
Refusal refusal_of(const Folder& folder, const std::filesystem::path& path, const std::string& message) {
  for (const auto& file : folder.files.paths) {
    const auto prefix = file.string() + ": ";
    if (message.starts_with(prefix)) return {.name = file, .reason = message.substr(prefix.size())};
  }
  return {.name = path, .reason = message};
}

struct Choice {
  const DicomStack* stack = nullptr;
  std::size_t left_out = 0;  // single pictures of the same series in another plane
};

// The one volume of a series beside its localizers, or the only image. Nothing where it is not clear.
Choice only_one(const std::vector<const DicomStack*>& stacks) {
  if (stacks.size() == 1) return {.stack = stacks.front()};
  std::vector<const DicomStack*> volumes;
  for (const auto* stack : stacks)
    if (stack->times.front().size() > 1) volumes.push_back(stack);
  if (volumes.size() != 1) return {};
  const auto is_localizer = [&](const DicomStack* s) {
    return s->times.size() == 1 && s->times.front().size() == 1 && s->patient == volumes.front()->patient;
  };
  if (!std::ranges::all_of(stacks, [&](const auto* s) { return s == volumes.front() || is_localizer(s); }))
    return {};
  return {.stack = volumes.front(), .left_out = stacks.size() - 1};
}

const std::string& series_of(const Folder& folder, const DicomStack& stack) {
  return folder.files.headers[stack.times.front().front().file].series_uid;
}

std::optional<std::size_t> as_number(const std::string& text) {
  std::size_t number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

Choice choose(const std::filesystem::path& path, const Folder& folder, const std::string& series) {
  if (const auto number = as_number(series)) {
    if (*number < 1 || *number > folder.stacks.size())
      ask_for_series(path, folder, "series " + series + " is not there");
    return {.stack = &folder.stacks[*number - 1]};
  }
  std::vector<const DicomStack*> candidates;
  bool same_series = true;
  for (const auto& stack : folder.stacks) {
    const auto& uid = series_of(folder, stack);
    if (!series.empty() && uid != series) continue;
    candidates.push_back(&stack);
    same_series = same_series && uid == series_of(folder, *candidates.front());
  }
  if (candidates.empty()) ask_for_series(path, folder, "series " + series + " is not there");
  const auto choice = same_series ? only_one(candidates) : Choice{};
  if (choice.stack == nullptr)
    ask_for_series(path, folder,
                   "holds " + std::to_string(candidates.size()) + " images, one must be chosen");
  return choice;
}

// --- Series among files.

using Path = std::filesystem::path;

bool is_within(const Path& file, const Path& folder) {
  return std::mismatch(folder.begin(), folder.end(), file.begin(), file.end()).first == folder.end();
}

Path common_folder(const DicomFiles& files, const std::vector<std::size_t>& members) {
  Path folder = files.paths[members.front()].parent_path();
  for (const std::size_t member : members) {
    while (!is_within(files.paths[member], folder) && folder.has_relative_path())
      folder = folder.parent_path();
  }
  return folder;
}

// The stacks of all files within `path`, as reading it will find them.
Folder part_of(const Folder& all, const Path& path) {
  std::vector<std::size_t> members;
  for (std::size_t i = 0; i < all.files.paths.size(); ++i)
    if (is_within(all.files.paths[i], path)) members.push_back(i);
  std::ranges::sort(members, {}, [&](std::size_t i) { return all.files.paths[i]; });
  Folder part;
  for (const std::size_t i : members) {
    part.files.paths.push_back(all.files.paths[i]);
    part.files.headers.push_back(all.files.headers[i]);
  }
  stack_files(part);
  return part;
}

// The images of one series within `folder`, which lies at `path`.
std::vector<DicomSeries> images_of(const Path& path, const Folder& folder, const std::string& uid) {
  std::vector<const DicomStack*> stacks;
  for (const DicomStack& stack : folder.stacks)
    if (series_of(folder, stack) == uid) stacks.push_back(&stack);
  const Choice choice = only_one(stacks);
  if (choice.stack != nullptr && !uid.empty())
    return {{path, uid, {}, describe_dicom_stack(folder.files, *choice.stack)}};
  std::vector<DicomSeries> images;
  for (const DicomStack* stack : stacks)
    images.push_back({path,
                      std::to_string(stack - folder.stacks.data() + 1),
                      {},
                      describe_dicom_stack(folder.files, *stack)});
  return images;
}

// --- Where slices come from.

Folder one_file(const Path& path) {
  Folder folder;
  if (!looks_like_dicom(read_head(path, kHeadBytes)))
    throw Error(ErrorKind::unsupported, path.string() + ": is not DICOM");
  folder.files = {{path}, {read_dicom_header(path)}};
  folder.stacks = stack_dicom(folder.files.headers);
  return folder;
}

Folder folder_at(const Path& path) {
  return std::filesystem::is_directory(path) ? scan(path) : one_file(path);
}

const DicomStack& chosen_stack(const Path& path, const Folder& folder, const ReadOptions& options) {
  return std::filesystem::is_directory(path) ? *choose(path, folder, options.series).stack
                                             : folder.stacks.front();
}

DicomSourceSlice source_of(const Path& named, const DicomFiles& files, const DicomSlice& slice) {
  const DicomHeader& header = files.headers[slice.file];
  const DicomFrame& frame = header.frames[static_cast<std::size_t>(slice.frame)];
  if (!frame.plane || !frame.spacing)
    throw Error(ErrorKind::unsupported,
                named.string() + ": its slices do not say where they lie in the patient");
  return {
      files.paths[slice.file], slice.frame,    static_cast<std::int64_t>(header.frames.size()), *frame.plane,
      *frame.spacing,          frame.thickness};
}

}  // namespace

DicomSource locate_dicom(const std::filesystem::path& path, const ReadOptions& options) {
  const Folder folder = folder_at(path);
  const DicomStack& stack = chosen_stack(path, folder, options);
  const auto time = static_cast<std::size_t>(options.frame.value_or(0));
  if (time >= stack.times.size())
    throw Error(ErrorKind::usage, path.string() + ": frame " + std::to_string(time) + " is not there");
  const ImageInfo info = describe_dicom_stack(folder.files, stack);
  DicomSource source{info.geometry.extent, {}};
  for (const DicomSlice& slice : stack.times[time])
    source.slices.push_back(source_of(path, folder.files, slice));
  return source;
}

std::string frame_of_reference_of(const std::filesystem::path& path, const ReadOptions& options) {
  if (!std::filesystem::is_directory(path) && !looks_like_dicom(read_head(path, kHeadBytes))) return {};
  const Folder folder = folder_at(path);
  const DicomSlice& first = chosen_stack(path, folder, options).times.front().front();
  return folder.files.headers[first.file].frame_of_reference_uid;
}

DicomSeriesFound find_dicom_series(const std::vector<std::filesystem::path>& files) {
  Folder all;
  add_headers(all, files);
  std::map<std::string, std::vector<std::size_t>> members;  // by UID
  for (std::size_t i = 0; i < all.files.headers.size(); ++i)
    members[all.files.headers[i].series_uid].push_back(i);
  DicomSeriesFound found{{}, std::move(all.refused)};
  std::map<Path, Folder> parts;
  for (const auto& [uid, of_series] : members) {
    const Path& first = all.files.paths[of_series.front()];
    std::vector<DicomSeries> images;
    if (of_series.size() == 1) {
      const DicomFiles file{{first}, {all.files.headers[of_series.front()]}};
      images = {{first, "", {}, describe_dicom_stack(file, stack_dicom(file.headers).front())}};
    } else {
      const Path path = common_folder(all.files, of_series);
      const auto part =
          parts.contains(path) ? parts.find(path) : parts.emplace(path, part_of(all, path)).first;
      images = images_of(path, part->second, uid);
    }
    for (DicomSeries& image : images) {
      image.first_file = first;
      found.series.push_back(std::move(image));
    }
  }
  return found;
}

Volume read_dicom_folder(const std::filesystem::path& path, const ReadOptions& options) {
  const auto folder = scan(path);
  const auto choice = choose(path, folder, options.series);
  auto volume = read_dicom_stack(path, folder.files, *choice.stack, options);
  if (choice.left_out > 0)
    volume.notes.push_back(std::to_string(choice.left_out) +
                           (choice.left_out == 1 ? " picture" : " pictures") +
                           " of the series in another plane or size left out (localizer)");
  if (!folder.refused.empty())
    volume.notes.push_back(std::to_string(folder.refused.size()) +
                           " files of the folder are not read, the first is " +
                           std::filesystem::path(folder.refused.front().name).filename().string() + ": " +
                           folder.refused.front().reason);
  return volume;
}

FileInfo inspect_dicom_folder(const std::filesystem::path& path) {
  auto folder = scan(path);
  FileInfo info{.path = path, .format = "DICOM folder", .images = {}, .refused = std::move(folder.refused)};
  for (const auto& stack : folder.stacks) {
    info.images.push_back(describe_dicom_stack(folder.files, stack));
    try {
      try_dicom_stack(folder.files, stack);
    } catch (const Error& error) {
      info.refused.push_back(refusal_of(folder, path, error.what()));
    }
  }
  return info;
}

}  // namespace sonde
