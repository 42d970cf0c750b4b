// SPDX-License-Identifier: Apache-2.0
// Vector code that kernels share. Included once for each instruction set.
#if defined(SONDE_KERNELS_VECTORS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SONDE_KERNELS_VECTORS_INL_H_
#undef SONDE_KERNELS_VECTORS_INL_H_
#else
#define SONDE_KERNELS_VECTORS_INL_H_
#endif

#include <cstddef>
#include <cstdint>
#include <hwy/highway.h>
// Highway's own: to 1 unit in the last place.
#include <hwy/contrib/math/math-inl.h>

#include "sonde/kernels/buffer.h"
#include "sonde/kernels/dispatch.h"
#include "sonde/kernels/matrix.h"

HWY_BEFORE_NAMESPACE();
namespace sonde::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::ScalableTag<float>;
using Vector = hn::Vec<Floats>;
// Exact: all targets built here have vectors of fixed size.
constexpr std::size_t kLanes = HWY_TARGET == HWY_SCALAR ? 1 : HWY_MAX_BYTES / sizeof(float);

// Rounded to nearest even, in the lower half of each word: what is added carries into the upper half where
// the lower is more than half of its last place, or just half and the upper odd. NaN is not looked after.
HWY_INLINE hn::Vec<hn::RebindToUnsigned<Floats>> rounded_to_bf16(Vector values) {
  const hn::RebindToUnsigned<Floats> words;
  const auto bits = hn::BitCast(words, values);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(words, 1U));
  return hn::ShiftRight<16>(hn::Add(bits, hn::Add(odd, hn::Set(words, 0x7FFFU))));
}

// kLanes values.
HWY_INLINE void store_bf16(Vector values, Bf16* out) {
#if HWY_TARGET == HWY_AVX3
  if (native_bf16) {
    // As assembly, because Highway's target has no AVX512-BF16 and a function with more than its caller's
    // instructions cannot be inlined.
    hn::Vec256<std::uint16_t> rounded;
    __asm__("vcvtneps2bf16 %1, %0" : "=v"(rounded.raw) : "v"(values.raw));
    hn::StoreU(rounded, hn::Full256<std::uint16_t>(), reinterpret_cast<std::uint16_t*>(out));
    return;
  }
#endif
  const hn::Rebind<std::uint16_t, Floats> halves;
  hn::StoreU(hn::DemoteTo(halves, hn::BitCast(hn::RebindToSigned<Floats>(), rounded_to_bf16(values))), halves,
             reinterpret_cast<std::uint16_t*>(out));
}
HWY_INLINE Vector load_bf16(const Bf16* in) {
  const hn::Rebind<std::uint16_t, Floats> halves;
  const hn::RebindToUnsigned<Floats> words;
  return hn::BitCast(Floats{}, hn::ShiftLeft<16>(hn::PromoteTo(
                                   words, hn::LoadU(halves, reinterpret_cast<const std::uint16_t*>(in)))));
}

// Store to fp32 or bf16 at value `index`: kernels are compiled for either.
struct Fp32Out {
  static constexpr Storage kStorage = Storage::fp32;
  static HWY_INLINE void store(Vector values, void* out, std::size_t index) {
    hn::StoreU(values, Floats{}, static_cast<float*>(out) + index);
  }
};
struct Bf16Out {
  static constexpr Storage kStorage = Storage::bf16;
  static HWY_INLINE void store(Vector values, void* out, std::size_t index) {
    store_bf16(values, static_cast<Bf16*>(out) + index);
  }
};

