// SPDX-License-Identifier: Apache-2.0
// The library libsonde-train.so: the mathematics of training, on LibTorch.
#include "sonde/train/tuner.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <malloc.h>
#include <optional>

#include "sonde/core/error.h"
#include "sonde/model/torch.h"
#include "sonde/model/torch_tensor.h"
#include "sonde/model/torch_threads.h"
#include "sonde/train/torch/adam_w.h"
#include "sonde/train/torch/batch_gradient.h"
#include "sonde/train/torch/rank_group.h"
#include "sonde/train/torch/tuned_network.h"

namespace sonde {
namespace {

const std::string kMeanPrefix = "optimiser.mean.", kSquarePrefix = "optimiser.square.",
                  kStepsName = "optimiser.steps";

double norm_of(std::span<const float> gradient) {
  double sum = 0;
  for (const float g : gradient) sum += static_cast<double>(g) * g;
  return std::sqrt(sum);
}

WeightTensor copy_of(std::span<const float> numbers, const Shape& shape) {
  return make_tensor({numbers.begin(), numbers.end()}, shape);
}

struct WithoutOneDnn {
  WithoutOneDnn() { at::globalContext().setUserEnabledMkldnn(false); }
  ~WithoutOneDnn() { at::globalContext().setUserEnabledMkldnn(true); }
  WithoutOneDnn(const WithoutOneDnn&) = delete;
  WithoutOneDnn& operator=(const WithoutOneDnn&) = delete;
};

class TorchTuner : public Tuner {
 public:
  TorchTuner(const NamedTensors& weights, const std::string& file, const TunerOptions& options)
      : options_(options),
        network_(weights, file, options),
        sizes_(network_.sam().sizes),
        optimiser_(network_.values().size()) {
    if (options.ranks.ranks > 1) ranks_.emplace(options.ranks);
  }

  StepResult step(std::span<const TrainingExample> batch, const StepOptions& options) override {
    BatchGradient gradient = sum_of(batch);
    divide(gradient, sum_over_ranks(gradient, batch.size()));
    StepResult result{.loss = gradient.loss,
                      .mask_loss = gradient.mask_loss,
                      .quality_loss = gradient.quality_loss,
                      .bad_parameter = {},
                      .examples = std::move(gradient.examples)};
    result.gradient_norm = norm_of(gradient.values);
    result.bad_parameter = first_not_finite(gradient.values);
    result.applied = std::isfinite(result.gradient_norm) && std::isfinite(result.loss) &&
                     (options.norm_limit == 0 || result.gradient_norm <= options.norm_limit);
    if (result.applied) {
      const double longest = options_.max_gradient_norm;
      optimiser_.step(
          network_.values(), gradient.values,
          {.learning_rate = options.learning_rate,
           .weight_decay = options_.weight_decay,
           .gradient_scale = result.gradient_norm > longest ? longest / result.gradient_norm : 1});
      network_.apply();
    }
    return result;
  }

  double gradient_error(std::span<const TrainingExample> batch) override {
    const auto first = sum_of(batch).values;
    const auto second = [&] {
      const WithoutOneDnn guard;
      return sum_of(batch).values;
    }();
    if (!first_not_finite(first).empty() || !first_not_finite(second).empty())
      return std::numeric_limits<double>::infinity();
    double largest = 0, difference = 0;
    for (std::size_t i = 0; i < first.size(); ++i) {
      largest = std::max<double>(largest, std::abs(first[i]));
      difference = std::max<double>(difference, std::abs(first[i] - second[i]));
    }
    return largest == 0 ? 0 : difference / largest;
  }

  NamedTensors network() const override { return network_.tensors(); }

  NamedTensors tuned() const override {
    NamedTensors tensors;
    for (const auto& slice : network_.slices())
      tensors[slice.name] = copy_of(part(network_.values(), slice), slice.shape);
    return tensors;
  }

  NamedTensors state() const override {
    NamedTensors tensors = tuned();
    for (const auto& slice : network_.slices()) {
      tensors[kMeanPrefix + slice.name] = copy_of(part(optimiser_.mean, slice), slice.shape);
      tensors[kSquarePrefix + slice.name] = copy_of(part(optimiser_.square, slice), slice.shape);
    }
    tensors[kStepsName] = from_torch(torch::tensor(optimiser_.steps));
    return tensors;
  }

