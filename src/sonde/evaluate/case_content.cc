// SPDX-License-Identifier: Apache-2.0
#include "sonde/evaluate/case_content.h"

#include "sonde/core/bytes.h"
#include "sonde/core/error.h"
#include "sonde/io/file_content.h"

namespace sonde {
namespace {

std::string content_or_unreadable(const std::filesystem::path& file) {
  try {
    return content_sha256(file);
  } catch (const Error&) {
    return "unreadable";
  }
}

}  // namespace

CaseContent content_of_case(const std::filesystem::path& image) { return {content_or_unreadable(image), ""}; }

CaseContent content_of_case(const std::filesystem::path& image,
                            std::span<const std::filesystem::path> truth_files) {
  CaseContent content = content_of_case(image);
  for (const auto& file : truth_files) content.truth += content_or_unreadable(file);
  if (truth_files.size() > 1) content.truth = sha256_hex(std::as_bytes(std::span(content.truth)));
  return content;
}

}  // namespace sonde
