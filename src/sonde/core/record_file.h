// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace sonde {

// A file that grows by whole records: one line of text each, with a checksum, on the disk before append()
// returns. What a killed process left half-written, or what was damaged, is not a record. One process at a
// time (the file is locked), any number of its threads.
class RecordFile {
 public:
  struct Place {
    std::uint64_t offset = 0, length = 0;  // of the record's text
  };

  // Opens or creates; a torn end is cut off. Throws Error naming the file: unavailable (cannot be written);
  // usage (another process has it open).
  explicit RecordFile(std::filesystem::path path);
  ~RecordFile();
  RecordFile(const RecordFile&) = delete;
  RecordFile& operator=(const RecordFile&) = delete;

  // The sound records that are in the file, in its order.
  std::vector<Place> records() const;
  std::string read(Place place) const;

  // text: without a line break. Throws Error{unavailable} naming the file (disk full, ...); the file is then
  // as before.
  Place append(std::string_view text);

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
  std::mutex appending_;
};

// A record as it stands in the file, line break included: for writing a file anew.
std::string record_line(std::string_view text);

// The sound records of a file that is only read. Throws as MappedFile.
std::vector<std::string> read_records(const std::filesystem::path& path);

}  // namespace sonde
