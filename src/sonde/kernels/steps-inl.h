// SPDX-License-Identifier: Apache-2.0
// One step along k of a tile of sums, in fp32 or in pairs of bf16. Included once for each instruction set.
#if defined(SONDE_KERNELS_STEPS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SONDE_KERNELS_STEPS_INL_H_
#undef SONDE_KERNELS_STEPS_INL_H_
#else
#define SONDE_KERNELS_STEPS_INL_H_
#endif

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "sonde/kernels/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sonde::kernels::HWY_NAMESPACE {
namespace {

constexpr std::size_t kTileRows = 6;
// 6 x 4 sums, 4 columns' vectors and a row's value fill AVX-512's 32 registers, 6 x 2 the 16 of the others.
constexpr std::size_t kWidestTile = HWY_TARGET == HWY_AVX3 ? 4 : 2;  // vectors

using Words = hn::RebindToUnsigned<Floats>;
using WordVector = hn::Vec<Words>;

// A step takes kValues of k: `load` their values of kLanes columns, `broadcast` those of one row to all
// lanes.
struct Fp32Step {
  using Value = float;
  static constexpr Storage kStorage = Storage::fp32;
  using Out = Fp32Out;
  static constexpr std::size_t kValues = 1;
  using Columns = Vector;
  static HWY_INLINE Columns load(const float* columns) { return hn::LoadU(Floats{}, columns); }
  static HWY_INLINE Columns broadcast(const float* value) { return hn::Set(Floats{}, *value); }
  static HWY_INLINE Vector add_product(Columns a, Columns b, Vector sum) { return hn::MulAdd(a, b, sum); }
};

// Two values of k in each word, the even one in its lower half. bf16 is the upper half of a float: with the
// other half cleared, or shifted up, a word is the float. The odd product is added first, as vdpbf16ps does.
struct Bf16Step {
  using Value = Bf16;
  static constexpr Storage kStorage = Storage::bf16;
  using Out = Bf16Out;
  static constexpr std::size_t kValues = 2;
  using Columns = WordVector;
  static HWY_INLINE Columns load(const Bf16* columns) {
    return hn::LoadU(Words{}, reinterpret_cast<const std::uint32_t*>(columns));
  }
  static HWY_INLINE Columns broadcast(const Bf16* pair) {
    std::uint32_t word = 0;  // a pair may lie at any even address
    std::memcpy(&word, pair, sizeof word);
    return hn::Set(Words{}, word);
  }
  static HWY_INLINE Vector add_product(Columns a, Columns b, Vector sum) {
    const Floats d;
    const auto high = hn::Set(Words{}, 0xFFFF0000U);
    sum = hn::MulAdd(hn::BitCast(d, hn::And(a, high)), hn::BitCast(d, hn::And(b, high)), sum);
    return hn::MulAdd(hn::BitCast(d, hn::ShiftLeft<16>(a)), hn::BitCast(d, hn::ShiftLeft<16>(b)), sum);
  }
};

#if HWY_TARGET == HWY_AVX3
struct NativeBf16Step : Bf16Step {
  // As assembly, because Highway's target has no AVX512-BF16 and a function with more than its caller's
  // instructions cannot be inlined.
  static HWY_INLINE Vector add_product(Columns a, Columns b, Vector sum) {
    __asm__("vdpbf16ps %2, %1, %0" : "+v"(sum.raw) : "v"(a.raw), "v"(b.raw));
    return sum;
  }
};
#else
using NativeBf16Step = Bf16Step;
#endif

}  // namespace
}  // namespace sonde::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