  void restore(const NamedTensors& state, const std::string& file) override {
    const NamedTensors expected = this->state();
    for (const auto& [name, tensor] : state) {
      if (!expected.contains(name)) refuse(file, "has a tensor " + name + " that this training has not");
    }
    for (const auto& [name, tensor] : expected) {
      const auto found = state.find(name);
      if (found == state.end()) refuse(file, "has no tensor " + name);
      if (found->second.shape != tensor.shape || found->second.type != tensor.type) {
        refuse(file, name + " is " + to_string(found->second.shape) + ", not " + to_string(tensor.shape));
      }
    }
    const auto copy = [&](const std::string& name, std::span<const float> to) {
      std::memcpy(const_cast<float*>(to.data()), state.at(name).bytes.data(), to.size_bytes());  // NOLINT
    };
    for (const auto& slice : network_.slices()) {
      copy(slice.name, part(network_.values(), slice));
      copy(kMeanPrefix + slice.name, part(optimiser_.mean, slice));
      copy(kSquarePrefix + slice.name, part(optimiser_.square, slice));
    }
    optimiser_.steps = to_torch(state.at(kStepsName)).item<std::int64_t>();
    network_.apply();
  }

  std::int64_t parameter_count() const override {
    return static_cast<std::int64_t>(network_.values().size());
  }

 private:
  [[noreturn]] static void refuse(const std::string& file, const std::string& fault) {
    throw Error(ErrorKind::corrupt_data, file + ": " + fault);
  }
  static std::span<const float> part(std::span<const float> row, const TunedNetwork::Slice& slice) {
    return row.subspan(static_cast<std::size_t>(slice.begin), static_cast<std::size_t>(slice.count));
  }

  BatchGradient sum_of(std::span<const TrainingExample> batch) {
    check(batch);
    // A rank may have no share of a small batch.
    if (batch.empty()) return {.values = std::vector<float>(network_.values().size()), .examples = {}};
    return batch_gradient(network_, batch,
                          {.mask_loss = options_.mask_loss, .candidate_share = options_.candidate_share},
                          options_.threads);
  }

  // Returns the number of examples of all ranks. Losses and number go with the gradient, in one message.
  double sum_over_ranks(BatchGradient& sum, std::size_t examples) {
    if (!ranks_) return static_cast<double>(examples);
    std::vector<float> message = std::move(sum.values);
    const auto size = message.size();
    for (const double number : {sum.loss, sum.mask_loss, sum.quality_loss, static_cast<double>(examples)})
      message.push_back(static_cast<float>(number));
    ranks_->sum(message);
    sum.loss = message[size];
    sum.mask_loss = message[size + 1];
    sum.quality_loss = message[size + 2];
    const double count = message[size + 3];
    message.resize(size);
    sum.values = std::move(message);
    return count;
  }

  static void divide(BatchGradient& sum, double count) {
    for (double* number : {&sum.loss, &sum.mask_loss, &sum.quality_loss}) *number /= count;
    for (float& value : sum.values) value /= static_cast<float>(count);
  }

  void check(std::span<const TrainingExample> batch) const {
    if (batch.empty() && !ranks_) throw Error(ErrorKind::usage, "a batch without examples");
    const auto side = 4 * embedding_side(sizes_);
    for (const TrainingExample& example : batch) {
      if (static_cast<std::int64_t>(example.target.size()) != side * side || example.width < 1 ||
          example.height < 1 || example.width > side || example.height > side)
        throw Error(ErrorKind::internal, example.picture->name + ": a target of another network's frame");
      if (example.class_index &&
          (*example.class_index < 0 || *example.class_index >= static_cast<int>(options_.class_names.size())))
        throw Error(ErrorKind::usage, example.picture->name + ": class " +
                                          std::to_string(*example.class_index) + " has no name");
    }
  }

  std::string first_not_finite(std::span<const float> gradient) const {
    for (const auto& slice : network_.slices()) {
      for (const float g : part(gradient, slice))
        if (!std::isfinite(g)) return slice.name;
    }
    return {};
  }

  TunerOptions options_;
  TunedNetwork network_;
  SamSizes sizes_;
  AdamW optimiser_;
  std::optional<RankGroup> ranks_;
};

// A step takes and gives back the same megabytes again and again; each time from the kernel, they would be
// cleared anew.
void keep_freed_memory() {
  constexpr int kMaxMmapThreshold = 32 << 20;  // that malloc lets one set, bytes
  ::mallopt(M_MMAP_THRESHOLD, kMaxMmapThreshold);
  ::mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
}

std::unique_ptr<Tuner> make_tuner(const NamedTensors& weights, const std::string& file,
                                  const TunerOptions& options) {
  keep_freed_memory();
  use_threads(options.threads);
  return std::make_unique<TorchTuner>(weights, file, options);
}

}  // namespace

const TrainPlugin sonde_train_plugin{.make_tuner = make_tuner};

}  // namespace sonde
