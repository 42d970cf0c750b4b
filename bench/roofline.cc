// SPDX-License-Identifier: Apache-2.0
// roofline [THREADS]: what this machine can do at most, as JSON: GFLOP/s in fp32 and bf16 of fused
// multiply-adds in registers and of sonde's products on operands in the cache, GB/s of memory. Each the best
// of several short runs.
#include <algorithm>
#include <atomic>
#include <barrier>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <immintrin.h>
#include <iostream>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

#include "sonde/core/threads.h"
#include "sonde/kernels/matrix.h"

namespace {

using Clock = std::chrono::steady_clock;
using sonde::kernels::Storage;
constexpr int kRepeats = 15;

volatile float sink = 0;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables): keeps results in use

// Units of work a second, `work` giving the units of one call: all threads begin together, the last one
// counts.
double best_rate(int threads, const std::function<double()>& work) {
  double best = 0;
  for (int repeat = 0; repeat < kRepeats; ++repeat) {
    std::vector<double> units(static_cast<std::size_t>(threads)), seconds(units.size());
    std::barrier start(threads);
    std::vector<std::jthread> running;
    for (std::size_t t = 0; t < units.size(); ++t) {
      running.emplace_back([&, t] {
        start.arrive_and_wait();
        const auto begin = Clock::now();
        units[t] = work();
        seconds[t] = std::chrono::duration<double>(Clock::now() - begin).count();
      });
    }
    running.clear();
    double sum = 0;
    for (const double done : units) sum += done;
    best = std::max(best, sum / *std::max_element(seconds.begin(), seconds.end()));
  }
  return best;
}

constexpr int kSums = 12;  // independent, more than what is in flight
constexpr std::int64_t kSteps = 1500000;

__attribute__((target("avx512f"))) double fma_512() {
  const __m512 a = _mm512_set1_ps(0.999F + sink), b = _mm512_set1_ps(0.001F + sink);
  __m512 sums[kSums];
  for (auto& sum : sums) sum = b;
  for (std::int64_t step = 0; step < kSteps; ++step) {
#pragma GCC unroll 12
    for (auto& sum : sums) sum = _mm512_fmadd_ps(sum, a, b);
  }
  for (const auto& sum : sums) sink = sink + 0 * _mm512_cvtss_f32(sum);
  return 2e-9 * 16 * kSums * kSteps;
}

__attribute__((target("avx2,fma"))) double fma_256() {
  const __m256 a = _mm256_set1_ps(0.999F + sink), b = _mm256_set1_ps(0.001F + sink);
  __m256 sums[kSums];
  for (auto& sum : sums) sum = b;
  for (std::int64_t step = 0; step < kSteps; ++step) {
#pragma GCC unroll 12
    for (auto& sum : sums) sum = _mm256_fmadd_ps(sum, a, b);
  }
  for (const auto& sum : sums) sink = sink + 0 * _mm256_cvtss_f32(sum);
  return 2e-9 * 8 * kSums * kSteps;
}

__attribute__((target("avx512f,avx512bf16"))) double dot_bf16() {
  const auto a = _mm512_cvtne2ps_pbh(_mm512_set1_ps(0.01F + sink), _mm512_set1_ps(0.01F + sink));
  __m512 sums[kSums];
  for (auto& sum : sums) sum = _mm512_set1_ps(sink);
  for (std::int64_t step = 0; step < kSteps; ++step) {
#pragma GCC unroll 12
    for (auto& sum : sums) sum = _mm512_dpbf16_ps(sum, a, a);
  }
  for (const auto& sum : sums) sink = sink + 0 * _mm512_cvtss_f32(sum);
  return 2e-9 * 32 * kSums * kSteps;
}

// Rows that stay in the first or second cache, at widths of the networks'.
double best_product(int threads, Storage storage) {
  using namespace sonde::kernels;
  double best = 0;
  struct Sizes {
    std::size_t rows, inputs, outputs;
  };
  for (const auto [rows, inputs, outputs] : {Sizes{66, 64, 256}, {96, 320, 1280}, {64, 768, 768}}) {
    const PackedMatrix matrix(std::vector<float>(inputs * outputs, 0.01F), {}, outputs, storage);
    const double gflop = 2e-9 * static_cast<double>(rows * inputs * outputs);
    const int calls = static_cast<int>(1 / gflop) + 1;
    const auto work = [&, rows = rows, inputs = inputs, outputs = outputs] {
      const Buffer in(rows * inputs * sizeof(float));
      const Buffer out(rows * outputs * sizeof(float));
      std::fill_n(in.as<std::uint8_t>(), in.size(), 0);
      const Product product{
          .in = in.data(), .in_stride = inputs, .rows = rows, .out = out.data(), .out_stride = outputs};
      for (int call = 0; call < calls; ++call) multiply(product, matrix.view());
      return calls * gflop;
    };
    best = std::max(best, best_rate(threads, work));
  }
  return best;
}

// a = b + s * c, three streams; what is read before it is written is not counted.
double triad(int threads) {
  constexpr std::size_t kCount = std::size_t{1} << 24;  // 64 MiB each
  std::vector<float> a(kCount), b(kCount, 1), c(kCount, 2);
  const auto part = static_cast<std::int64_t>(kCount) / threads;
  std::atomic<int> next = 0;
  return best_rate(threads, [&] {
    const std::int64_t first = next++ % threads * part;
    for (std::int64_t i = first; i < first + part; ++i) {
      const auto at = static_cast<std::size_t>(i);
      a[at] = b[at] + 3 * c[at];
    }
    sink = sink + 0 * a[static_cast<std::size_t>(first)];
    return 3e-9 * sizeof(float) * static_cast<double>(part);
  });
}

}  // namespace

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::atoi(argv[1]) : sonde::physical_core_count();
  if (argc > 2 || threads < 1) {
    std::cerr << "usage: roofline [THREADS]\n";
    return 2;
  }
  const double fp32_products = best_product(threads, Storage::fp32);
  const double bf16_products = best_product(threads, Storage::bf16);
  double fp32 = fp32_products;
  if (__builtin_cpu_supports("avx512f") != 0) {
    fp32 = std::max(fp32, best_rate(threads, fma_512));
  } else if (__builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0) {
    fp32 = std::max(fp32, best_rate(threads, fma_256));
  }
  double bf16 = bf16_products;
  if (__builtin_cpu_supports("avx512bf16") != 0) bf16 = std::max(bf16, best_rate(threads, dot_bf16));
  std::cout << nlohmann::ordered_json{{"threads", threads},
                                      {"fp32", fp32},
                                      {"bf16", bf16},
                                      {"fp32_products", fp32_products},
                                      {"bf16_products", bf16_products},
                                      {"gb_per_s", triad(threads)}}
                   .dump()
            << '\n';
  return 0;
}
