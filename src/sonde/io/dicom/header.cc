// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/dicom/header.h"

#include <string_view>

#include "sonde/core/isolated.h"
#include "sonde/core/plugin.h"
#include "sonde/io/dicom/plugin.h"
#include "sonde/io/dicom/syntax.h"
#include "sonde/io/dicom/wire.h"

namespace sonde {
namespace {

using Paths = std::span<const std::filesystem::path>;

constexpr IsolationLimits kHeaderLimits{.memory_bytes = std::size_t{8} << 30,
                                        .time = std::chrono::seconds(60)};

std::string without_path(const std::string& message, const std::filesystem::path& path) {
  const auto prefix = path.string() + ": ";
  return message.starts_with(prefix) ? message.substr(prefix.size()) : message;
}

Error refusal_from(const Error& error, const std::filesystem::path& path) {
  return {error.kind(), without_path(error.what(), path)};
}

// In the child.
DicomOutcome parse(const std::filesystem::path& path) {
  try {
    return dicom_plugin().read_header(path);
  } catch (const Error& error) {
    return refusal_from(error, path);
  }
}

void write_outcome(WireWriter& wire, const DicomOutcome& outcome) {
  const auto* header = std::get_if<DicomHeader>(&outcome);
  wire(header != nullptr);
  if (header != nullptr) {
    wire(*header);
  } else {
    const auto& refusal = std::get<Error>(outcome);
    wire(refusal.kind(), std::string(refusal.what()));
  }
}

DicomOutcome read_outcome(WireReader& wire) {
  bool is_header = false;
  wire(is_header);
  if (is_header) {
    DicomHeader header;
    wire(header);
    return header;
  }
  ErrorKind kind = ErrorKind::corrupt_data;
  std::string reason;
  wire(kind, reason);
  return Error(kind, reason);
}

std::vector<DicomOutcome> parse_together(Paths paths) {
  dicom_plugin();
  const auto bytes = run_isolated(paths.front().string(), kHeaderLimits, [&](std::vector<std::byte>& out) {
    WireWriter wire(out);
    for (const auto& path : paths) write_outcome(wire, parse(path));
  });
  WireReader wire(bytes);
  std::vector<DicomOutcome> outcomes;
  for (std::size_t i = 0; i < paths.size(); ++i) outcomes.push_back(read_outcome(wire));
  return outcomes;
}

// A child for all of them; where it dies, a child for each half, down to the file that kills it.
void parse_or_halve(Paths paths, std::vector<DicomOutcome>& outcomes) {
  try {
    for (auto& outcome : parse_together(paths)) outcomes.push_back(std::move(outcome));
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::corrupt_data) throw;
    if (paths.size() == 1) {
      outcomes.emplace_back(refusal_from(error, paths.front()));
      return;
    }
    parse_or_halve(paths.first(paths.size() / 2), outcomes);
    parse_or_halve(paths.subspan(paths.size() / 2), outcomes);
  }
}

}  // namespace

const DicomPlugin& dicom_plugin() {
  static const auto* loaded = static_cast<const DicomPlugin*>(
      load_plugin({.file = "libsonde-dicom.so", .symbol = "sonde_dicom_plugin", .purpose = "DICOM files"}));
  return *loaded;
}

std::vector<DicomOutcome> read_dicom_headers(const std::vector<std::filesystem::path>& paths) {
  std::vector<DicomOutcome> outcomes;
  if (!paths.empty()) parse_or_halve(paths, outcomes);
  return outcomes;
}

DicomHeader read_dicom_header(const std::filesystem::path& path) {
  auto outcomes = read_dicom_headers({path});
  if (auto* header = std::get_if<DicomHeader>(&outcomes.front())) return std::move(*header);
  const auto& refusal = std::get<Error>(outcomes.front());
  throw Error(refusal.kind(), path.string() + ": " + refusal.what());
}

Photometric photometric_of(const DicomHeader& header) {
  if (header.samples == 3 || header.photometric == "PALETTE COLOR") return Photometric::rgb;
  return header.photometric == "MONOCHROME1" ? Photometric::grey_inverted : Photometric::grey;
}

std::string stored_type_of(const DicomHeader& header) {
  const auto codec = std::string(codec_name(codec_of(header.transfer_syntax)));
  std::string type = header.bits_allocated == 1
                         ? "1 bit"
                         : (header.is_signed == 1 ? "int" : "uint") + std::to_string(header.bits_allocated);
  if (header.samples == 3) type += " rgb";
  if (header.photometric == "PALETTE COLOR") type += " palette";
  return codec.empty() ? type : codec + ", " + type;
}

bool is_eight_bit(const DicomHeader& header) {
  if (photometric_of(header) == Photometric::rgb) return header.bits_allocated == 8;
  const bool plain = header.bits_allocated == 8 && header.bits_stored == 8 && header.is_signed == 0 &&
                     header.has_modality_table == 0;
  for (const auto& frame : header.frames)
    if (frame.slope != 1 || frame.intercept != 0) return false;
  return plain;
}

}  // namespace sonde
