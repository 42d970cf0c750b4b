// SPDX-License-Identifier: Apache-2.0
#include "sonde/predict/sam_model.h"

#include <charconv>
#include <optional>
#include <string_view>

#include "sonde/core/error.h"
#include "sonde/core/threads.h"
#include "sonde/imaging/prompt.h"
#include "sonde/inference/cpu_network.h"
#include "sonde/kernels/cpu.h"
#include "sonde/predict/sam_model_impl.h"
#include "sonde/predict/torch_plugin.h"
#include "sonde/weights/checkpoint.h"
#include "sonde/weights/registry.h"
#include "sonde/weights/sam_tensors.h"

namespace sonde {
namespace {

// The number of "cuda:N", 0 for "cuda", nothing for "cpu".
std::optional<int> cuda_index(const std::string& device) {
  const std::string_view text(device);
  if (text == "cpu") return std::nullopt;
  if (text == "cuda") return 0;
  int index = -1;
  constexpr std::string_view kPrefix = "cuda:";
  if (text.substr(0, kPrefix.size()) == kPrefix) {
    const char* end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data() + kPrefix.size(), end, index);
    if (error != std::errc() || stopped != end) index = -1;
  }
  if (index < 0) throw Error(ErrorKind::usage, "device " + device + " is unknown: use cpu, cuda or cuda:N");
  return index;
}

void check_threads(int threads) {
  if (threads < 0) {
    throw Error(ErrorKind::usage,
                "threads " + std::to_string(threads) + ": use a count, or 0 for the physical cores");
  }
}

void check_sizes(const std::string& file, const SamSizes& sizes) {
  constexpr std::int64_t kFrame = 4 * kLowResSide;
  if (sonde::image_size(sizes) != kFrame) {
    throw Error(ErrorKind::unsupported,
                file + ": the model takes pictures of " + std::to_string(sonde::image_size(sizes)) +
                    " pixels, sonde predicts with models of " + std::to_string(kFrame));
  }
  if (sizes.num_mask_tokens != 4) {
    throw Error(ErrorKind::unsupported, file + ": the model has " + std::to_string(sizes.num_mask_tokens) +
                                            " mask tokens, sonde predicts with models of 4");
  }
}

// A token without a name cannot be asked for; a name needs the token that is its own.
void check_classes(const std::string& file, const SamModel::Impl& model) {
  const std::size_t named = model.card ? model.card->classes.size() : 0;
  if (named == 0 || named == static_cast<std::size_t>(model.sizes.class_count)) return;
  throw Error(ErrorKind::corrupt_data, file + ": the card names " + std::to_string(named) +
                                           " classes, the weights have tokens of " +
                                           std::to_string(model.sizes.class_count));
}

Precision precision_of(const ModelOptions& options, SamModel::Impl::Device device) {
  if (options.precision != Precision::automatic) return options.precision;
  const bool has_fast_bf16 = kernels::instruction_set() == kernels::InstructionSet::avx512_bf16;
  return device == SamModel::Impl::Device::cpu && has_fast_bf16 ? Precision::bf16 : Precision::fp32;
}

std::shared_ptr<const Network> cpu_network(const SamTensors& tensors, const SamModel::Impl& impl) {
  const auto storage = impl.precision == Precision::bf16 ? kernels::Storage::bf16 : kernels::Storage::fp32;
  return make_cpu_network(tensors, {.storage = storage, .threads = impl.threads});
}

}  // namespace

Precision parse_precision(const std::string& text) {
  if (text == "auto") return Precision::automatic;
  if (text == "fp32") return Precision::fp32;
  if (text == "bf16") return Precision::bf16;
  throw Error(ErrorKind::usage, "precision " + text + " is unknown: use auto, fp32 or bf16");
}

SamModel SamModel::load(const std::string& name_or_path, const ModelOptions& options) {
  check_threads(options.threads);
  const std::optional<int> cuda = cuda_index(options.device);
  const TorchPlugin* plugin = cuda ? &load_torch_plugin(options.device) : nullptr;
  if (plugin != nullptr) plugin->check_device(options.device, *cuda);
  const std::string file = find_model(name_or_path).string();
  const Checkpoint checkpoint = load_checkpoint(file);

  auto impl = std::make_shared<Impl>();
  impl->name = name_or_path;
  impl->sha256 = checkpoint.sha256;
  impl->card = checkpoint.card;
  impl->device = cuda ? Impl::Device::cuda : Impl::Device::cpu;
  impl->precision = precision_of(options, impl->device);
  impl->threads = options.threads > 0 ? options.threads : physical_core_count();
  impl->sizes = sizes_from_tensors(checkpoint.tensors, file);
  const SamTensors tensors = fit_tensors(checkpoint.tensors, impl->sizes, file);
  check_sizes(file, impl->sizes);
  check_classes(file, *impl);
  impl->network = plugin == nullptr
                      ? cpu_network(tensors, *impl)
                      : plugin->make_network(
                            checkpoint.tensors, file,
                            {.cuda_index = *cuda, .precision = impl->precision, .threads = impl->threads});
  return SamModel(std::move(impl));
}

const std::string& SamModel::name() const { return impl_->name; }
const std::string& SamModel::sha256() const { return impl_->sha256; }
const std::string& SamModel::architecture() const { return impl_->sizes.architecture; }
Precision SamModel::precision() const { return impl_->precision; }
const std::optional<ModelCard>& SamModel::card() const { return impl_->card; }
AnswerRules SamModel::answer_rules() const {
  return impl_->card ? impl_->card->choice_by_prompt : AnswerRules{};
}
std::int64_t SamModel::image_size() const { return sonde::image_size(impl_->sizes); }
const std::vector<CardClass>& SamModel::classes() const {
  static const std::vector<CardClass> kNone;
  return impl_->card ? impl_->card->classes : kNone;
}

int SamModel::class_index(const std::string& class_name) const {
  std::string known;
  for (std::size_t i = 0; i < classes().size(); ++i) {
    if (classes()[i].name == class_name) return static_cast<int>(i);
    known += (i > 0 ? ", " : "") + classes()[i].name;
  }
  throw Error(ErrorKind::usage,
              "class " + class_name + ": the model " + name() +
                  (known.empty() ? " has learned no class names; sonde train --prompts class teaches them"
                                 : " knows " + known));
}

}  // namespace sonde
