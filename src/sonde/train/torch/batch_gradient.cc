// SPDX-License-Identifier: Apache-2.0
#include "sonde/train/torch/batch_gradient.h"

#include <algorithm>
#include <utility>

#include <torch/csrc/autograd/autograd.h>

#include "sonde/core/error.h"
#include "sonde/core/parallel.h"
#include "sonde/model/frame_tensor.h"
#include "sonde/model/torch_threads.h"
#include "sonde/train/torch/factored_decoder.h"

namespace sonde {
namespace {

PromptTensors to_tensors(const FramePrompt& prompt, std::int64_t side) {
  PromptTensors tensors;
  if (!prompt.points.empty()) {
    std::vector<float> coords, labels;
    for (const FramePoint& point : prompt.points) {
      coords.insert(coords.end(), {point.x, point.y});
      labels.push_back(point.label == FramePoint::Label::foreground ? 1.0F : 0.0F);
    }
    tensors.point_coords = torch::tensor(coords).view({1, -1, 2});
    tensors.point_labels = torch::tensor(labels).view({1, -1});
  }
  if (prompt.box) tensors.boxes = torch::tensor(at::ArrayRef<float>(*prompt.box)).view({1, 4});
  if (!prompt.mask.empty()) {
    auto* logits = const_cast<float*>(prompt.mask.data());  // NOLINT: from_blob takes non-const
    tensors.masks = torch::from_blob(logits, {1, 1, side, side});
  }
  return tensors;
}

std::span<const float> numbers_of(const torch::Tensor& tensor) {
  return {tensor.data_ptr<float>(), static_cast<std::size_t>(tensor.numel())};
}

void add_to(torch::Tensor& sum, const torch::Tensor& gradient) {
  if (!gradient.defined()) return;
  sum = sum.defined() ? sum + gradient : gradient;
}

// What one example gives.
struct ExampleGradient {
  ExampleLoss loss;
  std::vector<torch::Tensor> leaves;  // undefined where there is none
  torch::Tensor image;
};

class Propagation {
 public:
  Propagation(TunedNetwork& network, const LossOptions& options)
      : network_(network), sam_(network.sam()), options_(options), side_(embedding_side(sam_.sizes)) {}

  // image: [E*E,C], a leaf where its gradient is asked for.
  ExampleGradient run(const TrainingExample& example, const torch::Tensor& image) const {
    const FactoredAnswer answer = decode(sam_, prompt_of(example, image));
    const auto logits = answer.logits.contiguous();
    torch::Tensor score;
    if (example.class_index) score = network_.object_score_head()->forward(answer.tokens.select(0, 0));
    ExampleGradient gradient;
    gradient.loss =
        example_loss({.logits = numbers_of(logits),
                      .iou = numbers_of(answer.iou),
                      .side = 4 * side_,
                      .object_score = score.defined() ? std::optional(score.item<float>()) : std::nullopt},
                     example, options_);
    differentiate({{logits, gradient.loss.logits.data()},
                   {answer.iou, gradient.loss.iou.data()},
                   {score, &gradient.loss.object_score}},
                  image, gradient);
    return gradient;
  }

 private:
  FactoredPrompt prompt_of(const TrainingExample& example, const torch::Tensor& image) const {
    auto embeddings = sam_.prompt_encoder->forward(to_tensors(example.prompt, 4 * side_));
    const auto C = sam_.sizes.prompt_embed_dim;
    auto sparse = embeddings.sparse.view({-1, C});
    if (example.class_index)
      sparse = at::cat({sparse, network_.class_embeddings()->weight.narrow(0, *example.class_index, 1)});
    return {.image = image, .sparse = sparse, .dense = embeddings.dense.view({C, -1}).t()};
  }

  struct Output {
    torch::Tensor tensor;  // undefined: there is none
    float* derivative;
  };
  void differentiate(const std::vector<Output>& all, const torch::Tensor& image,
                     ExampleGradient& gradient) const {
    std::vector<torch::Tensor> outputs, derivatives;
    for (const Output& output : all) {
      if (!output.tensor.defined() || !output.tensor.requires_grad()) continue;
      outputs.push_back(output.tensor);
      // A copy: a bias's gradient may be this very tensor.
      derivatives.push_back(torch::from_blob(output.derivative, output.tensor.sizes()).clone());
    }
    std::vector<torch::Tensor> inputs = network_.leaves();
    if (image.requires_grad()) inputs.push_back(image);
    gradient.leaves = torch::autograd::grad(outputs, inputs, derivatives, /*retain_graph=*/false,
                                            /*create_graph=*/false, /*allow_unused=*/true);
    if (!image.requires_grad()) return;
    gradient.image = gradient.leaves.back();
    gradient.leaves.pop_back();
  }

