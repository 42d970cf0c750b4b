// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <torch/serialize.h>

#include "sonde/core/data_testing.h"
#include "sonde/core/error.h"
#include "sonde/model/sam.h"
#include "sonde/model/torch.h"
#include "sonde/weights/checkpoint.h"
#include "sonde/weights/registry.h"

// Against what the published implementation answers on the same weights and pixels (golden/README.md).
namespace sonde {
namespace {

constexpr double kMaxLogitError = 0.02, kMaxIouError = 0.01;  // mean absolute over a case; each
constexpr double kMaxEmbeddingError = 2e-3;  // mean absolute; the embeddings are kept in half precision

c10::impl::GenericDict load_cases(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> bytes((std::istreambuf_iterator<char>(file)), {});
  return torch::pickle_load(bytes).toGenericDict();
}

// Normalised with the published mean and deviation, then padded at the right and below.
torch::Tensor model_input(const torch::Tensor& resized, std::int64_t side) {
  const auto mean = torch::tensor({123.675F, 116.28F, 103.53F}),
             deviation = torch::tensor({58.395F, 57.12F, 57.375F});
  const auto pixels = ((resized.to(torch::kFloat) - mean) / deviation).permute({2, 0, 1}).unsqueeze(0);
  return at::constant_pad_nd(pixels, {0, side - pixels.size(3), 0, side - pixels.size(2)});
}

struct Case {
  torch::Tensor point_coords, point_labels, box, iou, low_res;
  std::int64_t mask_from = -1, multimask = 1;
};

Case read_case(const c10::IValue& value) {
  const auto entry = value.toGenericDict();
  const auto tensor = [&](const char* name) {
    return entry.contains(name) && entry.at(name).isTensor() ? entry.at(name).toTensor() : torch::Tensor();
  };
  const auto number = [&](const char* name) {
    const auto item = entry.at(name);
    return item.isTensor() ? item.toTensor().item<std::int64_t>() : item.toInt();
  };
  return {.point_coords = tensor("point_coords"),
          .point_labels = tensor("point_labels"),
          .box = tensor("box"),
          .iou = tensor("iou"),
          .low_res = tensor("low_res"),
          .mask_from = number("mask_from"),
          .multimask = number("multimask")};
}

bool given(const torch::Tensor& tensor) { return tensor.defined() && tensor.numel() > 0; }

// A case's prompt in the frame of the resized picture; scale: x and y of the resized over the original
// extent.
PromptTensors prompt_of(const Case& c, const std::vector<Case>& cases, const torch::Tensor& scale) {
  PromptTensors prompt;
  if (given(c.point_coords)) {
    prompt.point_coords = (c.point_coords.to(torch::kDouble) * scale).to(torch::kFloat).unsqueeze(0);
    prompt.point_labels = c.point_labels.to(torch::kFloat).unsqueeze(0);
  }
  if (given(c.box))
    prompt.boxes = (c.box.to(torch::kDouble).view({2, 2}) * scale).to(torch::kFloat).view({1, 4});
  if (c.mask_from >= 0) {
    const auto& source = cases.at(static_cast<std::size_t>(c.mask_from));
    prompt.masks =
        source.low_res[source.iou.argmax().item<std::int64_t>()].to(torch::kFloat).view({1, 1, 256, 256});
  }
  return prompt;
}

struct Worst {
  double embedding = 0, logits = 0, iou = 0;
  int cases = 0;
};

void compare_case(const Case& c, const DecoderOutput& out, const std::string& name, Worst& worst) {
  const auto first = c.multimask != 0 ? 1 : 0, last = c.multimask != 0 ? 4 : 1;
  const auto logits =
      (out.low_res[0].slice(0, first, last) - c.low_res.to(torch::kFloat)).abs().mean().item<double>();
  const auto iou = (out.iou[0].slice(0, first, last) - c.iou.to(torch::kFloat)).abs().max().item<double>();
  EXPECT_LE(logits, kMaxLogitError) << name;
  EXPECT_LE(iou, kMaxIouError) << name;
  worst.logits = std::max(worst.logits, logits);
  worst.iou = std::max(worst.iou, iou);
  ++worst.cases;
}

void compare_picture(Sam& sam, const std::string& name, const c10::impl::GenericDict& entry, Worst& worst) {
  const auto resized = entry.at("resized").toTensor(), image = entry.at("image").toTensor();
  const auto embedding = sam->encode_image(model_input(resized, image_size(sam->sizes)));
  const auto error =
      (embedding - entry.at("embedding").toTensor().to(torch::kFloat).view_as(embedding)).abs().mean();
  EXPECT_LE(error.item<double>(), kMaxEmbeddingError) << name;
  worst.embedding = std::max(worst.embedding, error.item<double>());

  const auto extent = [](const torch::Tensor& pixels) {
    return torch::tensor({pixels.size(1), pixels.size(0)}, torch::kDouble);
  };
  const auto scale = extent(resized) / extent(image);
  std::vector<Case> cases;
  for (const auto& value : entry.at("cases").toListRef()) cases.push_back(read_case(value));
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const auto out = sam->decode(embedding, prompt_of(cases[i], cases, scale));
    compare_case(cases[i], out, name + " case " + std::to_string(i), worst);
  }
}

void compare_all(Sam sam, const std::filesystem::path& cases) {
  const torch::NoGradGuard no_grad;
  Worst worst;
  for (const auto& item : load_cases(cases)) {
    const auto& name = item.key().toStringRef();
    const auto entry = item.value().toGenericDict();
    if (entry.contains("resized"))
      compare_picture(sam, name, entry, worst);  // vit_small's sizes are an entry too
  }
  EXPECT_GT(worst.cases, 0);
  testing::Test::RecordProperty("cases", worst.cases);
  testing::Test::RecordProperty("worst", "embedding " + std::to_string(worst.embedding) + ", logits " +
                                             std::to_string(worst.logits) + ", iou " +
                                             std::to_string(worst.iou));
}

TEST(Golden, SmallVitAnswersAsThePublishedCode) {
  const auto shared = shared_folder();
  if (!shared) GTEST_SKIP() << "no shared folder";
  const auto file = *shared / "golden" / "vit_small.pth";
  compare_all(build_sam(load_checkpoint(file).tensors, file.string(), torch::kCPU),
              *shared / "golden" / "vit_small_cases.pt");
}

TEST(Golden, MobileSamAnswersAsThePublishedCode) {
  const auto shared = shared_folder();
  if (!shared) GTEST_SKIP() << "no shared folder";
  std::filesystem::path file;
  try {
    file = find_model("mobile-sam");
  } catch (const Error& error) {
    GTEST_SKIP() << error.what();
  }
  compare_all(build_sam(load_checkpoint(file).tensors, file.string(), torch::kCPU),
              *shared / "golden" / "mobile_sam_cases.pt");
}

}  // namespace
}  // namespace sonde
