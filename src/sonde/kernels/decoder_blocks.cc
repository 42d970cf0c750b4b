// SPDX-License-Identifier: Apache-2.0
#include "sonde/kernels/decoder_blocks.h"

#include <algorithm>

#include "sonde/kernels/dispatch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "sonde/kernels/decoder_blocks.cc"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "sonde/kernels/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sonde::kernels::HWY_NAMESPACE {

// Rows of tokens and vectors of positions that are worked on together: sums, positions and a token's value
// fill the registers (32 with AVX-512, else 16).
constexpr std::size_t kRowsTogether = HWY_TARGET == HWY_AVX3 ? 6 : 4;
constexpr std::size_t kTogether = HWY_TARGET == HWY_AVX3 ? 4 : 2;
constexpr std::size_t kStep = kTogether * kLanes;
// Keys come once from memory for each prompt (megabytes, more than the L2 cache holds), in the order of
// heads.
constexpr std::size_t kPrefetchedHeads = 2;  // ahead of the one that is worked on
static_assert(kBlock % kStep == 0);

// The same number of rows in every call, or fewer in the last: few rows do not hide the latency of an
// addition.
HWY_INLINE std::size_t rows_at_once(std::size_t rows, std::size_t most) {
  const std::size_t calls = (rows + most - 1) / most;
  return (rows + calls - 1) / calls;
}

// 4 x 4 values at a time, by two rounds of interleaving: rows a, b, c, e to a0 c0 a1 c1 and b0 e0 b1 e1,
// these to a0 b0 c0 e0, the first column. One value at a time without vectors.
constexpr std::size_t kSquare = HWY_TARGET == HWY_SCALAR ? 1 : 4;
#if HWY_TARGET == HWY_SCALAR
HWY_INLINE void transpose_square(const float* in, std::size_t, float* out, std::size_t) { *out = *in; }
#else
HWY_INLINE void transpose_square(const float* in, std::size_t in_stride, float* out, std::size_t out_stride) {
  const hn::FixedTag<float, 4> d;
  const auto a = hn::LoadU(d, in), b = hn::LoadU(d, in + in_stride);
  const auto c = hn::LoadU(d, in + 2 * in_stride), e = hn::LoadU(d, in + 3 * in_stride);
  const auto ac_low = hn::InterleaveLower(d, a, c), ac_high = hn::InterleaveUpper(d, a, c);
  const auto be_low = hn::InterleaveLower(d, b, e), be_high = hn::InterleaveUpper(d, b, e);
  hn::StoreU(hn::InterleaveLower(d, ac_low, be_low), d, out);
  hn::StoreU(hn::InterleaveUpper(d, ac_low, be_low), d, out + out_stride);
  hn::StoreU(hn::InterleaveLower(d, ac_high, be_high), d, out + 2 * out_stride);
  hn::StoreU(hn::InterleaveUpper(d, ac_high, be_high), d, out + 3 * out_stride);
}
#endif

// Whole squares; then the rows below them, and the columns at their right.
void transpose_values(const float* HWY_RESTRICT in, std::size_t in_stride, std::size_t rows,
                      std::size_t columns, float* HWY_RESTRICT out, std::size_t out_stride) {
  const std::size_t whole_rows = rows / kSquare * kSquare, whole_columns = columns / kSquare * kSquare;
  for (std::size_t c = 0; c < whole_columns; c += kSquare) {
    for (std::size_t r = 0; r < whole_rows; r += kSquare)
      transpose_square(in + r * in_stride + c, in_stride, out + c * out_stride + r, out_stride);
  }
  for (std::size_t c = 0; c < columns; ++c) {
    for (std::size_t r = c < whole_columns ? whole_rows : 0; r < rows; ++r)
      out[c * out_stride + r] = in[r * in_stride + c];
  }
}

// The scales of a few vectors of positions stay in registers while the rows go by.
void scale_block(const float* in, std::size_t rows, const float* scale, float* out) {
  const Floats d;
  for (std::size_t first = 0; first < kBlock; first += kStep) {
    Vector scales[kTogether];
    for (std::size_t v = 0; v < kTogether; ++v) scales[v] = hn::LoadU(d, scale + first + v * kLanes);
    for (std::size_t i = first; i < rows * kBlock; i += kBlock) {
      for (std::size_t v = 0; v < kTogether; ++v)
        hn::StoreU(hn::Mul(hn::LoadU(d, in + i + v * kLanes), scales[v]), d, out + i + v * kLanes);
    }
  }
}

