// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/dicom/copies.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "sonde/core/error.h"
#include "sonde/io/dicom/decode.h"
#include "sonde/io/dicom/wire.h"

namespace sonde {
namespace {

using Members = std::vector<std::size_t>;

// The same for files that may be copies of each other.
std::string place_of(const DicomHeader& header) {
  std::vector<std::byte> bytes;
  WireWriter wire(bytes);
  wire(header.series_uid, header.rows, header.columns);
  for (const DicomFrame& frame : header.frames) {
    const DicomPlane plane = frame.plane.value_or(DicomPlane{});
    wire(frame.plane.has_value(), plane.row, plane.column, plane.position);
  }
  return sha256_hex(bytes);
}

bool same_bytes(const std::filesystem::path& a, const std::filesystem::path& b) {
  return std::ranges::equal(MappedFile(a).bytes(), MappedFile(b).bytes());
}

// Of what the pixels show; files that cannot be decoded are like no other.
std::string digest_of(const std::filesystem::path& path, const DicomHeader& header) {
  std::vector<DicomFrameRequest> requests;
  for (std::size_t f = 0; f < header.frames.size(); ++f)
    requests.push_back(frame_request(path, header, static_cast<std::int64_t>(f)));
  try {
    std::string digests;
    decode_dicom_frames(requests, [&](ByteView frame) { digests += sha256_hex(frame); });
    return digests;
  } catch (const Error&) {
    return path.string();
  }
}

// The members of one place without the copies among them.
Members distinct(const DicomFiles& files, const Members& members) {
  Members kept;
  std::set<std::string> digests;
  for (const std::size_t member : members) {
    const auto digest = [&](std::size_t file) { return digest_of(files.paths[file], files.headers[file]); };
    if (!kept.empty()) {
      if (same_bytes(files.paths[kept.front()], files.paths[member])) continue;
      if (digests.empty()) digests.insert(digest(kept.front()));
      if (!digests.insert(digest(member)).second) continue;
    }
    kept.push_back(member);
  }
  return kept;
}

}  // namespace

DicomFiles without_copies(const DicomFiles& files) {
  std::map<std::string, Members> by_uid;
  for (std::size_t i = 0; i < files.headers.size(); ++i)
    by_uid[files.headers[i].sop_instance_uid].push_back(i);
  std::set<std::size_t> kept;
  std::set<std::size_t> sharing;
  for (const auto& [uid, members] : by_uid) {
    if (uid.empty() || members.size() == 1) {
      kept.insert(members.begin(), members.end());
      continue;
    }
    std::map<std::string, Members> by_place;
    for (const std::size_t member : members) by_place[place_of(files.headers[member])].push_back(member);
    Members of_uid;
    for (const auto& [place, alike] : by_place)
      for (const std::size_t member : distinct(files, alike)) of_uid.push_back(member);
    kept.insert(of_uid.begin(), of_uid.end());
    if (of_uid.size() > 1) sharing.insert(of_uid.begin(), of_uid.end());
  }
  DicomFiles result;
  for (const std::size_t i : kept) {
    result.paths.push_back(files.paths[i]);
    result.headers.push_back(files.headers[i]);
    if (sharing.contains(i))
      result.headers.back().notes.emplace_back(
          "files share one SOP instance UID although their positions or pixels differ: all are kept");
  }
  return result;
}

}  // namespace sonde
