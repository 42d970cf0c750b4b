// SPDX-License-Identifier: Apache-2.0
#include "sonde/kernels/decoder_blocks.h"

#include <algorithm>

#include "sonde/kernels/dispatch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "sonde/kernels/decoder_blocks.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "sonde/kernels/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sonde::kernels::HWY_NAMESPACE {

// Vectors of a block that are worked on together: enough sums to hide the latency of an addition.
constexpr std::size_t kTogether = 2;
constexpr std::size_t kStep = kTogether * kLanes;
static_assert(kBlock % kStep == 0);

void transpose_values(const float* HWY_RESTRICT in, std::size_t in_stride, std::size_t rows,
                      std::size_t columns, float* HWY_RESTRICT out, std::size_t out_stride) {
  constexpr std::size_t kSide = 8;  // of a square whose rows and columns stay in the cache
  for (std::size_t row = 0; row < rows; row += kSide) {
    const std::size_t row_end = std::min(row + kSide, rows);
    for (std::size_t column = 0; column < columns; ++column) {
      for (std::size_t r = row; r < row_end; ++r) out[column * out_stride + r] = in[r * in_stride + column];
    }
  }
}

void scale_block(const float* in, std::size_t rows, const float* scale, float* out) {
  const Floats d;
  for (std::size_t first = 0; first < kBlock; first += kStep) {
    const Vector a = hn::LoadU(d, scale + first), b = hn::LoadU(d, scale + first + kLanes);
    for (std::size_t i = first; i < rows * kBlock; i += kBlock) {
      hn::StoreU(hn::Mul(hn::LoadU(d, in + i), a), d, out + i);
      hn::StoreU(hn::Mul(hn::LoadU(d, in + i + kLanes), b), d, out + i + kLanes);
    }
  }
}

// sums += queries x columns for kRows tokens and kTogether vectors of positions.
template <std::size_t kRows>
HWY_INLINE void add_products(const float* queries, std::size_t stride, const float* columns, std::size_t dim,
                             Vector (&sums)[kRows][kTogether]) {
  const Floats d;
  for (std::size_t k = 0; k < dim; ++k, columns += kBlock) {
    const Vector a = hn::LoadU(d, columns), b = hn::LoadU(d, columns + kLanes);
    for (std::size_t r = 0; r < kRows; ++r) {
      const Vector query = hn::Set(d, queries[r * stride + k]);
      sums[r][0] = hn::MulAdd(query, a, sums[r][0]);
      sums[r][1] = hn::MulAdd(query, b, sums[r][1]);
    }
  }
}

template <std::size_t kRows>
HWY_NOINLINE void score_rows(const BlockScores& job, std::size_t head, std::size_t token, std::size_t first) {
  const Floats d;
  const std::size_t stride = job.heads * job.dim;
  const float* queries = job.queries + token * stride + head * job.dim;
  const std::size_t start = head * job.dim * kBlock + first;
  Vector sums[kRows][kTogether];
  for (std::size_t r = 0; r < kRows; ++r) sums[r][0] = sums[r][1] = hn::Zero(d);
  add_products<kRows>(queries, stride, job.keys + start, job.dim, sums);
  if (job.scale != nullptr) {
    const Vector a = hn::LoadU(d, job.scale + first), b = hn::LoadU(d, job.scale + first + kLanes);
    for (std::size_t r = 0; r < kRows; ++r) {
      sums[r][0] = hn::Mul(sums[r][0], a);
      sums[r][1] = hn::Mul(sums[r][1], b);
    }
  }
  if (job.offsets != nullptr) add_products<kRows>(queries, stride, job.offsets + start, job.dim, sums);
  float* out = job.out + (head * job.tokens + token) * job.out_stride + first;
  for (std::size_t r = 0; r < kRows; ++r, out += job.out_stride) {
    hn::StoreU(sums[r][0], d, out);
    hn::StoreU(sums[r][1], d, out + kLanes);
  }
}

void score_all(const BlockScores& job) {
  for (std::size_t head = 0; head < job.heads; ++head) {
    for (std::size_t first = 0; first < kBlock; first += kStep) {
      std::size_t token = 0;
      for (; token + 4 <= job.tokens; token += 4) score_rows<4>(job, head, token, first);
      switch (job.tokens - token) {
        case 3:
          score_rows<3>(job, head, token, first);
          break;
        case 2:
          score_rows<2>(job, head, token, first);
          break;
        case 1:
          score_rows<1>(job, head, token, first);
          break;
        default:
          break;
      }
    }
  }
}

HWY_NOINLINE void softmax_columns(float* scores, std::size_t tokens) {
  const Floats d;
  Vector max = hn::LoadU(d, scores);
  for (std::size_t t = 1; t < tokens; ++t) max = hn::Max(max, hn::LoadU(d, scores + t * kBlock));
  Vector sum = hn::Zero(d);
  for (std::size_t t = 0; t < tokens; ++t) {
    const Vector power = hn::Exp(d, hn::Sub(hn::LoadU(d, scores + t * kBlock), max));
    hn::StoreU(power, d, scores + t * kBlock);
    sum = hn::Add(sum, power);
  }
  const Vector inverse = hn::Div(hn::Set(d, 1.0F), sum);
  for (std::size_t t = 0; t < tokens; ++t)
    hn::StoreU(hn::Mul(hn::LoadU(d, scores + t * kBlock), inverse), d, scores + t * kBlock);
}

void softmax_tokens(float* scores, std::size_t heads, std::size_t tokens) {
  for (std::size_t head = 0; head < heads; ++head) {
    for (std::size_t first = 0; first < kBlock; first += kLanes)
      softmax_columns(scores + head * tokens * kBlock + first, tokens);
  }
}

