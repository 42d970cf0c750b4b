// SPDX-License-Identifier: Apache-2.0
// products_vs_onednn [THREADS]: sonde's matrix products beside oneDNN's, in turn, in GFLOP/s, as a Markdown
// table. Tiles, as sonde's layers ask for them, on one thread; whole layers on THREADS. Both have packed
// weights and a bias; bf16 gives bf16.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <omp.h>
#include <oneapi/dnnl/dnnl.hpp>
#include <string>
#include <unistd.h>
#include <unordered_map>
#include <vector>

#include "sonde/core/parallel.h"
#include "sonde/core/threads.h"
#include "sonde/kernels/matrix.h"

namespace {

using sonde::kernels::Activation;
using sonde::kernels::Buffer;
using sonde::kernels::Storage;

struct Sizes {
  std::int64_t rows = 0, inputs = 0, outputs = 0;
};
struct Case {
  Sizes sizes;
  Storage storage = Storage::fp32;
  Activation activation = Activation::none;
  int threads = 1;
};

Buffer filled(std::int64_t count, Storage storage) {
  std::vector<float> values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 7) / 7 - 0.4F;
  Buffer buffer(values.size() * sonde::kernels::size_of(storage));
  sonde::kernels::convert(values.data(), values.size(), storage, buffer.data());
  return buffer;
}

std::function<void()> our_product(const Case& what) {
  constexpr std::int64_t kTile = 64;  // rows of a task
  struct State {
    sonde::kernels::PackedMatrix matrix;
    Buffer in, out;
  };
  const auto state = std::make_shared<State>();
  const auto [rows, inputs, outputs] = what.sizes;
  const std::vector<float> weights(static_cast<std::size_t>(inputs * outputs), 0.01F);
  state->matrix = sonde::kernels::PackedMatrix(weights, std::vector<float>(static_cast<std::size_t>(outputs)),
                                               static_cast<std::size_t>(outputs), what.storage);
  state->in = filled(rows * inputs, what.storage);
  state->out = filled(rows * outputs, what.storage);
  const std::int64_t tile = what.threads == 1 && rows < 1024 ? rows : kTile;
  return [=] {
    sonde::parallel_for(what.threads, (rows + tile - 1) / tile, [&](std::int64_t index) {
      const std::int64_t first = index * tile;
      const auto bytes = static_cast<std::int64_t>(sonde::kernels::size_of(what.storage));
      sonde::kernels::multiply({.in = state->in.data() + first * inputs * bytes,
                                .in_stride = static_cast<std::size_t>(inputs),
                                .rows = static_cast<std::size_t>(std::min(tile, rows - first)),
                                .activation = what.activation,
                                .out = state->out.data() + first * outputs * bytes,
                                .out_stride = static_cast<std::size_t>(outputs),
                                .out_storage = what.storage},
                               state->matrix.view());
    });
  };
}

std::function<void()> their_product(const Case& what) {
  using dnnl::memory;
  const auto [rows, inputs, outputs] = what.sizes;
  const auto type = what.storage == Storage::bf16 ? memory::data_type::bf16 : memory::data_type::f32;
  const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  const memory::desc in({rows, inputs}, type, memory::format_tag::ab);
  const memory::desc weights({inputs, outputs}, type, memory::format_tag::any);
  const memory::desc bias({1, outputs}, memory::data_type::f32, memory::format_tag::ab);
  const memory::desc out({rows, outputs}, type, memory::format_tag::ab);
  dnnl::primitive_attr attributes;
  if (what.activation == Activation::gelu) {
    dnnl::post_ops after;
    after.append_eltwise(1, dnnl::algorithm::eltwise_gelu_erf, 0, 0);
    attributes.set_post_ops(after);
  }
  const dnnl::matmul::primitive_desc described(dnnl::matmul::desc(in, weights, bias, out), attributes,
                                               engine);
  const dnnl::matmul product(described);
  const std::unordered_map<int, memory> arguments{
      {DNNL_ARG_SRC, memory(in, engine)},
      {DNNL_ARG_WEIGHTS, memory(described.weights_desc(), engine)},
      {DNNL_ARG_BIAS, memory(bias, engine)},
      {DNNL_ARG_DST, memory(out, engine)}};
  for (const auto& [name, operand] : arguments) {
    auto* bytes = static_cast<std::uint8_t*>(operand.get_data_handle());
    std::fill_n(bytes, operand.get_desc().get_size(), std::uint8_t{0x3C});  // 0.0115 in either type
  }
  return [=, stream = dnnl::stream(engine)]() mutable {
    omp_set_num_threads(what.threads);
    product.execute(stream, arguments);
    stream.wait();
  };
}

struct Rates {
  double ours = 0, theirs = 0;
};
// The best of several short runs each, in turn.
Rates measure(const Case& what) {
  constexpr int kRepeats = 12;
  constexpr double kGflopOfARun = 1;
  const double gflop = 2e-9 * static_cast<double>(what.sizes.rows * what.sizes.inputs * what.sizes.outputs);
  const int calls = static_cast<int>(kGflopOfARun / gflop) + 1;
  const auto rate = [&](const std::function<void()>& work) {
    const auto begin = std::chrono::steady_clock::now();
    for (int call = 0; call < calls; ++call) work();
    return calls * gflop / std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  };
  const auto ours = our_product(what);
  const auto theirs = their_product(what);
  ours();
  theirs();
  Rates best;
  for (int repeat = 0; repeat < kRepeats; ++repeat) {
    best.ours = std::max(best.ours, rate(ours));
    best.theirs = std::max(best.theirs, rate(theirs));
  }
  return best;
}

void print_row(const Sizes& sizes, int threads) {
  std::printf("| %lld x %lld x %lld |", static_cast<long long>(sizes.rows),
              static_cast<long long>(sizes.inputs), static_cast<long long>(sizes.outputs));
  for (const auto storage : {Storage::fp32, Storage::bf16}) {
    for (const auto activation : {Activation::none, Activation::gelu}) {
      const auto [ours, theirs] = measure({sizes, storage, activation, threads});
      std::printf(" %.0f : %.0f |", ours, theirs);
    }
  }
  std::printf("\n");
}

}  // namespace

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::atoi(argv[1]) : sonde::physical_core_count();
  if (argc > 2 || threads < 1) {
    std::fputs("usage: products_vs_onednn [THREADS]\n", stderr);
    return 2;
  }
  // libgomp reads it before main: its threads, waiting busily, would take a core from ours.
  if (std::getenv("OMP_WAIT_POLICY") == nullptr) {
    setenv("OMP_WAIT_POLICY", "passive", 1);
    execv("/proc/self/exe", argv);
  }
  std::printf(
      "| rows x inputs x outputs, sonde : oneDNN, GFLOP/s | fp32 | fp32, GELU | bf16 | bf16, GELU |\n"
      "| --- | --- | --- | --- | --- |\n");
  for (const Sizes& tile : {Sizes{66, 64, 256},
                            {64, 256, 64},
                            {96, 320, 1280},
                            {96, 1280, 320},
                            {196, 160, 480},
                            {64, 640, 160},
                            {64, 2304, 256}}) {
    print_row(tile, 1);
  }
  for (const Sizes& layer :
       {Sizes{4096, 320, 1280}, {4096, 1280, 320}, {4096, 768, 3072}, {4096, 3072, 768}}) {
    print_row(layer, threads);
  }
  return 0;
}