  TunedNetwork& network_;
  SamImpl& sam_;
  LossOptions options_;
  std::int64_t side_;
};

class Batch {
 public:
  Batch(TunedNetwork& network, std::span<const TrainingExample> examples, const LossOptions& options,
        int threads)
      : network_(network), examples_(examples), propagation_(network, options), threads_(threads) {
    sums_.resize(network.leaves().size());
    out_.examples.resize(examples.size());
  }

  BatchGradient run() {
    if (network_.encoder_leaves().empty()) {
      std::vector<std::size_t> all(examples_.size());
      for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
      decode_examples(all, {});
    } else {
      for (const auto& indices : by_picture()) run_picture(indices);
    }
    out_.values = network_.gradient_row(sums_);
    return std::move(out_);
  }

 private:
  torch::Tensor cached_image(const TrainingPicture& picture) const {
    const SamSizes& sizes = network_.sam().sizes;
    const auto side = embedding_side(sizes);
    if (static_cast<std::int64_t>(picture.embedding.size()) != side * side * sizes.prompt_embed_dim)
      throw Error(ErrorKind::internal, picture.name + ": its embedding is of another network");
    auto* numbers = const_cast<float*>(picture.embedding.data());  // NOLINT: from_blob takes non-const
    return torch::from_blob(numbers, {side * side, sizes.prompt_embed_dim});
  }

  std::vector<std::vector<std::size_t>> by_picture() const {
    std::vector<std::vector<std::size_t>> groups;
    for (std::size_t i = 0; i < examples_.size(); ++i) {
      const auto same = std::ranges::find_if(
          groups, [&](const auto& group) { return examples_[group[0]].picture == examples_[i].picture; });
      if (same == groups.end()) {
        groups.push_back({i});
      } else {
        same->push_back(i);
      }
    }
    return groups;
  }

  // The encoder with all threads, then the examples, then the encoder's gradient.
  void run_picture(const std::vector<std::size_t>& indices) {
    const TrainingPicture& picture = *examples_[indices[0]].picture;
    use_threads(threads_);
    SamImpl& sam = network_.sam();
    const auto frame =
        frame_tensor(picture.pixels.rgb, picture.pixels.width, picture.pixels.height, image_size(sam.sizes));
    const auto features = sam.encode_image(frame);  // [1,C,E,E]
    const auto C = features.size(1);
    auto image = features.detach().view({C, -1}).t().contiguous();
    image.set_requires_grad(true);
    const auto by_image = decode_examples(indices, image);
    use_threads(threads_);
    const auto gradients = torch::autograd::grad(
        {features}, network_.encoder_leaves(), {by_image.t().contiguous().view(features.sizes())},
        /*retain_graph=*/false, /*create_graph=*/false, /*allow_unused=*/true);
    std::size_t next = 0;
    for (std::size_t i = 0; i < sums_.size(); ++i) {
      if (next < gradients.size() && network_.leaves()[i].is_same(network_.encoder_leaves()[next]))
        add_to(sums_[i], gradients[next++]);
    }
  }

  // Each example on a thread of its own. image: undefined where each has its picture's embedding. Returns the
  // image's gradient.
  torch::Tensor decode_examples(const std::vector<std::size_t>& indices, const torch::Tensor& image) {
    std::vector<ExampleGradient> gradients(indices.size());
    const int workers = std::min(threads_, static_cast<int>(indices.size()));
    const int each = threads_ / workers;
    use_threads(each);
    parallel_for(workers, static_cast<std::int64_t>(indices.size()), [&](std::int64_t i) {
      at::set_num_threads(each);  // of this thread
      const auto at = static_cast<std::size_t>(i);
      const TrainingExample& example = examples_[indices[at]];
      gradients[at] = propagation_.run(example, image.defined() ? image : cached_image(*example.picture));
    });
    torch::Tensor by_image;
    for (std::size_t i = 0; i < indices.size(); ++i) {
      add_to(by_image, gradients[i].image);
      add(gradients[i], indices[i]);
    }
    return by_image;
  }

  void add(ExampleGradient& gradient, std::size_t index) {
    for (std::size_t i = 0; i < sums_.size(); ++i) add_to(sums_[i], gradient.leaves[i]);
    out_.loss += gradient.loss.loss;
    out_.mask_loss += gradient.loss.result.mask_loss;
    out_.quality_loss += gradient.loss.result.quality_loss;
    out_.examples[index] = std::move(gradient.loss.result);
  }

  TunedNetwork& network_;
  std::span<const TrainingExample> examples_;
  Propagation propagation_;
  int threads_;
  std::vector<torch::Tensor> sums_;  // of each leaf
  BatchGradient out_;
};

}  // namespace

BatchGradient batch_gradient(TunedNetwork& network, std::span<const TrainingExample> batch,
                             const LossOptions& options, int threads) {
  return Batch(network, batch, options, threads).run();
}

}  // namespace sonde
