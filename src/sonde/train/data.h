// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sonde/core/fields.h"
#include "sonde/core/progress.h"
#include "sonde/evaluate/data_set.h"
#include "sonde/imaging/picture.h"
#include "sonde/imaging/rle.h"
#include "sonde/imaging/window.h"

namespace sonde {

// What a picture is for. guard: of a set that is never trained on.
enum class SplitPart { train, validation, test, guard };
constexpr auto words(SplitPart /*part*/) {
  return Words{"SplitPart", "train", "validation", "test", "guard"};
}

struct TrainObject {
  std::string class_name;  // of its label; the label's value where it has no name
  std::string object;      // instance, annotation or object id; empty for a class
  std::int64_t area_px = 0;
  Rle mask;
};

// One picture to learn from or to measure on. Pixels stay where they are until they are asked for.
struct TrainPicture {
  std::string dataset, image;  // as in results.csv: "17.png", "scan.nii.gz#axial:12"
  std::string whole;           // the file whose slices stay together: "scan.nii.gz", or `image`
  std::string case_name;       // what a split keeps together, once it is made
  std::filesystem::path file;  // for messages
  std::string pixels_sha256;   // of the windowed pixels and their extent
  std::string window;          // as used
  std::string view;            // of one that was made from another: "flip"; empty: as it is
  Extent2 extent;
  std::vector<TrainObject> objects;  // all that are large enough
  std::vector<std::size_t> tasks;    // of these, what is asked for: at most per_picture
  SplitPart part = SplitPart::train;
  std::function<RgbImage()> load;  // windowed; reads it again and throws Error naming the file
};

// What is said of a data set as a whole: from its labels.json, where it says it.
struct DataOrigin {
  std::string dataset, licence, citation, source;
};

struct TrainingData {
  std::vector<TrainPicture> pictures;  // by data set, then in the order of their names
  std::vector<DataOrigin> origins;     // by data set
  std::vector<StudyFailure> failures;
  std::vector<std::string> notes;  // one line each, which names the file
};

struct DataOptions {
  PlanOptions plan;
  WindowChoice window;
  std::int64_t per_picture = 8;  // objects; of more, drawn ones
  std::uint64_t seed = 1;        // for that draw
  int threads = 1;
};

// Reads every picture of `data` once: whatever plan_data_sets reads, and folders of annotation projects,
// whose approved objects count, as they are now; a project is not changed and may be open. What cannot be
// used is a failure and stops nothing. Throws as plan_data_sets and ProjectSnapshot; Error{usage} where two
// of `data` have one name.
TrainingData read_training_data(std::span<const std::filesystem::path> data, const DataOptions& options,
                                const Progress& progress = {});

// Of everything that training sees of the pictures: names, pixels, objects. Another hash is other data.
std::string data_sha256(std::span<const TrainPicture> pictures);

// A picture as it was read, with the mask of each of its objects.
struct PictureWithMasks {
  RgbImage image;
  std::vector<Mask> masks;
};
// What follows from the pixels, of a picture whose objects have their names already: hash, extent, areas,
// masks, tasks. Objects smaller than the plan's min_area_px are dropped.
void complete(TrainPicture& picture, const PictureWithMasks& shown, const DataOptions& options);

// An annotation project, by its database.
bool is_project(const std::filesystem::path& folder);
// The approved objects of one, as a data set of this name.
TrainingData read_project(const std::filesystem::path& folder, const std::string& name,
                          const DataOptions& options, const Progress& progress);
// What labels.json in or beside `data` says of a set.
DataOrigin origin_of(const std::filesystem::path& data, const std::string& name);

}  // namespace sonde
