// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <span>
#include <string_view>

#include <nlohmann/json.hpp>

#include "sonde/core/bytes.h"
#include "sonde/evaluate/csv.h"

namespace sonde {

// A CSV file of a run, mapped for as long as it is read. Throws as MappedFile and CsvReader, naming the file.
class RunCsv {
 public:
  RunCsv(const std::filesystem::path& file, std::span<const std::string_view> columns);
  CsvReader* operator->() { return &reader_; }

 private:
  MappedFile mapped_;
  CsvReader reader_;
};

// Throws as MappedFile, Error{corrupt_data} naming the file where it is not JSON.
nlohmann::ordered_json read_run_json(const std::filesystem::path& file);

}  // namespace sonde
