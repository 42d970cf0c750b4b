// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sonde/core/fields.h"
#include "sonde/inference/network.h"
#include "sonde/weights/tensor.h"

// The mathematics of training, which LibTorch does in a library of its own (train/torch): everything else of
// train/ calls it through this header and does without LibTorch.
namespace sonde {

// What of the network is tuned.
enum class TunedPart {
  lora,          // low-rank additions to q and v of the decoder's attention, tokens, hyper-networks, IoU head
  decoder,       // the mask decoder
  quality,       // its IoU head alone
  encoder_lora,  // lora, and low-rank additions to the image encoder's attention
  adapter,       // lora, and bottlenecks beside the MLPs of a ViT encoder, which make these wider
  full           // everything
};
constexpr auto words(TunedPart) {
  return Words{"TunedPart", "lora", "decoder", "quality", "encoder-lora", "adapter", "full"};
}
// Whether the image encoder stays as it is, so that embeddings serve for all steps.
constexpr bool keeps_encoder(TunedPart part) { return part <= TunedPart::quality; }

enum class MaskLoss { dice_bce, dice_focal };
constexpr auto words(MaskLoss) { return Words{"MaskLoss", "dice+bce", "dice+focal"}; }

// Several processes that train together. Each is given its share of every batch.
struct RankOptions {
  int ranks = 1, rank = 0;
  std::string meet;       // a file that all see and that is not there yet, or HOST:PORT of rank 0
  double timeout_s = 30;  // of whoever does not answer
};

struct TunerOptions {
  TunedPart part = TunedPart::lora;
  int lora_rank = 4;
  MaskLoss mask_loss = MaskLoss::dice_bce;
  double candidate_share = 0.1;  // of the loss of candidates that are not the best, where prompts say all
  double weight_decay = 0.01;
  double max_gradient_norm = 1;  // gradients are scaled down to it
  std::uint64_t seed = 1;        // of what is initialised at random
  int threads = 1;
  std::vector<std::string> class_names{};  // a learned token and an object score each
  RankOptions ranks{};
};

// One of a batch. Examples of one picture share its memory, and what is computed of it.
struct TrainingPicture {
  std::string name;                  // for errors
  std::span<const float> embedding;  // [E*E][C], channels last, as Network::encode gives it: keeps_encoder
  FramePixels pixels;                // otherwise
};
struct TrainingExample {
  std::shared_ptr<const TrainingPicture> picture;
  FramePrompt prompt;  // points, box, mask; may be empty where there is a class
  std::optional<int> class_index{};
  std::vector<float> target;  // [4*E][4*E], share of the object in each pixel of the low-resolution frame
  // Extent of the picture in that frame, from the top-left corner; the loss ends where padding begins.
  std::int64_t width = 0, height = 0;
  // The object is there. False with a class that the picture does not show: all of target is 0, and the
  // object score learns to say so.
  bool present = true;
};

struct ExampleResult {
  double mask_loss = 0, quality_loss = 0;
  std::array<float, 4> predicted_iou{}, iou{};  // of the single mask and the candidates, in the frame
  std::array<std::vector<float>, 4> logits;     // [4*E][4*E] each
  std::optional<float> object_score;            // logit, of an example that has a class
};

struct StepOptions {
  double learning_rate = 1e-3;
  double norm_limit = 0;  // a gradient longer than this is not applied; 0: there is no limit
};
struct StepResult {
  double loss = 0, mask_loss = 0, quality_loss = 0;  // means over the batch of all ranks
  double gradient_norm = 0;                          // before it was scaled down
  bool applied = true;                               // not finite or too long: nothing has changed
  std::string bad_parameter;                         // the first whose gradient is not finite
  std::vector<ExampleResult> examples;               // of this rank, in their order
};

class Tuner {
 public:
  virtual ~Tuner() = default;
  // One step of AdamW. Several ranks must call it alike. Throws Error{unavailable} naming the rank that did
  // not answer.
  virtual StepResult step(std::span<const TrainingExample> batch, const StepOptions& options) = 0;
  // The largest difference between this rank's gradients of the batch and those of a second way to compute
  // them, relative to the largest gradient. Changes nothing.
  virtual double gradient_error(std::span<const TrainingExample> batch) = 0;

  // The whole network under its published names, additions and adapters merged (the tensors of class names
  // under names of sonde's own: prompt_encoder.class_embeddings.weight [names][C] and
  // mask_decoder.object_score_head.layers.0 to 2). Tensors are copies.
  virtual NamedTensors network() const = 0;
  // What is tuned alone, not merged.
  virtual NamedTensors tuned() const = 0;
  // What is tuned and the optimiser's moments and count of steps: restore(state()) goes on to the same bytes.
  virtual NamedTensors state() const = 0;
  // Throws Error{corrupt_data} naming the tensor that is missing, too many or of another shape.
  virtual void restore(const NamedTensors& state, const std::string& file) = 0;
  virtual std::int64_t parameter_count() const = 0;  // tuned
};

// What libsonde-train.so gives.
struct TrainPlugin {
  // file: the tensors' file, for errors. Throws Error{usage} for a part that the network does not have
  // (adapter without a ViT) or another number of classes, Error{corrupt_data} for weights that are not
  // finite, Error{conflict} and Error{unavailable} where ranks cannot meet.
  std::unique_ptr<Tuner> (*make_tuner)(const NamedTensors& weights, const std::string& file,
                                       const TunerOptions& options);
};
extern "C" const TrainPlugin sonde_train_plugin;  // in the library

// Loads the library at the first call, as load_torch_plugin does. Throws Error{unavailable} where it is not
// there.
const TrainPlugin& load_train_plugin();

}  // namespace sonde
