// SPDX-License-Identifier: Apache-2.0
#include "sonde/kernels/threshold_rows.h"

#include "sonde/kernels/dispatch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "sonde/kernels/threshold_rows.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "sonde/kernels/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sonde::kernels::HWY_NAMESPACE {

static_assert(kRowStep % kLanes == 0);

// One place for the sum, so that mix_rows and threshold_rows give the same bits: a, then + b, then + c.
struct Mixer {
  explicit Mixer(const ThreeRows& mix)
      : a(mix.rows[0]),
        b(mix.rows[1]),
        c(mix.rows[2]),
        of_a(hn::Set(Floats{}, mix.weights[0])),
        of_b(hn::Set(Floats{}, mix.weights[1])),
        of_c(hn::Set(Floats{}, mix.weights[2])) {}
  HWY_INLINE Vector at(std::size_t i) const {
    const Floats d;
    return hn::MulAdd(of_c, hn::LoadU(d, c + i),
                      hn::MulAdd(of_b, hn::LoadU(d, b + i), hn::Mul(of_a, hn::LoadU(d, a + i))));
  }
  const float *a, *b, *c;
  Vector of_a, of_b, of_c;
};

void mix_values(const ThreeRows& mix, float* out) {
  const Floats d;
  const Mixer mixer(mix);
  std::size_t i = 0;
  for (; i + kLanes <= mix.count; i += kLanes) hn::StoreU(mixer.at(i), d, out + i);
  if (i == mix.count) return;
  // The values that fill no vector go through a copy that does: nothing beyond them is read or written.
  float rest[3][kLanes] = {};
  for (std::size_t row = 0; row < 3; ++row) {
    for (std::size_t k = i; k < mix.count; ++k) rest[row][k - i] = mix.rows[row][k];
  }
  ThreeRows last = mix;
  for (std::size_t row = 0; row < 3; ++row) last.rows[row] = rest[row];
  float mixed[kLanes];
  hn::StoreU(Mixer(last).at(0), d, mixed);
  for (std::size_t k = i; k < mix.count; ++k) out[k] = mixed[k - i];
}

RowCounts threshold_values(const ThreeRows& mix, std::uint8_t* out) {
  const Floats d;
  const hn::RebindToSigned<Floats> integers;
  const hn::Rebind<std::uint8_t, Floats> bytes;
  // A comparison gives -1 or 0 in each lane: subtracted it counts, and its lowest bit is the mask.
  const Mixer mixer(mix);
  const auto one = hn::Set(integers, 1);
  auto zero_count = hn::Zero(integers), one_count = hn::Zero(integers), minus_one_count = hn::Zero(integers);
  for (std::size_t i = 0; i < mix.count; i += kLanes) {
    const Vector logit = mixer.at(i);
    const auto above_zero = hn::VecFromMask(integers, hn::RebindMask(integers, hn::Gt(logit, hn::Zero(d))));
    zero_count = hn::Sub(zero_count, above_zero);
    one_count = hn::Sub(one_count,
                        hn::VecFromMask(integers, hn::RebindMask(integers, hn::Gt(logit, hn::Set(d, 1.0F)))));
    minus_one_count =
        hn::Sub(minus_one_count,
                hn::VecFromMask(integers, hn::RebindMask(integers, hn::Gt(logit, hn::Set(d, -1.0F)))));
    hn::StoreU(hn::DemoteTo(bytes, hn::And(above_zero, one)), bytes, out + i);
  }
  return {hn::GetLane(hn::SumOfLanes(integers, zero_count)), hn::GetLane(hn::SumOfLanes(integers, one_count)),
          hn::GetLane(hn::SumOfLanes(integers, minus_one_count))};
}

}  // namespace sonde::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sonde::kernels {

HWY_EXPORT(mix_values);
HWY_EXPORT(threshold_values);

void mix_rows(const ThreeRows& mix, float* out) { SONDE_DISPATCH(mix_values)(mix, out); }

RowCounts threshold_rows(const ThreeRows& mix, std::uint8_t* out) {
  return SONDE_DISPATCH(threshold_values)(mix, out);
}

}  // namespace sonde::kernels
#endif
