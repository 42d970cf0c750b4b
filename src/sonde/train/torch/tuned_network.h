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

// A network and what is tuned of it: some of its tensors themselves, and low-rank additions B A to weights
// (Hu et al. 2021). All numbers that are tuned lie in one row, as do their gradients, and the modules'
// tensors are views of it or are made of it (apply).
class TunedNetwork {
 public:
  // Throws as Tuner's maker does.
  TunedNetwork(const NamedTensors& weights, const std::string& file, const TunerOptions& options);

  SamImpl& sam() { return *sam_; }
  // Sets the weights that have additions; call it when the values have changed.
  void apply();
  std::span<float> values();
  std::span<const float> values() const;
  // The gradients of the modules' tensors, which are forgotten, as those of the values.
  std::vector<float> take_gradient();
  void forget_gradient();

  struct Slice {
    std::string name;
    Shape shape;
    std::int64_t begin = 0, count = 0;  // in the row
  };
  const std::vector<Slice>& slices() const { return slices_; }

  // Copies, under published names.
  NamedTensors tensors() const;

 private:
  struct Addition {  // to a weight [out,in]
    torch::Tensor weight, frozen;
    std::size_t a, b;  // slices: [rank,in], [out,rank]
  };

  void tune(const std::string& name);
  void add_low_rank(const std::string& weight, std::int64_t rank, std::uint64_t seed);
  std::size_t add_slice(const std::string& name, const Shape& shape);
  torch::Tensor view(const torch::Tensor& row, std::size_t slice) const;

  Sam sam_{nullptr};
  std::map<std::string, torch::Tensor> parameters_;  // of sam_, by name
  std::vector<Slice> slices_;
  std::vector<torch::Tensor> initial_;  // of each slice, until the row is there
  std::vector<torch::Tensor> direct_;   // of each slice the module's tensor, if it is tuned itself
  std::vector<Addition> additions_;
  torch::Tensor row_;
};

}  // namespace sonde
