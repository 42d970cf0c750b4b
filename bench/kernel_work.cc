// SPDX-License-Identifier: Apache-2.0
// kernel_work [NAME...]: small fixed work for kernels, all of them or those named, for bench/kernel_counts,
// which counts the instructions inside counted_work. Prints the names in the order in which they ran.
#include <cstdint>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "sonde/kernels/attention.h"
#include "sonde/kernels/decoder_blocks.h"
#include "sonde/kernels/depthwise.h"
#include "sonde/kernels/elementwise.h"
#include "sonde/kernels/flash_attention.h"
#include "sonde/kernels/matrix.h"

using namespace sonde::kernels;

// The boundary of what is counted: valgrind finds it by name.
extern "C" __attribute__((noinline)) void counted_work(const std::function<void()>& work) { work(); }

namespace {

std::vector<float> random_floats(std::size_t count) {
  std::mt19937 random(1);  // the same sequence with every standard library, unlike its distributions
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(random() >> 8) / static_cast<float>(1 << 23) - 1;
  return values;
}

Buffer random_values(std::size_t count, Storage storage) {
  Buffer values(count * size_of(storage));
  convert(random_floats(count).data(), count, storage, values.data());
  return values;
}

struct ProductSizes {
  std::size_t rows = 0, inputs = 0, outputs = 0;
  Storage storage = Storage::fp32;
  Activation activation = Activation::none;
};
std::function<void()> product(const ProductSizes& sizes) {
  struct State {
    PackedMatrix matrix;
    Buffer in, out;
  };
  const auto state = std::make_shared<State>();
  state->matrix = PackedMatrix(random_floats(sizes.inputs * sizes.outputs), random_floats(sizes.outputs),
                               sizes.outputs, sizes.storage);
  state->in = random_values(sizes.rows * sizes.inputs, sizes.storage);
  state->out = Buffer(sizes.rows * sizes.outputs * sizeof(float));
  return [sizes, state] {
    multiply({.in = state->in.data(),
              .in_stride = sizes.inputs,
              .rows = sizes.rows,
              .activation = sizes.activation,
              .out = state->out.data(),
              .out_stride = sizes.outputs,
              .out_storage = sizes.storage},
             state->matrix.view());
  };
}

std::function<void()> layer_norms(std::size_t rows, std::size_t channels, Storage out_storage) {
  return [=, in = random_floats(rows * channels), weight = random_floats(channels),
          out = std::make_shared<Buffer>(rows * channels * sizeof(float))] {
    const LayerNorm norm{.weight = weight.data(), .bias = weight.data(), .channels = channels, .eps = 1e-5F};
    layer_norm(in.data(), channels, rows, norm, Activation::none, out->data(), channels, out_storage);
  };
}

std::function<void()> activations(std::size_t count, Storage out_storage) {
  return [=, in = random_floats(count), out = std::make_shared<Buffer>(count * sizeof(float))] {
    activate(in.data(), count, Activation::gelu, out_storage, out->data());
  };
}

std::function<void()> softmaxes(std::size_t rows, std::size_t columns) {
  return [=, values = random_floats(rows * columns)]() mutable {
    softmax_rows(values.data(), rows, columns, columns, 0.1F);
  };
}

std::function<void()> depthwise(std::size_t channels, std::size_t stride, Storage storage) {
  constexpr std::size_t kWidth = 16;
  const std::size_t columns = (kWidth - 1) * stride + 3;
  return [=, weight = random_floats(10 * channels),
          in = std::make_shared<Buffer>(random_values(3 * columns * channels, storage)),
          out = std::make_shared<Buffer>(kWidth * channels * sizeof(float))] {
    const Depthwise layer{.weight = weight.data(),
                          .bias = weight.data() + 9 * channels,
                          .channels = channels,
                          .stride = stride};
    const std::size_t row_bytes = columns * channels * size_of(storage);
    convolve({.in = {in->data(), in->data() + row_bytes, in->data() + 2 * row_bytes},
              .in_storage = storage,
              .width = kWidth,
              .activation = Activation::gelu,
              .out = out->data(),
              .out_storage = storage},
             layer);
  };
}

std::function<void()> window_attention(std::size_t tokens, Storage storage) {
  constexpr std::size_t kChannels = 32;
  return [=, in = std::make_shared<Buffer>(random_values(3 * tokens * kChannels, storage)),
          bias = random_floats(tokens * tokens), rows = std::vector<std::uint16_t>(tokens),
          out = std::make_shared<Buffer>(tokens * kChannels * sizeof(float))] {
    const std::size_t part = kChannels * size_of(storage);
    attend({.q = in->data(),
            .queries = tokens,
            .k = in->data() + part,
            .v = in->data() + 2 * part,
            .keys = tokens,
            .channels = kChannels,
            .stride = 3 * kChannels,
            .bias = bias.data(),
            .bias_row = rows,
            .storage = storage,
            .out = out->data(),
            .out_stride = kChannels});
  };
}

// The mask decoder's: 8 heads of 16 channels, 7 tokens, blocks of positions.
constexpr std::size_t kHeads = 8, kTokens = 7, kDim = 16, kRows = kHeads * kTokens;

std::function<void()> decoder_scores() {
  return [queries = random_floats(kTokens * kHeads * kDim), keys = random_floats(kHeads * kDim * kBlock),
          scores = std::vector<float>(kRows * kBlock)]() mutable {
    score_block({.heads = kHeads,
                 .tokens = kTokens,
                 .dim = kDim,
                 .queries = queries.data(),
                 .keys = keys.data(),
                 .out = scores.data(),
                 .out_stride = kBlock});
  };
}

std::function<void()> decoder_softmax() {
  return [scores = random_floats(kRows * kBlock)]() mutable {
    softmax_over_tokens(scores.data(), kHeads, kTokens, kTokens);
  };
}

std::function<void()> decoder_exponentials() {
  constexpr std::size_t kPositions = 4 * kBlock;
  return [scores = random_floats(kRows * kPositions), rows = std::vector<float>(2 * kRows)]() mutable {
    exponentials({.values = scores.data(),
                  .rows = kRows,
                  .columns = kPositions,
                  .stride = kPositions,
                  .valid = kPositions,
                  .maxima = rows.data(),
                  .sums = rows.data() + kRows});
  };
}

std::function<void()> decoder_sums() {
  constexpr std::size_t kPositions = 4 * kBlock;
  return [weights = random_floats(kRows * kPositions),
          values = random_floats(kHeads * kPositions * kDim + kPanel),
          out = std::vector<float>(kRows * kDim)]() mutable {
    sum_weighted({.heads = kHeads,
                  .tokens = kTokens,
                  .dim = kDim,
                  .positions = kPositions,
                  .weights = weights.data(),
                  .weights_stride = kPositions,
                  .values = values.data(),
                  .head_stride = kPositions * kDim,
                  .out = out.data()});
  };
}

std::function<void()> decoder_norm() {
  constexpr std::size_t kChannels = 256;
  return [map = random_floats(kChannels * kBlock), weight = random_floats(kChannels)]() mutable {
    BlockMoments moments{};
    moments_over_channels(map.data(), kChannels, 1e-5F, moments);
    normalise_channels(map.data(), kChannels, moments, weight.data(), weight.data(), Activation::gelu,
                       map.data());
  };
}

// One block of queries against all keys of a grid.
std::function<void()> grid_attention(std::size_t side, Storage storage) {
  const GridShape shape{.side = side, .channels = 64, .storage = storage};
  const auto placed = [&](std::size_t count) {
    return std::make_shared<Buffer>(random_values(count, storage));
  };
  return [=, queries = placed(shape.queries_size(kQueryBlock)), keys = placed(shape.keys_size()),
          values = placed(shape.values_size()), positions = placed((2 * side - 1) * shape.row()),
          out = placed(2 * kQueryBlock * shape.channels)] {
    attend({.shape = shape,
            .queries = queries->data(),
            .query_count = kQueryBlock,
            .query_width = side,
            .keys = keys->data(),
            .values = values->data(),
            .row_positions = positions->data(),
            .column_positions = positions->data(),
            .out = out->data(),
            .out_row_stride = side * shape.channels,
            .out_stride = shape.channels},
           0);
  };
}

std::map<std::string, std::function<void()>> all_work() {
  constexpr auto kFp32 = Storage::fp32, kBf16 = Storage::bf16;
  constexpr auto kGelu = Activation::gelu;
  return {
      {"product-fp32-66x64x256-gelu", product({66, 64, 256, kFp32, kGelu})},
      {"product-fp32-64x256x64", product({64, 256, 64, kFp32})},
      {"product-fp32-49x320x1280", product({49, 320, 1280, kFp32})},
      {"product-bf16-66x64x256-gelu", product({66, 64, 256, kBf16, kGelu})},
      {"product-bf16-49x320x320", product({49, 320, 320, kBf16})},
      {"layer-norm-fp32-64x320", layer_norms(64, 320, kFp32)},
      {"layer-norm-bf16-64x320", layer_norms(64, 320, kBf16)},
      {"gelu-fp32-65536", activations(65536, kFp32)},
      {"gelu-bf16-65536", activations(65536, kBf16)},
      {"softmax-64x200", softmaxes(64, 200)},
      {"depthwise-fp32-256", depthwise(256, 1, kFp32)},
      {"depthwise-fp32-256-stride-2", depthwise(256, 2, kFp32)},
      {"depthwise-bf16-256", depthwise(256, 1, kBf16)},
      {"window-attention-fp32-49", window_attention(49, kFp32)},
      {"window-attention-fp32-196", window_attention(196, kFp32)},
      {"window-attention-bf16-196", window_attention(196, kBf16)},
      {"grid-attention-fp32-24x24", grid_attention(24, kFp32)},
      {"grid-attention-bf16-24x24", grid_attention(24, kBf16)},
      {"decoder-scores", decoder_scores()},
      {"decoder-softmax", decoder_softmax()},
      {"decoder-exponentials", decoder_exponentials()},
      {"decoder-weighted-sums", decoder_sums()},
      {"decoder-norm", decoder_norm()},
  };
}

}  // namespace

int main(int argc, char** argv) {
  const auto works = all_work();
  std::vector<std::string> names(argv + 1, argv + argc);
  if (names.empty()) {
    for (const auto& [name, work] : works) names.push_back(name);
  }
  for (const auto& name : names) {
    const auto work = works.find(name);
    if (work == works.end()) {
      std::cerr << "kernel_work: no work is called " << name << '\n';
      return 2;
    }
    work->second();  // chooses the instruction set and takes memory
    counted_work(work->second);
    std::cout << name << '\n';
  }
  return 0;
}
