// SPDX-License-Identifier: Apache-2.0
#include "sonde/weights/export.h"

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>
#include <variant>

#include "sonde/core/bytes.h"
#include "sonde/weights/export_onnx.h"
#include "sonde/weights/sam_tensors.h"

namespace sonde {
namespace {

WeightTensor count_of_none() {
  static constexpr std::array<std::int64_t, 1> kNone{0};
  return {.type = NumberType::i64, .shape = {}, .bytes = std::as_bytes(std::span(kNone)), .owner = {}};
}

WeightTensor filled(Shape shape, float value) {
  std::int64_t count = 1;
  for (const std::int64_t extent : shape) count *= extent;
  return make_tensor(std::vector<float>(static_cast<std::size_t>(count), value), std::move(shape));
}

// Classes of ImageNet in the published TinyViT; its last layer gives features that SAM does not use.
NamedTensors classifier_of(const TinyVitSizes& sizes) {
  constexpr std::int64_t kImageNet = 1000;
  const std::int64_t channels = sizes.embed_dims.back();
  return {{"image_encoder.norm_head.weight", filled({channels}, 1)},
          {"image_encoder.norm_head.bias", filled({channels}, 0)},
          {"image_encoder.head.weight", filled({kImageNet, channels}, 0)},
          {"image_encoder.head.bias", filled({kImageNet}, 0)}};
}
NamedTensors classifier_of(const VitSizes& /*sizes*/) { return {}; }

Exported export_safetensors(const ExportRequest& request) {
  std::map<std::string, std::string> metadata{{"format", "pt"}, {"origin", "written by sonde"}};
  if (request.checkpoint.card) {
    ModelCard card = *request.checkpoint.card;
    card.weights_sha256.clear();
    metadata[kCardKey] = card_text(card);
  }
  save_safetensors(request.target, request.checkpoint.tensors, metadata);
  return {.files = {request.target}, .left_out = {}, .added = {}};
}

Exported export_pth(const ExportRequest& request) {
  PublishedTensors published = published_tensors(request.checkpoint.tensors, request.file);
  save_pth(request.target, published.tensors);
  published.changes.files = {request.target};
  if (request.checkpoint.card) {
    ModelCard card = *request.checkpoint.card;
    card.weights_sha256 = {sha256_hex(MappedFile(request.target).bytes())};
    write_card(card_beside(request.target), card);
    published.changes.files.push_back(card_beside(request.target));
  }
  return std::move(published.changes);
}

template <OnnxClient client>
Exported export_graphs(const ExportRequest& request) {
  std::error_code failed;
  std::filesystem::create_directories(request.target, failed);  // where it cannot be made, writing says so
  OnnxExport written = export_onnx(request.checkpoint.tensors, request.file, request.target, client);
  return {.files = std::move(written.files), .left_out = std::move(written.left_out), .added = {}};
}

using Files = std::vector<std::filesystem::path>;

Files target_alone(const ExportRequest& request) { return {request.target}; }
Files target_and_card(const ExportRequest& request) {
  if (!request.checkpoint.card) return {request.target};
  return {request.target, card_beside(request.target)};
}
Files graphs(const ExportRequest& request) { return possible_onnx_files(request.target); }

struct Exporter {
  WeightsFormat format;
  Files (*possible_files)(const ExportRequest&);
  Exported (*write)(const ExportRequest&);
};
constexpr std::array kExporters{
    Exporter{WeightsFormat::safetensors, target_alone, export_safetensors},
    Exporter{WeightsFormat::pth, target_and_card, export_pth},
    Exporter{WeightsFormat::onnx, graphs, export_graphs<OnnxClient::published>},
    Exporter{WeightsFormat::onnx_samexporter, graphs, export_graphs<OnnxClient::samexporter>},
    Exporter{WeightsFormat::onnx_cornerstone, graphs, export_graphs<OnnxClient::cornerstone>},
};

const Exporter& exporter_of(WeightsFormat format) {
  return *std::ranges::find(kExporters, format, &Exporter::format);
}

}  // namespace

PublishedTensors published_tensors(const NamedTensors& tensors, const std::string& file) {
  SamSizes sizes = sizes_from_tensors(tensors, file);
  sizes.class_count = 0;
  NamedTensors possible =
      std::visit([](const auto& family) { return classifier_of(family); }, sizes.image_encoder);
  PublishedTensors published;
  const NamedParameters parameters = parameters_of(sizes);
  for (const auto& [name, tensor] : tensors) {
    if (parameters.contains(name) || possible.contains(name)) {
      published.tensors.emplace(name, tensor);
    } else {
      published.changes.left_out.push_back(name);
    }
  }
  fit_tensors(published.tensors, sizes, file);
  for (const auto& [name, parameter] : parameters) {
    if (parameter.type == NumberType::i64) possible.emplace(name, count_of_none());
  }
  for (const auto& [name, tensor] : possible) {
    if (published.tensors.emplace(name, tensor).second) published.changes.added.push_back(name);
  }
  return published;
}

std::vector<std::filesystem::path> possible_files(WeightsFormat format, const ExportRequest& request) {
  return exporter_of(format).possible_files(request);
}

Exported export_weights(WeightsFormat format, const ExportRequest& request) {
  return exporter_of(format).write(request);
}

}  // namespace sonde
