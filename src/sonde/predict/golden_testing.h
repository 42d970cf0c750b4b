// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <torch/serialize.h>

#include "sonde/imaging/picture.h"

namespace sonde {

// For tests: what the published implementation answered (shared/golden/*_cases.pt).
struct GoldenCase {
  torch::Tensor point_coords, point_labels;  // [N,2] x, y and [N]
  torch::Tensor box;                         // [4], or no values
  std::int64_t mask_from = -1;               // the case whose best low-resolution mask is the mask prompt
  bool multimask = false;
  torch::Tensor masks, iou, low_res;  // [C,H,W] uint8, [C], [C,256,256]
};
struct GoldenImage {
  std::string name;
  torch::Tensor image, resized;  // [H,W,3] uint8
  torch::Tensor embedding;       // [256,64,64] half
  std::vector<GoldenCase> cases;
};

using GoldenFields = c10::Dict<c10::IValue, c10::IValue>;

// A tensor without values where there is none.
inline torch::Tensor golden_tensor(const GoldenFields& fields, const char* name) {
  return fields.contains(name) ? fields.at(name).toTensor().contiguous() : torch::empty({0});
}

inline GoldenCase golden_case(const GoldenFields& fields) {
  return {.point_coords = golden_tensor(fields, "point_coords"),
          .point_labels = golden_tensor(fields, "point_labels"),
          .box = golden_tensor(fields, "box"),
          .mask_from = fields.at("mask_from").toInt(),
          .multimask = fields.at("multimask").toInt() != 0,
          .masks = golden_tensor(fields, "masks"),
          .iou = golden_tensor(fields, "iou"),
          .low_res = golden_tensor(fields, "low_res")};
}

inline std::vector<GoldenImage> read_golden_cases(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  std::vector<GoldenImage> images;
  for (const auto& item : torch::pickle_load(bytes).toGenericDict()) {
    const auto fields = item.value().toGenericDict();
    if (!fields.contains("cases")) continue;  // the encoder's sizes
    GoldenImage image{.name = item.key().toStringRef(),
                      .image = golden_tensor(fields, "image"),
                      .resized = golden_tensor(fields, "resized"),
                      .embedding = golden_tensor(fields, "embedding"),
                      .cases = {}};
    for (const c10::IValue& one : fields.at("cases").toListRef()) {
      image.cases.push_back(golden_case(one.toGenericDict()));
    }
    images.push_back(std::move(image));
  }
  std::sort(images.begin(), images.end(),
            [](const GoldenImage& a, const GoldenImage& b) { return a.name < b.name; });
  return images;
}

inline RgbImage to_picture(const torch::Tensor& pixels) {
  const auto contiguous = pixels.contiguous();
  const std::uint8_t* begin = contiguous.data_ptr<std::uint8_t>();
  return {{pixels.size(1), pixels.size(0)}, {begin, begin + contiguous.numel()}};
}

}  // namespace sonde
