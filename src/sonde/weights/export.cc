// SPDX-License-Identifier: Apache-2.0
#include "sonde/weights/export.h"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include "sonde/core/bytes.h"
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
  return {};
}

Exported export_pth(const ExportRequest& request) {
  PublishedTensors published = published_tensors(request.checkpoint.tensors, request.file);
  save_pth(request.target, published.tensors);
  if (request.checkpoint.card) {
    ModelCard card = *request.checkpoint.card;
    card.weights_sha256 = {sha256_hex(MappedFile(request.target).bytes())};
    write_card(card_beside(request.target), card);
  }
  return std::move(published.changes);
}

struct Exporter {
  WeightsFormat format;
  enum class Card { inside, beside } card;
  Exported (*write)(const ExportRequest&);
};
constexpr std::array kExporters{
    Exporter{WeightsFormat::safetensors, Exporter::Card::inside, export_safetensors},
    Exporter{WeightsFormat::pth, Exporter::Card::beside, export_pth},
};

const Exporter& exporter_of(WeightsFormat format) {
  return *std::ranges::find(kExporters, format, &Exporter::format);
}

}  // namespace

PublishedTensors published_tensors(const NamedTensors& tensors, const std::string& file) {
  const SamSizes sizes = sizes_from_tensors(tensors, file);
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

std::vector<std::filesystem::path> files_beside(WeightsFormat format, const ExportRequest& request) {
  const bool has_card = request.checkpoint.card.has_value();
  if (!has_card || exporter_of(format).card == Exporter::Card::inside) return {};
  return {card_beside(request.target)};
}

Exported export_weights(WeightsFormat format, const ExportRequest& request) {
  return exporter_of(format).write(request);
}

}  // namespace sonde
