// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "sonde/evaluate/data_set.h"

namespace sonde {

// What has become of the files of a study since its folder got its results.
struct StudyChanges {
  struct Changed {
    std::filesystem::path image_file;
    enum class What { image, truth, both, turned } what = What::image;
  };
  std::vector<Changed> changed;            // done again
  std::vector<std::string> gone;           // "set: 1.png": no longer in the data, or no longer usable
  std::int64_t images_of_unknown_age = 0;  // answered by a version that kept no content
};
// One line each, for people; a few of many.
std::vector<std::string> lines_of(const StudyChanges& changes);

// Drops from the folder's journal, which must not be open, the answers to images whose own content or whose
// truth's is another than the plans'; the journal is written anew, whole or not at all. Answers of versions
// that kept no content stay, and are taken for answers to what is there now, but for those to pictures that
// these versions did not turn as their orientation says.
StudyChanges drop_changed(const std::filesystem::path& folder, const std::vector<DataSetPlan>& plans);

}  // namespace sonde