// (Loops over arrays of vectors are unrolled: only then does GCC keep those in registers.)
// sums += queries x columns for kRows tokens and kTogether vectors of positions; `next` comes into the cache.
template <std::size_t kRows>
HWY_INLINE void add_products(const float* queries, std::size_t stride, const float* columns, std::size_t dim,
                             const float* next, Vector (&sums)[kRows][kTogether]) {
  const Floats d;
  for (std::size_t k = 0; k < dim; ++k, columns += kBlock, next += kBlock) {
    Vector column[kTogether];
#pragma GCC unroll 8
    for (std::size_t v = 0; v < kTogether; ++v) {
      column[v] = hn::LoadU(d, columns + v * kLanes);
      hwy::Prefetch(next + v * kLanes);
    }
#pragma GCC unroll 8
    for (std::size_t r = 0; r < kRows; ++r) {
      const Vector query = hn::Set(d, queries[r * stride + k]);
#pragma GCC unroll 8
      for (std::size_t v = 0; v < kTogether; ++v) sums[r][v] = hn::MulAdd(query, column[v], sums[r][v]);
    }
  }
}

// scale * queries x keys + queries x offsets, for kRows tokens of one head and kStep positions of the block,
// all in registers: positions are the lanes, so no sum runs across lanes.
template <std::size_t kRows>
HWY_NOINLINE void score_rows(const BlockScores& job, std::size_t head, std::size_t token, std::size_t first) {
  const Floats d;
  const std::size_t stride = job.heads * job.dim;
  const float* queries = job.queries + token * stride + head * job.dim;
  const std::size_t start = head * job.dim * kBlock + first;
  const std::size_t to_next = kPrefetchedHeads * job.dim * kBlock;  // of this block, or the next one's
  Vector sums[kRows][kTogether];
#pragma GCC unroll 8
  for (auto& row : sums) {
#pragma GCC unroll 8
    for (Vector& sum : row) sum = hn::Zero(d);
  }
  add_products<kRows>(queries, stride, job.keys + start, job.dim, job.keys + start + to_next, sums);
  if (job.scale != nullptr) {
#pragma GCC unroll 8
    for (std::size_t v = 0; v < kTogether; ++v) {
      const Vector scale = hn::LoadU(d, job.scale + first + v * kLanes);
#pragma GCC unroll 8
      for (std::size_t r = 0; r < kRows; ++r) sums[r][v] = hn::Mul(sums[r][v], scale);
    }
  }
  if (job.offsets != nullptr)
    add_products<kRows>(queries, stride, job.offsets + start, job.dim, job.offsets + start + to_next, sums);
  float* out = job.out + (head * job.tokens + token) * job.out_stride + first;
#pragma GCC unroll 8
  for (std::size_t r = 0; r < kRows; ++r, out += job.out_stride) {
#pragma GCC unroll 8
    for (std::size_t v = 0; v < kTogether; ++v) hn::StoreU(sums[r][v], d, out + v * kLanes);
  }
}

// Of so many rows, which are kMax at most: finds the function that was compiled for them.
template <std::size_t kMax>
HWY_INLINE void score_some(std::size_t rows, const BlockScores& job, std::size_t head, std::size_t token,
                           std::size_t first) {
  if constexpr (kMax > 1) {
    if (rows < kMax) return score_some<kMax - 1>(rows, job, head, token, first);
  }
  score_rows<kMax>(job, head, token, first);
}

// A head's keys [dim][kStep of the block's positions] are in the L1 cache while all its tokens pass them.
void score_all(const BlockScores& job) {
  const std::size_t at_once = rows_at_once(job.tokens, kRowsTogether);
  for (std::size_t head = 0; head < job.heads; ++head) {
    for (std::size_t first = 0; first < kBlock; first += kStep) {
      for (std::size_t token = 0; token < job.tokens; token += at_once)
        score_some<kRowsTogether>(std::min(at_once, job.tokens - token), job, head, token, first);
    }
  }
}

constexpr std::size_t kWeightedRows = 8;

// out[t][i] = sum over p of weights[t][p] * values[p][i], kLanes values i of one head for kRows tokens: a
// product in which k, the positions, is long and everything else short, so values are read once for all the
// rows.
template <std::size_t kRows>
HWY_NOINLINE void sum_rows(const WeightedSums& job, std::size_t row, const float* values, float* out) {
  const Floats d;
  const float* weights = job.weights + row * job.weights_stride;
  Vector sums[kRows];
#pragma GCC unroll 8
  for (Vector& sum : sums) sum = hn::Zero(d);
  for (std::size_t p = 0; p < job.positions; ++p, values += job.dim) {
    const Vector value = hn::LoadU(d, values);
#pragma GCC unroll 8
    for (std::size_t r = 0; r < kRows; ++r)
      sums[r] = hn::MulAdd(hn::Set(d, weights[r * job.weights_stride + p]), value, sums[r]);
  }
#pragma GCC unroll 8
  for (std::size_t r = 0; r < kRows; ++r) hn::StoreU(sums[r], d, out + r * kLanes);
}

template <std::size_t kMax>
HWY_INLINE void sum_some(std::size_t rows, const WeightedSums& job, std::size_t row, const float* values,
                         float* out) {
  if constexpr (kMax > 1) {
    if (rows < kMax) return sum_some<kMax - 1>(rows, job, row, values, out);
  }
  sum_rows<kMax>(job, row, values, out);
}

