// SPDX-License-Identifier: Apache-2.0
// Masks on slices of Debian's ch2 brain (package mricron-data) against the published implementation's
// (test/data/ch2_cases.json).
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <zlib.h>

#include "sonde/core/data_testing.h"
#include "sonde/predict/predictor.h"
#include "sonde/weights/registry.h"

namespace sonde {
namespace {

constexpr const char* kVolume = "/usr/share/mricron/templates/ch2.nii.gz";
constexpr std::int64_t kWidth = 181, kHeight = 217, kSlices = 181;
constexpr std::size_t kHeaderBytes = 352;  // NIfTI-1, voxels of one byte

// Empty if it cannot be read.
std::vector<std::uint8_t> read_volume() {
  std::vector<std::uint8_t> bytes(kHeaderBytes + kWidth * kHeight * kSlices);
  const gzFile file = gzopen(kVolume, "rb");
  if (file == nullptr) return {};
  const int count = gzread(file, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(file);
  if (count != static_cast<int>(bytes.size())) return {};
  return bytes;
}

// Row r, column c is voxel (180 - c, 216 - r, z): the patient's right at the left.
RgbImage slice_of(const std::vector<std::uint8_t>& bytes, std::int64_t z) {
  RgbImage image{{kWidth, kHeight}, {}};
  for (std::int64_t r = 0; r < kHeight; ++r) {
    for (std::int64_t c = 0; c < kWidth; ++c) {
      const std::int64_t voxel = (kWidth - 1 - c) + kWidth * ((kHeight - 1 - r) + kHeight * z);
      image.pixels.insert(image.pixels.end(), 3, bytes[kHeaderBytes + static_cast<std::size_t>(voxel)]);
    }
  }
  return image;
}

Mask from_row_runs(const std::vector<std::int64_t>& runs) {
  Mask mask{{kWidth, kHeight}, {}};
  std::uint8_t value = 0;
  for (const std::int64_t run : runs) {
    mask.pixels.insert(mask.pixels.end(), static_cast<std::size_t>(run), value);
    value ^= 1;
  }
  return mask;
}

Prompt prompt_of(const nlohmann::json& fields) {
  Prompt prompt;
  if (fields.contains("box")) {
    const std::vector<double> box = fields["box"];
    prompt.box = Box2{box[0], box[1], box[2], box[3]};
  }
  if (fields.contains("points")) {
    for (std::size_t i = 0; i < fields["points"].size(); ++i) {
      const auto label = fields["labels"][i] == 1 ? PointLabel::foreground : PointLabel::background;
      prompt.points.push_back({{fields["points"][i][0], fields["points"][i][1]}, label});
    }
  }
  return prompt;
}

struct SliceCases {
  std::vector<nlohmann::json> cases;
  std::vector<Prompt> prompts;
};

TEST(Ch2Brain, IsSegmentedAsThePublishedCodeDoes) {
  if (!std::filesystem::exists(models_folder() / "mobile-sam.safetensors"))
    GTEST_SKIP() << "mobile-sam is not here";
  if (!std::filesystem::exists(kVolume)) GTEST_SKIP() << "the package mricron-data is not installed";
  const auto volume = read_volume();
  ASSERT_FALSE(volume.empty());
  std::ifstream file(test_data_folder() / "ch2_cases.json");
  std::map<std::int64_t, SliceCases> slices;
  const auto golden = nlohmann::json::parse(file);
  for (const auto& one : golden["cases"]) {
    slices[one["z"]].cases.push_back(one);
    slices[one["z"]].prompts.push_back(prompt_of(one["prompt"]));
  }
  const SamModel model = SamModel::load("mobile-sam", {.precision = Precision::fp32});
  double sum = 0;
  int masks = 0;
  for (const auto& [z, slice] : slices) {
    const Predictor predictor(model, embed(model, slice_of(volume, z)));
    const auto predictions = predictor.segment(slice.prompts, MaskSet::three);
    for (std::size_t i = 0; i < predictions.size(); ++i) {
      for (std::size_t k = 0; k < predictions[i].size(); ++k, ++masks) {
        const double overlap = iou(predictions[i][k].mask, from_row_runs(slice.cases[i]["masks_rle"][k]));
        EXPECT_GE(overlap, 0.98) << slice.cases[i]["object"] << " z " << z << " candidate " << k;
        EXPECT_NEAR(predictions[i][k].predicted_iou, slice.cases[i]["predicted_iou"][k], 0.01);
        sum += overlap;
      }
    }
  }
  ASSERT_GT(masks, 0);
  EXPECT_GE(sum / masks, 0.995);
  RecordProperty("masks", masks);
  RecordProperty("mean_iou", std::to_string(sum / masks));
}

}  // namespace
}  // namespace sonde