HWY_INLINE float maximum_of(const float* values, std::size_t count) {
  const Floats d;
  const float lowest = hwy::LowestValue<float>();
  Vector most = hn::Set(d, lowest);
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) most = hn::Max(most, hn::LoadU(d, values + i));
  float max = hn::GetLane(hn::MaxOfLanes(d, most));
  for (; i < count; ++i) max = std::max(max, values[i]);
  return max;
}

HWY_INLINE void exponentials_of_row(const Exponentials& job, std::size_t row) {
  const Floats d;
  float* values = job.values + row * job.stride;
  std::fill(values + job.valid, values + job.columns, hwy::LowestValue<float>());  // whose exponential is 0
  const float maximum = maximum_of(values, job.valid);
  const Vector max = hn::Set(d, maximum);
  Vector sum = hn::Zero(d);
  for (std::size_t i = 0; i < job.columns; i += kLanes) {
    const Vector power = hn::Exp(d, hn::Sub(hn::LoadU(d, values + i), max));
    sum = hn::Add(sum, power);
    hn::StoreU(power, d, values + i);
    if (job.scaled != nullptr)
      hn::StoreU(hn::Mul(power, hn::LoadU(d, job.scale + i)), d, job.scaled + row * job.stride + i);
  }
  job.maxima[row] = maximum;
  job.sums[row] = hn::GetLane(hn::SumOfLanes(d, sum));
}

void exponentials_of_rows(const Exponentials& job) {
  for (std::size_t row = 0; row < job.rows; ++row) exponentials_of_row(job, row);
}

// Of kLanes positions.
HWY_NOINLINE void moments_of(const float* values, std::size_t channels, float eps, float* mean_out,
                             float* inverse_out) {
  const Floats d;
  const Vector share = hn::Set(d, 1.0F / static_cast<float>(channels));
  Vector sums[4];
  for (Vector& sum : sums) sum = hn::Zero(d);
  for (std::size_t c = 0; c < channels; ++c)
    sums[c % 4] = hn::Add(sums[c % 4], hn::LoadU(d, values + c * kBlock));
  const Vector mean = hn::Mul(hn::Add(hn::Add(sums[0], sums[1]), hn::Add(sums[2], sums[3])), share);
  for (Vector& sum : sums) sum = hn::Zero(d);
  for (std::size_t c = 0; c < channels; ++c) {
    const Vector apart = hn::Sub(hn::LoadU(d, values + c * kBlock), mean);
    sums[c % 4] = hn::MulAdd(apart, apart, sums[c % 4]);
  }
  const Vector variance = hn::Mul(hn::Add(hn::Add(sums[0], sums[1]), hn::Add(sums[2], sums[3])), share);
  hn::StoreU(mean, d, mean_out);
  hn::StoreU(hn::Div(hn::Set(d, 1.0F), hn::Sqrt(hn::Add(variance, hn::Set(d, eps)))), d, inverse_out);
}

void moments_of_block(const float* values, std::size_t channels, float eps, BlockMoments& moments) {
  for (std::size_t first = 0; first < kBlock; first += kLanes)
    moments_of(values + first, channels, eps, moments.mean + first, moments.inverse_deviation + first);
}

void normalise_block(const float* values, std::size_t channels, const BlockMoments& moments,
                     const float* weight, const float* bias, Activation activation, float* out) {
  const Floats d;
  for (std::size_t first = 0; first < kBlock; first += kLanes) {
    const Vector mean = hn::LoadU(d, moments.mean + first);
    const Vector inverse = hn::LoadU(d, moments.inverse_deviation + first);
    for (std::size_t c = 0; c < channels; ++c) {
      const Vector x = hn::Mul(hn::Sub(hn::LoadU(d, values + c * kBlock + first), mean), inverse);
      const Vector y = hn::MulAdd(x, hn::Set(d, weight[c]), hn::Set(d, bias[c]));
      hn::StoreU(activated<Fp32Out>(y, activation), d, out + c * kBlock + first);
    }
  }
}

}  // namespace sonde::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sonde::kernels {

HWY_EXPORT(transpose_values);
HWY_EXPORT(scale_block);
HWY_EXPORT(score_all);
HWY_EXPORT(softmax_tokens);
HWY_EXPORT(exponentials_of_rows);
HWY_EXPORT(moments_of_block);
HWY_EXPORT(normalise_block);

void transpose(const float* in, std::size_t in_stride, std::size_t rows, std::size_t columns, float* out,
               std::size_t out_stride) {
  SONDE_DISPATCH(transpose_values)(in, in_stride, rows, columns, out, out_stride);
}

void scale_columns(const float* in, std::size_t rows, const float* scale, float* out) {
  SONDE_DISPATCH(scale_block)(in, rows, scale, out);
}

void score_block(const BlockScores& scores) { SONDE_DISPATCH(score_all)(scores); }

void softmax_over_tokens(float* scores, std::size_t heads, std::size_t tokens) {
  SONDE_DISPATCH(softmax_tokens)(scores, heads, tokens);
}

void exponentials(const Exponentials& job) { SONDE_DISPATCH(exponentials_of_rows)(job); }

void moments_over_channels(const float* values, std::size_t channels, float eps, BlockMoments& moments) {
  SONDE_DISPATCH(moments_of_block)(values, channels, eps, moments);
}

void normalise_channels(const float* values, std::size_t channels, const BlockMoments& moments,
                        const float* weight, const float* bias, Activation activation, float* out) {
  SONDE_DISPATCH(normalise_block)(values, channels, moments, weight, bias, activation, out);
}

}  // namespace sonde::kernels
#endif