// Where dim fills no vector, the last one's other lanes are the next position's values, and are dropped.
void sum_all(const WeightedSums& job) {
  const std::size_t at_once = rows_at_once(job.tokens, kWeightedRows);
  alignas(64) float sums[kWeightedRows * kLanes];
  for (std::size_t head = 0; head < job.heads; ++head) {
    for (std::size_t token = 0; token < job.tokens; token += at_once) {
      const std::size_t rows = std::min(at_once, job.tokens - token), row = head * job.tokens + token;
      for (std::size_t i = 0; i < job.dim; i += kLanes) {
        sum_some<kWeightedRows>(rows, job, row, job.values + head * job.head_stride + i, sums);
        for (std::size_t r = 0; r < rows; ++r)
          std::copy_n(sums + r * kLanes, std::min(kLanes, job.dim - i), job.out + (row + r) * job.dim + i);
      }
    }
  }
}

// softmax over the rows (tokens) of kLanes columns (positions): three passes over [tokens][kLanes], which are
// in the L1 cache. `out` may be `scores` where rows are kept: what is written lies at or before what is read.
HWY_NOINLINE void softmax_columns(float* scores, std::size_t tokens, std::size_t kept, float* out) {
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
  for (std::size_t t = 0; t < kept; ++t)
    hn::StoreU(hn::Mul(hn::LoadU(d, scores + t * kBlock), inverse), d, out + t * kBlock);
}

// Heads lie closer in what is kept, [heads * kept], than in the scores, [heads * tokens]: never ahead of
// them.
void softmax_tokens(float* scores, std::size_t heads, std::size_t tokens, std::size_t kept) {
  for (std::size_t head = 0; head < heads; ++head) {
    for (std::size_t first = 0; first < kBlock; first += kLanes)
      softmax_columns(scores + head * tokens * kBlock + first, tokens, kept,
                      scores + head * kept * kBlock + first);
  }
}

// Of the positions that there are: those that fill the last block up have scores too, which must not count.
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

// The numerators of a softmax over positions, and what is needed to merge it with other groups' of positions.
// `scaled` in the same pass: the values that they weight are of keys0, which a later layer scales by s.
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

// The sum over channels of each of kLanes positions of (value - centre)^2, or of the values.
enum class Moment { first, second };
template <Moment kMoment>
HWY_INLINE Vector sum_of_channels(const float* values, std::size_t channels, Vector centre) {
  const Floats d;
  const auto add = [&](std::size_t c, Vector sum) HWY_ATTR {
    const Vector value = hn::LoadU(d, values + c * kBlock);
    if (kMoment == Moment::first) return hn::Add(sum, value);
    const Vector apart = hn::Sub(value, centre);
    return hn::MulAdd(apart, apart, sum);
  };
  // Four sums at a time, since an addition takes four cycles and two can start in each.
  Vector sum0 = hn::Zero(d), sum1 = sum0, sum2 = sum0, sum3 = sum0;
  std::size_t c = 0;
  for (; c + 4 <= channels; c += 4) {
    sum0 = add(c, sum0);
    sum1 = add(c + 1, sum1);
    sum2 = add(c + 2, sum2);
    sum3 = add(c + 3, sum3);
  }
  for (; c < channels; ++c) sum0 = add(c, sum0);
  return hn::Add(hn::Add(sum0, sum1), hn::Add(sum2, sum3));
}

// Of kLanes positions. Two passes, as in elementwise.cc: first the mean, then squared distances from it.
HWY_NOINLINE void moments_of(const float* values, std::size_t channels, float eps, float* mean_out,
                             float* inverse_out) {
  const Floats d;
  const Vector share = hn::Set(d, 1.0F / static_cast<float>(channels));
  const Vector mean = hn::Mul(sum_of_channels<Moment::first>(values, channels, hn::Zero(d)), share);
  const Vector variance = hn::Mul(sum_of_channels<Moment::second>(values, channels, mean), share);
  hn::StoreU(mean, d, mean_out);
  hn::StoreU(hn::Div(hn::Set(d, 1.0F), hn::Sqrt(hn::Add(variance, hn::Set(d, eps)))), d, inverse_out);
}

// Vectors of positions are independent: with kLanes at a time their sums stay in registers.
void moments_of_block(const float* values, std::size_t channels, float eps, BlockMoments& moments) {
  for (std::size_t first = 0; first < kBlock; first += kLanes)
    moments_of(values + first, channels, eps, moments.mean + first, moments.inverse_deviation + first);
}

// y = activation((x - mean) / deviation * weight + bias): mean and deviation go with the lanes (positions),
// weight and bias with the row (channel).
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
HWY_EXPORT(sum_all);
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

void softmax_over_tokens(float* scores, std::size_t heads, std::size_t tokens, std::size_t kept) {
  SONDE_DISPATCH(softmax_tokens)(scores, heads, tokens, kept);
}

void sum_weighted(const WeightedSums& sums) { SONDE_DISPATCH(sum_all)(sums); }

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
