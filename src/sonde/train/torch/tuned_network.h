// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "sonde/model/sam.h"
#include "sonde/model/torch.h"
#include "sonde/train/tuner.h"
#include "sonde/weights/tensor.h"

namespace sonde {

// A network and what is tuned of it. All numbers that are tuned lie in one row, as do their gradients; the
// network's tensors are made of it (apply): some are parts of the row, others have low-rank additions B A to
// what they were (Hu et al. 2021).
class TunedNetwork {
 public:
  // Throws as Tuner's maker does.
  TunedNetwork(const NamedTensors& weights, const std::string& file, const TunerOptions& options);

  SamImpl& sam() { return *sam_; }
  // With the prompt's class and the score that its object is there, where the network has classes.
  Token class_embeddings() const { return class_embeddings_; }  // null otherwise
  Mlp object_score_head() const { return object_score_head_; }

  // The network's tensors that the row is in, and which of them the encoder has. Gradients are computed of
  // these.
  const std::vector<torch::Tensor>& leaves() const { return leaves_; }
  const std::vector<torch::Tensor>& encoder_leaves() const { return encoder_leaves_; }

  // Sets the leaves; call it when the values have changed.
  void apply();
  std::span<float> values();
  std::span<const float> values() const;
  // The row's gradient from the leaves'; undefined where one has none.
  std::vector<float> gradient_row(std::span<const torch::Tensor> gradients) const;

  struct Slice {
    std::string name;
    Shape shape;
    std::int64_t begin = 0, count = 0;  // in the row
  };
  const std::vector<Slice>& slices() const { return slices_; }

  // Copies, under published names.
  NamedTensors tensors() const;

 private:
  struct Piece {  // of a leaf: what lies along a dimension from `first` on
    std::size_t slice, leaf;
    std::int64_t dimension = 0, first = 0;
  };
  struct Addition {          // to a weight [out,in]
    std::size_t a, b, leaf;  // slices [rank,in] and [out,rank]
    torch::Tensor frozen;
  };

  void add_classes(const NamedTensors& weights, const std::string& file, const TunerOptions& options);
  void tune(const std::string& name);
  void add_low_rank(const std::string& weight, std::int64_t rank, std::uint64_t seed);
  void tune_adapter(const std::string& block);
  void tune_piece(const std::string& slice, const std::string& leaf, std::int64_t dimension,
                  std::int64_t first);
  std::size_t add_slice(const std::string& name, const torch::Tensor& initial);
  std::size_t add_leaf(const std::string& name);
  torch::Tensor view(const torch::Tensor& row, std::size_t slice) const;

  Sam sam_{nullptr};
  Token class_embeddings_{nullptr};
  Mlp object_score_head_{nullptr};
  std::map<std::string, torch::Tensor> parameters_;  // of sam_, by name
  std::vector<Slice> slices_;
  std::vector<torch::Tensor> initial_;  // of each slice, until the row is there
  std::vector<torch::Tensor> leaves_, encoder_leaves_;
  std::map<std::string, std::size_t> leaf_of_;
  std::vector<Piece> pieces_;
  std::vector<Addition> additions_;
  torch::Tensor row_;
};

}  // namespace sonde
