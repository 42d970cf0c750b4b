// SPDX-License-Identifier: Apache-2.0
#include "sonde/predict/sam_model.h"

#include <algorithm>
#include <charconv>
#include <dlfcn.h>
#include <string_view>

#include <torch/torch.h>

#include "sonde/core/error.h"
#include "sonde/core/threads.h"
#include "sonde/imaging/prompt.h"
#include "sonde/weights/checkpoint.h"
#include "sonde/weights/registry.h"
#include "sonde/predict/sam_model_impl.h"

namespace sonde {
namespace {

// The number of "cuda:N", 0 for "cuda".
int cuda_index(const std::string& device) {
  const std::string_view text(device);
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

torch::Device find_device(const std::string& device) {
  if (device == "cpu") return {torch::kCPU};
  const int index = cuda_index(device);
  const auto count = torch::cuda::is_available() ? static_cast<int>(torch::cuda::device_count()) : 0;
  if (count == 0) {
    throw Error(ErrorKind::unavailable, "device " + device + ": this LibTorch sees no CUDA device, use cpu");
  }
  if (index >= count) {
    throw Error(ErrorKind::unavailable,
                "device " + device + " is not there: N is 0.." + std::to_string(count - 1));
  }
  return {torch::kCUDA, static_cast<torch::DeviceIndex>(index)};
}

// LibTorch leaves OpenBLAS's own pool of threads as it is.
void use_threads(int threads) {
  at::set_num_threads(threads);
  using SetThreads = void (*)(int);
  const auto set_blas =
      reinterpret_cast<SetThreads>(::dlsym(RTLD_DEFAULT, "openblas_set_num_threads"));  // NOLINT
  if (set_blas != nullptr) set_blas(threads);
}

void check_threads(int threads) {
  if (threads < 0) {
    throw Error(ErrorKind::usage,
                "threads " + std::to_string(threads) + ": use a count, or 0 for the physical cores");
  }
}

// The tensors are set one by one: module->to() would convert the decoder, or integer buffers, as well.
void to_bf16(torch::nn::Module& encoder) {
  const torch::NoGradGuard no_grad;
  const auto convert = [](torch::Tensor tensor) {
    if (tensor.is_floating_point()) tensor.set_data(tensor.to(torch::kBFloat16));
  };
  for (const auto& tensor : encoder.parameters()) convert(tensor);
  for (const auto& tensor : encoder.buffers()) convert(tensor);
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

}  // namespace

Precision parse_precision(const std::string& text) {
  if (text == "auto") return Precision::automatic;
  if (text == "fp32") return Precision::fp32;
  if (text == "bf16") return Precision::bf16;
  throw Error(ErrorKind::usage, "precision " + text + " is unknown: use auto, fp32 or bf16");
}

SamModel SamModel::load(const std::string& name_or_path, const ModelOptions& options) {
  check_threads(options.threads);
  const torch::Device device = find_device(options.device);
  const std::filesystem::path file = find_model(name_or_path);
  const Checkpoint checkpoint = load_checkpoint(file);
  use_threads(options.threads > 0 ? options.threads : physical_core_count());

  auto impl = std::make_shared<Impl>();
  impl->name = name_or_path;
  impl->sha256 = checkpoint.sha256;
  impl->precision = options.precision == Precision::bf16 ? Precision::bf16 : Precision::fp32;
  impl->device = device;
  impl->network = build_sam(checkpoint, file.string(), device);
  check_sizes(file.string(), impl->network->sizes);
  if (impl->precision == Precision::bf16) to_bf16(*impl->network->image_encoder);
  return SamModel(std::move(impl));
}

const std::string& SamModel::name() const { return impl_->name; }
const std::string& SamModel::sha256() const { return impl_->sha256; }
const std::string& SamModel::architecture() const { return impl_->network->sizes.architecture; }
Precision SamModel::precision() const { return impl_->precision; }
std::int64_t SamModel::image_size() const { return sonde::image_size(impl_->network->sizes); }

}  // namespace sonde