// torch's gelu without tanh: x Phi(x), Phi(x) = 1/2 + x P(x^2) / Q(x^2) on -5.4 .. 5.4, beyond which Phi is 0
// or 1 in single precision. P and Q are a least-squares fit, error below 6e-9 before rounding.
HWY_INLINE Vector gelu(Vector x) {
  const Floats d;
  const Vector clamped = hn::Min(hn::Max(x, hn::Set(d, -5.4F)), hn::Set(d, 5.4F));
  const Vector u = hn::Mul(clamped, clamped);
  Vector p = hn::MulAdd(u, hn::Set(d, 2.33870876e-08F), hn::Set(d, 6.35991404e-06F));
  p = hn::MulAdd(p, u, hn::Set(d, 0.000164313153F));
  p = hn::MulAdd(p, u, hn::Set(d, 0.00465080011F));
  p = hn::MulAdd(p, u, hn::Set(d, 0.0333714415F));
  p = hn::MulAdd(p, u, hn::Set(d, 0.398942245F));
  Vector q = hn::MulAdd(u, hn::Set(d, 1.21659326e-06F), hn::Set(d, 7.23971751e-05F));
  q = hn::MulAdd(q, u, hn::Set(d, 0.00185893412F));
  q = hn::MulAdd(q, u, hn::Set(d, 0.0283782291F));
  q = hn::MulAdd(q, u, hn::Set(d, 0.250315889F));
  q = hn::MulAdd(q, u, hn::Set(d, 1.0F));
  const Vector phi = hn::MulAdd(clamped, hn::Div(p, q), hn::Set(d, 0.5F));
  return hn::Mul(x, phi);
}

// As gelu, to what bf16 can show: Phi(x) = 1/2 + x P(x^2) on -3.8 .. 3.8, exactly 0 and 1 at its ends; a
// least-squares fit, error of x Phi(x) below 3e-4 everywhere.
HWY_INLINE Vector gelu_bf16(Vector x) {
  const Floats d;
  const Vector clamped = hn::Min(hn::Max(x, hn::Set(d, -3.8F)), hn::Set(d, 3.8F));
  const Vector u = hn::Mul(clamped, clamped);
  Vector p = hn::MulAdd(u, hn::Set(d, 3.88957014e-08F), hn::Set(d, -2.3939419e-06F));
  p = hn::MulAdd(p, u, hn::Set(d, 6.32997382e-05F));
  p = hn::MulAdd(p, u, hn::Set(d, -0.000959729765F));
  p = hn::MulAdd(p, u, hn::Set(d, 0.00947376425F));
  p = hn::MulAdd(p, u, hn::Set(d, -0.0661355701F));
  p = hn::MulAdd(p, u, hn::Set(d, 0.399061324F));
  return hn::Mul(x, hn::MulAdd(clamped, p, hn::Set(d, 0.5F)));
}

// exp(x) for x <= 0, to 3e-6 of it: 2^n 2^f with n whole and 2^f a least-squares fit on -1/2 .. 1/2.
HWY_INLINE Vector exp_bf16(Vector x) {
  const Floats d;
  const Vector scaled = hn::Mul(hn::Max(x, hn::Set(d, -87.0F)), hn::Set(d, 1.44269504F));
  const Vector n = hn::Round(scaled);
  const Vector f = hn::Sub(scaled, n);
  Vector power = hn::MulAdd(f, hn::Set(d, 0.00957005951F), hn::Set(d, 0.055917857F));
  power = hn::MulAdd(power, f, hn::Set(d, 0.240247459F));
  power = hn::MulAdd(power, f, hn::Set(d, 0.693121815F));
  power = hn::MulAdd(power, f, hn::Set(d, 0.999999261F));
  const hn::RebindToSigned<Floats> words;
  const auto exponent = hn::ShiftLeft<23>(hn::ConvertTo(words, n));
  return hn::BitCast(d, hn::Add(hn::BitCast(words, power), exponent));
}

// What bf16 results can show decides how closely the function is computed.
template <class Out>
HWY_INLINE Vector activated(Vector x, Activation activation) {
  switch (activation) {
    case Activation::none:
      return x;
    case Activation::relu:
      return hn::Max(x, hn::Zero(Floats{}));
    case Activation::gelu:
      return Out::kStorage == Storage::bf16 ? gelu_bf16(x) : gelu(x);
  }
  return x;
}

}  // namespace sonde::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
