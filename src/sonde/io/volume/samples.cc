// SPDX-License-Identifier: Apache-2.0
#include "sonde/io/volume/samples.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

namespace sonde {
namespace {

static_assert(std::endian::native == std::endian::little, "samples are taken to memory as little-endian");

struct Half {
  std::uint16_t bits;
};

float widen(Half half) {
  const int exponent = (half.bits >> 10) & 31;
  const int fraction = half.bits & 1023;
  const float sign = (half.bits & 0x8000) != 0 ? -1.0F : 1.0F;
  if (exponent == 31)
    return fraction != 0 ? std::numeric_limits<float>::quiet_NaN()
                         : sign * std::numeric_limits<float>::infinity();
  const int shift = exponent == 0 ? -24 : exponent - 25;
  return sign * std::ldexp(static_cast<float>(exponent == 0 ? fraction : fraction + 1024), shift);
}

template <typename T>
T widen(T value) {
  return value;
}

// Calls `work` with a value of the type that the samples have.
template <typename Work>
auto with_type(SampleType type, const Work& work) {
  switch (type) {
    case SampleType::int8:
      return work(std::int8_t{});
    case SampleType::uint8:
      return work(std::uint8_t{});
    case SampleType::int16:
      return work(std::int16_t{});
    case SampleType::uint16:
      return work(std::uint16_t{});
    case SampleType::int32:
      return work(std::int32_t{});
    case SampleType::uint32:
      return work(std::uint32_t{});
    case SampleType::int64:
      return work(std::int64_t{});
    case SampleType::uint64:
      return work(std::uint64_t{});
    case SampleType::float16:
      return work(Half{});
    case SampleType::float32:
      return work(float{});
    case SampleType::float64:
      return work(double{});
  }
  return work(std::uint8_t{});
}

float to_float(double value) {
  constexpr double kMax = std::numeric_limits<float>::max();
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  if (std::abs(value) > kMax) return value > 0 ? kInfinity : -kInfinity;
  return static_cast<float>(value);
}

template <typename T>
T load(const std::byte* at, ByteOrder order) {
  std::array<std::byte, sizeof(T)> raw{};
  std::memcpy(raw.data(), at, sizeof(T));
  if (order == ByteOrder::big) std::ranges::reverse(raw);
  return std::bit_cast<T>(raw);
}

template <typename T>
void convert(ByteView stored, const SampleFormat& format, std::span<float> target) {
  const std::size_t step = sizeof(T) * static_cast<std::size_t>(format.stride);
  const bool scaled = format.scaling != Scaling{};
  for (std::size_t i = 0; i < target.size(); ++i) {
    const auto sample = static_cast<double>(widen(load<T>(stored.data() + i * step, format.order)));
    target[i] = to_float(scaled ? sample * format.scaling.slope + format.scaling.intercept : sample);
  }
}

bool is_separator(char c) { return c == ' ' || c == ',' || (c >= '\t' && c <= '\r'); }

// Reads one number that fills `token`; absent if it does not fit T.
template <typename T>
std::optional<T> number_of(std::string_view token) {
  if (token.starts_with('+')) token.remove_prefix(1);
  T value{};
  const auto [end, status] = std::from_chars(token.data(), token.data() + token.size(), value);
  if (status != std::errc{} || end != token.data() + token.size()) return std::nullopt;
  return value;
}

template <>
std::optional<Half> number_of<Half>(std::string_view) {
  return std::nullopt;  // no text format stores halves
}

template <typename T>
std::optional<std::vector<std::byte>> parse_samples(std::string_view text, std::int64_t most) {
  std::vector<std::byte> bytes;
  for (std::int64_t count = 0; count < most; ++count) {
    const auto begin = std::ranges::find_if_not(text, is_separator);
    text.remove_prefix(static_cast<std::size_t>(begin - text.begin()));
    const auto token =
        text.substr(0, static_cast<std::size_t>(std::ranges::find_if(text, is_separator) - text.begin()));
    if (token.empty()) break;
    const auto value = number_of<T>(token);
    if (!value) return std::nullopt;
    const auto raw = std::bit_cast<std::array<std::byte, sizeof(T)>>(*value);
    bytes.insert(bytes.end(), raw.begin(), raw.end());
    text.remove_prefix(token.size());
  }
  return bytes;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::int64_t byte_size(SampleType type) {
  return with_type(type, [](auto sample) { return static_cast<std::int64_t>(sizeof(sample)); });
}

std::string_view to_string(SampleType type) {
  constexpr std::array<std::string_view, 11> kNames{"int8",    "uint8",   "int16",  "uint16",
                                                    "int32",   "uint32",  "int64",  "uint64",
                                                    "float16", "float32", "float64"};
  return kNames[static_cast<std::size_t>(type)];
}

std::optional<double> largest_scaled(SampleType type, const Scaling& scaling) {
  return with_type(type, [&](auto sample) -> std::optional<double> {
    using T = decltype(sample);
    if constexpr (std::is_integral_v<T>) {
      const auto scaled = [&](T value) {
        return std::abs(static_cast<double>(value) * scaling.slope + scaling.intercept);
      };
      return std::max(scaled(std::numeric_limits<T>::min()), scaled(std::numeric_limits<T>::max()));
    } else {
      return std::nullopt;
    }
  });
}

void convert_samples(ByteView stored, const SampleFormat& format, std::span<float> target) {
  assert(target.empty() || static_cast<std::size_t>(byte_size(format.type)) *
                                   ((target.size() - 1) * static_cast<std::size_t>(format.stride) + 1) <=
                               stored.size());
  with_type(format.type, [&](auto sample) { convert<decltype(sample)>(stored, format, target); });
}

std::optional<std::vector<std::byte>> samples_from_text(std::string_view text, SampleType type,
                                                        std::int64_t most) {
  return with_type(type, [&](auto sample) { return parse_samples<decltype(sample)>(text, most); });
}

std::optional<std::vector<std::byte>> bytes_from_hex(std::string_view text) {
  std::vector<std::byte> bytes;
  int high = -1;
  for (const char c : text) {
    if (is_separator(c) && c != ',') continue;
    const int digit = hex_digit(c);
    if (digit < 0) return std::nullopt;
    if (high >= 0) bytes.push_back(static_cast<std::byte>(high * 16 + digit));
    high = high < 0 ? digit : -1;
  }
  if (high >= 0) return std::nullopt;
  return bytes;
}

}  // namespace sonde
